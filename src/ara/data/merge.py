"""One series from several sources, bar by bar, with the conflicts stated.

Bars of different sources that open within a tolerance of each other are witnesses of one bar. Each price is the
weighted median of the witnesses whose own bar is possible: the lowest of their prices at which half of the weight is
reached; between two of equal weight, the one that is named first has it. So every price was published by somebody, and
a possible bar comes of possible bars. A witness votes for the answer where its prices lie within 0.2 % or a quarter of
the bar's range of it, whichever is more.

Nothing after a bar has a say in it. Two things before it have: a source whose own last 250 bars convict it, since they
tell the next close, has no vote where another has a bar; and one whose labels stand one bar beside those of the others,
by the correlation of the last 60 returns, is left out until that ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.data.lags import beside
from ara.data.provider import BARS
from ara.data.telling import TELLS, telling
from ara.errors import ValidationError
from ara.market.timeframe import DAY, Timeframe

__all__ = ["MERGED", "WITNESSES", "explain", "merge"]

_Floats = NDArray[np.float64]
_Marks = NDArray[np.bool_]

MERGED: Final = pl.Schema(
    {**BARS, "source": pl.String(), "votes": pl.Int64(), "quality": pl.Float64(), "conflict": pl.String()}
)
"""Columns of what `merge` gives: those of `BARS`; `source`, the names that voted for it, the heaviest first, joined by
a plus; `votes`, how many; `quality`, the share of the weight that voted, times the best score that a voter's bar has;
`conflict`, what the others say, empty where all agree."""

WITNESSES: Final = pl.Schema(
    {
        "source": pl.String(),
        "at": pl.Datetime("us", "UTC"),
        "open": pl.Float64(),
        "high": pl.Float64(),
        "low": pl.Float64(),
        "close": pl.Float64(),
        "volume": pl.Float64(),
        "weight": pl.Float64(),
        "vote": pl.Boolean(),
        "conflict": pl.String(),
    }
)
"""Columns of what `explain` gives, a row for each source: `weight` is its share, `conflict` why it did not vote."""

_FIELDS: Final = ("open", "high", "low", "close", "volume", "adjusted", "quality")
_NEAR: Final = 0.002
_OF_RANGE: Final = 0.25


def merge(
    frames: Mapping[str, pl.DataFrame],
    timeframe: Timeframe,
    *,
    weights: Mapping[str, float],
    tolerance: timedelta | None = None,
) -> pl.DataFrame:
    """Make one series of several sources' bars.

    Parameters
    ----------
    frames
        Bars of one instrument by each source, ascending, in the columns of `BARS`, all in one basis; where there is a
        column `quality`, it multiplies the source's weight bar by bar.
    timeframe
        Length of a bar.
    weights
        How much each source counts, from 0 up: its health times its quality. One that is not named counts 1, one with 0
        is left out.
    tolerance
        How far apart the opens of one bar may lie; a quarter of the timeframe's length, if None.

    Returns
    -------
    pl.DataFrame
        Columns as in `MERGED`, one row for each bar of any source. A bar opens as its heaviest witness says, and is
        known and learned when the last of those who voted for it was. `adjusted` is the factor of the heaviest source
        that has any, times the close.
    """
    with np.errstate(all="ignore"):
        court = _gathered(frames, timeframe, weights, tolerance)
        return _framed(court, _answered(court)) if len(court.at) else MERGED.to_frame()


def explain(
    frames: Mapping[str, pl.DataFrame],
    at: datetime,
    timeframe: Timeframe,
    *,
    weights: Mapping[str, float],
    tolerance: timedelta | None = None,
) -> pl.DataFrame:
    """Give what each source says of one bar, and how `merge` counted it.

    Parameters
    ----------
    frames, timeframe, weights, tolerance
        As for `merge`.
    at
        The bar's open, UTC, or any moment within the tolerance of it.

    Returns
    -------
    pl.DataFrame
        Columns as in `WITNESSES`, the heaviest first; empty where no source has the bar.
    """
    with np.errstate(all="ignore"):
        court = _gathered(frames, timeframe, weights, tolerance)
        answer = _answered(court) if len(court.at) else None
    moment = (at - datetime.fromtimestamp(0, at.tzinfo)) // timedelta(microseconds=1)
    if answer is None:
        return WITNESSES.to_frame()
    place = int(np.abs(court.at - moment).argmin())
    if abs(int(court.at[place]) - moment) > court.tolerance:
        return WITNESSES.to_frame()
    weight = court.weight[:, place]
    total = weight.sum()
    said = []
    for number, name in enumerate(court.names):
        if not court.there[number, place]:
            continue
        values = dict(zip(_FIELDS[:5], court.values[:5, number, place].tolist(), strict=True))
        share = float(weight[number] / total) if total > 0 else 0.0
        vote = bool(answer.votes[number, place])
        words = "" if vote else _objection(court, answer, number, place)
        own = int(court.opened[number, place])
        said.append({"source": name, "at": own, **values, "weight": share, "vote": vote, "conflict": words})
    return pl.DataFrame(said, schema=WITNESSES).fill_nan(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Court:
    """The witnesses, heaviest first, by the bars."""

    names: tuple[str, ...]
    tolerance: int
    at: NDArray[np.int64]
    opened: NDArray[np.int64]
    known: NDArray[np.int64]
    learned: NDArray[np.int64]
    there: _Marks
    values: _Floats
    weight: _Floats
    beside: NDArray[np.int64]
    convicted: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """Open, high, low, close, volume of each bar, and who voted for it."""

    values: _Floats
    votes: _Marks


def _gathered(
    frames: Mapping[str, pl.DataFrame],
    timeframe: Timeframe,
    weights: Mapping[str, float],
    tolerance: timedelta | None,
) -> _Court:
    for name, weight in weights.items():
        if not (np.isfinite(weight) and weight >= 0):
            raise ValidationError(f"the weight of {name} is {weight}; allowed is a number from 0 up")
    counted = {name: frame.filter(pl.col("at").is_not_null()) for name, frame in frames.items() if weights.get(name, 1)}
    names = tuple(sorted(counted, key=lambda name: -weights.get(name, 1.0)))
    reach = (timeframe.span / 4 if tolerance is None else tolerance) // timedelta(microseconds=1)
    opens = [counted[name]["at"].cast(pl.Int64).to_numpy() for name in names]
    at, places = _anchored(opens, reach)
    shape = (len(names), len(at))
    times = np.zeros((3, *shape), np.int64)
    there = np.zeros(shape, bool)
    values = np.full((len(_FIELDS), *shape), np.nan)
    for number, (name, place) in enumerate(zip(names, places, strict=True)):
        frame = counted[name]
        there[number, place] = True
        times[:, number, place] = _times(frame, timeframe)
        for row, column in enumerate(_FIELDS):
            if column in frame.columns:
                values[row, number, place] = frame[column].cast(pl.Float64).to_numpy()
    convicted = telling(values[:4], daily=timeframe == DAY)
    return _weighed(names, reach, at, times=times, there=there, values=values, weights=weights, convicted=convicted)


def _times(frame: pl.DataFrame, timeframe: Timeframe) -> NDArray[np.int64]:
    """Give when bars open, were known and learned; one that does not say is known at its end, and learned then."""
    learned = pl.col("learned_at") if "learned_at" in frame.columns else pl.lit(None)
    known = pl.col("known_at").fill_null(pl.col("at") + timeframe.span)
    found = frame.select("at", known, learned.cast(pl.Datetime("us", "UTC")).fill_null(known).alias("learned_at"))
    times: NDArray[np.int64] = found.select(pl.all().cast(pl.Int64)).to_numpy().T
    return times


def _weighed(
    names: tuple[str, ...],
    reach: int,
    at: NDArray[np.int64],
    *,
    times: NDArray[np.int64],
    there: _Marks,
    values: _Floats,
    weights: Mapping[str, float],
    convicted: NDArray[np.int64],
) -> _Court:
    score = np.nan_to_num(values[6], nan=1.0)
    base = np.array([weights.get(name, 1.0) for name in names])[:, None]
    usable = there & _possible(values)
    closes = there & np.isfinite(values[3]) & (values[3] > 0)
    # a bar that only convicted or impossible witnesses tell of still has a close, if one of them has
    honest = usable & (convicted == 0)
    heard = np.where(honest.any(axis=0), honest, np.where(usable.any(axis=0), usable, closes))
    apart = beside(values[3], base * (convicted == 0))
    heard &= apart == 0
    return _Court(
        names=names,
        tolerance=reach,
        at=at,
        opened=times[0],
        known=times[1],
        learned=times[2],
        there=there,
        values=values,
        weight=np.where(heard, base * np.maximum(score, 1e-6), 0.0),
        beside=apart,
        convicted=convicted,
    )


def _anchored(opens: list[NDArray[np.int64]], reach: int) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Give the opens of all bars, ascending, and which of them each source's bars are."""
    anchors = np.empty(0, np.int64)
    joined: list[NDArray[np.int64]] = []
    for own in opens:
        near = _nearest(anchors, own)
        far = np.abs(near - own) > reach if len(anchors) else np.ones(len(own), bool)
        # two bars of one source are two bars, however near
        twice = ~far
        twice[twice] = np.concatenate([[False], np.diff(near[~far]) == 0])[: int((~far).sum())]
        stray = far | twice
        joined.append(np.where(stray, own, near))
        anchors = np.union1d(anchors, own[stray])
    return anchors, [np.searchsorted(anchors, one) for one in joined]


