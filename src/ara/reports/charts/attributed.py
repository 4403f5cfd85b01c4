"""Where a return came from: segments with what choosing them brought, or factors with what each brought."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from ara.reports.charts.chart import Chart, Footer
from ara.reports.charts.given import Given, floats, same_length
from ara.reports.charts.marks import Axis, Bars, Notes, Panel, Points, Rule
from ara.reports.charts.theme import Role
from ara.reports.numbers import percent

__all__ = ["attributed_of", "explained_of"]

_ROWS: Final = 30
_PARTS: Final[Mapping[str, tuple[Role, float]]] = {
    "allocation": ("forecast", -0.27),
    "selection": ("actual", 0.0),
    "interaction": ("past", 0.27),
}


def attributed_of(
    names: Sequence[str],
    *,
    allocation: Given,
    selection: Given,
    interaction: Given,
    earned: float,
    benchmark: float,
    footer: Footer | None = None,
) -> Chart:
    """Draw what allocation, selection and interaction brought in each segment, the largest sum first.

    Parameters
    ----------
    names
        Of the segments.
    allocation, selection, interaction
        Of each, as shares.
    earned, benchmark
        What the portfolio and its benchmark came to.
    footer
        Where it comes from.
    """
    parts = {
        "allocation": floats(allocation, "allocation"),
        "selection": floats(selection, "selection"),
        "interaction": floats(interaction, "interaction"),
    }
    same_length(np.array(names), *parts.values())
    order = np.argsort(-np.abs(sum(parts.values())), kind="stable")
    kept = order[:_ROWS]
    rows = np.arange(len(kept), dtype=np.float64)
    bars = tuple(
        Bars(places=rows + shift, values=100 * parts[name][kept], flat=True, name=name, role=role, wide=0.24)
        for name, (role, shift) in _PARTS.items()
        if parts[name].any()
    )
    brought = {name: 100 * float(one.sum()) for name, one in parts.items()}
    more = "" if len(order) <= _ROWS else f"; the {_ROWS} largest of {len(order)}"
    return Chart(
        kind="attribution",
        title=f"Allocation brought {brought['allocation']:+.2f} % and selection {brought['selection']:+.2f} %",
        words=f"{100 * earned:+.2f} % was earned, {100 * benchmark:+.2f} % by the benchmark{more}",
        panels=(
            Panel(
                marks=(Rule(at=0.0, upright=True, dash="solid"), *bars),
                x=Axis(label="part of the difference", unit="%"),
                y=Axis(kind="names", names=tuple(names[place] for place in kept)),
            ),
        ),
        footer=footer or Footer(),
        columns={"segment": [names[place] for place in order], **{name: one[order] for name, one in parts.items()}},
    )


def explained_of(
    names: Sequence[str],
    contributions: Given,
    *,
    alpha: float,
    alpha_error: float,
    explained: float,
    errors: Given,
    footer: Footer | None = None,
) -> Chart:
    """Draw what each factor brought in a year, and what none of them explains, with intervals of 95 %.

    Parameters
    ----------
    names
        Of the factors.
    contributions, errors
        Of a year: slope times mean of each factor, and the standard error that the slope's gives it.
    alpha, alpha_error
        What is left in a year, and its standard error.
    explained
        Share of the variance that the factors explain.
    footer
        Where it comes from.
    """
    brought, spread = floats(contributions, "contributions"), floats(errors, "errors")
    same_length(np.array(names), brought, spread)
    values, wide = 100 * np.append(brought, alpha), 196 * np.append(spread, alpha_error)
    rows, ends = np.arange(len(values), dtype=np.float64), values + wide
    least, most = min(0.0, float((values - wide).min())), max(0.0, float(ends.max()))
    room = 0.07 * ((most - least) or 1.0)
    roles: list[Role] = ["forecast" if place < len(brought) else "actual" for place in range(len(values))]
    far = abs(alpha) > 1.96 * alpha_error
    beyond = "which is told from nothing" if far else "which can't be told from nothing"
    return Chart(
        kind="factors",
        title=f"Beyond its factors it earned {percent(alpha)} a year, {beyond}",
        words=f"the factors explain {100 * explained:.0f} % of the variance; lines are 95 % intervals",
        panels=(
            Panel(
                marks=(
                    Rule(at=0.0, upright=True, dash="solid"),
                    Bars(places=rows, values=values, flat=True, roles=roles, wide=0.5),
                    Points(x=values, y=rows, low=values - wide, high=values + wide, flat=True, role="ink", size=3),
                    Notes(x=np.fmax(ends, 0), y=rows, texts=[percent(one / 100) for one in values], side="right"),
                ),
                x=Axis(label="brought in a year", unit="%", low=least - room, high=most + 2 * room),
                y=Axis(kind="names", names=(*names, "alpha")),
            ),
        ),
        footer=footer or Footer(),
        columns={"name": [*names, "alpha"], "a_year": values / 100, "error": wide / 196},
    )
