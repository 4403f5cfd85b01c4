"""The crash exam: do next-day bands hold when a market breaks, and are they no wider than promised over the years?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.evidence import grid
from ara.lineage import digest, digest_arrays
from ara.statistics.volatility import ewma_variance
from ara.workers import Progress

__all__ = ["FIRST", "LAST", "REFERENCES", "Crash", "Held", "crash"]

FIRST: Final = datetime(2020, 2, 20, tzinfo=UTC)
"""The first origin of the crash, where no other is named: the day after the highest close."""

LAST: Final = datetime(2020, 3, 31, tzinfo=UTC)
"""Its last origin."""

REFERENCES: Final = {
    "ewma": "no change, normal, volatility by weights of .94",
    "quantiles": "the 5 % and 95 % quantiles of the last 252 returns",
    "adaptive": "the same volatility times one factor for all symbols, moved each day by the share of misses",
}
"""What the forecasts are held against, made on the same bars and days."""

_PROMISED: Final = 0.9
_NORMAL: Final = 1.6448536269514722
_WINDOW, _HISTORY = 252, 504
_STEP: Final = 0.5
_FEWEST: Final = 20
_LEAST, _BAND = 0.86, (0.89, 0.91)
_VERSION: Final = "1"

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How one maker's 90 % bands did.

    Parameters
    ----------
    name
        Of a family of models, or one of `REFERENCES`.
    reference
        Whether it is one of these.
    crash, whole
        The share of next closes within the band: from the first origin to the last, and in all years of these.
    worst, worst_day
        The least share of a day of the crash with twenty symbols at least, and which; None where there is none.
    width
        Mean width of the bands of all years, as a log return.
    """

    name: str
    reference: bool
    crash: float
    whole: float
    worst: float | None
    worst_day: datetime | None
    width: float

    @property
    def passed(self) -> bool | None:
        """Whether 86 % held in the crash and 89 to 91 % in all years; None of a reference."""
        return None if self.reference else self.crash >= _LEAST and _BAND[0] <= self.whole <= _BAND[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """What came of the exam.

    Parameters
    ----------
    id
        Of bars, days and protocol: the same id and model, the same figures.
    first, last
        Origins of the crash.
    begin, end
        First and last origin of all years that it touches.
    symbols
        Whose bars.
    forecasts
        How many bands there are in the crash, and in all years.
    rows
        The models, then the references.
    """

    id: str
    first: datetime
    last: datetime
    begin: datetime
    end: datetime
    symbols: tuple[str, ...]
    forecasts: tuple[int, int]
    rows: tuple[Held, ...]

    @property
    def passed(self) -> bool:
        """Whether there is a model, and each is within its bounds."""
        mine = [row.passed for row in self.rows if not row.reference]
        return bool(mine) and all(mine)

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "id": self.id,
            **{name: _label(getattr(self, name)) for name in ("first", "last", "begin", "end")},
            "symbols": list(self.symbols),
            "forecasts": {"crash": self.forecasts[0], "whole": self.forecasts[1]},
            "promised": _PROMISED,
            "rows": [
                {
                    "name": row.name,
                    "reference": row.reference,
                    "words": REFERENCES.get(row.name) if row.reference else None,
                    "crash": row.crash,
                    "whole": row.whole,
                    "worst": row.worst,
                    "worst_day": None if row.worst_day is None else _label(row.worst_day),
                    "width": row.width,
                    "passed": row.passed,
                }
                for row in self.rows
            ],
            "passed": self.passed,
        }


def crash(
    bars: pl.DataFrame,
    models: Sequence[str],
    *,
    first: datetime = FIRST,
    last: datetime = LAST,
    seed: int = 0,
    watch: Callable[[str, Progress], bool] | None = None,
) -> Crash:
    """Ask families for the next close at every bar of some years, and count what lay in their 90 % bands in a crash.

    Each family is refitted at the first instant of each month on what was known then. The references know no more:
    their bands are made of returns up to the origin.

    Parameters
    ----------
    bars
        As `read_bars` gives them.
    models
        Families.
    first, last
        Origins of the crash. All calendar years that they touch are asked for.
    seed
        Of what is random in the families.
    watch
        Told of each family's progress; False stops.

    Raises
    ------
    ValidationError
        No bar of these days has 504 before it and one after it.

    References
    ----------
    Gibbs and Candes (2021), Advances in Neural Information Processing Systems 34, for the factor that follows misses.
    """
    table = _outcomes(bars, first, last)
    inside = table["instant"].is_between(first, last).to_numpy()
    if not inside.any():
        words = f"no bar from {first:%Y-%m-%d} to {last:%Y-%m-%d} has {_HISTORY} bars before it and one after"
        raise ValidationError(words, hint="Name other days with --from and --to, or a file with more history.")
    wanted = table.select("symbol", "instant", origin="instant", horizon=pl.lit(1, pl.Int64))
    rows = []
    for name in models:
        told = grid.told(bars, wanted.select("symbol", "origin", "instant", "horizon"), [name], seed=seed, watch=watch)
        close = table["close"].to_numpy()
        bands = np.log(told.select("q0.05", "q0.95").to_numpy() / close[:, None])
        rows.append(_held(name, table, bands, inside, reference=False))
    for name in REFERENCES:
        bands = table.select(f"{name}_low", f"{name}_high").to_numpy()
        rows.append(_held(name, table, bands, inside, reference=True))
    days = table["instant"].sort()
    return Crash(
        id=_id(bars, first, last),
        first=first,
        last=last,
        begin=days[0],
        end=days[-1],
        symbols=tuple(table["symbol"].unique().sort()),
        forecasts=(int(inside.sum()), table.height),
        rows=tuple(rows),
    )


