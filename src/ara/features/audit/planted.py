"""Ten leaks, each as it is met in the wild, planted for the audit to find."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.features.audit.subject import Subject
from ara.features.audit.trap import Trap
from ara.features.audit.trial import audit
from ara.market.bars import Bars

__all__ = ["HONEST", "PLANTED", "Planted", "self_test"]

_Array = NDArray[np.float64]

_ROOT: Final = math.sqrt(2.0)
_AHEAD: Final = 26
_SIDE: Final = 3
_WINDOW: Final = 11
_MONTH: Final = 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One leak.

    Parameters
    ----------
    name
        What it is called.
    words
        What it does, and how people come to do it.
    rule
        The check that names it best; others may see it too.
    function
        Makes it of bars.
    """

    name: str
    words: str
    rule: str
    function: Callable[[Bars], Any]

    @property
    def subject(self) -> Subject:
        """It, ready to be audited."""
        return Subject.of_function(self.function, name=self.name)


def _closes(bars: Bars) -> _Array:
    return _numbers(bars.frame["close"])


def _numbers(values: pl.Series) -> _Array:
    return np.asarray(values.to_numpy(), np.float64)


def _returns(bars: Bars) -> _Array:
    return np.append(np.nan, np.diff(np.log(_closes(bars))))


def _next_bar(bars: Bars) -> _Array:
    return np.append(_returns(bars)[1:], np.nan)


def _centred_window(bars: Bars) -> _Array:
    close = bars.frame["close"]
    return _numbers(close / close.rolling_mean(_WINDOW, center=True))


def _scaled_by_all(bars: Bars) -> _Array:
    returns = _returns(bars)
    return np.asarray((returns - np.nanmean(returns)) / np.nanstd(returns))


def _wavelet_of_all(bars: Bars) -> _Array:
    """Denoise by Haar's wavelet over the whole series, small details set to nothing, and give what is left of it."""
    logs = np.log(_closes(bars))
    length = 1 << max(len(logs) - 1, 1).bit_length()
    line = np.append(logs, np.full(length - len(logs), logs[-1] if len(logs) else 0.0))
    details = []
    while len(line) > 2:
        details.append((line[::2] - line[1::2]) / _ROOT)
        line = (line[::2] + line[1::2]) / _ROOT
    noise = float(np.median(np.abs(details[0]))) / 0.6745 * math.sqrt(2 * math.log(length))
    for detail in reversed(details):
        kept = np.sign(detail) * np.maximum(np.abs(detail) - noise, 0.0)
        line = np.column_stack([(line + kept) / _ROOT, (line - kept) / _ROOT]).ravel()
    return np.asarray(logs - line[: len(logs)])


def _filled_backward(bars: Bars) -> _Array:
    """Tell the return of a month, known at its end, to all of its days."""
    close = _closes(bars)
    month = np.full(len(close), np.nan)
    month[_MONTH::_MONTH] = close[_MONTH::_MONTH] / close[:-_MONTH:_MONTH] - 1
    return _numbers(pl.Series(month).fill_nan(None).backward_fill())


def _labelled_left(bars: Bars) -> _Array:
    """Make weeks, stamp each with its first day, and join them to the days."""
    frame = bars.frame.select("at", "close")
    weeks = frame.group_by_dynamic("at", every="1w", label="left").agg(week=pl.col("close").last())
    joined = frame.join_asof(weeks, on="at", strategy="backward")
    return _numbers(joined["close"] / joined["week"] - 1)


def _unconfirmed_pivot(bars: Bars) -> _Array:
    """Mark a top in its own bar, which only the bars after it make one."""
    high = bars.frame["high"]
    around = high.rolling_max(2 * _SIDE + 1, center=True)
    return _numbers((high == around).fill_null(value=False).cast(pl.Float64))


def _chikou(bars: Bars) -> _Array:
    close = _closes(bars)
    back = np.full(len(close), np.nan)
    back[:-_AHEAD] = close[_AHEAD:] / close[:-_AHEAD] - 1
    return back


def _adjusted_close(bars: Bars) -> _Array:
    """Give the level of prices that are adjusted for splits: low, long before a share that will rise is split."""
    return np.asarray(np.log(_closes(bars)))


def _target_encoding(bars: Bars) -> _Array:
    """Replace the day of the week by the mean return that follows it, over all bars."""
    day = bars.frame["at"].dt.weekday().to_numpy()
    following = _next_bar(bars)
    means = {one: np.nanmean(following[day == one]) for one in np.unique(day)}
    return np.array([means[one] for one in day.tolist()])


PLANTED: Final[Mapping[str, Planted]] = {
    one.name: one
    for one in (
        Planted(
            name="next_bar",
            rule="future",
            function=_next_bar,
            words="the return of the next bar: a shift by -1, or a label that got among the features",
        ),
        Planted(
            name="centred_window",
            rule="future",
            function=_centred_window,
            words="a moving mean whose window reaches as far ahead as back: center=True",
        ),
        Planted(
            name="scaler_of_all",
            rule="prefix",
            function=_scaled_by_all,
            words="returns less their mean over their deviation, both of the whole range: a scaler fitted once",
        ),
        Planted(
            name="wavelet_of_all",
            rule="prefix",
            function=_wavelet_of_all,
            words="the price less its denoised self, by a wavelet transform of the whole range and back",
        ),
        Planted(
            name="filled_backward",
            rule="prefix",
            function=_filled_backward,
            words="the return of a month, told to all of its days by filling backward",
        ),
        Planted(
            name="labelled_left",
            rule="known_at",
            function=_labelled_left,
            words="the close of a week, stamped with its first day and joined to the days of that week",
        ),
        Planted(
            name="unconfirmed_pivot",
            rule="known_at",
            function=_unconfirmed_pivot,
            words="a top marked in its own bar, before the bars that confirm it",
        ),
        Planted(
            name="chikou",
            rule="future",
            function=_chikou,
            words="the lagging line of Ichimoku drawn 26 bars back, read in the row where it is drawn",
        ),
        Planted(
            name="adjusted_close",
            rule="split",
            function=_adjusted_close,
            words="the level of a close adjusted for splits that came later",
        ),
        Planted(
            name="target_encoding",
            rule="prefix",
            function=_target_encoding,
            words="each day of the week replaced by the mean return that followed it, over the whole range",
        ),
    )
}
"""The leaks by name."""

HONEST: Final[Mapping[str, str]] = {
    "wavelet_distance": "the price less its denoised self, by wavelets that look back only",
    "zscore": "the price less its mean over its deviation, both of the last bars alone",
}
"""Indicators that say what two of the leaks say, without the future; the audit must find nothing in them."""


def self_test(bars: Bars, *, cuts: int = 3, seed: int = 20) -> tuple[Trap, ...]:
    """Audit the planted leaks and their honest twins on an instrument's bars: one that is split now and then, a share.

    Parameters
    ----------
    bars
        Of the instrument.
    cuts, seed
        As `audit` takes them.
    """
    traps = []
    for planted in PLANTED.values():
        found = audit(planted.subject, bars, cuts=cuts, seed=seed).findings
        rules = tuple(dict.fromkeys(finding.rule for finding in found))
        traps.append(Trap(name=planted.name, words=planted.words, leaks=True, rule=planted.rule, found_by=rules))
    for name, words in HONEST.items():
        found = audit(Subject.of_item(name), bars, cuts=cuts, seed=seed).findings
        rules = tuple(dict.fromkeys(finding.rule for finding in found))
        traps.append(Trap(name=name, words=words, leaks=False, rule="", found_by=rules))
    return tuple(traps)
