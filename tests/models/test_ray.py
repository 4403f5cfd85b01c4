"""How a cluster is reached, begun and begun again; `test_ray.py` of tuning and networks have real ones."""

import socket
import subprocess
import sys
import time

import pytest

from ara.errors import WorkerError
from ara.models import ray as rays
from ara.models.ray import cluster, lost

pytest.importorskip("ray")  # psutil comes with it


class Library:
    """Stands for the package: begins at the so-manieth time that it is asked to."""

    def __init__(self, *, at: int = 1, begun: bool = False) -> None:
        self.at, self.begun = at, begun
        self.asked: list[dict[str, object]] = []
        self.ended = 0

    def is_initialized(self) -> bool:
        return self.begun

    def init(self, **asked: object) -> None:
        self.asked.append(asked)
        if len(self.asked) < self.at:
            raise RuntimeError("it did not come up in time\nand more")

    def shutdown(self) -> None:
        self.ended += 1


@pytest.fixture
def library(monkeypatch):
    """Puts a library in the place of Ray's."""

    def put(**asked: object) -> Library:
        made = Library(**asked)  # type: ignore[arg-type]
        monkeypatch.setattr(rays, "_library", lambda: made)
        return made

    return put


def test_a_cluster_of_its_own_is_begun_and_ended_with_the_block(library, monkeypatch):
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    made = library()
    with cluster(cpus=2) as found:
        assert found is made
        assert made.ended == 0
    (asked,) = made.asked
    assert (asked["address"], asked["num_cpus"], asked["include_dashboard"]) == ("local", 2, False)
    assert made.ended == 1
    assert rays.os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_it_ends_where_the_work_fails_too(library):
    made = library()
    with pytest.raises(ValueError, match="work"), cluster():
        raise ValueError("work")
    assert made.ended == 1


def test_a_cluster_that_this_process_has_is_used_and_left(library):
    made = library(begun=True)
    with cluster() as found:
        assert found is made
    assert (made.asked, made.ended) == ([], 0)


def test_one_that_does_not_come_up_is_begun_again_and_what_it_left_is_swept_away(library, monkeypatch):
    import psutil

    left: list[subprocess.Popen[bytes]] = []
    made = library(at=3)
    real = made.init

    def init(**asked: object) -> None:
        if len(left) < 2:
            left.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(999)", "raylet"]))
            while "raylet" not in psutil.Process(left[-1].pid).cmdline():  # it has none for a moment, as it begins
                time.sleep(0.01)
        real(**asked)

    monkeypatch.setattr(made, "init", init)
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(999)", "raylet, and nobody's of it"])
    try:
        with cluster():
            assert len(made.asked) == 3
        assert [one.wait(60) for one in left] == [-9, -9]
        assert other.poll() is None  # it was there before
    finally:
        for one in (other, *left):
            one.kill()
            one.wait()


def test_what_never_comes_up_is_said_after_five_times(library):
    made = library(at=99)
    with (
        pytest.raises(WorkerError, match=r"no Ray cluster on this machine: it did not come up in time$") as caught,
        cluster(),
    ):
        pass
    assert len(made.asked) == 5
    assert "ray start --head" in caught.value.hint


def test_one_at_an_address_is_asked_once_and_only_where_somebody_listens(library):
    with socket.create_server(("127.0.0.1", 0)) as there:
        address = f"127.0.0.1:{there.getsockname()[1]}"
        made = library()
        with cluster(address):
            assert made.asked[0]["address"] == address
            assert made.asked[0]["num_cpus"] is None
        made = library(at=2)
        with pytest.raises(WorkerError, match=f"no Ray cluster at ray://{address}"), cluster(f"ray://{address}"):
            pass
        assert len(made.asked) == 1
    with pytest.raises(WorkerError, match="no Ray cluster at 127"), cluster("127.0.0.1:99999"):
        pass
    made = library()
    with cluster("auto"):
        assert made.asked[0]["address"] == "auto"


def test_the_library_is_that_which_is_installed():
    assert rays._library() is sys.modules["ray"]


def test_what_vanishes_while_it_is_swept_is_nobodys_fault(monkeypatch):
    import psutil

    class Gone:
        def cmdline(self) -> list[str]:
            raise psutil.NoSuchProcess(1)

    monkeypatch.setattr(rays, "_children", lambda: {Gone(), Still()})
    rays._sweep(set())


class Still:
    """A process that has nothing to do with Ray."""

    def cmdline(self) -> list[str]:
        return ["python", "mine"]

    def kill(self) -> None:
        pytest.fail("it is not Ray's")


def test_another_hint_may_say_what_to_do_where_it_was_lost():
    assert lost(OSError("x"), hint="Ask again.").hint == "Ask again."
