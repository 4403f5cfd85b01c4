"""`ara serve` as the image runs it: nobody special, without privileges, on disks that can't be written but for two.

Docker is not needed for that: in a mount namespace of its own, home and /tmp alone can be written.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.chaos.installation import ROOT, wait_for

pytestmark = pytest.mark.slow

IMAGE = (ROOT / "deploy" / "docker" / "Dockerfile").read_text("utf-8")
SCRIPT = """
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=0755 tmpfs /srv
mkdir /srv/python /srv/site /srv/source
install --directory --mode=1777 /srv/tmp
install --directory --owner={user} --group={user} --mode=0700 /srv/home
mount --bind {python} /srv/python
mount --bind {site} /srv/site
mount --bind {source} /srv/source
for place in $(awk '{{print $5}}' /proc/self/mountinfo); do
    case $place in /proc*|/sys*|/dev*|/srv) ;; *) mount -o remount,ro,bind "$place" 2>/dev/null || true ;; esac
done
cd /srv/home
exec setpriv --reuid {user} --regid {user} --clear-groups --no-new-privs --bounding-set=-all env -i {settings} \
    /srv/python/bin/{program} -m ara serve --port 0
"""


def environment() -> dict[str, str]:
    """Give what the image sets, at the places that the namespace has for it."""
    whole = re.sub(r"\\\n\s*", "", IMAGE)
    lines = re.findall(r"^ENV (.*)$", whole, re.MULTILINE)[1:]
    told = dict(one.split("=", 1) for line in lines for one in line.split())
    told |= {name: value.replace("/var/lib/ara", "/srv/home") for name, value in told.items()}
    told["NUMBA_CACHE_DIR"] = told["NUMBA_CACHE_DIR"].replace("/tmp", "/srv/tmp")
    more = {"LD_LIBRARY_PATH": "/srv/python/lib", "PYTHONPATH": "/srv/source:/srv/site", "TMPDIR": "/srv/tmp"}
    return {**told, **more, "PATH": "/usr/bin:/bin"}


def command() -> list[str]:
    (user,) = re.findall(r"^USER (\d+):\1$", IMAGE, re.MULTILINE)
    settings = " ".join(shlex.quote(f"{name}={value}") for name, value in environment().items())
    script = SCRIPT.format(
        user=user, python=shlex.quote(sys.base_prefix), site=shlex.quote(sysconfig.get_path("platlib")),
        source=shlex.quote(str(ROOT / "src")), settings=settings, program=f"python3.{sys.version_info.minor}",
    )  # fmt: skip
    return ["unshare", "--mount", "bash", "-c", script]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    if os.geteuid() != 0 or not all(shutil.which(one) for one in ("unshare", "setpriv")):
        pytest.skip("only root can make a namespace whose disks can't be written")
    if subprocess.run(["unshare", "--mount", "mount", "--make-rprivate", "/"], capture_output=True).returncode:
        pytest.skip("here nobody may make a namespace")
    said = tmp_path / "said.txt"
    with said.open("wb") as out:
        process = subprocess.Popen(command(), stdout=out, stderr=out, cwd=tmp_path)
    yield process, said
    if process.poll() is None:
        process.kill()
        process.wait()


def test_the_service_runs_as_nobody_special_on_disks_that_can_not_be_written(
    served: tuple[subprocess.Popen[bytes], Path],
) -> None:
    process, file = served

    def said() -> str:
        return file.read_text("utf-8", errors="replace")

    wait_for(lambda: "Listening on" in said() or process.poll() is not None, "it listens")
    assert process.poll() is None, said()
    status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
    assert re.search(r"^Uid:\s+10001\s+10001", status, re.MULTILINE)
    assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
    assert all(" ro," in f" {line.split()[5]}," for line in mounts(process.pid))
    url = re.search(r"http://127\.0\.0\.1:\d+", said())[0]  # type: ignore[index]
    key = re.search(r"^ara_\S+$", said(), re.MULTILINE)[0]  # type: ignore[index]
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        assert client.post("/api/v2/forecasts", json={"symbol": "AAPL", "days": 2}).status_code == 200
        assert client.get("/docs").status_code == 200
        begun = [
            client.post("/api/v2/backtests", json={"symbols": ["AAPL"], "strategy": "momentum"}),
            client.post("/api/v2/models/train", json={"symbols": ["AAPL"], "family": "har_t"}),
        ]
        assert [one.status_code for one in begun] == [202, 202]

        def states() -> list[str]:
            return [client.get(f"/api/v2/jobs/{one.json()['job']}").json()["state"] for one in begun]

        wait_for(lambda: not {"waiting", "running"} & set(states()), "the jobs end", 240)
        assert states() == ["done", "done"]
        assert client.get("/api/v1/ledger/verify").json()["ok"] is True
    process.terminate()
    assert process.wait(60) == 0
    assert "Traceback" not in said()


def mounts(pid: int) -> list[str]:
    """Give the disks that a process sees, but for those of the system and the small ones that are its own."""
    own = ("/proc", "/sys", "/dev", "/srv")
    lines = Path(f"/proc/{pid}/mountinfo").read_text("utf-8").splitlines()
    places = {one: one.split()[4] for one in lines}
    return [one for one, at in places.items() if not at.startswith(own) or at in {"/srv/python", "/srv/site"}]
