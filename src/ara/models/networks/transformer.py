"""`FinancialTransformer`: bars attend to bars, on several scales of time."""

import math
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ara.models.networks.layers import AdaptiveDropout, Forecaster, Outlook

__all__ = ["FinancialTransformer"]

_HEADS: Final = 8
_SCALES: Final = (1, 1, 1, 1, 4, 4, 16, 16)
_WIDE: Final = 2


class _Attention(nn.Module):
    """Eight heads; some look at bars, others at means of 4 and of 16 bars, counted back from the last."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.ask = nn.Linear(width, width)
        self.tell = nn.Linear(width, 2 * width)
        self.join = nn.Linear(width, width)
        self.size = width // _HEADS

    def forward(self, x: Tensor, asked: Tensor) -> tuple[Tensor, Tensor]:
        """Let `asked` `[n, q, d]` look at `x` `[n, length, d]`; give `[n, q, d]` and `[n, heads, q, length]`."""
        query = self._heads(self.ask(asked))
        told = self.tell(x)
        out, looked, first = [], [], 0
        for scale in sorted(set(_SCALES)):
            count = _SCALES.count(scale)
            scale = min(scale, x.shape[1])  # noqa: PLW2901
            key, value = self._heads(_means(told, scale)).chunk(2, dim=3)
            mine = slice(first, first + count)
            fit = query[:, mine] @ key[:, mine].transpose(2, 3) / math.sqrt(self.size)
            weights = torch.softmax(fit, dim=3)
            out.append(weights @ value[:, mine])
            looked.append(_spread(weights, scale, x.shape[1]))
            first += count
        joined = torch.cat(out, dim=1).transpose(1, 2).flatten(2)
        return self.join(joined), torch.cat(looked, dim=1)

    def _heads(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], x.shape[1], _HEADS, -1).transpose(1, 2)


class _Block(nn.Module):
    def __init__(self, width: int, drop: float) -> None:
        super().__init__()
        self.attention = _Attention(width)
        self.calm, self.even = nn.LayerNorm(width), nn.LayerNorm(width)
        self.think = nn.Sequential(nn.Linear(width, _WIDE * width), nn.GELU(), nn.Linear(_WIDE * width, width))
        self.drop = AdaptiveDropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        return self.looked(x, x)[0]

    def looked(self, x: Tensor, asked: Tensor) -> tuple[Tensor, Tensor]:
        """Give what those who ask become, and where they looked."""
        seen, weights = self.attention(self.calm(x), self.calm(asked))
        asked = asked + self.drop(seen)
        return asked + self.drop(self.think(self.even(asked))), weights


class FinancialTransformer(Forecaster):
    """A transformer over the window with learnable positions; its last block asks with the last bar alone.

    Parameters
    ----------
    centre, spread, usual
        As in `Forecaster` and `Outlook`.
    length
        Bars in a window.
    width
        Of a bar's state; a multiple of 8.
    depth
        Blocks.
    drop
        First rate of the adaptive dropout.

    References
    ----------
    A. Vaswani et al. (2017), Attention is all you need; layers are normalised before each block.
    """

    def __init__(
        self, centre: Tensor, spread: Tensor, usual: Tensor, *, length: int, width: int, depth: int, drop: float
    ) -> None:
        super().__init__(centre, spread)
        self.enter = nn.Linear(len(centre), width)
        self.positions = nn.Parameter(0.02 * torch.randn(length, width))
        self.blocks = nn.ModuleList(_Block(width, drop) for _ in range(depth))
        self.calm = nn.LayerNorm(width)
        self.outlook = Outlook(width, usual)

    def read(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Give the last bar's state, and `attention` `[n, heads, length]`: how it looked at each bar at the end."""
        x = self.enter(x) + self.positions
        *before, last = self.blocks
        for block in before:
            x = self.passed(block, x)
        asked, weights = last.looked(x, x[:, -1:])  # type: ignore[operator]
        return self.calm(asked[:, 0]), {"attention": weights[:, :, 0]}


def _means(x: Tensor, scale: int) -> Tensor:
    """Give means of so many bars, counted back from the last; the first of them may be of fewer."""
    if scale == 1:
        return x
    short = -x.shape[1] % scale
    padded = functional.pad(x, (0, 0, short, 0)).reshape(x.shape[0], -1, scale, x.shape[2])
    total = padded.sum(dim=2)
    size = torch.full((1, total.shape[1], 1), float(scale), device=x.device)
    size[:, 0] = scale - short
    return total / size


def _spread(weights: Tensor, scale: int, length: int) -> Tensor:
    """Give each bar its part of its mean's weight."""
    if scale == 1:
        return weights
    short = -length % scale
    size = torch.full((weights.shape[3],), float(scale), device=weights.device)
    size[0] = scale - short
    return (weights / size).repeat_interleave(scale, dim=3)[..., short:]
