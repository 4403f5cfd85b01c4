"""A small network and what it is to learn, for tests of the training loop."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from ara.models.networks.loss import pinball
from ara.models.training import Lesson, Plan, lesson
from ara.models.training.devices import repeatable
from ara.models.training.learner import Learner
from ara.models.training.loop import Outcome, train
from tests.models.networks.worlds import featured

__all__ = ["Plain", "bytes_of", "given", "taught"]


class Plain(Learner):
    """A recurrent network with dropout, and room for what goes wrong in a test."""

    def __init__(self, *, hidden: int = 6) -> None:
        super().__init__(torch.zeros(5), torch.ones(5))
        self.core = nn.GRU(5, hidden, batch_first=True)
        self.drop = nn.Dropout(0.2)
        self.out = nn.Linear(hidden, 2 * 25)
        self.heard: list[float] = []

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        state, _ = self.core(torch.nan_to_num(x))
        return {"quantiles": torch.cumsum(self.out(self.drop(state[:, -1])).reshape(-1, 2, 25).exp() / 10, 2) - 2}

    def adapt(self, gap: float) -> None:
        self.heard.append(gap)


def given(*, bars: int = 200, window: int = 6) -> Lesson:
    panel = featured(bars=bars)
    rows = np.arange(len(panel))
    return lesson(panel, rows, rows[:0], window=window)


def taught(plan: Plan, *, module: Learner | None = None, taken: Lesson | None = None, seed: int = 4, **more) -> tuple:
    """Train a small network; give it and what became of it."""
    if module is None:
        with repeatable(seed):
            module = Plain()
    more.setdefault("watch", lambda _: True)
    more.setdefault("loss", pinball)
    done: Outcome = train(module, taken or given(), plan, judge=pinball, seed=seed, **more)
    return module, done


def bytes_of(module: nn.Module) -> Mapping[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in module.state_dict().items()}
