"""Weights and the optimiser's memory as named tensors, and back."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

__all__ = ["restored", "tensors"]


def tensors(module: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Give copies of a network's weights, and of what its optimiser remembers of each."""
    found = {f"weight.{name}": value.detach().clone() for name, value in module.state_dict().items()}
    for place, parameter in enumerate(_parameters(optimiser)):
        for name, value in optimiser.state.get(parameter, {}).items():
            found[f"optimiser.{place}.{name}"] = value.detach().clone()
    return found


def restored(module: nn.Module, kept: Mapping[str, Tensor], optimiser: torch.optim.Optimizer | None = None) -> None:
    """Put tensors back into a network, and into its optimiser where one is given."""
    weights = {name.removeprefix("weight."): value for name, value in kept.items() if not name.startswith("optimiser.")}
    module.load_state_dict(weights)
    if optimiser is None:
        return
    optimiser.state.clear()
    parameters = _parameters(optimiser)
    for name, value in kept.items():
        if name.startswith("optimiser."):
            _, place, field = name.split(".")
            parameter = parameters[int(place)]
            optimiser.state[parameter][field] = value.to(parameter.device, copy=True)


def _parameters(optimiser: torch.optim.Optimizer) -> list[Tensor]:
    return [one for group in optimiser.param_groups for one in group["params"]]
