"""A whole installation on 127.0.0.1, as `deploy/` has it: PostgreSQL, Redis, a worker, two services, nginx before them.

Settings are those of `deploy/compose.yaml` and the configuration that of `deploy/nginx/ara.conf`; only addresses and
ports are filled in. Each part can be killed and started again at its place.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from ara.jobs import memory
from tests.conftest import PostgresServer, RedisServer

__all__ = ["PARTS", "Installation", "free", "wait_for"]

ROOT = Path(__file__).parents[2]
PARTS = ("api-1", "api-2", "worker", "redis", "postgres", "nginx")
"""What can be killed, by name."""
_BEGINNING = 120.0


def free() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as ear:
        port: int = ear.getsockname()[1]
        return port


def wait_for(there: Callable[[], object], words: str, seconds: float = _BEGINNING) -> float:
    """Wait until it is so, and give the seconds that it took."""
    began = time.monotonic()
    while not there():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"It did not come to pass within {seconds:g} s: {words}")
        time.sleep(0.05)
    return time.monotonic() - began


class Installation:
    """All parts, started.

    Parameters
    ----------
    folder
        Where they keep what they keep, and say what they say.
    postgres, redis
        Servers that run.
    nginx
        Its program.
    """

    def __init__(self, folder: Path, postgres: PostgresServer, redis: RedisServer, nginx: str) -> None:
        self.folder, self.postgres, self.redis, self._nginx = folder, postgres, redis, nginx
        self.ports = {name: free() for name in ("api-1", "api-2", "nginx")}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._environ = self._settings(postgres.create_database("ara"))
        self._configure()
        self._start("api-1")
        self.key = re.search(r"^ara_\S+$", self.said("api-1"), re.MULTILINE)[0]  # type: ignore[index]
        for name in ("api-2", "worker", "nginx"):
            self._start(name)

    @property
    def url(self) -> str:
        """Where nginx listens."""
        return f"http://127.0.0.1:{self.ports['nginx']}"

    def pids(self) -> dict[str, int]:
        """Give the process of each part."""
        own = {name: one.pid for name, one in self.processes.items()}
        return {**own, "postgres": self.postgres.pid, "redis": self.redis.pid}

    def stop(self, name: str, how: signal.Signals) -> int | None:
        """End a part, and give its exit status where it is Ara's or nginx; what it had started ends too."""
        family = memory.family(self.pids()[name])
        code = None
        if name == "postgres":
            self.postgres.stop(how)
        elif name == "redis":
            self.redis.stop(how)
        else:
            process = self.processes[name]
            if name == "nginx":  # its workers would keep the port
                os.killpg(process.pid, how)
            else:
                process.send_signal(how)
            code = process.wait(60)
        wait_for(lambda: not any(_lives(one) for one in family), f"what {name} had started ends")
        return code

    def start(self, name: str) -> None:
        """Start a part again, at its place."""
        if name == "postgres":
            self.postgres.start()
        elif name == "redis":
            self.redis.start()
        else:
            self._start(name)

    def end(self) -> None:
        """End Ara's processes and nginx."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            process.wait(60)

    def _settings(self, database: str) -> dict[str, str]:
        """Give the environment of `deploy/compose.yaml`, with what differs on this machine."""
        composed = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))["services"]
        told = {**composed["api"]["environment"], **composed["worker"]["environment"]}
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("ARA_")},
            **{name: str(value) for name, value in told.items()},
            "ARA_HOME": str(self.folder / "home"), "ARA_STORE_URL": database, "ARA_DATA_CACHE_REDIS": self.redis.url,
            "ARA_JOBS_BROKER": self.redis.url.removesuffix("/0") + "/1", "ARA_API_PROXIES": "127.0.0.1/32",
            "ARA_DATA_PROVIDERS": "sample", "ARA_WEBHOOKS_NETWORKS": "127.0.0.0/8", "ARA_API_URL": self.url,
        }  # fmt: skip

    def _configure(self) -> None:
        """Write nginx's configuration: the one that is deployed, with ports."""
        text = (ROOT / "deploy" / "nginx" / "ara.conf").read_text("utf-8")
        line = re.search(r"^    server api:8000(.*)$", text, re.MULTILINE)
        assert line is not None
        servers = "\n".join(f"    server 127.0.0.1:{self.ports[name]}{line[1]}" for name in ("api-1", "api-2"))
        text = text.replace(line[0], servers).replace("listen 8080", f"listen 127.0.0.1:{self.ports['nginx']}")
        (self.folder / "ara.conf").write_text(text, "utf-8")
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "".join(f"{name}_temp_path {self.folder}/{name};\n" for name in kinds)
        whole = f"daemon off;\npid {self.folder}/nginx.pid;\nerror_log {self.folder}/error.log;\nevents {{}}\n"
        whole += f"http {{\naccess_log off;\n{paths}include {self.folder}/ara.conf;\n}}\n"
        (self.folder / "nginx.conf").write_text(whole, "utf-8")

    def _start(self, name: str) -> None:
        port = self.ports.get(name, 0)
        if name == "nginx":
            command = [self._nginx, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
        elif name == "worker":
            command = [sys.executable, "-m", "ara", "worker"]
        else:
            command = [sys.executable, "-m", "ara", "serve", "--port", str(port)]
        before = len(self.said(name))
        with (self.folder / f"{name}.txt").open("ab") as said:
            self.processes[name] = subprocess.Popen(
                command, stdout=said, stderr=said, env=self._environ, cwd=self.folder, start_new_session=True
            )
        if name.startswith("api"):
            wait_for(lambda: "Listening" in self.said(name)[before:], f"{name} listens")
        elif port:
            wait_for(lambda: _answers(port), f"{name} listens")

    def said(self, name: str) -> str:
        """Give what a part of Ara's has said since the beginning."""
        place = self.folder / f"{name}.txt"
        return place.read_text("utf-8", errors="replace") if place.exists() else ""


def _answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def _lives(pid: int) -> bool:
    """Say whether a process runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
