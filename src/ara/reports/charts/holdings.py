"""What is held: its parts, the risk that each brings, and what else could be held."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.reports.charts.chart import Chart, Footer
from ara.reports.charts.given import Given, floats, same_length
from ara.reports.charts.marks import Axis, Bars, Line, Mark, Notes, Panel, Points, Ring
from ara.reports.charts.theme import Role
from ara.reports.numbers import percent

if TYPE_CHECKING:
    from ara.portfolio import Allocation
    from ara.risk import Contributions, Stressed

__all__ = [
    "composition",
    "composition_of",
    "contributions",
    "contributions_of",
    "frontier_of",
    "scenarios",
    "scenarios_of",
]

_SLICES: Final = 8
_SLICE: Final = 0.05
_ROWS: Final = 30
_ALIKE: Final = 1e-9  # weights this close are one
_CASH: Final = "cash"


def composition(
    allocation: "Allocation", *, form: Literal["bar", "ring"] = "bar", footer: Footer | None = None
) -> Chart:
    """Draw the weights of an allocation, with its cash."""
    weights = dict(allocation.weights) | ({_CASH: allocation.cash} if abs(allocation.cash) > 5e-5 else {})
    return composition_of(weights, form=form, words=f"chosen by {allocation.method.replace('_', ' ')}", footer=footer)


def composition_of(
    weights: Mapping[str, float],
    *,
    form: Literal["bar", "ring"] = "bar",
    words: str = "",
    footer: Footer | None = None,
) -> Chart:
    """Draw weights, the largest first.

    Parameters
    ----------
    weights
        Share of each; below 0 it is owed, which no ring can show.
    form
        `ring` or `bar`.
    words
        What else is to be said.
    footer
        Where they come from.
    """
    if not weights:
        raise ValidationError("There is nothing to draw: no weight is given.", hint="Name at least one holding.")
    values = floats(list(weights.values()), "weights")
    if np.isnan(values).any():
        raise ValidationError("A weight is no number.", hint="Give shares such as 0.4.")
    if form == "ring" and ((values < 0).any() or values.sum() <= 0):
        raise ValidationError("A ring can't show what is owed.", hint="Draw bars: --form bar")
    ordered = sorted(weights.items(), key=lambda item: (-abs(item[1]), item[0]))
    shown = _gathered(ordered, _large(ordered) if form == "ring" else _ROWS)
    names = tuple(name for name, _ in shown)
    sizes = 100 * np.array([value for _, value in shown])
    texts = [percent(value, signed=False) for _, value in shown]
    if form == "ring":
        held = len([1 for name in weights if name != _CASH])
        marks: tuple[Mark, ...] = (
            Ring(names=names, shares=sizes, texts=texts, middle=f"{held} holding{'s' * (held != 1)}"),
        )
        panel = Panel(marks=marks, x=Axis(), y=Axis(), square=True)
    else:
        panel = _bars(names, sizes, texts, "weight")
    return Chart(
        kind="composition",
        title=_largest(ordered),
        words=words,
        panels=(panel,),
        footer=footer or Footer(),
        columns={"name": [name for name, _ in ordered], "weight": [value for _, value in ordered]},
    )


def _largest(ordered: list[tuple[str, float]]) -> str:
    """Say which part is the largest; where several are, name no one of them alone."""
    most = ordered[0][1]
    alike = [name for name, weight in ordered if abs(weight - most) < _ALIKE]
    size, count = percent(most, signed=False), len(ordered)
    if count == 1:
        return f"{alike[0]} is all, {size}"
    if len(alike) == count:
        return f"All {count} parts are alike, {size} each"
    if len(alike) == 1:
        return f"{alike[0]} is the largest of {count} parts, {size}"
    names = f"{alike[0]} and {alike[1]}" if len(alike) == 2 else f"{alike[0]} and {len(alike) - 1} others"
    return f"{names} are the largest of {count} parts, {size} each"


def _large(ordered: Sequence[tuple[str, float]]) -> int:
    """Give how many slices have room for their names."""
    whole = math.fsum(value for _, value in ordered)
    return min(sum(value >= _SLICE * whole for _, value in ordered) + 1, _SLICES)


def _gathered(ordered: Sequence[tuple[str, float]], most: int) -> list[tuple[str, float]]:
    """Put what is small together, so that each part can be read."""
    if len(ordered) <= most:
        return list(ordered)
    rest = ordered[most - 1 :]
    return [*ordered[: most - 1], (f"{len(rest)} others", math.fsum(value for _, value in rest))]


def _bars(names: tuple[str, ...], sizes: NDArray[np.float64], texts: Sequence[str], label: str) -> Panel:
    roles: list[Role] = ["forecast" if size >= 0 else "actual" for size in sizes]
    least, most = min(0.0, float(sizes.min())), max(0.0, float(sizes.max()))
    room = 0.2 * ((most - least) or 1.0)
    return Panel(
        marks=(
            Bars(places=np.arange(len(names), dtype=np.float64), values=sizes, roles=roles, texts=texts, flat=True),
        ),
        x=Axis(label=label, unit="%", low=least - room if least < 0 else 0.0, high=most + room),
        y=Axis(kind="names", names=names),
    )


def contributions(
    found: "Contributions", weights: Mapping[str, float], *, per_year: float = 1.0, footer: Footer | None = None
) -> Chart:
    """Draw which holding brings how much of the risk, beside its weight.

    Parameters
    ----------
    found
        The parts, of a bar.
    weights
        Of the same holdings, in their order.
    per_year
        Bars of a year, to tell the volatility of a year.
    footer
        Where it comes from.
    """
    total = found.total * (per_year**0.5 if found.measure == "volatility" else 1.0)
    span = " a year" if found.measure == "volatility" and per_year > 1 else ""
    return contributions_of(
        weights,
        [float(one) for one in np.nan_to_num(found.share)],
        words=f"{found.measure} of the whole: {100 * total:.1f} %{span}",
        footer=footer,
    )


def contributions_of(
    weights: Mapping[str, float], shares: Given, *, words: str = "", footer: Footer | None = None
) -> Chart:
    """Draw shares of the risk beside weights, the largest share first."""
    risk, held = floats(shares, "shares"), floats(list(weights.values()), "weights")
    same_length(risk, held)
    names = list(weights)
    order = sorted(range(len(names)), key=lambda place: (-risk[place], names[place]))
    kept = order[:_ROWS]
    rows = np.arange(len(kept), dtype=np.float64)
    told = tuple(names[place] for place in kept)
    texts = [
        f"{percent(risk[place], signed=False)} of risk, {percent(held[place], signed=False)} held" for place in kept
    ]
    most = max(float(np.nanmax(np.concatenate([risk, held]))), 0.0)
    least = min(float(np.nanmin(np.concatenate([risk, held]))), 0.0)
    room = 0.46 * ((most - least) or 1.0)  # the words beside the longest bar, in a picture 900 wide
    marks: tuple[Mark, ...] = (
        Bars(places=rows, values=100 * risk[kept], flat=True, name="share of the risk", role="forecast"),
        Points(x=100 * held[kept], y=rows, name="weight", role="actual", shape="diamond", size=6.5),
        Notes(x=100 * np.fmax(np.fmax(risk[kept], held[kept]), 0), y=rows, texts=texts, side="right"),
    )
    first = order[0]
    low = 100 * (least - room / 2) if least < 0 else 0.0
    return Chart(
        kind="risk",
        title=f"{names[first]} brings {percent(risk[first], 0, signed=False)} of the risk with a weight of "
        f"{percent(held[first], 0, signed=False)}",
        words=words + ("" if len(order) <= _ROWS else f"; the {_ROWS} largest of {len(order)}"),
        panels=(
            Panel(
                marks=marks,
                x=Axis(label="share", unit="%", low=low, high=100 * (most + room)),
                y=Axis(kind="names", names=told),
            ),
        ),
        footer=footer or Footer(),
        columns={"name": [names[place] for place in order], "weight": held[order], "risk_share": risk[order]},
    )


def scenarios(found: "Sequence[Stressed]", *, footer: Footer | None = None) -> Chart:
    """Draw what a portfolio would do in each scenario, the worst first."""
    unknown = sorted({symbol for one in found for symbol in one.unexplained})
    return scenarios_of(
        {one.scenario.name: one.change for one in found},
        words=f"taken to stand still where nothing is known: {', '.join(unknown)}" if unknown else "",
        footer=footer,
    )


def scenarios_of(changes: Mapping[str, float], *, words: str = "", footer: Footer | None = None) -> Chart:
    """Draw the return of the whole in each scenario, the worst first."""
    if not changes:
        raise ValidationError("There is nothing to draw: no scenario is given.", hint="Name at least one.")
    ordered = sorted(changes.items(), key=lambda item: (item[1], item[0]))
    values = 100 * floats([value for _, value in ordered], "changes")
    names = tuple(name.replace("_", " ") for name, _ in ordered)
    worst = ordered[0]
    what = f"would {'lose' if worst[1] < 0 else 'gain'} {percent(abs(worst[1]), signed=False)}"
    return Chart(
        kind="scenarios",
        title=f"In the worst, {names[0]}, it {what}",
        words=words,
        panels=(_bars(names, values, [percent(value) for _, value in ordered], "change of the whole"),),
        footer=footer or Footer(),
        columns={"scenario": [name for name, _ in ordered], "change": [value for _, value in ordered]},
    )


def frontier_of(
    risks: Given,
    returns: Given,
    *,
    assets: Mapping[str, tuple[float, float]] | None = None,
    chosen: Mapping[str, tuple[float, float]] | None = None,
    words: str = "",
    footer: Footer | None = None,
) -> Chart:
    """Draw the frontier: for each risk the highest return that is expected.

    Parameters
    ----------
    risks, returns
        Of its points: volatility and expected return of a year, as shares.
    assets
        Risk and return of each alone.
    chosen
        The same of portfolios to be pointed out.
    words
        How they were estimated.
    footer
        Where they come from.
    """
    x, y = 100 * floats(risks, "risks"), 100 * floats(returns, "returns")
    same_length(x, y)
    order = np.argsort(y, kind="stable")
    marks: list[Mark] = [Line(x=x[order], y=y[order], name="frontier", role="forecast", wide=2.0)]
    for name, role, shape, among in (("alone", "past", "dot", assets), ("chosen", "actual", "diamond", chosen)):
        if among:
            points = 100 * np.array(list(among.values()), np.float64)
            marks.append(
                Points(x=points[:, 0], y=points[:, 1], name=name, role=role, shape=shape, texts=list(among), size=7)  # type: ignore[arg-type]
            )
    least = int(np.nanargmin(x))
    return Chart(
        kind="frontier",
        title=f"No mix has less risk than {x[least]:.1f} % a year; it expects {percent(y[least] / 100)}",
        words=words,
        panels=(
            Panel(
                marks=tuple(marks),
                x=Axis(label="volatility of a year", unit="%"),
                y=Axis(label="expected return of a year", unit="%"),
            ),
        ),
        footer=footer or Footer(),
        columns={"volatility": x[order] / 100, "expected_return": y[order] / 100},
    )
