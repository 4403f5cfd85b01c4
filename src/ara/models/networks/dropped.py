"""A network asked many times, each time without other parts of it."""

import numpy as np
import torch
from numpy.typing import NDArray

from ara.models.networks.family import Network
from ara.models.networks.fit import network_of
from ara.models.networks.layers import AdaptiveDropout, Forecaster, VariationalDropout
from ara.models.panel import Panel, Rows
from ara.models.served import Served
from ara.models.training.devices import repeatable

__all__ = ["dropped"]

_Array = NDArray[np.float64]

_AT_ONCE = 256


def dropped(
    model: Network, served: Served, panel: Panel, rows: Rows, *, seed: int, passes: int
) -> tuple[_Array, _Array]:
    """Give the network's quantiles `[n, H, Q]` as it is, and `[passes, n, H, Q]` with dropout, in scales."""
    network = network_of(model, served)
    window = served.head.window
    with repeatable(seed):
        whole = _asked(network, panel, rows, window)
        for part in network.modules():
            if isinstance(part, AdaptiveDropout | VariationalDropout):
                part.train()
        members = np.stack([_asked(network, panel, rows, window) for _ in range(passes)])
    return whole, members


def _asked(network: Forecaster, panel: Panel, rows: Rows, window: int) -> _Array:
    with torch.no_grad():
        parts = [
            network(torch.from_numpy(panel.windows(rows[start : start + _AT_ONCE], window)))["quantiles"]
            for start in range(0, max(1, len(rows)), _AT_ONCE)
        ]
    return torch.cat(parts).double().numpy()
