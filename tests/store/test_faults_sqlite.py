"""What goes wrong with files: each fault is a StoreError with a hint, and what was acknowledged stays."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ara.errors import StoreError
from ara.store import Record, Store
from ara.store.schema import APPLICATION, STEPS
from ara.store.sqlite import SqliteStore
from ara.store.turn import Turn
from ara.vault import Vault

Open = Callable[[str], Awaitable[Store]]


def start(code: str, *arguments: Path) -> subprocess.Popen[str]:
    """Start another process and wait until it says that it is ready."""
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdin=pipe, stdout=pipe, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def made_home(home: Path) -> Path:
    home.mkdir()
    return home


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk).returncode:
        pytest.skip("mounting a small disk takes root")
    yield disk
    run("umount", "-l", disk)


class Note(Record, frozen=True, kw_only=True):
    kind: ClassVar[str] = "note"
    words: str = ""


async def test_a_file_that_is_no_database(open_at: Open, made_home: Path) -> None:
    home = made_home
    (home / "ara.db").write_bytes(b"this is no database, but long enough to look like one\n" * 40)
    store = await open_at("")
    with pytest.raises(StoreError, match=r"damaged or is no SQLite database") as caught:
        await store.log("ledger").append([b"x"])
    assert "back-up" in caught.value.hint
    with pytest.raises(StoreError, match="damaged"):
        await store.get(Note, "1")


async def test_a_damaged_database_and_its_repair(open_at: Open, home: Path) -> None:
    store = await open_at("")
    await store.log("ledger").append([os.urandom(4096) for _ in range(50)])
    await store.close()
    path, spare = home / "ara.db", home / "spare.db"
    shutil.copy(path, spare)
    data = bytearray(path.read_bytes())
    data[8192:60000] = b"\xff" * (60000 - 8192)
    path.write_bytes(data)
    store = await open_at("")
    with pytest.raises(StoreError, match="damaged"):
        [entry async for entry in store.log("ledger").read()]
    shutil.copy(spare, path)
    assert (await store.log("ledger").verify()).entries == 50


async def test_a_database_of_another_program(open_at: Open, made_home: Path) -> None:
    home = made_home
    connection = sqlite3.connect(home / "ara.db")
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = (home / "ara.db").read_bytes()
    store = await open_at("")
    with pytest.raises(StoreError, match="database of another program"):
        await store.add(Note(id="1"))
    assert (home / "ara.db").read_bytes() == before


async def test_a_newer_schema_is_refused(open_at: Open, home: Path) -> None:
    store = await open_at("")
    await store.add(Note(id="1"))
    await store.close()
    connection = sqlite3.connect(home / "ara.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    store = await open_at("")
    with pytest.raises(StoreError, match=r"newer Ara: its schema is 99, this one knows 2") as caught:
        await store.get(Note, "1")
    assert "Update Ara" in caught.value.hint


async def test_an_older_schema_is_brought_up_to_date(open_at: Open, made_home: Path) -> None:
    home = made_home
    connection = sqlite3.connect(home / "ara.db")
    for statement in STEPS[0]:
        connection.execute(statement)
    connection.execute("INSERT INTO documents VALUES ('note', '1', '', '{\"id\": \"1\", \"words\": \"old\"}')")
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    store = await open_at("")
    assert await store.get(Note, "1") == Note(id="1", words="old")
    await store.log("ledger").append([b"x"])
    connection = sqlite3.connect(home / "ara.db")
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()


async def test_a_lock_of_another_process_is_waited_for_and_then_named(home: Path, vault: Vault, clock: Any) -> None:
    store = SqliteStore(home / "ara.db", signer=vault, clock=clock, patience=0.3)
    await store.add(Note(id="1"))
    holder = (
        "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('BEGIN IMMEDIATE'); print(1,flush=True); input()"
    )
    other = start(holder, home / "ara.db")
    with pytest.raises(StoreError, match=r"locked by another process for 0\.3 s"):
        await store.add(Note(id="2"))
    with pytest.raises(StoreError, match="locked by another process"):
        await store.log("ledger").append([b"x"])
    assert await store.get(Note, "1") == Note(id="1")
    other.communicate("\n")
    assert await store.add(Note(id="2"))
    await store.log("ledger").append([b"x"])
    await store.close()


async def test_a_lock_on_the_heads_is_waited_for_and_then_named(home: Path, vault: Vault, clock: Any) -> None:
    store = SqliteStore(home / "ara.db", signer=vault, clock=clock, patience=0.3)
    await store.log("ledger").append([b"x"])
    holder = "import fcntl,sys; f=open(sys.argv[1],'a'); fcntl.flock(f,fcntl.LOCK_EX); print(1,flush=True); input()"
    other = start(holder, home / "heads" / ".lock")
    with pytest.raises(StoreError, match=r"heads in .* were locked") as caught:
        await store.log("ledger").append([b"y"], keys=["y"])
    assert "same keys" in caught.value.hint
    other.communicate("\n")
    assert (await store.log("ledger").verify()).unsigned == 1
    [entry] = await store.log("ledger").append([b"y"], keys=["y"])
    assert entry.sequence == 2
    assert (await store.log("ledger").verify()).unsigned == 0
    await store.close()


async def test_a_folder_that_takes_no_files(open_at: Open) -> None:
    for path in ("/proc/ara/kept.db", "/proc/kept.db"):
        store = await open_at(f"sqlite://{path}")
        with pytest.raises(StoreError, match=f"The store {path} can't be written: its folder isn't there") as caught:
            await store.add(Note(id="1"))
        assert caught.value.exit_code == 5
        assert caught.value.hint.startswith(f"Make the folder {Path(path).parent}, or choose another")


async def test_a_folder_in_place_of_the_file(open_at: Open, home: Path) -> None:
    (home / "ara.db").mkdir(parents=True)
    store = await open_at("")
    with pytest.raises(StoreError, match="can't be opened"):
        await store.add(Note(id="1"))


async def test_a_file_in_place_of_the_heads(open_at: Open, made_home: Path) -> None:
    home = made_home
    (home / "heads").write_text("in the way")
    store = await open_at("")
    with pytest.raises(StoreError, match="can't be written"):
        await store.log("ledger").append([b"x"])
    (home / "heads").unlink()
    await store.log("ledger").append([b"x"])
    assert (await store.log("ledger").verify()).entries == 1


FILL = """
import asyncio, resource, signal, sys
from ara.clock import SystemClock
from ara.errors import StoreError
from ara.settings import Settings
from ara.store import open_store
from ara.vault import Vault

