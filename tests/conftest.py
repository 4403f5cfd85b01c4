"""Real servers for the tests, PostgreSQL and Redis: started once for all test processes, stopped with the last."""

import faulthandler
import fcntl
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from ara.models.elsewhere import Elsewhere

_UNHURRIED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
"""No test looks at the clock: machines are shared, and loops are compiled when they are first run."""
# The ordinary run tries the same few examples each time, and `make slow` many that are new each time: said in so many
# words, since Hypothesis takes other defaults where a variable named CI is set.
settings.register_profile("ara", max_examples=25, derandomize=True, **_UNHURRIED)
settings.register_profile("many", max_examples=250, derandomize=False, print_blob=True, **_UNHURRIED)
settings.load_profile("ara")


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # begun in the background: Ctrl-C would be heard by no test
    signal.signal(signal.SIGINT, signal.default_int_handler)

_HANGS = 900.0
"""Seconds after which a test hangs, for sure: its process ends with the place of each thread, and the others go on."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """End what hangs, so that it has a name and does not keep all the others."""
    if item.get_closest_marker("slow") is None:
        faulthandler.dump_traceback_later(_HANGS, exit=True, file=sys.__stderr__)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their argument: what was packed carries the second of its packing, and ids must not change."""
    return argname if isinstance(val, bytes) else None


def find_binaries() -> Path | None:
    """Give the folder of PostgreSQL's programs: the one on PATH, else Debian's newest."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda path: float(path.parent.name), default=None)


class PostgresServer:
    """A server of its own in a temporary folder; under root it runs as another user, since it refuses to be root."""

    def __init__(self, binaries: Path, folder: Path, port: int = 0) -> None:
        self.binaries = binaries
        self.folder = folder
        self.port = port
        self.pid = 0

    @classmethod
    def create(cls, binaries: Path) -> "PostgresServer":
        server = cls(binaries, Path(tempfile.mkdtemp(prefix="ara-postgres-", dir="/tmp")))
        if os.geteuid() == 0:
            os.chown(server.folder, cls._user().pw_uid, cls._user().pw_gid)
        server._initialise()
        server.start()
        return server

    def _initialise(self) -> None:
        """Make the data folder; where it can, with a language's sorting, so that a query which relies on it shows."""
        initdb = [self.binaries / "initdb", "-D", self.folder / "data", "-U", "ara", "-A", "trust", "-E", "UTF8"]
        initdb += ["--locale=C", "--no-sync"]
        for options in (["--locale-provider=icu", "--icu-locale=en"], []):
            done = subprocess.run(
                [*initdb, *options], capture_output=True, text=True, check=False, cwd="/", **self._privileges()
            )
            if not done.returncode:
                return
        raise RuntimeError(f"initdb failed:\n{done.stderr}")

    @staticmethod
    def _user() -> pwd.struct_passwd:
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise RuntimeError("There is neither a user postgres nor a user nobody to run PostgreSQL.")

    def _privileges(self) -> dict[str, object]:
        if os.geteuid() != 0:
            return {}
        return {"user": self._user().pw_uid, "group": self._user().pw_gid, "extra_groups": []}

    def start(self) -> None:
        if not self.port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "fsync": "off",
            "max_connections": 60,
        }
        arguments = [text for name, value in options.items() for text in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.folder / "data", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **self._privileges(),
            )
        self.pid = process.pid
        deadline = time.monotonic() + 60
        ready = [self.binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "ara"]
        while subprocess.run(ready, check=False).returncode:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.05)
        process.returncode = 0  # others may stop it; no warning when this object goes

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server: SIGINT ends it in order, SIGQUIT at once and without goodbye."""
        data = self.folder / "data" / "postmaster.pid"
        os.kill(self.pid, how)
        deadline = time.monotonic() + 30
        while data.exists() and time.monotonic() < deadline:
            with_child = self._reap()
            time.sleep(0.02)
            if with_child:
                data.unlink(missing_ok=True)

    def _reap(self) -> bool:
        try:
            return os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
        except ChildProcessError:
            return not Path(f"/proc/{self.pid}").exists()

    def remove(self) -> None:
        self.stop()
        self._reap()
        shutil.rmtree(self.folder, ignore_errors=True)

    def create_database(self, name: str) -> str:
        self.execute("postgres", f'CREATE DATABASE "{name}"')
        return f"postgresql://ara:no-secret@127.0.0.1:{self.port}/{name}"

    def execute(self, database: str, *statements: str) -> None:
        command = [self.binaries / "psql", "-qX", "-h", "127.0.0.1", "-p", str(self.port), "-U", "ara", database]
        options = [text for statement in statements for text in ("-c", statement)]
        subprocess.run([*command, *options], check=True, capture_output=True)


@pytest.fixture(scope="session")
def postgres_binaries() -> Path:
    """PostgreSQL's programs; without them the test is skipped, but in CI it fails."""
    binaries = find_binaries()
    if binaries is None:
        words = "PostgreSQL is not installed (no initdb on PATH or in /usr/lib/postgresql)"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    return binaries


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def shared_postgres(
    postgres_binaries: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[PostgresServer]:
    """The one server of this test run, counted by the processes that use it."""
    root = tmp_path_factory.getbasetemp()
    root = root if worker_id == "master" else root.parent
    state, lock = root / "postgres.json", root / "postgres.lock"
    with _locked(lock):
        known = json.loads(state.read_text()) if state.exists() else {"users": 0}
        if known["users"]:
            server = PostgresServer(postgres_binaries, Path(known["folder"]), known["port"])
            server.pid = known["pid"]
        else:
            server = PostgresServer.create(postgres_binaries)
        known = {"users": known["users"] + 1, "folder": str(server.folder), "port": server.port, "pid": server.pid}
        state.write_text(json.dumps(known))
    yield server
    with _locked(lock):
        known = json.loads(state.read_text())
        known["users"] -= 1
        state.write_text(json.dumps(known))
        if not known["users"]:
            server.remove()


@pytest.fixture(scope="session")
def worker_database(shared_postgres: PostgresServer, worker_id: str) -> str:
    """The one database of this test process: making one for each test would take ten times as long."""
    return shared_postgres.create_database(f"ara_{worker_id}_{uuid4().hex[:12]}")


@pytest.fixture
def postgres_url(shared_postgres: PostgresServer, worker_database: str) -> str:
    """An empty database for the test."""
    others = "pid <> pg_backend_pid() AND datname = current_database()"
    shared_postgres.execute(
        worker_database.rpartition("/")[2],
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}",
        "SET client_min_messages = warning",
        "DROP SCHEMA public CASCADE",
        "CREATE SCHEMA public",
    )
    return worker_database


