"""What the networks make small: the pinball loss of quantiles, and what a joint network tells beside them."""

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from ara.models.quantiles import LEVELS

__all__ = ["joint", "pinball"]

_FARTHEST: Final = 8.0
_THIRD: Final = 0.4307


def pinball(outputs: Mapping[str, Tensor], y: Tensor, weights: Tensor) -> Tensor:
    """Give the weighted sum over rows and horizons of the mean pinball loss over `LEVELS`; unknown targets count not.

    Targets farther than 8 scales from 0 are taken as that far.
    """
    known = ~torch.isnan(y)
    y = torch.where(known, y, torch.zeros_like(y)).clamp(-_FARTHEST, _FARTHEST)
    levels = torch.tensor(LEVELS, device=y.device)
    off = y[:, :, None] - outputs["quantiles"]
    loss = torch.maximum(levels * off, (levels - 1) * off).mean(dim=2)
    return (loss * known * weights).sum()


def joint(outputs: Mapping[str, Tensor], y: Tensor, weights: Tensor, shares: Mapping[str, float]) -> Tensor:
    """Give the pinball loss and, by their shares, the losses of direction and volatility where they are given.

    Direction: cross-entropy of sell, hold and buy, the thirds of a standard normal return. Volatility: half the squared
    return over its variance, and the log of it, which is least at the true one.
    """
    total = shares["quantiles"] * pinball(outputs, y, weights)
    known = ~torch.isnan(y)
    y = torch.where(known, y, torch.zeros_like(y)).clamp(-_FARTHEST, _FARTHEST)
    if shares.get("direction"):
        side = (y > -_THIRD).long() + (y > _THIRD).long()
        loss = functional.cross_entropy(outputs["direction"].transpose(1, 2), side, reduction="none")
        total = total + shares["direction"] * (loss * known * weights).sum()
    if shares.get("volatility"):
        width = outputs["volatility"]
        loss = torch.log(width) + 0.5 * (y / width) ** 2
        total = total + shares["volatility"] * (loss * known * weights).sum()
    return total