def _outcomes(bars: pl.DataFrame, first: datetime, last: datetime) -> pl.DataFrame:
    """Give each bar of the years: its close, the move that followed, and the references' bands."""
    whole = _adapted(pl.concat(list(_series(bars))))
    begin = datetime(first.year, 1, 1, tzinfo=UTC)
    end = datetime(last.year + 1, 1, 1, tzinfo=UTC) - timedelta(microseconds=1)
    known = (pl.col("place") >= _HISTORY) & pl.col("y").is_not_null()
    return whole.filter(known & pl.col("instant").is_between(begin, end)).sort("symbol", "instant")


def _series(bars: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for (symbol,), own in bars.group_by(["symbol"], maintain_order=True):
        log = np.log(own["close"].to_numpy())
        move = np.diff(log, prepend=np.nan)
        spread = np.sqrt(ewma_variance(move))
        back = pl.Series(move).fill_nan(None)
        yield pl.DataFrame(
            {
                "symbol": pl.Series([str(symbol)] * own.height),
                "instant": own["ts"],
                "place": np.arange(own.height),
                "close": own["close"],
                "y": pl.Series(np.append(move[1:], np.nan)).fill_nan(None),
                "spread": pl.Series(spread).fill_nan(None),
                "ewma_low": -_NORMAL * spread,
                "ewma_high": _NORMAL * spread,
                "quantiles_low": back.rolling_quantile(0.05, interpolation="linear", window_size=_WINDOW),
                "quantiles_high": back.rolling_quantile(0.95, interpolation="linear", window_size=_WINDOW),
            }
        )


def _adapted(table: pl.DataFrame) -> pl.DataFrame:
    """Add the bands of one factor for all symbols, which grows after days of many misses; begun at the normal one."""
    days = table.filter(pl.col("y").is_not_null() & pl.col("spread").is_not_null()).sort("instant")
    size = (days["y"].abs() / days["spread"]).to_numpy()
    instants = days["instant"].to_physical().to_numpy()
    ends = np.flatnonzero(np.append(instants[1:] != instants[:-1], True)) + 1 if len(instants) else np.empty(0, int)
    factor, factors, begin = _NORMAL, [], 0
    for end in ends.tolist():
        factors.append(factor)
        missed = float((size[begin:end] > factor).mean())
        factor *= float(np.exp(_STEP * (missed - (1 - _PROMISED))))
        begin = end
    by_day = pl.DataFrame({"instant": days["instant"].unique().sort(), "factor": factors})
    wide = pl.col("factor") * pl.col("spread")
    return table.join(by_day, on="instant", how="left").with_columns(adaptive_low=-wide, adaptive_high=wide)


def _held(name: str, table: pl.DataFrame, bands: _Array, inside: NDArray[np.bool_], *, reference: bool) -> Held:
    y = table["y"].to_numpy()
    kept = (y >= bands[:, 0]) & (y <= bands[:, 1])
    days = pl.DataFrame({"day": table["instant"], "kept": kept}).filter(pl.Series(inside))
    by_day = days.group_by("day").agg(pl.len(), pl.col("kept").mean()).filter(pl.col("len") >= _FEWEST)
    worst = by_day.sort("kept", "day").row(0, named=True) if by_day.height else None
    return Held(
        name=name,
        reference=reference,
        crash=float(kept[inside].mean()),
        whole=float(kept.mean()),
        worst=worst["kept"] if worst else None,
        worst_day=worst["day"] if worst else None,
        width=float((bands[:, 1] - bands[:, 0]).mean()),
    )


def _id(bars: pl.DataFrame, first: datetime, last: datetime) -> str:
    names = "\n".join(bars["symbol"].cast(pl.String).to_list()).encode()
    columns = [("symbol", np.frombuffer(names, np.uint8)), ("ts", bars["ts"].dt.epoch("us").to_numpy())]
    columns += [(name, bars[name].to_numpy()) for name in ("open", "high", "low", "close")]
    days = [_label(first), _label(last)]
    return digest({"protocol": f"crash {_VERSION}", "days": days, "bars": digest_arrays(columns)})


def _label(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
