"""How closely instruments move together, as a table of colours."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.reports.charts.chart import Chart, Footer
from ara.reports.charts.marks import Axis, Heat, Panel

if TYPE_CHECKING:
    from ara.risk import Moves

__all__ = ["correlations", "correlations_of"]

_WRITTEN = 14


def correlations(moves: "Moves", *, days: int = 0, source: str = "") -> Chart:
    """Draw the correlations of daily returns, of the last so many days, or of all."""
    last = moves.last(days) if days else moves
    if len(last) < 3 or len(last.symbols) < 2:
        raise ValidationError(
            "A correlation needs two instruments and three days.", hint="Name more, or a longer time."
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        matrix = np.corrcoef(last.returns, rowvar=False)
    return correlations_of(
        np.atleast_2d(matrix),
        last.symbols,
        words=f"daily returns of {len(last):,} days, from {last.dates[0]:%-d %b %Y}",
        footer=Footer(source=source, data_to=f"{last.dates[-1]:%-d %b %Y}"),
    )


def correlations_of(
    matrix: NDArray[Any], symbols: Sequence[str], *, words: str = "", footer: Footer | None = None
) -> Chart:
    """Draw a matrix of correlations, neighbours those that move together most; NaN is empty."""
    whole = np.asarray(matrix, np.float64)
    if whole.shape != (len(symbols), len(symbols)) or not len(symbols):
        raise ValidationError(
            "Correlations are a square with a row for each symbol.", hint="Give one name for each row."
        )
    order = _order(np.nan_to_num(whole))
    sorted_, names = whole[np.ix_(order, order)], tuple(symbols[place] for place in order)
    texts = [[f"{one:.2f}" if np.isfinite(one) else "" for one in row] for row in sorted_]
    return Chart(
        kind="correlations",
        title=_finding(sorted_, names),
        words=words,
        panels=(
            Panel(
                marks=(
                    Heat(values=sorted_, most=1.25, texts=texts if len(names) <= _WRITTEN else (), name="correlation"),
                ),
                x=Axis(kind="names", names=names),
                y=Axis(kind="names", names=names),
            ),
        ),
        footer=footer or Footer(),
        columns={"symbol": names, **{name: sorted_[:, place] for place, name in enumerate(names)}},
    )


def _order(matrix: NDArray[np.float64]) -> list[int]:
    """Begin with the one that is closest to all, and go on with the closest to the last each time."""
    left = set(range(len(matrix)))
    order = [int(matrix.sum(axis=1).argmax())]
    left.discard(order[0])
    while left:
        near = max(sorted(left), key=lambda place: matrix[order[-1], place])
        order.append(near)
        left.discard(near)
    return order


def _finding(matrix: NDArray[np.float64], names: Sequence[str]) -> str:
    if len(names) < 2:
        return "One instrument alone"
    rows, columns = np.triu_indices(len(names), 1)
    values = matrix[rows, columns]
    if not np.isfinite(values).any():
        return "No correlation is known: nothing moved"
    most, least = int(np.nanargmax(values)), int(np.nanargmin(values))
    words = f"{names[rows[most]]} and {names[columns[most]]} move together most ({values[most]:.2f})"
    if most == least:
        return words
    return f"{words}, {names[rows[least]]} and {names[columns[least]]} least ({values[least]:.2f})"
