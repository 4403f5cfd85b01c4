"""What a model's bands rest on in each state of a market, on a terminal."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.cli.render.data_table import Column, left_out, table
from ara.cli.render.numbers import percent
from ara.cli.screen import Screen
from ara.cli.words import wrapped
from ara.models.regimes import STATES
from ara.prediction.importance import Resting

__all__ = ["inputs"]

_SHOWN: Final = 6
_LEAVE: Final[Mapping[str, int]] = {"sideways": 4, "bull": 3, "bear": 2, "high volatility": 1, "all": 0}
"""Which columns go first where there is little room."""

_WORDS: Final[Mapping[str, str]] = {
    "last": "the last bar", "week": "the last week", "month": "the last month", "half_year": "the last half-year",
    "years": "the long run", "falls": "falls and rises", "gaps": "gaps before the open", "weekday": "the weekday",
    "jobs": "the US jobs report", "reports": "companies' reports", "market": "its market", "abroad": "other markets",
    "agreement": "how models differ", "bands": "bands missed before", "state": "the times' volatility",
    "surprise": "surprises lately",
}  # fmt: skip


def inputs(rests: Resting, s: Screen) -> list[str]:
    """Give a table of what moves the next day's band most, a column for each state, and what to know of it."""
    found, shown = rests.found, min(_SHOWN, len(rests.found.names))
    said = f"What moves {rests.model}'s band of the next day, wider or narrower, on average of {found.count} days:"
    lines = [s.palette()(line, "strong") for line in wrapped(said, s.width)]
    columns = [Column(head="", cells=[_WORDS.get(name, name) for name in found.names[:shown]])]
    columns += [
        Column(head=name, cells=_shares(part[:shown, 0]), right=True, leave=_LEAVE[name])
        for name, part in zip((*STATES, "all"), (*found.apart, found.pooled), strict=True)
    ]
    lines += table(columns, s)
    if gone := left_out(columns, s):
        lines += wrapped(f"For want of room without: {', '.join(gone)}. A wider screen or --json has them.", s.width)
    known = ", ".join(f"{name} {count:.0f}" for name, count in zip(STATES, found.effective, strict=True))
    lines += wrapped(
        f"A day counts for each state as far as it is likely. As many days as tell of one state alone: {known}; the "
        "fewer, the more its figures are drawn to those of all.",
        s.width,
    )
    return [*lines, *(line for note in rests.notes for line in wrapped(note, s.width))]


def _shares(logs: NDArray[np.float64]) -> list[str]:
    return [percent(share, 1, signed=False) for share in np.expm1(logs).tolist()]
