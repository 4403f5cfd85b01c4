"""What the lake says and keeps when the disk is full, read-only, or its files are damaged."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from ara.clock import SystemClock
from ara.data.lake import Lake
from ara.errors import IntegrityError, StoreError
from tests.data.lake.conftest import Answer, bars

ROOT = Path(__file__).parents[3]


def run(script: str, *arguments: object, user: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own, as somebody who is not root where that is asked."""
    become = "import os; os.setuid(65534)\n" if user and os.geteuid() == 0 else ""
    return subprocess.run(
        [sys.executable, "-c", f"{PREFACE}{become}{script}", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=900,
    )


PREFACE = """
import sys
from pathlib import Path
import deltalake
from ara.clock import SystemClock
from ara.data.lake import Lake
from ara.errors import AraError
from tests.data.lake.conftest import bars, Answer
import polars as pl
lake = Lake.at(Path(sys.argv[1]), clock=SystemClock())
"""

FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    print(lake.append(pl.concat([bars(f"S{n}", 20) for n in range(40)])))
except AraError as error:
    print(type(error).__name__, error.message, error.hint)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
"""


@pytest.mark.parametrize("room", [0, 300, 1_000, 2_500, 4_000, 5_000, 9_000])
def test_where_the_disk_is_full_nothing_is_half_written(tmp_path: Path, room: int) -> None:
    folder = tmp_path / "lake"
    lake = Lake.at(folder, clock=SystemClock())
    lake.append(bars())
    done = run(FULL, folder, room)
    assert not done.stderr, done.stderr
    if "Appended" in done.stdout:
        assert "new=800" in done.stdout
        assert room >= 5_000
    else:
        assert done.stdout.startswith("StoreError The lake in ")
        assert "there is no room left. Make room" in done.stdout
        assert lake.catalogue().height == 1
        assert len(list((folder / "silver/bars").rglob("bucket=*/*.parquet"))) == 1
    assert lake.verify().ok
    assert lake.bars("AAPL", "1d").equals(bars())
    whole = pl.concat([bars(f"S{number}", 20) for number in range(40)])
    counted = lake.append(whole)
    assert counted.new + counted.same == 800
    assert lake.catalogue()["bars"].sum() == 805


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 300 KB; skipped where this user can't mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k,mode=0777", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user can't mount a disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_fills_up_and_gets_room_again(small_disk: Path) -> None:
    lake = Lake.at(small_disk / "lake", clock=SystemClock())
    kept = 0

    def fill() -> None:
        nonlocal kept
        for turn in range(200):
            lake.append(pl.concat([bars(f"S{turn}-{number}", 30) for number in range(30)]))
            kept += 900

    with pytest.raises(StoreError, match="no room left") as caught:
        fill()
    assert kept
    assert "Make room" in caught.value.hint
    assert lake.catalogue()["bars"].sum() == kept
    assert Lake.at(lake.folder, clock=SystemClock()).catalogue()["bars"].sum() == kept
    assert lake.verify().ok
    with pytest.raises(StoreError, match="no room left"):
        lake.keep([Answer(body=os.urandom(400_000))])
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert lake.append(bars()).new == 5
    assert lake.catalogue()["bars"].sum() == kept + 5


READ_ONLY = """
for work in (lambda: lake.bars("AAPL", "1d").height, lambda: lake.lasts("1d").height,
             lambda: lake.catalogue().height, lambda: lake.verify().ok, lambda: lake.append(bars(count=9))):
    try:
        print(work())
    except AraError as error:
        print(type(error).__name__, error.message, error.hint)
"""


def test_a_lake_that_can_only_be_read_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    Lake.at(folder, clock=SystemClock()).append(bars())
    for path in (folder / "silver" / "heads").iterdir():
        path.unlink()
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    for parent in list(folder.parents)[:4]:
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    done = run(READ_ONLY, folder, user=True)
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755)
    assert done.stdout.splitlines()[:4] == ["5", "1", "1", "True"], done.stderr
    assert "StoreError The lake in" in done.stdout
    assert "this user isn't allowed to" in done.stdout


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("")
    with pytest.raises(StoreError, match="something that is no folder stands in its place"):
        Lake.at(tmp_path / "lake", clock=SystemClock()).append(bars())


def newest_file(lake: Lake) -> Path:
    return lake.folder / "silver/bars" / str(lake.tables["bars"].snapshot().files["path"][0])


@pytest.mark.parametrize("damage", ["missing", "cut", "flipped", "empty"])
def test_a_damaged_file_is_named(lake: Lake, damage: str) -> None:
    lake.append(bars())
    path = newest_file(lake)
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        flipped = content[:200] + bytes([content[200] ^ 255]) + content[201:]
        path.write_bytes({"cut": content[:-99], "flipped": flipped, "empty": b""}[damage])
    verification = lake.verify()
    assert not verification.ok
    assert path.name in verification.words
    assert "The lake is damaged" in verification.words
    if damage != "flipped":
        with pytest.raises(IntegrityError, match="is damaged") as caught:
            lake.bars("AAPL", "1d")
        assert "ara data restore" in caught.value.hint
    path.write_bytes(content)
    assert lake.verify().words == "The lake is sound: 1 tables, 1 files, 5 rows."
    assert lake.bars("AAPL", "1d").equals(bars())


@pytest.mark.parametrize("content", [b"{", b"no json at all\n", b'{"add": {"path": 7}}\n', b"\xff\xfe"])
def test_a_damaged_log_is_named(lake: Lake, content: bytes) -> None:
    lake.append(bars())
    lake.append(bars(count=6))
    (lake.folder / "silver/bars/_delta_log" / f"{2:020d}.json").write_bytes(content)
    fresh = Lake.at(lake.folder, clock=SystemClock())
    with pytest.raises(IntegrityError) as caught:
        fresh.bars("AAPL", "1d")
    assert str(lake.folder / "silver" / "bars") in caught.value.message
    assert "ara data restore" in caught.value.hint
    with pytest.raises(IntegrityError):
        fresh.append(bars(count=7))
    assert not fresh.verify().ok


def test_a_gap_in_the_log_is_a_damage(lake: Lake) -> None:
    for count in range(1, 4):
        lake.append(bars(count=count))
    (lake.folder / "silver/bars/_delta_log" / f"{2:020d}.json").unlink()
    with pytest.raises(IntegrityError, match="log of the table"):
        Lake.at(lake.folder, clock=SystemClock()).bars("AAPL", "1d")


def test_a_checkpoint_that_is_damaged_is_said(lake: Lake) -> None:
    for count in range(1, 8):
        lake.append(bars(count=count))
    log = lake.folder / "silver/bars/_delta_log"
    checkpoints = sorted(log.glob("*.checkpoint.parquet"))
    for checkpoint in checkpoints:
        checkpoint.write_bytes(b"PAR1")
    for path in log.glob("*.json"):
        if int(path.stem) < int(checkpoints[-1].name.split(".")[0]):
            path.unlink()
    with pytest.raises(IntegrityError, match="log of the table"):
        Lake.at(lake.folder, clock=SystemClock()).bars("AAPL", "1d")


def test_upkeep_that_fails_time_and_again_is_said_once(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    lake.append(bars(count=1))
    log = lake.folder / "silver/bars/_delta_log"
    for version in range(1, 60):
        (log / f"{version:020d}.checkpoint.parquet").mkdir()
    for count in range(2, 30):
        assert lake.append(bars(count=count)).new == 1
    assert caplog.text.count("put off") == 1
    assert lake.bars("AAPL", "1d").equals(bars(count=29))


def test_upkeep_that_fails_loses_nothing(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    for count in range(1, 4):
        lake.append(bars(count=count))
    log = lake.folder / "silver/bars/_delta_log"
    for version in range(4, 8):
        (log / f"{version:020d}.checkpoint.parquet").mkdir()
    assert lake.append(bars(count=5)).new == 2
    assert caplog.text.count("put off") == 1
    assert lake.bars("AAPL", "1d").equals(bars())
    assert json.loads((log / f"{5:020d}.json").read_text().splitlines()[0])


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_small_file_stops_no_append(lake: Lake, caplog: pytest.LogCaptureFixture, damage: str) -> None:
    """It stands in the way of merging small files, not of new rows beside it."""
    for place in range(3):
        lake.append(bars("AAPL", source=f"source{place}"))
    small = sorted((lake.folder / "silver/bars").rglob("bucket=*/*.parquet"))
    if damage == "cut":
        small[0].write_bytes(small[0].read_bytes()[:300])
    else:
        small[0].unlink()
    for place in range(3, 6):
        assert lake.append(bars("AAPL", source=f"source{place}")).new == 5
    assert caplog.text.count("put off") == 1
    assert "is damaged" in caplog.text
    again = Lake.at(lake.folder, clock=SystemClock())
    assert again.append(bars("AAPL", source="source7")).new == 5
    assert again.lasts("1d")["source"].to_list() == [f"source{place}" for place in (0, 1, 2, 3, 4, 5, 7)]
    with pytest.raises(IntegrityError, match="is damaged"):
        again.bars("AAPL", "1d")