async def main(home):
    settings = Settings.load({"home": home}, environ={})
    store = await open_store(settings, vault=Vault.open(settings, environ={}), clock=SystemClock())
    log = store.log("ledger")
    await log.append([b"first"], keys=["first"])
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (BYTES, resource.RLIM_INFINITY))
    kept = 1
    try:
        for number in range(100_000):
            await log.append([b"x" * 4096], keys=[str(number)])
            kept += 1
    except StoreError as error:
        print(kept, error, error.hint, sep="|", flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await log.append([b"after"], keys=["after"])
    print((await log.verify()).ok)
    await store.close()

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("limit", [400_000, 100])
async def test_a_disk_that_fills_up(open_at: Open, home: Path, limit: int) -> None:
    done = run(sys.executable, "-c", FILL.replace("BYTES", str(limit)), home)
    assert done.returncode == 0, done.stderr
    full, ok = done.stdout.splitlines()
    kept, words, hint = full.split("|")
    assert "can't be written" in words
    assert "Make room" in hint
    assert ok == "True"
    store = await open_at("")
    verification = await store.log("ledger").verify()
    assert verification.ok
    assert int(kept) + 1 <= verification.entries <= int(kept) + 2
    for number in range(int(kept) - 1):
        assert await store.log("ledger").get(str(number)) is not None


async def test_a_disk_of_one_megabyte(open_at: Open, small_disk: Path) -> None:
    store = await open_at(f"sqlite:///{small_disk / 'ara.db'}")
    acknowledged: list[str] = []

    async def fill() -> None:
        while True:
            key = str(len(acknowledged))
            await store.log("ledger").append([b"x" * 4096], keys=[key])
            acknowledged.append(key)

    with pytest.raises(StoreError, match="can't be written"):
        await fill()
    assert len(acknowledged) > 10
    verification = await store.log("ledger").verify()
    assert verification.ok
    assert verification.entries >= len(acknowledged)
    await store.close()


async def test_a_disk_mounted_for_reading(open_at: Open, home: Path) -> None:
    store = await open_at("")
    await store.log("ledger").append([b"x"])
    await store.close()
    if run("mount", "--bind", home, home).returncode:
        pytest.skip("mounting a folder for reading takes root")
    try:
        run("mount", "-o", "remount,ro,bind", home)
        store = await open_at("")
        with pytest.raises(StoreError, match=r"can't be (opened for writing|written)") as caught:
            await store.log("ledger").append([b"y"])
        assert "writable" in caught.value.hint
        elsewhere = await open_at(f"sqlite://{home / 'new' / 'ara.db'}")
        with pytest.raises(StoreError, match="can't be written: its disk is read-only") as caught:
            await elsewhere.log("ledger").append([b"y"])
        assert caught.value.hint.startswith(f"Mount the disk so that {home / 'new'} is writable")
        await store.close()
    finally:
        run("umount", "-l", home)
    store = await open_at("")
    assert (await store.log("ledger").verify()).entries == 1


async def test_a_task_that_waits_for_itself_is_told(home: Path, vault: Vault, clock: Any) -> None:
    store = SqliteStore(home / "ara.db", signer=vault, clock=clock, patience=0.1)
    with pytest.raises(StoreError, match=r"busy with another transaction of this process for 0\.1 s"):
        async with store.tx():
            await asyncio.create_task(store.add(Note(id="1")))
    assert await store.get(Note, "1") is None
    assert await store.add(Note(id="1"))
    await store.close()


async def test_the_turn_is_not_mine_outside_of_tasks() -> None:
    turn = Turn(1.0)
    assert not turn.mine()
    async with turn.owned():
        assert turn.mine()
    assert not turn.mine()


MAKE = """
import sqlite3, sys
from pathlib import Path
from ara.store.lane import _connect
path = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(40):
    connection = _connect(path / f"{number}.db", 10.0)
    assert connection.execute("SELECT count(*) FROM entries").fetchone() == (0,)
    connection.close()
"""


def test_processes_that_make_a_database_at_the_same_time_agree(tmp_path: Path) -> None:
    makers = [start(MAKE, tmp_path) for _ in range(4)]
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.write("\n")
        maker.stdin.flush()
    for maker in makers:
        maker.communicate()
    assert [maker.returncode for maker in makers] == [0, 0, 0, 0]


class Careless(sqlite3.Connection):
    """A connection as builds of SQLite make it that leave what was removed where it lay."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.execute("PRAGMA secure_delete = OFF")


@pytest.mark.parametrize("size", [40, 40_000])
async def test_what_is_removed_is_overwritten_in_the_file(
    open_at: Open, made_home: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    plain = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **more: plain(*a, **more, factory=Careless))
    words = f"a secret {size} " + "x" * size
    store = await open_at("")
    await store.add(Note(id="one", words=words))
    await store.add(Note(id="two", words="stays"))
    await store.remove(Note, "one")
    await store.close()
    kept = (made_home / "ara.db").read_bytes()  # what stood beside it is gone once it is closed
    assert b"stays" in kept
    assert b"a secret" not in kept
