"""What constants that knew the second window would have given there, told as a page; ARA_MARKET_DATA names the data."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

from ara.models import LEVELS
from tests.evidence.window import ASKED, HORIZONS, SECOND, STOCKS, Array, Window

AS_IT_IS = np.array([1.0, 0.0, 0.0, 1.0])
BEGINNINGS = (AS_IT_IS, np.array([0.0, 0.0, 0.0, 0.5]), np.array([-2.0, 0.2, 0.1, 0.2]))
LOW, MIDDLE, HIGH = (LEVELS.index(level) for level in (0.1, 0.5, 0.9))

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not STOCKS.exists(), reason="needs the market data")]


class Known(Window):
    """The second window, to one who knows what came."""

    def knowing(self, place: int) -> tuple[float, Array]:
        """Give the largest skill that four constants over one horizon can have, and which they are."""
        changed = self.changed(place)
        tried = [
            minimize(lambda x: -self.skill(place, changed(x)), begin, method="Nelder-Mead", options={"maxiter": 200})
            for begin in BEGINNINGS
        ]
        best = min(tried, key=lambda one: float(one.fun))
        return -float(best.fun), best.x

    def changed(self, place: int) -> Callable[[Array], Array]:
        """Give the forecasts by how far medians are believed, a shift, the log of the scale, and the swings' power."""
        quantiles = self.fast[:, place]
        middle, width = quantiles[:, MIDDLE], quantiles[:, HIGH] - quantiles[:, LOW]
        count = np.bincount(self.series)
        usual = np.exp(np.bincount(self.series, np.log(width)) / count)[self.series]
        shape = (quantiles - middle[:, None]) / width[:, None]

        def with_(x: Array) -> Array:
            scale = np.exp(x[2]) * width ** x[3] * usual ** (1 - x[3])
            return np.asarray((x[0] * middle + x[1] * width)[:, None] + scale[:, None] * shape)

        return with_


def test_no_constants_reach_what_is_asked_over_weeks(tmp_path: Path) -> None:
    window = Known(SECOND, tmp_path / "stocks.parquet")
    rows = []
    for place, (h, asked) in enumerate(zip(HORIZONS, ASKED, strict=True)):
        own = window.skill(place, window.fast[:, place])
        assert window.skill(place, window.changed(place)(AS_IT_IS)) == pytest.approx(own, abs=1e-12)
        best, constants = window.knowing(place)
        rows.append((h, asked, own, best, *constants))
        assert best > own
        assert best > asked if h == 1 else best < asked
    folder = os.environ.get("ARA_EVIDENCE")
    if folder:
        Path(folder, "hindsight.md").write_text(page(rows, len(window.panel.symbols)), encoding="utf-8")


def page(rows: list[tuple[float, ...]], stocks: int) -> str:
    lines = [
        "# What hindsight would have given",
        "",
        "On [the second window](second_window.md) `fast` misses what is asked of CRPS skill over 5 and 21 bars. Was",
        "something chosen badly? Here four constants of each horizon are fitted **on that window itself**,",
        f"{stocks} stocks from {SECOND.begin:%Y-%m-%d} to {SECOND.end:%Y-%m-%d} with bars from 2008 on, so that its",
        "skill there is the largest that they can give. That is no forecast, and no choice that anybody could have",
        "made: it bounds what any choice of them could have given.",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by",
        "`ARA_EVIDENCE=docs/evidence pytest -m slow tests/evidence/test_hindsight_evidence.py`, with the market data.",
        "",
        "| bars | asked | `fast` | by hindsight | medians times | moved, in widths | widths times | swings, power |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {h} | {asked:.1%} | {own:.2%} | **{best:.2%}** | {a:.2f} | {b:+.2f} | {np.exp(c):.2f} | {d:.2f} |"
        for h, asked, own, best, a, b, c, d in rows
    ]
    return "\n".join(lines) + "\n" + TOLD


TOLD = """
The constants: how far medians are believed, by how many widths of the 80 % band they are moved, by what all widths are
multiplied, and the power of each stock's widths around their own geometric mean: at 1 bands swing as they do, at 0 they
never move. The largest skill is looked for by Nelder and Mead's simplex from three beginnings.

So **what is asked over 5 and 21 bars was not to be had there by another drift, another width or more mean reversion**,
not even by one who knew the outcome. It would take a model that sees what `fast` does not. At 21 bars hindsight would
have wanted medians that point the other way and bands that swing half as much.
"""
