"""The forecasts of one model over one horizon, with their losses and those of the rivals on the same rows."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.evidence.forecasts import COLUMNS, LEVELS
from ara.performance import crps

__all__ = ["BANDS", "Sample", "with_losses", "within"]

_Array = NDArray[np.float64]

BANDS: Final = {50: (0.25, 0.75), 80: (0.1, 0.9), 90: (0.05, 0.95), 95: (0.025, 0.975)}
"""Central bands, by how much they are to hold, and their levels."""

_NORMAL_80: Final = 2.5631
_FAT: Final = 1.06


def with_losses(table: pl.DataFrame) -> pl.DataFrame:
    """Add losses to forecasts that have an outcome: `crps`, `qlike`, `brier`, `in…` and `w…` of each band, `med`, `s2`.

    Then `sure`, the chance to end within `usual` of the median, where the table has that; and numbers for symbols
    (`code`) and classes (`kind`). All in log returns; `s2` is the square of `sigma`, or follows from the 80 % band
    where there is none.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = np.log(table.select(COLUMNS).to_numpy() / table["close"].to_numpy()[:, None])
    q = np.sort(returns, axis=1)
    y, sigma, p_up = (table[name].to_numpy() for name in ("y", "sigma", "p_up"))
    facts: dict[str, _Array] = {"crps": crps(q, y, LEVELS), "med": q[:, LEVELS.index(0.5)]}
    for share, levels in BANDS.items():
        low, high = (q[:, LEVELS.index(level)] for level in levels)
        facts[f"in{share}"], facts[f"w{share}"] = ((y >= low) & (y <= high)).astype(float), high - low
    s2 = np.where(np.isfinite(sigma), sigma, facts["w80"] / _NORMAL_80 * _FAT) ** 2
    up = (y > 0).astype(float)
    facts |= {"s2": s2, "qlike": np.log(s2) + table["squares"].to_numpy() / s2, "up": up, "brier": (p_up - up) ** 2}
    facts["hit"] = np.where(p_up == 0.5, 0.5, ((p_up > 0.5) == (y > 0)).astype(float))
    if "usual" in table.columns:
        facts["sure"] = within(q, table["usual"].to_numpy())
    codes = {"code": pl.col("symbol").rank("dense"), "kind": pl.col("asset_class").rank("dense")}
    return table.drop(COLUMNS).with_columns(**codes, **{name: pl.Series(values) for name, values in facts.items()})


def within(q: _Array, usual: _Array) -> _Array:
    """Give the probability to end within the usual move of the median, from quantiles `[row, level]` in log returns.

    Between two levels it is interpolated; beyond the outermost ones it is theirs.
    """
    middle = q[:, LEVELS.index(0.5)]
    return _below(q, middle + usual) - _below(q, middle - usual)


def _below(q: _Array, x: _Array) -> _Array:
    levels = np.array(LEVELS)
    upper = np.clip((q <= x[:, None]).sum(axis=1), 1, len(levels) - 1)
    a, b = (np.take_along_axis(q, place[:, None], 1)[:, 0] for place in (upper - 1, upper))
    share = np.clip((x - a) / np.where(b > a, b - a, 1.0), 0.0, 1.0)
    return np.asarray(levels[upper - 1] + share * (levels[upper] - levels[upper - 1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Rows of one model and one horizon.

    Parameters
    ----------
    model, horizon
        Whose.
    frame
        As `with_losses` gives it, with `base_…` and `naive_…` of the rivals beside it; null where a rival has no such
        row.
    grid
        How many of the baseline's rows are there, as a share; NaN without a baseline.
    """

    model: str
    horizon: int
    frame: pl.DataFrame
    grid: float

    def get(self, name: str) -> _Array:
        """Give a column as floats."""
        return self.frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy()

    @property
    def days(self) -> NDArray[np.int64]:
        """The origin of each row, a number that orders them."""
        return self.frame["instant"].dt.epoch("us").to_numpy()

    @property
    def symbols(self) -> NDArray[np.int64]:
        """The symbol of each row, as a number."""
        return np.unique(self.frame["code"].to_numpy(), return_inverse=True)[1]

    @property
    def kinds(self) -> NDArray[np.int64]:
        """The asset class of each row, as a number."""
        return np.unique(self.frame["kind"].to_numpy(), return_inverse=True)[1]

    def only(self, mask: NDArray[np.bool_]) -> "Sample":
        """Give some of the rows."""
        return Sample(model=self.model, horizon=self.horizon, frame=self.frame.filter(mask), grid=self.grid)

    @property
    def lag(self) -> int:
        """Over how many days outcomes hang together: bars of a stock span more of them where coins trade beside it."""
        if self.horizon == 1:
            return 0
        days, whole = self.days, np.unique(self.days)
        longest = 1.0
        symbols = self.symbols
        for code in range(int(symbols.max()) + 1):
            own = days[symbols == code]
            if len(own) > 60:
                span = np.searchsorted(whole, own.max()) - np.searchsorted(whole, own.min()) + 1
                longest = max(longest, float(span) / len(np.unique(own)))
        return int(np.ceil((self.horizon - 1) * longest))
