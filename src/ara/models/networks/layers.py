"""What the networks are made of: windows taken in, dropout of three kinds, attention, and quantiles given out."""

import math
from collections.abc import Callable, Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from ara.models.quantiles import LEVELS
from ara.models.training.learner import Learner

__all__ = ["AdaptiveDropout", "Forecaster", "Outlook", "Pool", "VariationalDropout", "stacked"]

_MIDDLE: Final = LEVELS.index(0.5)
_WIDEST: Final = 8.0
_NARROWEST: Final = 1e-4
_FIRST: Final = 0.1
_MOST: Final = 0.6
_PACE: Final = 0.5


class AdaptiveDropout(nn.Module):
    """Dropout whose rate follows the gap between the losses in training and on the validation rows.

    The rate rises by half when the network does worse on rows that it was not shown, falls by half where it does not,
    and stays within a tenth of the first rate and 0.6.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.first = rate
        self.register_buffer("rate", torch.tensor(rate))
        self.rate: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """Drop elements in training; pass all on otherwise."""
        return functional.dropout(x, float(self.rate)) if self.training else x

    def adapt(self, gap: float) -> None:
        """Move the rate by half of itself per unit of the relative gap times 10, at most by half."""
        change = 1 + _PACE * max(-1.0, min(1.0, 10 * gap))
        self.rate.fill_(max(_FIRST * self.first, min(_MOST, float(self.rate) * change)))


class VariationalDropout(nn.Module):
    """Dropout that drops the same features of a window at every bar (Y. Gal and Z. Ghahramani, 2016)."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Drop features of `[n, length, d]` in training; pass all on otherwise."""
        if not self.training or not self.rate:
            return x
        return x * functional.dropout(torch.ones_like(x[:, :1]), self.rate)


class Pool(nn.Module):
    """Attention of one query over the bars of a window: gives the mean of the bars and each bar's weight."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.key = nn.Linear(width, width)
        self.query = nn.Linear(width, width)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Ask with the last bar of `[n, length, d]`; give `[n, d]` and weights `[n, length]`."""
        fit = (self.key(x) * self.query(x[:, -1:])).sum(dim=2) / math.sqrt(x.shape[2])
        weights = torch.softmax(fit, dim=1)
        return (weights[:, :, None] * x).sum(dim=1), weights


class Outlook(nn.Module):
    """Quantiles of each horizon out of a state: a median, and steps away from it that are above 0 by softplus.

    Before training it gives the quantiles that the targets had in training, whatever the state; a state moves the
    median, stretches all steps together, and shapes each. After training, `trust` holds how much of each horizon's
    moves of the median is kept, `belief` how much of the moves of the steps, and `stretch` how much wider all steps are
    made.
    """

    def __init__(self, width: int, usual: Tensor, *, apart: bool = False) -> None:
        super().__init__()
        horizons, levels = usual.shape
        self.shape = (horizons, levels + 1)
        self.read = nn.Linear(width, (levels + 1) if apart else horizons * (levels + 1))
        nn.init.zeros_(self.read.weight)
        nn.init.zeros_(self.read.bias)
        steps = torch.diff(usual, dim=1).clamp(min=_NARROWEST)
        self.register_buffer("usual", usual[:, _MIDDLE].clone())
        self.register_buffer("trust", torch.ones(horizons))
        self.register_buffer("belief", torch.ones(horizons))
        self.register_buffer("stretch", torch.ones(horizons))
        self.median = nn.Parameter(usual[:, _MIDDLE].clone())
        self.steps = nn.Parameter(torch.log(torch.expm1(steps.double())).float())
        self.usual: Tensor
        self.trust: Tensor
        self.belief: Tensor
        self.stretch: Tensor

    def forward(self, state: Tensor) -> Tensor:
        """Give `[n, H, Q]` from a state `[n, d]`, or `[n, H, d]` where each horizon has its own."""
        return self.told(self.moved(state))

    def moved(self, state: Tensor) -> Tensor:
        """Give `[n, H, Q + 1]`: how far a state moves the median, stretches all steps and shapes each."""
        moved: Tensor = self.read(state).reshape(-1, *self.shape)
        return moved

    def told(self, moved: Tensor) -> Tensor:
        """Give the quantiles of rows that are moved so, each row by itself."""
        shaped = self.belief[:, None] * moved[:, :, 1:]
        steps = functional.softplus(self.steps + shaped[:, :, 1:])
        steps = steps * torch.exp(3 * torch.tanh(shaped[:, :, :1] / 3)) * self.stretch[:, None]
        median = self.usual + self.trust * (self.median + moved[:, :, 0] - self.usual)
        below, above = steps[:, :, :_MIDDLE], steps[:, :, _MIDDLE:]
        lower = -below.flip(2).cumsum(2).flip(2)
        away = torch.cat([lower, torch.zeros_like(lower[:, :, :1]), above.cumsum(2)], dim=2)
        return torch.add(median[:, :, None], away)


class Forecaster(Learner):
    """A network from windows to quantiles: subclasses say how a window becomes a state.

    Parameters
    ----------
    centre, spread
        As in `Learner`; a missing value is taken as usual.
    """

    outlook: Outlook

    def read(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Give the state of each standardised window `[n, length, F]`, and further outputs by name."""
        raise TypeError(f"{type(self).__name__} does not say how it reads a window")

    def taken(self, x: Tensor) -> Tensor:
        """Standardise values; one that is missing is taken as usual."""
        x = (x - self.centre) / self.spread
        return torch.where(torch.isnan(x), torch.zeros_like(x), x).clamp(-_WIDEST, _WIDEST)

    def seen(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Standardise windows and read them."""
        return self.read(self.taken(x))

    def told(self, x: Tensor) -> dict[str, Tensor]:
        """Give what `forward` gives, of windows that are standardised already."""
        state, further = self.read(x)
        return {"quantiles": self.outlook(state), **further}

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Give `quantiles` `[n, H, Q]` and what else the network tells, from windows `[n, length, F]`."""
        return self.told(self.taken(x))

    def adapt(self, gap: float) -> None:
        """Tell every adaptive dropout the gap between the losses."""
        for part in self.modules():
            if isinstance(part, AdaptiveDropout):
                part.adapt(gap)

    def passed(self, block: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
        """Pass inputs through a block; with `spare` its inner values are not kept but computed again."""
        if self.spare and self.training:
            again: Tensor = checkpoint(block, *inputs, use_reentrant=False)
            return again
        once: Tensor = block(*inputs)
        return once


def stacked(kind: type[nn.GRU] | type[nn.LSTM], sizes: Sequence[tuple[int, int]], *, both: bool) -> nn.ModuleList:
    """Give one recurrent layer for each pair of an input's and a state's width; `both` reads backwards too."""
    return nn.ModuleList(kind(seen, kept, batch_first=True, bidirectional=both) for seen, kept in sizes)
