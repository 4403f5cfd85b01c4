"""Folders in which trainings that were stopped go on."""

import subprocess
import sys

import pytest

from ara.models.registry.resuming import forget, held, room

HELD = """
import sys, time
from pathlib import Path
from ara.models.registry.resuming import held
with held(Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    time.sleep(999)
"""


@pytest.fixture
def other(tmp_path):
    """A process that works in the room `.part-a`."""
    place = room(tmp_path, "a")
    process = subprocess.Popen([sys.executable, "-c", HELD, str(place)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == f"{place}\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_room_stays_with_what_lies_there(tmp_path):
    place = room(tmp_path, "a")
    with held(place) as mine:
        assert mine == place
        (mine / "checkpoint").write_text("1")
    with held(place) as mine:
        assert (mine / "checkpoint").read_text() == "1"
    forget(place)
    assert not place.exists()
    forget(place)  # a second time there is nothing


def test_where_another_works_it_is_neither_lent_nor_removed(tmp_path, other):
    place = room(tmp_path, "a")
    with held(place) as mine:
        assert mine is None
    forget(place)
    assert place.exists()
    other.kill()
    other.wait()
    with held(place) as mine:
        assert mine == place


def test_without_a_room_or_where_none_can_be_made_the_work_goes_on(tmp_path):
    with held(None) as mine:
        assert mine is None
    (tmp_path / "file").write_text("")
    with held(tmp_path / "file" / "room") as mine:
        assert mine is None


def test_a_room_is_let_go_of_where_the_work_fails(tmp_path):
    place = room(tmp_path, "a")
    with pytest.raises(ValueError, match="work"), held(place):
        raise ValueError("work")
    with held(place) as mine:
        assert mine == place