def _nearest(anchors: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    if not len(anchors):
        return wanted
    after = np.clip(np.searchsorted(anchors, wanted), 1, max(len(anchors) - 1, 1))
    low, high = anchors[after - 1], anchors[np.minimum(after, len(anchors) - 1)]
    return np.where(np.abs(wanted - low) <= np.abs(high - wanted), low, high)


def _possible(values: _Floats) -> _Marks:
    """Say whether the four prices are positive numbers that fit together, up to rounding."""
    opened, high, low, close = values[:4]
    with np.errstate(invalid="ignore"):
        fine: _Marks = (
            (np.isfinite(values[:4]) & (values[:4] > 0)).all(axis=0)
            & (high * (1 + 1e-9) >= np.maximum(opened, close))
            & (low <= np.minimum(opened, close) * (1 + 1e-9))
        )
    return fine


def _answered(court: _Court) -> _Answer:
    values = np.stack([_median(field, court.weight) for field in court.values[:5]])
    said = court.values[:4]
    with np.errstate(invalid="ignore"):
        allowed = np.maximum(_NEAR * values[3], _OF_RANGE * (values[1] - values[2]))
        near = (np.abs(said - values[:4, None, :]) <= np.nan_to_num(allowed, nan=0.0)) | np.isnan(values[:4, None, :])
    votes = (court.weight > 0) & near.all(axis=0)
    return _Answer(values=values, votes=votes)


def _median(values: _Floats, weight: _Floats) -> _Floats:
    """Give the lowest value at which half of the weight is reached; NaN where nobody has one."""
    known = np.isfinite(values)
    # of two that weigh the same, the one named first has half
    bonus = 1 + 1e-9 * np.arange(len(values), 0, -1)[:, None]
    held = np.where(known, weight * bonus, 0.0)
    order = np.argsort(np.where(held > 0, values, np.inf), axis=0, kind="stable")
    ranked = np.take_along_axis(held, order, axis=0)
    total = ranked.sum(axis=0)
    place = (np.cumsum(ranked, axis=0) >= total / 2).argmax(axis=0)
    row = np.take_along_axis(order, place[None], axis=0)[0]
    found = np.take_along_axis(values, row[None], axis=0)[0]
    return np.where(total > 0, found, np.nan)


def _framed(court: _Court, answer: _Answer) -> pl.DataFrame:
    kept = np.flatnonzero(np.isfinite(answer.values[3]))
    voted = answer.votes[:, kept]
    weight = court.weight[:, kept]
    heard = np.where(voted.any(axis=0), voted, weight > 0)
    first = heard.argmax(axis=0)
    total = weight.sum(axis=0)
    score = np.where(heard, np.nan_to_num(court.values[6][:, kept], nan=1.0), 0.0).max(axis=0)
    times = {
        "at": court.opened[:, kept][first, np.arange(len(kept))],
        "known_at": np.where(heard, court.known[:, kept], 0).max(axis=0),
        "learned_at": np.where(heard, court.learned[:, kept], 0).max(axis=0),
    }
    prices = dict(zip(_FIELDS[:5], answer.values[:, kept], strict=True))
    frame = pl.DataFrame(
        {
            **times,
            **prices,
            "adjusted": _factor(court)[kept] * prices["close"],
            "source": _named(court.names, heard),
            "votes": voted.sum(axis=0),
            "quality": (weight * voted).sum(axis=0) / total * score,
            "conflict": _conflicts(court, answer, kept),
        }
    )
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None)).cast(MERGED).sort("at")


