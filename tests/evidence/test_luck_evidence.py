"""What luck makes of a window's skill: what `fast` would have had, had it been exactly right, told as a page."""

import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import rankdata

from ara.models import LEVELS
from tests.evidence.window import ASKED, FIRST, HORIZONS, SECOND, STOCKS, Array, Window

DRAWS = 2_000
BLOCK = 42
"""Days that are drawn together: twice the farthest horizon."""

SEED = 20_211_101
NAMES = {FIRST: "[the first](fast.md)", SECOND: "[the second](second_window.md)"}

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not STOCKS.exists(), reason="needs the market data")]


class Right(Window):
    """A window in which every distribution of `fast` is exactly right."""

    def ranks(self, place: int) -> Array:
        """Give `[day, series]` where in its distribution each return came, evened out as a right one would have it."""
        came, told = self.came[:, place], self.fast[:, place]
        out = np.full((self.day.max() + 1, self.series.max() + 1), np.nan)
        within = np.array([np.interp(one, row, LEVELS) for one, row in zip(came, told, strict=True)])
        for code in np.unique(self.series):
            mine = np.flatnonzero((self.series == code) & np.isfinite(came) & np.isfinite(told[:, 0]))
            out[self.day[mine], code] = (rankdata(within[mine]) - 0.5) / len(mine)
        return out

    @property
    def day(self) -> NDArray[np.int64]:
        """The number of each row's day."""
        return np.unique(self.known_at // (86_400 * 10**6), return_inverse=True)[1]

    def drawn(self, draws: int) -> Array:
        """Give `[draw, horizon]` of the skill: days in blocks, the same for all series and horizons."""
        random, ranks, day = (
            np.random.default_rng(SEED),
            [self.ranks(place) for place in range(len(HORIZONS))],
            self.day,
        )
        count = len(ranks[0])
        out = np.empty((draws, len(HORIZONS)))
        for draw in range(draws):
            begins = random.integers(0, count, count // BLOCK + 1)
            days = ((begins[:, None] + np.arange(BLOCK)) % count).ravel()[:count]
            for place, one in enumerate(ranks):
                told = self.fast[:, place]
                out[draw, place] = self.skill_of(told, place, _at(told, one[days][day, self.series]))
        return out


def _at(quantiles: Array, ranks: Array) -> Array:
    """Give the return at a rank of each row's distribution, between levels by a straight line; NaN without a rank."""
    levels, rows = np.array(LEVELS), np.arange(len(ranks))
    place = np.clip(np.searchsorted(levels, np.nan_to_num(ranks, nan=0.5)) - 1, 0, len(levels) - 2)
    share = np.clip((ranks - levels[place]) / (levels[place + 1] - levels[place]), 0, 1)
    low, high = quantiles[rows, place], quantiles[rows, place + 1]
    return np.asarray(low + share * (high - low))


def test_what_is_asked_is_much_a_matter_of_luck(tmp_path: Path) -> None:
    lines, chances = [], {}
    for years, title in NAMES.items():
        window = Right(years, tmp_path / f"{years.name}.parquet")
        drawn = window.drawn(DRAWS)
        reached = drawn >= np.array(ASKED)
        chances[years] = reached.mean(axis=0)
        for place in range(len(HORIZONS)):
            seen = window.skill(place, window.fast[:, place])
            low, high = np.quantile(drawn[:, place], (0.025, 0.975))
            assert low - 0.02 < seen < high + 0.03, "what was seen is far from what a right forecaster could see"
            lines.append(_row(title, place, seen, drawn[:, place]))
        lines.append(f"| {title} | all three | | | | | {reached.all(axis=1).mean():.0%} |")
    assert (chances[SECOND] < 0.8).all()
    folder = os.environ.get("ARA_EVIDENCE")
    if folder:
        Path(folder, "luck.md").write_text(page(lines), encoding="utf-8")


def _row(title: str, place: int, seen: float, drawn: Array) -> str:
    low, high = np.quantile(drawn, (0.025, 0.975))
    asked = ASKED[place]
    cells = [title, str(HORIZONS[place]), f"{asked:.1%}", f"{seen:.2%}", f"{drawn.mean():.2%}"]
    return f"| {' | '.join([*cells, f'{low:.2%} to {high:.2%}', f'{(drawn >= asked).mean():.0%}'])} |"


def page(lines: list[str]) -> str:
    head = [
        "# What luck makes of a window",
        "",
        "CRPS skill over `ewma_t` is asked of each window. How much of it can be had? Here `fast` is taken to be",
        "**exactly right**: every return is drawn from the very distribution that it gave, so that nobody who knows",
        "what `fast` knows could forecast better. The skill is then what its distributions differ from those of",
        "`ewma_t` by, scattered by which returns came.",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by",
        "`ARA_EVIDENCE=docs/evidence pytest -m slow tests/evidence/test_luck_evidence.py`, with the market data.",
        "",
        "| window | bars | asked | seen | expected, were it right | 95 % of draws | reach what is asked |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *lines]) + "\n" + TOLD.format(draws=DRAWS, block=BLOCK)


TOLD = """
{draws:,} draws of each window. Where in its distribution each return came is kept with all others of its day, in
blocks of {block} days drawn with replacement, so that instruments move together and weeks overlap as they did; of each
instrument these ranks are evened out, as those of a right distribution are. `ewma_t` is Ara's own, so what was seen
differs by some hundredths from what the pages of both windows say.

- **A right forecaster often fails.** Had every distribution of `fast` been right, all three skills would have been
  reached in about one of four such windows, of either kind. So that one window is passed and another is not tells
  little of what changed between them.
- **What was seen lies within the range of chance** on both: over weeks and months more than was promised on the first,
  less on the second.
- To pass such a window in most draws would take a forecaster who sees more than `fast` does, so that its distributions
  lie farther from those of `ewma_t`. What was tried for that, and failed, [is told](weeks.md).
"""
