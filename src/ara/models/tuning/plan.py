"""What to tune, and how long."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ara.models.tuning.objective import BLOCKS

__all__ = ["GOALS", "Goal", "Place", "Plan", "Sampler"]

Goal: TypeAlias = Literal["crps", "latency"]
"""`crps`: the loss over the baseline's. `latency`: milliseconds of one origin."""

Sampler: TypeAlias = Literal["tpe", "gp"]
"""How the next trial is chosen: a tree of Parzen estimators, or a Gaussian process."""

Place: TypeAlias = Literal["here", "ray"]
"""Where trials are made: on this machine, or on a Ray cluster."""

GOALS: Final[tuple[Goal, ...]] = ("crps", "latency")
"""All goals, in the order of their values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to tune, and how long.

    Parameters
    ----------
    family
        Under which it is registered.
    cut
        The hold-out begins here, microseconds since 1970 UTC: nothing that was public later is looked at.
    trials
        How many in all, those of earlier runs counted.
    storage
        URL of the database that keeps the study: `sqlite:///…` or `postgresql+psycopg://…`.
    sampler, seed
        How the next trial is chosen, and of all that is random.
    goals
        What is made small; with more than one the winner is the best by the first, and the others are told.
    blocks
        Into how many blocks the later half of the past is parted.
    seconds
        No trial is begun after so long; 0 for no bound.
    sensitivity
        Also try the winner's neighbours, two for each parameter.
    on, address, at_once
        Where trials are made; the address of the Ray cluster, empty for one that is begun on this machine and ended
        with the tuning; and how many it makes at once, 0 for as many as it has processors.
    processes
        How many processes of this machine make trials at once, where they are made here.
    """

    family: str
    cut: int
    trials: int
    storage: str
    sampler: Sampler = "tpe"
    seed: int = 0
    goals: tuple[Goal, ...] = ("crps",)
    blocks: int = BLOCKS
    seconds: float = 0.0
    sensitivity: bool = False
    on: Place = "here"
    address: str = ""
    at_once: int = 0
    processes: int = 1