def _factor(court: _Court) -> _Floats:
    """Give the adjusted close over the close of the heaviest source that has any."""
    for number in range(len(court.names)):
        adjusted, close = court.values[5, number], court.values[3, number]
        if np.isfinite(adjusted).any():
            with np.errstate(invalid="ignore", divide="ignore"):
                factor: _Floats = adjusted / close
            return factor
    return np.full(len(court.at), np.nan)


def _named(names: tuple[str, ...], heard: _Marks) -> pl.Series:
    """Write who is heard, by the few combinations that there are."""
    code = (heard * (1 << np.arange(len(names)))[:, None]).sum(axis=0)
    words = {
        int(one): "+".join(name for bit, name in enumerate(names) if int(one) >> bit & 1) for one in np.unique(code)
    }
    return pl.Series("source", code).replace_strict(words, return_dtype=pl.String)


def _conflicts(court: _Court, answer: _Answer, kept: NDArray[np.int64]) -> list[str]:
    found = [""] * len(kept)
    against = court.there[:, kept] & ~answer.votes[:, kept]
    for place in np.flatnonzero(against.any(axis=0)):
        said = (
            _objection(court, answer, int(number), int(kept[place])) for number in np.flatnonzero(against[:, place])
        )
        found[place] = "; ".join(said)
    return found


def _objection(court: _Court, answer: _Answer, number: int, place: int) -> str:
    """Say in words why a source did not vote for the answer."""
    name, lag = court.names[number], int(court.beside[number, place])
    if court.convicted[number, place] and not court.weight[number, place]:
        tells = court.convicted[number, place] == TELLS
        return f"{name} has no vote: its {'bars tell their next close' if tells else 'closes stand at their own open'}"
    if lag:
        return f"{name} is left out: its labels stand one bar {'late' if lag > 0 else 'early'}"
    said, chosen = court.values[:4, number, place], answer.values[:4, place]
    if not court.weight[number, place]:
        return f"{name} has a bar that can't be"
    worst = int(np.nan_to_num(np.abs(said / chosen - 1), nan=-1.0).argmax())
    apart = abs(float(said[worst] / chosen[worst]) - 1)
    return f"{name} has the {_FIELDS[worst]} {said[worst]:.6g}, not {chosen[worst]:.6g} ({apart:.2%} apart)"
