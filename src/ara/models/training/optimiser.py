"""AdamW, without the seconds that PyTorch's own takes to load a compiler."""

from inspect import unwrap
from typing import Any

import torch
from torch import Tensor, nn

from ara.models.training.plan import Plan

__all__ = ["AdamW", "adamw"]


class AdamW(torch.optim.AdamW):
    """PyTorch's AdamW, but its methods are called as they were written.

    PyTorch wraps them to tell its compiler where to stop, and each wrapper loads the compiler, though nothing is
    compiled here. One without wrappers is taken as it is.
    """

    add_param_group: Any = unwrap(torch.optim.Optimizer.add_param_group)
    zero_grad: Any = unwrap(torch.optim.Optimizer.zero_grad)
    step: Any = torch.no_grad()(unwrap(torch.optim.AdamW.step))


def adamw(module: nn.Module, plan: Plan) -> AdamW:
    """Give what takes the steps of a training: matrices decay as the plan says, and nothing else does."""
    free: list[Tensor] = [one for one in module.parameters() if one.requires_grad]
    groups = [
        {"params": [one for one in free if one.dim() > 1], "weight_decay": plan.decay},
        {"params": [one for one in free if one.dim() <= 1], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=plan.rate, fused=free[0].device.type != "mps")
