"""`CNNLSTM`: convolutions see shapes, a recurrent network sees their order, and attention brings both together."""

import math
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from ara.models.networks.layers import Forecaster, Outlook, VariationalDropout

__all__ = ["CNNLSTM", "FUSED", "KERNELS"]

KERNELS: Final = (3, 5, 7, 11)
"""Bars that the four kinds of convolutions look at."""

FUSED: Final = 256
"""Length of the vector in which both halves come together."""


class _Shapes(nn.Module):
    """Convolutions of four lengths side by side, added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        part = width // len(KERNELS)
        self.convolutions = nn.ModuleList(nn.Conv1d(width, part, size, padding=size // 2) for size in KERNELS)
        self.join = nn.Conv1d(part * len(KERNELS), width, 1)

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.cat([convolution(x) for convolution in self.convolutions], dim=1)
        joined: Tensor = self.join(functional.gelu(seen))
        return x + joined


class CNNLSTM(Forecaster):
    """Convolutions over 3, 5, 7 and 11 bars, a bidirectional LSTM over them, and cross-attention between the two.

    It gives quantiles, the odds of sell, hold and buy (`direction`, logits), a volatility (`volatility`, in units of
    the panel's scale), and the vector of 256 figures that all three are read from (`embedding`).

    Parameters
    ----------
    centre, spread, usual
        As in `Forecaster` and `Outlook`.
    width
        Channels of the convolutions, a multiple of 4; the LSTM has half as many units each way.
    depth
        Residual blocks of convolutions.
    drop
        Rate of the dropout.
    """

    def __init__(self, centre: Tensor, spread: Tensor, usual: Tensor, *, width: int, depth: int, drop: float) -> None:
        super().__init__(centre, spread)
        horizons = len(usual)
        self.enter = nn.Conv1d(len(centre), width, 1)
        self.shapes = nn.ModuleList(_Shapes(width) for _ in range(depth))
        self.drop = VariationalDropout(drop)
        self.order = nn.LSTM(width, width // 2, batch_first=True, bidirectional=True)
        self.ask, self.tell = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.fuse = nn.Linear(3 * width, FUSED)
        self.calm = nn.LayerNorm(FUSED)
        self.outlook = Outlook(FUSED, usual)
        self.direction = nn.Linear(FUSED, 3 * horizons)
        self.volatility = nn.Linear(FUSED, horizons)
        nn.init.zeros_(self.direction.weight)
        nn.init.zeros_(self.volatility.weight)

    def read(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Give the fused vector and what is read from it."""
        seen = self.enter(x.transpose(1, 2))
        for block in self.shapes:
            seen = self.passed(block, seen)
        shapes = self.drop(seen.transpose(1, 2))
        order = self.passed(lambda before: self.order(before)[0], shapes)
        fused = self.calm(functional.gelu(self.fuse(torch.cat([order[:, -1], *self._crossed(order, shapes)], dim=1))))
        told = {
            "embedding": fused,
            "direction": self.direction(fused).unflatten(1, (-1, 3)),
            "volatility": torch.exp(torch.clamp(self.volatility(fused), -4.0, 4.0)),
        }
        return fused, told

    def _crossed(self, order: Tensor, shapes: Tensor) -> tuple[Tensor, Tensor]:
        """Let the end of the order look at the shapes, and give what it saw and the newest shape."""
        query = self.ask(order[:, -1:])
        key, value = self.tell(shapes).chunk(2, dim=2)
        weights = torch.softmax(query @ key.transpose(1, 2) / math.sqrt(key.shape[2]), dim=2)
        return (weights @ value)[:, 0], shapes[:, -1]
