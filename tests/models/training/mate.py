"""One of several workers that train a small network together, as a process of its own."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import torch

from ara.models.training import Plan
from ara.models.training.devices import repeatable
from ara.models.training.team import Gloo
from ara.workers import Progress
from tests.models.training.lessons import Plain, bytes_of, taught

PLAN = Plan(epochs=3, batch=64, every=2, patience=10, accumulate=2)
SEED = 4


def begun(*, drop: float) -> Plain:
    with repeatable(SEED):
        module = Plain()
    module.drop.p = drop
    return module


def work(rank: int, size: int, place: str, folder: str, *, drop: float, dies: int) -> None:
    """Train with the others; the first writes the weights down. One that is to die does so at a step."""
    team = Gloo.at(f"file://{place}", rank, size)

    def watch(progress: Progress) -> bool:
        if progress.done == dies:
            os.kill(os.getpid(), signal.SIGKILL)
        return True

    plan = replace(PLAN, augment=("jitter",) if drop else ())
    module, done = taught(plan, module=begun(drop=drop), seed=SEED, folder=Path(folder), watch=watch, team=team)
    Path(folder, f"weights-{rank}.bin").write_bytes(b"".join(bytes_of(module).values()))
    Path(folder, f"loss-{rank}").write_text(repr(done.loss))
    Path(folder, f"compilers-{rank}").write_text(" ".join({"torch._dynamo", "torch._inductor"} & set(sys.modules)))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    work(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], drop=float(sys.argv[5]), dies=int(sys.argv[6]))
