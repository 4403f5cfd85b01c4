"""How the ledger's forecasts did: by instrument, class, horizon, regime, model and month, each with its interval."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Any, Final

import numpy as np

from ara.desk import Desk
from ara.market.timeframe import DAY, Timeframe
from ara.performance.inference import apart
from ara.prediction.ledger import Kept, Ledger
from ara.prediction.record import wilson
from ara.store import may_lag

__all__ = ["GROUPS", "Accuracy", "Report", "accuracy", "grouped"]

GROUPS: Final = ("all", "asset", "class", "horizon", "regime", "model", "month")
"""By what the report tells outcomes apart."""

_SURE: Final = 1.959963984540054

_Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How one group of outcomes was forecast.

    Outcomes of one day, and of days that overlap, are not independent: intervals rest on how many spans from origin to
    target don't overlap.

    Parameters
    ----------
    group, name
        By what it is told apart, and its value; a horizon counts bars of the timeframe.
    timeframe
        Length of the bars that were forecast, as `4h`; None where outcomes of several lengths are together, which those
        of one horizon never are.
    outcomes, days, apart, live
        How many, on how many target days, how many of their spans don't overlap, and how many were forecast before they
        were public.
    inside_80, inside_80_low, inside_80_high
        Share inside the 80 % band, and its 95 % interval (Wilson).
    sure, usual, usual_low, usual_high
        Mean of the stated chance to end within the usual move; the share that did, and its interval.
    up, up_low, up_high
        Share of outcomes whose side the larger of P(up) and P(down) named, and its interval; None without any.
    skill, skill_low, skill_high
        How much less the error (CRPS) was than the baseline's, as a share of it, and its interval; None where the
        baseline itself answered, and where fewer than two spans don't overlap.
    """

    group: str
    name: str
    timeframe: str | None
    outcomes: int
    days: int
    apart: int
    live: int
    inside_80: float
    inside_80_low: float
    inside_80_high: float
    sure: float
    usual: float
    usual_low: float
    usual_high: float
    up: float | None
    up_low: float | None
    up_high: float | None
    skill: float | None
    skill_low: float | None
    skill_high: float | None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All groups.

    Parameters
    ----------
    rows
        Of `GROUPS` in their order; the largest group first, horizons (of the shortest bars first) and months in theirs.
    live, replayed
        How many outcomes were forecast before they were public, and how many after: only the first prove foresight.
    counted
        Whether the replayed ones are in the rows.
    """

    rows: tuple[Accuracy, ...]
    live: int
    replayed: int
    counted: bool

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "schema": 1,
            "live": self.live,
            "replayed": self.replayed,
            "counted": self.counted,
            "groups": [one.as_dict() for one in self.rows],
        }


async def accuracy(desk: Desk, *, replayed: bool = False) -> Report:
    """Report on all outcomes that were scored; those that were forecast after they were public only if asked.

    Parameters
    ----------
    desk
        The desk of the process.
    replayed
        Whether they are counted too.
    """
    from sqlalchemy import select

    from ara.store.scores import scores

    with may_lag():
        found = [dict(row) for row in await desk.store.tables.execute(select(scores))]
        told = {kept.id: _told(kept) async for kept in Ledger(desk).all()}
    for row in found:
        row["regime"], row["timeframe"] = told.get(row["forecast_id"], ("", str(DAY)))
    live = sum(bool(row["live"]) for row in found)
    rows = grouped([row for row in found if replayed or row["live"]])
    return Report(rows=tuple(rows), live=live, replayed=len(found) - live, counted=replayed)


def _told(kept: Kept) -> tuple[str, str]:
    """Give the regime of a forecast, empty if none was told, and the length of its bars."""
    forecast = kept.forecast
    return str((forecast.regime or {}).get("state", "")), str(forecast.timeframe)


def grouped(rows: Sequence[_Row]) -> list[Accuracy]:
    """Give the accuracy of each group of scored outcomes (columns of the table `scores`, `regime` and `timeframe`)."""
    keys: dict[str, Callable[[_Row], str]] = {
        "all": lambda _: "all",
        "asset": lambda row: str(row["symbol"]),
        "class": lambda row: str(row["asset_class"]),
        "horizon": lambda row: f"{row['horizon']:04d}",
        "regime": lambda row: str(row["regime"]) or "none",
        "model": lambda row: str(row["model"]),
        "month": lambda row: f"{row['target_at']:%Y-%m}",
    }
    found = []
    for group in GROUPS:
        parts: dict[tuple[timedelta, str], list[_Row]] = {}
        for row in rows:
            span = Timeframe.parse(row["timeframe"]).span if group == "horizon" else timedelta()
            parts.setdefault((span, keys[group](row)), []).append(row)
        told = [
            _judged(group, str(int(name)) if group == "horizon" else name, parts[span, name])
            for span, name in sorted(parts)
        ]
        found += told if group in {"horizon", "month"} else sorted(told, key=lambda one: -one.outcomes)
    return found


def _judged(group: str, name: str, rows: Sequence[_Row]) -> Accuracy:
    days, spread = len({row["target_at"].date() for row in rows}), _spread(rows)
    moved = [row for row in rows if row["up"] is not None and row["p_up"] != 0.5]
    inside, usual = (_share([bool(row[key]) for row in rows], spread) for key in ("inside_80", "inside_usual"))
    called = [(row["p_up"] > 0.5) == bool(row["up"]) for row in moved]
    up = _share(called, _spread(moved)) if moved else (None, None, None)
    skill = _skill([row for row in rows if row["baseline_crps"] is not None])
    lengths = {str(row["timeframe"]) for row in rows}
    return Accuracy(
        group=group, name=name, timeframe=lengths.pop() if len(lengths) == 1 else None,
        outcomes=len(rows), days=days, apart=spread,
        live=sum(bool(row["live"]) for row in rows),
        inside_80=inside[0], inside_80_low=inside[1], inside_80_high=inside[2],
        sure=float(np.mean([row["confidence"] for row in rows])),
        usual=usual[0], usual_low=usual[1], usual_high=usual[2],
        up=up[0], up_low=up[1], up_high=up[2],
        skill=skill[0], skill_low=skill[1], skill_high=skill[2],
    )  # fmt: skip


def _spread(rows: Sequence[_Row]) -> int:
    return apart([(row["as_of"], row["target_at"]) for row in rows])


def _share(hits: Sequence[bool], spread: int) -> tuple[float, float, float]:
    share = sum(hits) / len(hits)
    return share, *wilson(share * spread, spread)


def _skill(rows: Sequence[_Row]) -> tuple[float | None, float | None, float | None]:
    """Give one less the ratio of mean errors, and two standard errors of the days' means about it, of days apart."""
    by_day: dict[datetime, list[tuple[float, float]]] = {}
    for row in rows:
        by_day.setdefault(row["target_at"].date(), []).append((row["crps"], row["baseline_crps"]))
    spread = _spread(rows)
    if spread < 2:
        return None, None, None
    means = np.array([np.mean(pairs, axis=0) for pairs in by_day.values()])
    base = float(means[:, 1].mean())
    if base <= 0:
        return None, None, None
    better = (means[:, 1] - means[:, 0]) / base
    wide = _SURE * float(better.std(ddof=1)) / sqrt(min(spread, len(better)))
    skill = float(better.mean())
    return skill, skill - wide, skill + wide
