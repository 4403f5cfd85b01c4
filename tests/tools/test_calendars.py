from pathlib import Path

import pytest

from tools import calendars


@pytest.fixture
def checkout(tmp_path):
    pytest.importorskip("exchange_calendars")
    (tmp_path / "src" / "ara" / "market").mkdir(parents=True)
    return tmp_path


def kept(checkout):
    return checkout / "src" / "ara" / "market" / "sessions.json"


def test_the_table_in_the_package_is_what_the_library_gives():
    pytest.importorskip("exchange_calendars")
    assert list(calendars.check(Path(__file__).parents[2])) == []


def test_another_table_is_found_with_its_line(checkout):
    lines = calendars.table().decode().splitlines(keepends=True)
    changed = next(place for place, line in enumerate(lines) if "2001-09-11" in line)
    lines[changed] = lines[changed].replace('"2001-09-11",', "")
    kept(checkout).write_text("".join(lines), encoding="utf-8")
    (found,) = calendars.check(checkout)
    assert (found.path, found.line) == (kept(checkout), changed + 1)


def test_a_missing_or_cut_table_is_found(checkout):
    assert len(list(calendars.check(checkout))) == 1
    kept(checkout).write_bytes(calendars.table()[:-1])
    assert len(list(calendars.check(checkout))) == 1
