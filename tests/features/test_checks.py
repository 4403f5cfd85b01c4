import dataclasses
import math

import numpy as np
import pytest

from ara.features import Param, Scale, indicator
from ara.features.arrays import filled
from ara.features.checks import check_indicator

SAYS = {"formula": "f", "reference": "r", "words": "w"}


def make(function, **changed):
    spec = {"inputs": ["close"], "warmup": 4, "memory": 5, "scale": Scale.PRICE, "bounds": (0.0, math.inf), **SAYS}
    return indicator(**{**spec, **changed})(function)


def mean(close):
    out = np.full(len(close), np.nan)
    for bar in range(4, len(close)):
        out[bar] = close[bar - 4 : bar + 1].mean()
    return out


def failed(thing):
    return {check.name: check.words for check in check_indicator(thing) if not check.ok}


def test_an_honest_indicator_passes():
    assert failed(make(mean)) == {}


def test_volume_and_free_scales_pass():
    def turned(close, volume):
        return np.where(
            np.arange(len(close)) < 4, np.nan, volume * np.sign(np.gradient(close)) if len(close) > 1 else 0
        )

    assert failed(make(lambda volume: mean(volume), inputs=["volume"], scale=Scale.VOLUME, name="mean")) == {}
    assert failed(make(lambda close: mean(close) / np.where(close > 0, close, 1), scale=Scale.FREE, name="free")) == {}


def test_what_is_no_indicator_fails_at_once():
    (only,) = check_indicator(object())
    assert not only.ok
    assert "ara.features.indicator" in only.words


def centred(close):
    out = mean(close)
    return np.concatenate((np.full(4, np.nan), out[5:], out[-1:])) if len(close) > 5 else np.full(len(close), np.nan)


def early(close):
    return np.concatenate((close[:1], mean(close)[1:])) if len(close) else close


def hole(close):
    out = mean(close)
    out[40:41] = np.nan
    return out


def repaints(close):
    return mean(close) * (1 + np.nanmax(close, initial=0) * 1e-6)


def knows_length(close):
    out = mean(close)
    out[-1:] *= 1.001
    return out


def remembers(close):
    return np.where(np.arange(len(close)) < 4, np.nan, np.cumsum(close))


def negative(close):
    return -mean(close)


def spoils(close):
    out = mean(close)
    close *= 2
    return out


class Restless:
    count = 0

    def __call__(self, close):
        self.count += 1
        return mean(close) * (1 + 1e-12 * self.count)


def fragile(close):
    if np.isnan(close).any():
        raise ValueError("no gaps please")
    return mean(close)


def loses_gaps(close):
    return mean(close[~np.isnan(close)])


def late(close):
    out = mean(close)
    out[4:5] = np.nan if len(close) > 7 else out[4:5]
    return out


def poisoned(close):
    sums = np.cumsum(close)
    return np.where(np.arange(len(close)) < 4, np.nan, (sums - np.concatenate((np.zeros(5), sums))[: len(close)]) / 5)


def remembering(close):
    """Share of the rises in decaying means, which tells of the past where nothing moves."""
    out, up, way = np.full(len(close), np.nan), 0.0, 0.0
    for bar in range(1, len(close)):
        step = close[bar] - close[bar - 1]
        if np.isnan(step):
            up, way = 0.0, 0.0
            continue
        up, way = 0.5 * up + max(step, 0.0), 0.5 * way + abs(step)
        out[bar] = up / way if way else 0.5
    return filled(out, 4)


def summing(state, close):
    kept = (*(state or ((), 0.0))[0], close)[-6:]
    total = (state or ((), 0.0))[1] + close - (kept[0] if len(kept) == 6 else 0.0)
    return (kept, total), (total / 5 if len(kept) >= 5 else math.nan,)


@pytest.mark.parametrize(
    ("function", "changed", "promise", "words"),
    [
        (early, {}, "warms up", "3 NaN, its first value in bar 0; the warm-up is 4 bars"),
        (hole, {}, "warms up", "5 NaN, its first value in bar 4"),
        (mean, {"warmup": 5}, "warms up", "4 NaN, its first value in bar 4; the warm-up is 5"),
        (lambda close: close * np.nan, {"name": "n"}, "warms up", "first value in bar"),
        (centred, {}, "later bars", "while"),
        (late, {}, "later bars", "of bar 4 is .* while [5-7] bars are known, and nan once all"),
        (poisoned, {}, "gaps and rests", "close unknown in bar 36, poisoned has no value .* bars later"),
        (remembering, {"scale": Scale.FREE, "memory": 45}, "gaps and rests", "prices that rest in bars .* from all"),
        (mean, {"step": lambda state, close: (0, (close,))}, "its memory", "by its step"),
        (mean, {"step": summing}, "gaps and rests", "close unknown in bar 36, mean of bar 41 is nan by its step"),
        (repaints, {}, "later bars", "once all"),
        (knows_length, {}, "bar by bar", "when it comes"),
        (remembers, {"memory": 5}, "its memory", "from its last 5 bars"),
        (mean, {"memory": 4}, "its memory", "from its last 4 bars"),
        (negative, {}, "bounds", "its bounds are 0 and inf"),
        (mean, {"scale": Scale.FREE}, "unit of its inputs", "mean is not 1 times as large"),
        (mean, {"scale": Scale.VOLUME}, "unit of its inputs", "mean is not 1024 times as large"),
        (mean, {"inputs": ["volume"]}, "unit of its inputs", "with prices 1024 times as large, mean is not 1024"),
        (spoils, {}, "leaves its inputs alone", "changes the arrays"),
        (Restless(), {"name": "restless"}, "leaves its inputs alone", "other values the second time"),
        (fragile, {}, "bars with gaps", "ValueError: no gaps please"),
        (loses_gaps, {}, "bars with gaps", "bars with gaps"),
        (lambda close: close[1:], {"name": "n"}, "as long as the bars", r"ndarray\(132,\) for 133 bars|for"),
        (lambda close: (mean(close), mean(close)), {"name": "n"}, "as long as the bars", "its outputs are n"),
        (lambda close: None, {"name": "n"}, "as long as the bars", "NoneType"),
        (mean, {"name": "Mean It"}, "a reader needs", "small letters"),
        (mean, {"formula": " "}, "a reader needs", "empty: formula"),
        (mean, {"inputs": ["price"]}, "a reader needs", "there are open, high, low, close, volume"),
        (mean, {"bounds": {"other": (0, 1)}}, "a reader needs", "for each of mean"),
        (mean, {"bounds": (1.0, 0.0)}, "a reader needs", "bounds are"),
    ],
)
def test_what_breaks_a_promise_is_found_and_named(function, changed, promise, words):
    import re

    found = failed(make(function, **changed))
    matching = [said for name, said in found.items() if promise in name]
    assert matching, found
    assert re.search(words, matching[0]), matching


def test_parameters_need_words_and_a_default_that_is_allowed():
    def share(close, *, share):
        return mean(close)

    odd = {"share": Param(default=2.0, low=0.0, high=1.0, words="")}
    thing = make(share, params=odd, warmup=lambda share: 4, memory=lambda share: 5)
    assert "words of share" in failed(thing)["says all that a reader needs"]
    spoken = {"share": dataclasses.replace(odd["share"], words="a share")}
    thing = make(share, params=spoken, warmup=lambda share: 4, memory=lambda share: 5)
    assert "default of share" in failed(thing)["says all that a reader needs"]


def test_an_indicator_that_needs_all_bars_has_no_memory_to_check():
    assert "depends on no more bars than its memory" not in failed(make(remembers, memory=None))
