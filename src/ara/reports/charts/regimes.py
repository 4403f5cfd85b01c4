"""States of a market as stretches behind its price, and how likely each was."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.reports.charts.chart import Chart, Footer
from ara.reports.charts.given import Given, floats, moments, priced, same_length
from ara.reports.charts.marks import Axis, Line, Mark, Panel, Spans
from ara.reports.charts.theme import Role
from ara.reports.charts.ticks import told_time

if TYPE_CHECKING:
    from ara.models.regimes import Regimes

__all__ = ["regimes", "regimes_of"]

_LOOKS: Final[dict[str, tuple[Role, float]]] = {
    "bull": ("forecast", 0.25), "bear": ("actual", 0.55), "sideways": ("past", 0.14), "high_volatility": ("fifth", 0.5),
}  # fmt: skip
"""Colours that are as far from each other in grey as in colour."""
_OTHERS: Final = tuple(_LOOKS.values())


def regimes(
    history: "Regimes",
    at: Given,
    closes: Given,
    *,
    symbol: str = "",
    currency: str = "",
    source: str = "",
    last: int = 0,
) -> Chart:
    """Draw the states that were told at each bar's close.

    Parameters
    ----------
    history
        The states.
    at, closes
        The label and the close of each of the same bars.
    symbol, currency, source
        Whose, in what, and who gave them.
    last
        Only so many of the last bars; all if 0.
    """
    from ara.models.regimes import STATES

    names = [STATES[state] if state >= 0 else "" for state in history.states.tolist()]
    chance = np.max(np.where(np.isfinite(history.probabilities), history.probabilities, 0.0), axis=1)
    chance[history.states < 0] = 0.0
    return regimes_of(
        list(at)[-last:],
        list(closes)[-last:],
        names[-last:],
        [one if one > 0 else None for one in chance.tolist()][-last:],
        symbol=symbol,
        currency=currency,
        footer=Footer(source=source, data_to=told_time(moments(at, "at")[-1])),
    )


def regimes_of(
    at: Given,
    closes: Given,
    states: Sequence[str],
    chances: Given,
    *,
    symbol: str = "",
    currency: str = "",
    footer: Footer | None = None,
) -> Chart:
    """Draw states from plain columns: the name of each bar's, empty where none is known, and how likely it was."""
    stamps, prices, sure = moments(at, "at"), floats(closes, "closes"), floats(chances, "chances")
    named = np.asarray(states, object)
    same_length(stamps, prices, sure, named)
    x = np.arange(len(stamps), dtype=np.float64)
    kinds = sorted(
        {one for one in states if one}, key=lambda one: (list(_LOOKS).index(one) if one in _LOOKS else 99, one)
    )
    spans = [_stretches(named, kind, place) for place, kind in enumerate(kinds)]
    marks: list[Mark] = [*spans, Line(x=x, y=prices, name="close", role="ink", wide=1.1)]
    axis = Axis(kind="bars", stamps=stamps, low=-0.5, high=len(stamps) - 0.5)
    return Chart(
        kind="regimes",
        title=_finding(symbol, named, sure),
        words=_shares(named, kinds),
        panels=(
            Panel(marks=tuple(marks), x=axis, y=priced(currency, prices)),
            Panel(
                marks=(Line(x=x, y=100 * sure, role="past", wide=1.0),), x=axis,
                y=Axis(label="how likely", unit="%", low=0.0, high=102.0), share=0.3,
            ),
        ),
        footer=footer or Footer(data_to=told_time(stamps[-1])),
        columns={"at": stamps, "close": prices, "state": list(states), "probability": sure},
        shared=True,
    )  # fmt: skip


def _stretches(named: NDArray[Any], kind: str, place: int) -> Spans:
    own = np.concatenate([[False], named == kind, [False]]).astype(np.int8)
    edges = np.diff(own)
    role, shade = _LOOKS.get(kind, _OTHERS[place % len(_OTHERS)])
    return Spans(
        begins=np.flatnonzero(edges == 1) - 0.5, ends=np.flatnonzero(edges == -1) - 0.5, name=kind.replace("_", " "),
        role=role, shade=shade,
    )  # fmt: skip


def _finding(symbol: str, named: NDArray[Any], sure: NDArray[np.float64]) -> str:
    now = str(named[-1])
    name = f"{symbol}: " if symbol else ""
    if not now:
        return f"{name}no state is known {'now' if named.astype(bool).any() else 'yet'}"
    other = np.flatnonzero(named != now)
    bars = len(named) - (int(other[-1]) + 1 if len(other) else 0)
    chance = f" ({100 * sure[-1]:.0f} % likely)" if np.isfinite(sure[-1]) else ""
    return f"{name}{now.replace('_', ' ')} for {bars:,} bar{'s' * (bars != 1)}{chance}"


def _shares(named: NDArray[Any], kinds: Sequence[str]) -> str:
    known = int((named != "").sum())
    parts = [f"{kind.replace('_', ' ')} {100 * (named == kind).sum() / known:.0f} %" for kind in kinds] if known else []
    return f"told by what was known at each close; of these bars {', '.join(parts)}" if parts else ""
