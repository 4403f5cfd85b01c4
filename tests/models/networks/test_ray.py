"""Networks trained by two workers of a real Ray cluster, one of which is killed, and then all of it."""

import os
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ara.errors import CancelledError, ModelError
from ara.jobs import memory
from ara.models.networks import Gru
from ara.models.networks.cluster import train_on_ray
from ara.models.served import Served
from tests.models.networks.worlds import featured

pytestmark = pytest.mark.slow

MODEL = Gru(size="tiny", window=8, epochs=3, batch=64, every=2, device="cpu")
PANEL = featured(bars=400)
ROWS = np.arange(len(PANEL))


def made(folder, address, *, workers=2, watch=lambda progress: True):
    """Train on the cluster, and give what was made."""
    train_on_ray(
        MODEL, PANEL, ROWS, ROWS[:0], seed=3, workers=workers, folder=folder, address=address, watch=watch
    )  # fmt: skip
    return (folder / "made" / "graph.onnx").read_bytes()


def test_two_workers_learn_what_one_learns_and_repeat_it_though_one_is_killed_or_all_are_stopped(ray_head, tmp_path):
    head, address = ray_head
    assert address, "the cluster did not begin"
    alone = MODEL.fit(PANEL, ROWS, ROWS[:0], seed=3, watch=lambda _: True)
    heard = []
    whole = made(tmp_path / "whole", address, watch=lambda progress: heard.append(progress.words) or True)
    assert any("epoch" in words for words in heard)
    killer = os.fork()
    if not killer:
        _kill_one(head.pid, tmp_path / "torn" / "training.json")
    torn = made(tmp_path / "torn", address)
    assert os.waitpid(killer, 0)[1] == 0
    assert torn == whole

    with pytest.raises(CancelledError):
        made(tmp_path / "left", address, watch=lambda _: not (tmp_path / "left" / "training.json").exists())
    assert not (tmp_path / "left" / "made").exists()
    assert made(tmp_path / "left", address) == whole

    together = Served.load(tmp_path / "whole" / "made")
    one, two = (each.predict(PANEL, ROWS[-50:]).values for each in (alone, together))
    width = one[:, :, -1] - one[:, :, 0]
    apart = float(np.abs(one - two).max(axis=2).max() / width.mean())
    assert apart < 0.1
    _told(apart)


def test_more_workers_than_the_cluster_has_processors_are_refused(ray_head, tmp_path):
    with pytest.raises(ModelError, match="has 2 processors, and 3 workers"):
        made(tmp_path, ray_head[1], workers=3)


def _told(apart):
    folder = os.environ.get("ARA_EVIDENCE")
    if not folder:
        return
    page = Path(folder) / "ray.md"
    text = page.read_text(encoding="utf-8").partition("\nA network trained")[0] if page.exists() else "# Ray\n"
    lines = [
        "",
        "A network trained by two workers together, by Ray Train. One of the two is killed after the first checkpoint;",
        f"and all are stopped then, and begun again. Seen on {datetime.now(UTC):%Y-%m-%d}:",
        "",
        "| what | seen |",
        "|---|---|",
        "| same bytes though a worker was killed | yes |",
        "| same bytes though all were stopped and begun again | yes |",
        f"| largest difference to one worker, as a share of the band | {apart:.4f} |",
    ]
    page.write_text(text + "\n".join(lines) + "\n", encoding="utf-8")


def _kill_one(head, checkpoint):
    """Wait for a checkpoint, kill a worker that trains, and end: this is a process of its own."""
    while True:
        time.sleep(0.02)
        if not checkpoint.exists():
            continue
        for one in memory.family(head):
            with suppress(OSError):
                if b"RayTrainWorker" in Path(f"/proc/{one}/cmdline").read_bytes():
                    os.kill(one, signal.SIGKILL)
                    os._exit(0)
