"""Real workers that train one network together."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ara.models.training.team import ALONE, joined, share
from tests.models.training.lessons import bytes_of, taught
from tests.models.training.mate import PLAN, SEED, begun


def mates(tmp_path: Path, size: int, name: str, *, drop: float = 0.2, dies: int = -1) -> list[subprocess.Popen[bytes]]:
    """Begin so many workers; the last of them dies at a step."""
    (tmp_path / "kept").mkdir(exist_ok=True)
    words = [sys.executable, "-m", "tests.models.training.mate"]
    return [
        subprocess.Popen(
            [*words, str(rank), str(size), str(tmp_path / name), str(tmp_path / "kept"), str(drop),
             str(dies if rank == size - 1 else -1)],
            cwd=Path(__file__).parents[3],
            stderr=subprocess.PIPE,
        )
        for rank in range(size)
    ]  # fmt: skip


def weights(tmp_path: Path, size: int, **asked: float) -> list[bytes]:
    """Let workers train to the end, and give what each has."""
    tmp_path.mkdir(exist_ok=True)
    for one in mates(tmp_path, size, "meeting", **asked):
        _, said = one.communicate()
        assert one.returncode == 0, said.decode()
    return [(tmp_path / "kept" / f"weights-{rank}.bin").read_bytes() for rank in range(size)]


def test_two_workers_learn_what_one_learns(tmp_path):
    one, done = taught(PLAN, module=begun(drop=0.0), seed=SEED)
    first, second = weights(tmp_path, 2, drop=0.0)
    assert first == second
    alone = np.frombuffer(b"".join(bytes_of(one).values()), np.float32)
    np.testing.assert_allclose(np.frombuffer(first, np.float32), alone, rtol=1e-3, atol=1e-4)
    assert float((tmp_path / "kept" / "loss-0").read_text()) == pytest.approx(done.loss, rel=1e-4)
    assert (tmp_path / "kept" / "compilers-0").read_text() == "", "loading PyTorch's compiler takes seconds"


@pytest.mark.slow
def test_a_team_that_lost_a_worker_goes_on_from_the_last_checkpoint_and_ends_in_the_same_bytes(tmp_path):
    whole = weights(tmp_path / "whole", 2)
    assert whole[0] == whole[1]
    (tmp_path / "torn").mkdir()
    torn = mates(tmp_path / "torn", 2, "first", dies=11)
    assert torn[1].wait() == -9
    torn[0].communicate()  # it hears that the other is gone
    assert torn[0].returncode != 0
    torn[1].communicate()
    assert (tmp_path / "torn" / "kept" / "training.json").exists()
    assert not (tmp_path / "torn" / "kept" / "weights-0.bin").exists()
    assert weights(tmp_path / "torn", 2) == whole


def test_a_worker_by_itself_has_all_rows_and_its_own_slopes():
    module = begun(drop=0.0)
    rows = np.arange(7)
    assert share(rows, ALONE) is rows
    assert joined(module, 3.5, ALONE) == 3.5
    assert all(one.grad is None for one in module.parameters())
    assert ALONE.first(2.0) == 2.0
    assert ALONE.sum(torch.ones(2)).tolist() == [1.0, 1.0]


class Second:
    """The second of three workers, the others of which found nothing."""

    rank, size = 1, 3

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        return values

    def first(self, value: float) -> float:
        return value


def test_rows_are_parted_and_what_no_worker_has_a_slope_of_stays_without():
    assert share(np.arange(7), Second()).tolist() == [3, 4]
    assert share(np.arange(1), Second()).tolist() == []
    module = begun(drop=0.0)
    module.out(torch.ones(1, 6)).sum().backward()
    before = module.out.weight.grad.clone()
    assert joined(module, 0.25, Second()) == 0.25
    assert torch.equal(module.out.weight.grad, before)
    assert module.core.weight_ih_l0.grad is None
