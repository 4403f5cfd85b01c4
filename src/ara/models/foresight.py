"""Whether a fitted model answers from what was known at each origin, tried on the very panel that it is judged by."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.model import Fitted
from ara.models.panel import Panel, Rows

__all__ = ["refuse_foresight"]

_TRIED: Final = 8
_APART: Final = 1e-6


def refuse_foresight(
    panel: Panel, fitted: Fitted, rows: Rows, values: NDArray[np.float64], *, name: str, seed: int = 0
) -> None:
    """Raise if answers were drawn from what came after their origins, outcomes included.

    Eight of the rows, drawn at random, are asked again of a panel that ends at their moment. An answer that moves by
    more than a millionth of the volatility known at the origin saw something later.

    Parameters
    ----------
    panel
        With its features.
    fitted
        Who answered.
    rows
        Origins that were asked for.
    values
        Its quantiles `[row, horizon, level]`.
    name
        What it is called in the error.
    seed
        Of the draw.

    Raises
    ------
    ModelError
        An answer changes.
    """
    drawn = np.random.default_rng(seed).permutation(len(rows))[:_TRIED]
    for place in drawn:
        row = int(rows[place])
        past = panel.until(int(panel.known_at[row]))
        first, end = past.span(int(panel.series[row]))
        where = first + int(np.searchsorted(past.at[first:end], panel.at[row]))
        again = fitted.predict(past, np.array([where])).values[0]
        near = np.isclose(again, values[place], rtol=0, atol=_APART * panel.scale[row][:, None], equal_nan=True)
        if not near.all():
            day = np.datetime64(int(panel.at[row]), "us").astype("datetime64[D]")
            raise ModelError(
                f"{name} can't be judged: it sees what came later. Its answer for "
                f"{panel.symbols[panel.series[row]]} at {day} changes when what was public after it is taken away",
                hint="A model may use rows and outcomes that were known at the origin; panel.y_known says when.",
            )
