"""A folder as people have them: what can't be read is named and passed over, the rest comes in."""

import os
from datetime import UTC, datetime

import pytest

from ara.data.files import text
from ara.data.imports import import_path
from ara.data.lake import Lake
from ara.errors import ValidationError
from ara.testing import FakeClock

NOW = datetime(2026, 11, 2, tzinfo=UTC)
BARS = "Date,Close\n" + "".join(f"2020-01-{day:02},{day}\n" for day in (2, 3, 6, 7, 8, 9, 10, 13, 14, 15))


@pytest.fixture
def store(tmp_path):
    lake = Lake.at(tmp_path / "lake", clock=FakeClock(NOW))
    yield lake
    lake.close()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "in"
    made.mkdir()
    return made


def test_a_defect_far_down_in_one_file_stops_no_other(store, folder, monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 60)
    for name in ("IBM", "JPM", "KO"):
        (folder / f"{name}.csv").write_text(BARS)
    (folder / "JPM.csv").write_text(BARS.replace("2020-01-10", '"2020-01-10'))
    done = import_path(store, folder, clock=FakeClock(NOW))
    assert (done.files, done.new) == (2, 20)
    assert [said.partition(" that")[0] for said in done.skipped] == ["JPM.csv, row 7 opens a quote"]
    assert set(store.catalogue()["symbol"]) == {"IBM", "KO"}
    with pytest.raises(ValidationError, match=r"JPM\.csv, row 7 opens a quote"):
        import_path(store, folder / "JPM.csv", clock=FakeClock(NOW))
    assert set(store.catalogue()["symbol"]) == {"IBM", "KO"}  # nothing of its first rows


def test_what_a_user_may_not_read_is_named_and_the_rest_comes_in(store, folder):
    (folder / "inner").mkdir()
    for name in ("IBM.csv", "KO.csv", "inner/MSFT.csv"):
        (folder / name).write_text(BARS)
    (folder / "IBM.csv").chmod(0)
    (folder / "inner").chmod(0)
    if os.access(folder / "IBM.csv", os.R_OK):
        pytest.skip("this user may read everything")
    try:
        done = import_path(store, folder, clock=FakeClock(NOW))
        with pytest.raises(ValidationError, match=r"IBM\.csv can't be read: Permission denied") as caught:
            import_path(store, folder / "IBM.csv", clock=FakeClock(NOW))
    finally:
        (folder / "inner").chmod(0o700)
    assert (done.files, done.new) == (1, 10)
    assert done.skipped == ("inner can't be read: Permission denied.", "IBM.csv can't be read: Permission denied.")
    assert caught.value.hint == "Copy or download it again, whole, and see that you may read it."
