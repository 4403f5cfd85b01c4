"""Workers that train one network together: each works its share of a batch, and their slopes are summed."""

from datetime import timedelta
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from ara.models.panel import Rows

__all__ = ["ALONE", "Gloo", "Team", "joined", "share"]

_PATIENCE: Final = timedelta(minutes=30)


class Team(Protocol):
    """The workers of one training, seen by one of them. All make the same steps, so their networks stay the same."""

    @property
    def rank(self) -> int:
        """Which of them this one is, from 0; the first keeps the checkpoints."""
        ...

    @property
    def size(self) -> int:
        """How many they are."""
        ...

    def sum(self, values: Tensor) -> Tensor:
        """Give the sum of what each of them has, always added in the same order."""
        ...

    def first(self, value: float) -> float:
        """Give what the first of them has."""
        ...


class _Alone:
    """One worker by itself."""

    rank = 0
    size = 1

    def sum(self, values: Tensor) -> Tensor:
        return values

    def first(self, value: float) -> float:
        return value


ALONE: Final[Team] = _Alone()
"""A worker by itself."""


class Gloo:
    """Workers that talk by PyTorch's Gloo, whose process group is set up already.

    Sums are made by each worker for itself, in the order of ranks: a tree of sums would give other last bits with each
    way of the network.
    """

    def __init__(self) -> None:
        self.rank = torch.distributed.get_rank()
        self.size = torch.distributed.get_world_size()

    @classmethod
    def at(cls, store: str, rank: int, size: int) -> "Gloo":
        """Set up the process group of so many workers by a store that all reach: `file:///PATH` or `tcp://HOST:PORT`."""
        torch.distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=size, timeout=_PATIENCE)
        return cls()

    def sum(self, values: Tensor) -> Tensor:
        """Give the sum of what each of them has, added in the order of ranks."""
        each = [torch.empty_like(values) for _ in range(self.size)]
        torch.distributed.all_gather(each, values)
        total = each[0]
        for one in each[1:]:
            total = total + one
        return total

    def first(self, value: float) -> float:
        """Give what the first of them has."""
        told = torch.tensor([value], dtype=torch.float64)
        torch.distributed.broadcast(told, 0)
        return float(told[0])


def share(rows: Rows, team: Team) -> Rows:
    """Give the rows of a batch that a worker works; with more workers than rows some have none."""
    return np.array_split(rows, team.size)[team.rank] if team.size > 1 else rows


def joined(module: nn.Module, total: float, team: Team) -> float:
    """Put the slopes that all workers found together into the network, and give their losses' sum."""
    if team.size == 1:
        return total
    free = [one for one in module.parameters() if one.requires_grad]
    facts = torch.tensor([total, *(float(one.grad is not None) for one in free)], dtype=torch.float64)
    slopes = [torch.zeros_like(one) if one.grad is None else one.grad for one in free]
    flat = torch.cat([facts, *(one.detach().reshape(-1).to("cpu", torch.float64) for one in slopes)])
    whole = team.sum(flat)
    rest = torch.split(whole[len(facts) :], [one.numel() for one in free])
    for place, (one, summed) in enumerate(zip(free, rest, strict=True), 1):
        one.grad = summed.reshape(one.shape).to(one.device, one.dtype) if whole[place] else None
    return float(whole[0])
