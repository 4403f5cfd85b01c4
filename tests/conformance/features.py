"""Ara under the reference's names: no arithmetic, only which indicator answers to which name.

`NAMES/*.json` say it, one file for each family: under `indicators`, `tulip` and `sheets`, the reference's name with
one or more answers, each `{"name": ours, "params": {theirs: ours}, "fixed": {ours: value}, "inputs": {ours: theirs},
"outputs": {theirs: ours}, "shift": {theirs: bars}, "absent": {theirs: value}, "marked": {theirs: input}}`; `marked` is
an input at the bars that the indicator marks.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from ara.features import catalogue
from ara.features.levels import drawn
from ara.features.levels.bricks import renko
from ara.features.patterns import charts as chart_patterns
from ara.features.patterns import elliott as elliott_waves
from ara.features.patterns import harmonics as harmonic_patterns
from tests.conformance.market import pathological

__all__ = ["pathological"]

NAMES = Path(__file__).with_name("names")


@cache
def table(kind):
    found = {}
    for file in sorted(NAMES.glob("*.json")):
        for name, answers in json.loads(file.read_text()).get(kind, {}).items():
            found.setdefault(name, []).extend(answers if isinstance(answers, list) else [answers])
    return found


def placed(values, theirs, one):
    """Put values where the reference draws them, `shift` bars back, and NaN where it has none (`absent`)."""
    bars = one.get("shift", {}).get(theirs, 0)
    back = np.roll(values, -bars)
    back[len(back) - bars if bars > 0 else 0 : len(back) if bars > 0 else -bars] = np.nan
    return np.where(back == one.get("absent", {}).get(theirs, np.nan), np.nan, back)


def answer(kind, name, columns, params):
    """Ask every indicator that answers to a name, and give the arrays under the reference's own names."""
    answers = table(kind).get(name)
    if not answers:
        raise NotImplementedError(name)
    found = {}
    for one in answers:
        spec = catalogue.get(one["name"]).spec
        renamed = one.get("inputs", {})
        arrays = {column: columns[renamed.get(column, column)] for column in spec.inputs}
        chosen = {ours: params[theirs] for theirs, ours in one.get("params", {}).items() if theirs in params}
        values = catalogue.compute(one["name"], arrays, **chosen, **one.get("fixed", {}))
        by_name = dict(zip(spec.outputs, values, strict=True))
        found |= {theirs: placed(by_name[ours], theirs, one) for theirs, ours in one["outputs"].items()}
        there = values[0] != 0
        found |= {theirs: np.where(there, columns[column], np.nan) for theirs, column in one.get("marked", {}).items()}
    return found


def indicators(indicator, quotes, params, other):
    columns = {name: quotes[name].to_numpy(float) for name in ("open", "high", "low", "close", "volume")}
    days = pd.to_datetime(quotes["date"]).dt
    columns["month"] = (days.year * 12 + days.month).to_numpy(float)
    if other is not None:
        columns["other"] = other["close"].to_numpy(float)
    if indicator == "renko":
        laid = renko(*(columns[name] for name in ("high", "low", "close", "volume")), brick=params["brick"])
        return {"isUp": laid.up} | {name: getattr(laid, name) for name in ("open", "high", "low", "close", "volume")}
    if indicator == "stddev_channels":
        lines = drawn.channels(columns["close"], window=params["period"], width=params["std"])
        theirs = {"centerline": "middle", "upperChannel": "upper", "lowerChannel": "lower", "breakPoint": "begins"}
        return {name: getattr(lines, ours) for name, ours in theirs.items()}
    if indicator == "zigzag":
        lines = drawn.zigzag(columns["close"], columns["close"], percent=params["percent"])
        labels = [{1.0: "H", -1.0: "L"}.get(turn) for turn in lines.turn.tolist()]
        return {"zigZag": lines.line, "pointType": labels, "retraceHigh": lines.highs, "retraceLow": lines.lows}
    return answer("indicators", indicator, columns, params)


def tulip(indicator, options, inputs):
    columns = {name: np.asarray(values, float) for name, values in inputs.items()}
    columns.setdefault("close", columns.get("real"))
    return answer("tulip", indicator, columns, options)


def sheets(indicator, frame, params):
    columns = {str(name).lower(): frame[name].to_numpy(float) for name in frame if frame[name].dtype.kind in "if"}
    return answer("sheets", indicator, columns, params)


def talib(function, inputs, params):
    columns = {name: np.asarray(values, float) for name, values in inputs.items()}
    (found,) = answer("talib", function, columns, params).values()
    return found


def charts(bars):
    found = chart_patterns.find(*(bars[name].to_numpy(float) for name in ("high", "low", "close")))
    return [{"pattern": one.name, "known_at": one.known_at} for one in found]


def candles(pattern, bars):
    """Say at which bars a candlestick is complete; `direction` keeps those that point one way."""
    entries = table("candles").get(pattern)
    if not entries:
        raise NotImplementedError(pattern)
    (one,) = entries
    (found,) = catalogue.compute(
        one["name"], {name: bars[name].to_numpy(float) for name in bars}, **one.get("fixed", {})
    )
    wanted = {"bullish": found > 0, "bearish": found < 0}
    return wanted.get(one.get("direction"), np.nan_to_num(found) != 0)


def harmonics(bars):
    found = harmonic_patterns.find(*(bars[name].to_numpy(float) for name in ("high", "low", "close")))
    rows = [(one.name, one.direction, one.completed, one.known_at) for one in found]
    return [dict(zip(("pattern", "direction", "d_index", "known_at"), row, strict=True)) for row in rows]


def elliott(kind, points):
    return elliott_waves.valid(kind, points)
