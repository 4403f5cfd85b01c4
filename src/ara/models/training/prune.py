"""Weights that do little are set to 0."""

from typing import Final

import torch
from torch import Tensor, nn

__all__ = ["prune", "share_at"]

_BEGIN: Final = 0.3
_END: Final = 0.7


def share_at(share: float, epoch: int, epochs: int) -> float:
    """Give which share of weights is 0 in an epoch: none before 30 % of the epochs, the whole share from 70 % on.

    The rise is a cubic, fast at first: M. Zhu and S. Gupta (2017), To prune, or not to prune.
    """
    done = min(1.0, max(0.0, (epoch / max(1, epochs) - _BEGIN) / (_END - _BEGIN)))
    return share * (1 - (1 - done) ** 3)


def prune(module: nn.Module, share: float) -> None:
    """Set the smallest weights of each matrix to 0. What is 0 already is smallest, so the share does not add up."""
    with torch.no_grad():
        for weight in _matrices(module):
            count = int(share * weight.numel())
            if count:
                size = weight.abs().flatten()
                smallest = torch.argsort(size, stable=True)[:count]
                weight.view(-1)[smallest] = 0.0


def _matrices(module: nn.Module) -> list[Tensor]:
    return [weight for weight in module.parameters() if weight.dim() > 1]
