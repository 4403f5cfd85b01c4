"""More windows out of those that training has: noise, warps, slices and mixtures. The last bar stays the last."""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["augmented"]

_NOISE: Final = 0.05
_WARP: Final = 0.1
_KNOTS: Final = 4
_SHORTEST: Final = 0.7
_MIX: Final = 0.2


def augmented(x: Tensor, ways: Sequence[str], *, centre: Tensor, spread: Tensor) -> tuple[Tensor, Tensor | None, float]:
    """Give changed windows `[n, length, F]`; with `mix` also each one's partner, and the weight of its own target.

    Nothing but the windows given is used, and targets are left as they are: where two windows are mixed, the loss is
    the same mixture of both losses, for a mean of two targets would be too calm.

    Parameters
    ----------
    x
        Windows, oldest bar first; NaN where a bar is missing.
    ways
        `jitter` adds noise of 5 % of a feature's spread; `magnitude` stretches windows around the features' centres by
        a smooth factor near 1; `time` runs through a window now faster, now slower; `slice` takes its later 70 to
        100 % and stretches these to its length; `mix` mixes it with another window of the batch.
    centre, spread
        `[F]`: the features' medians and typical deviations in the training rows.
    """
    count, length, _ = x.shape
    if "slice" in ways:
        kept = _SHORTEST + (1 - _SHORTEST) * torch.rand(count, 1, device=x.device)
        steps = torch.linspace(0, 1, length, device=x.device)
        x = _read(x, (length - 1) * (1 - kept + kept * steps))
    if "time" in ways:
        speed = torch.exp(3 * _WARP * _smooth(count, length - 1, x.device))
        run = torch.cumsum(speed, dim=1) / speed.sum(dim=1, keepdim=True)
        x = _read(x, (length - 1) * functional.pad(run, (1, 0)))
    if "magnitude" in ways:
        x = centre + (x - centre) * (1 + _WARP * _smooth(count, length, x.device))[:, :, None]
    if "jitter" in ways:
        x = x + _NOISE * spread * torch.randn_like(x)
    if "mix" not in ways:
        return x, None, 1.0
    partner = torch.randperm(count, device=x.device)
    share = float(torch.distributions.Beta(_MIX, _MIX).sample())
    return share * x + (1 - share) * x[partner], partner, share


def _smooth(count: int, length: int, device: torch.device) -> Tensor:
    """Give `[count, length]`: standard normal knots with straight lines between them."""
    knots = torch.randn(count, _KNOTS, device=device)
    at = torch.linspace(0, _KNOTS - 1, length, device=device)
    left = at.floor().clamp(max=_KNOTS - 2).long()
    return torch.lerp(knots[:, left], knots[:, left + 1], at - left)


def _read(x: Tensor, at: Tensor) -> Tensor:
    """Give the windows at times `[n, length]` between their bars, by straight lines; the last time is the last bar."""
    length = x.shape[1]
    at = torch.cat([at[:, :-1], torch.full_like(at[:, :1], length - 1)], dim=1).clamp(0, length - 1)
    left = at.floor().clamp(max=length - 2).long()
    rows = torch.arange(len(x), device=x.device)[:, None]
    share = (at - left)[:, :, None]
    a, b = x[rows, left], x[rows, left + 1]
    return torch.where(share == 1, b, torch.where(share == 0, a, a + share * (b - a)))