@pytest.fixture
def own_postgres(postgres_binaries: Path) -> Iterator[PostgresServer]:
    """A server of the test's own, which it may stop and start."""
    server = PostgresServer.create(postgres_binaries)
    yield server
    server.remove()


class RedisServer:
    """A server of its own on 127.0.0.1 that keeps nothing on disk; a test may stop and start it on the same port."""

    def __init__(self, program: str, port: int = 0, *options: str) -> None:
        self.program = program
        self.port = port or _free_port()
        self.options = options
        self.pid = 0
        self.database = 0

    def start(self) -> None:
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        process = subprocess.Popen(
            [self.program, *arguments, *self.options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/tmp",
            start_new_session=True,
        )
        self.pid = process.pid
        deadline = time.monotonic() + 30
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Redis did not start on port {self.port}.")
            time.sleep(0.02)
        process.returncode = 0  # others may stop it; no warning when this object goes

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(b"PING\r\n")
                return line.recv(64)[:1] in b"+-"
        except OSError:
            return False

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, how)
        deadline = time.monotonic() + 30
        while Path(f"/proc/{self.pid}").exists() and time.monotonic() < deadline:
            with suppress(ChildProcessError):
                if os.waitpid(self.pid, os.WNOHANG)[0] == self.pid:
                    return
            time.sleep(0.01)

    def pause(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def redis_program() -> str:
    """Redis's program; without it the test is skipped, but in CI it fails."""
    program = shutil.which("redis-server")
    if program is None:
        words = "Redis is not installed (no redis-server on PATH)"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    return program


@pytest.fixture(scope="session")
def shared_redis(redis_program: str, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[RedisServer]:
    """The one Redis of this test run, counted by the processes that use it."""
    root = tmp_path_factory.getbasetemp()
    root = root if worker_id == "master" else root.parent
    state, lock = root / "redis.json", root / "redis.lock"
    with _locked(lock):
        known = json.loads(state.read_text()) if state.exists() else {"users": 0, "databases": 0}
        server = RedisServer(redis_program, known["port"] if known["users"] else 0, "--databases", "64")
        if known["users"]:
            server.pid = known["pid"]
        else:
            server.start()
        server.database = known["databases"] % 64
        known |= {"users": known["users"] + 1, "databases": known["databases"] + 1}
        state.write_text(json.dumps({**known, "port": server.port, "pid": server.pid}))
    yield server
    with _locked(lock):
        known = json.loads(state.read_text())
        known["users"] -= 1
        state.write_text(json.dumps(known))
        if not known["users"]:
            server.stop()


@pytest.fixture
def redis_url(shared_redis: RedisServer) -> str:
    """An empty database of this test process in the shared Redis; events are told in all of them."""
    with socket.create_connection(("127.0.0.1", shared_redis.port), timeout=5) as line:
        line.sendall(f"SELECT {shared_redis.database}\r\nFLUSHDB\r\n".encode())
        answer = b""
        while answer.count(b"+OK\r\n") < 2:
            answer += line.recv(256)
    return f"redis://127.0.0.1:{shared_redis.port}/{shared_redis.database}"


@pytest.fixture
def own_redis(redis_program: str) -> Iterator[RedisServer]:
    """A Redis of the test's own, which it may stop, pause and start."""
    server = RedisServer(redis_program)
    server.start()
    yield server
    server.resume()
    server.stop()


@pytest.fixture(scope="session")
def elsewhere() -> Iterator["Elsewhere"]:
    """One other process for all that is checked of models, whichever test asks."""
    from ara.models.elsewhere import Elsewhere

    with Elsewhere() as other:
        yield other
