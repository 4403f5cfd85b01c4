"""Formulas: what they compute, what they refuse and how they point at it, and that no text does any harm."""

import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ara.errors import FeatureEngineeringError
from ara.features import catalogue
from ara.features.build import build
from ara.features.checks import check_indicator
from ara.features.expr import expr
from ara.features.expr.units import FREE, PRICE, VOLUME, Unit
from ara.features.indicator import Indicator, Param, Scale, indicator
from ara.features.sets import FeatureSet, Item
from ara.features.stream import Stream
from tests.features.made import cut, sample

COUNT = 400
RANDOM = np.random.default_rng(5)
CLOSE = 100 * np.exp(np.cumsum(0.01 * RANDOM.standard_normal(COUNT)))
BARS = {
    "open": CLOSE * np.exp(0.003 * RANDOM.standard_normal(COUNT)),
    "close": CLOSE,
    "volume": np.floor(RANDOM.lognormal(10, 0.5, COUNT)),
    "other": 50 * np.exp(np.cumsum(0.01 * RANDOM.standard_normal(COUNT))),
    "session": np.arange(COUNT) // 7.0,
}
BARS["high"] = np.maximum(BARS["open"], CLOSE) * 1.004
BARS["low"] = np.minimum(BARS["open"], CLOSE) * 0.996
RSI = catalogue.compute("rsi", BARS)[0]


def value(text):
    return expr(text).compute(BARS)[0]


def moving(values, window, figure):
    return [math.nan if t + 1 < window else figure(values[t + 1 - window : t + 1]) for t in range(len(values))]


def ema(values, window):
    return catalogue.compute("ema", {"close": values}, window=window)[0]


def late(values, start):
    """An indicator of figures that begin later."""
    return np.concatenate([np.full(start, np.nan), values])


A, C, H, V = BARS["open"], BARS["close"], BARS["high"], BARS["volume"]
EQUAL = [
    ("close", C),
    ("2 + 3 * close", 2 + 3 * C),
    ("(2 + 3) * close", 5 * C),
    ("close - open - high", C - A - H),
    ("close - (open - high)", C - (A - H)),
    ("close / open / high", C / A / H),
    ("close / (open / high)", C / (A / H)),
    ("-close ** 2", -(C**2)),
    ("(-close) ** 2", C**2),
    ("2 ** 3 ** 2 + close * 0", np.full(COUNT, 512.0)),
    ("(2 ** 3) ** 2 + close * 0", np.full(COUNT, 64.0)),
    ("close ** -1", 1 / C),
    ("+close - -close", 2 * C),
    ("- -close", C),
    ("CLOSE / Open", C / A),
    (".5 * close + 1e1", 0.5 * C + 10),
    ("close > open", (C > A) * 1.0),
    ("close >= open and close < high", ((C >= A) & (C < H)) * 1.0),
    ("close <= open or not close != high", ((C <= A) | (C == H)) * 1.0),
    ("not close == open", (C != A) * 1.0),
    ("close > open + 1 == 0", None),
    ("abs(close - 100)", abs(C - 100)),
    ("log(close)", np.log(C)),
    ("sqrt(volume)", np.sqrt(V)),
    ("sign(close - open)", np.sign(C - A)),
    ("min(close, open, 100)", np.minimum(np.minimum(C, A), 100)),
    ("max(close, open)", np.maximum(C, A)),
    ("where(close > open, high, 0)", np.where(C > A, H, 0)),
    ("lag(close, 3)", [math.nan] * 3 + list(C[:-3])),
    ("lag(close, bars=3)", [math.nan] * 3 + list(C[:-3])),
    ("diff(close)", [math.nan, *np.diff(C)]),
    ("diff(close, 5)", [math.nan] * 5 + list(C[5:] - C[:-5])),
    ("sum(volume, 7)", moving(V, 7, sum)),
    ("mean(close, window=7)", moving(C, 7, np.mean)),
    ("std(close, 7)", moving(C, 7, np.std)),
    ("highest(high, 7)", moving(H, 7, max)),
    ("lowest(close, 7)", moving(C, 7, min)),
    ("mean(close, 1)", C),
    ("rank(close, 7)", moving(C, 7, lambda w: (sum(w < w[-1]) + (sum(w == w[-1]) - 1) / 2) / 6)),
    ("zscore(close, 7)", moving(C, 7, lambda w: (w[-1] - np.mean(w)) / np.std(w))),
    ("rsi", RSI),
    ("rsi()", RSI),
    ("rsi(14)", RSI),
    ("rsi(close)", RSI),
    ("rsi(close, 7)", catalogue.compute("rsi", BARS, window=7)[0]),
    ("rsi(7)", catalogue.compute("rsi", BARS, window=7)[0]),
    ("rsi(window=7, seeded=0)", catalogue.compute("rsi", BARS, window=7, seeded=0)[0]),
    ("rsi(open)", catalogue.compute("rsi", {"close": A})[0]),
    ("macd(close, 8, 20).signal", catalogue.compute("macd", BARS, fast=8, slow=20)[1]),
    ("macd.line - macd.signal - macd.histogram", catalogue.compute("macd", BARS)[0] * 0),
    ("atr(high, low, close, 5)", catalogue.compute("atr", BARS, window=5)[0]),
    ("ema(rsi, 9)", late(ema(RSI[14:], 9), 14)),
    ("ema(ema(close, 5), window=9)", late(ema(ema(C, 5)[4:], 9), 4)),
    ("mean(rsi, 5)", late(np.array(moving(RSI[14:], 5, np.mean)), 14)),
    ("close / other", C / BARS["other"]),
    ("beta(60)", catalogue.compute("beta", BARS, window=60)[0]),
    ("stoch.k > stoch.d", (catalogue.compute("stoch", BARS)[0] > catalogue.compute("stoch", BARS)[1]) * 1.0),
    ("session_vwap_distance * 1", catalogue.compute("session_vwap_distance", BARS)[0]),
]


@pytest.mark.parametrize(
    ("text", "expected"), [case for case in EQUAL if case[1] is not None], ids=lambda x: x if isinstance(x, str) else ""
)
def test_a_formula_computes_what_it_says(text, expected):
    found = value(text)
    unknown = np.isnan(np.asarray(expected, float))
    if "stoch" in text:
        unknown[:17] = True
        found[:17] = np.nan
        expected = np.where(unknown, np.nan, expected)
    assert np.array_equal(np.isnan(found), unknown)
    assert np.allclose(found, expected, rtol=1e-9, atol=1e-9, equal_nan=True)
    assert expr(text).warmup() == unknown.sum()


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("ema(close,12)-ema(close,26)", "ema(window=12) - ema(window=26)"),
        ("RSI(14)", "rsi"),
        ("macd(close,12,26).signal", "macd.signal"),
        ("((close))", "close"),
        ("close-(open-high)", "close - (open - high)"),
        ("(close-open)-high", "close - open - high"),
        ("(close**2)**3", "(close ** 2) ** 3"),
        ("close**2**3", "close ** 8"),
        ("-(close+open)", "-(close + open)"),
        ("(-close)**2", "(-close) ** 2"),
        ("not(close>open)", "not close > open"),
        ("1+2+close", "3 + close"),
        ("close*(1-3)", "close * -2"),
        ("diff(close)", "diff(close, 1)"),
        ("sum(close,window=5)", "sum(close, 5)"),
        ("abs(-2)*close", "2 * close"),
        ("not 0 + close", "not 0 + close"),
        ("(not 0) * close", "1 * close"),
        ("adx.adx", "adx"),
    ],
)
def test_there_is_one_way_of_writing_it(text, canonical):
    assert expr(text).text == canonical
    assert expr(canonical).text == canonical
    assert expr(text).spec.formula == canonical


REFUSED = [
    ("", 1, "it is empty"),
    ("   ", 1, "it is empty"),
    ("close +", 8, "it ends too early; a column, number, function or indicator is expected"),
    ("* close", 1, "* is not expected here"),
    ("close open", 7, "open is not expected here; a sign such as"),
    ("close)", 6, "this parenthesis was never opened"),
    ("(close", 7, "the parenthesis after column 1 is not closed"),
    ("rsi(7", 6, "the parenthesis after column 1 is not closed"),
    ("rsi(7 8)", 7, "8 is not expected here; a sign, a comma or ) is"),
    ("(close = 3)", 8, "= names a parameter of a call; compare with =="),
    ("close = 3", 7, "= names a parameter of a call; compare with =="),
    ("= 3", 1, "= is not expected here"),
    ("emaa(close, 3)", 1, "there is no column, function or indicator emaa. Did you mean ema"),
    ("close + qqqqqqqq", 9, "there is no column, function or indicator qqqqqqqq"),
    ("close.__class__", 7, "close has no outputs; only an indicator has"),
    ("(close + open).line", 16, "close + open has no outputs"),
    ("3.line", 1, "this is no number"),
    ("close.3", 6, ".3 is not expected here"),
    ("macd.", 6, "the name of an output is expected after the dot"),
    ("macd.foo", 6, "macd has no output foo; it has line, signal, histogram"),
    ("macd", 1, "macd has several outputs; choose one of .line, .signal, .histogram"),
    ("1 + macd", 5, "macd has several outputs"),
    ("rsi(windw=3)", 5, "rsi has no parameter windw; it has window (2 to 5000), seeded (0 to 1)"),
    ("rsi(window=0)", 12, "window of the indicator rsi is 0.0; allowed is a whole number from 2 to 5000"),
    ("rsi(window=open)", 12, "window of rsi is a number, not a figure of bars"),
    ("rsi(7, window=8)", 8, "window is given twice"),
    ("rsi(window=7, 8)", 15, "what is named comes last in a call"),
    ("rsi(7, 1, 2)", 11, "rsi has no more parameters"),
    ("obv(2, 3)", 8, "obv has no more parameters"),
    ("typprice(3)", 10, "typprice has no more parameters; it has none"),
    ("ema(close, open)", 12, "ema is made of close: give all of them, or none"),
    ("atr(close, 3)", 5, "atr is made of high, low, close: give all of them, or none"),
    ("ema(12, close)", 9, "figures come before the numbers in ema"),
    ("lag(close)", 1, "lag takes a figure and bars, one whole number"),
    ("lag(close, 1, 2)", 15, "lag takes a figure and bars, one whole number"),
    ("lag(close, 0)", 12, "bars of lag is 0; it is a whole number from 1 to 10000"),
    ("lag(close, 1.5)", 12, "bars of lag is 1.5"),
    ("lag(close, open)", 12, "bars of lag is open"),
    ("mean(close, 10001)", 13, "window of mean is 10001"),
    ("rank(close, 1)", 13, "a whole number from 2 to 10000"),
    ("mean(close, size=3)", 13, "mean has nothing called size; it has window"),
    ("lag(3, 1)", 5, "lag looks back at a figure of bars, and this is a number"),
    ("min(close)", 1, "min takes 2 to 8 figures: the least of them"),
    ("where(close, open)", 1, "where takes 3 figures"),
    ("abs(close, open)", 1, "abs takes 1 figure"),
    ("mean()", 1, "mean takes a figure and window"),
    ("abs(close, foo=2)", 12, "abs has nothing called foo"),
    ("close < open < high", 14, "one comparison at a time: write a < b and b < c"),
    ("1 / 0 + close", 3, "this has no value, or too large a one"),
    ("(-8) ** 0.5 * close", 6, "this has no value"),
    ("10 ** 300 * 10 ** 300 * close", 11, "this has no value, or too large"),
    ("log(-1) * close", 1, "this has no value"),
    ("1e999 * close", 1, "the number 1e999 is too large"),
    ("12abc", 1, "this is no number"),
    ("1.2.3", 1, "this is no number"),
    ("1 + 2", 1, "it is a number and looks at no bar"),
    ("close & open", 7, "& has no meaning here; write and"),
    ("close | open", 7, "| has no meaning here; write or"),
    ("!close", 1, "! has no meaning here; write not"),
    ("close ^ 2", 7, "^ has no meaning here; write **"),
    ("[close]", 1, "[ has no meaning here; write ("),
    ("close % 2", 7, "'%' has no meaning here"),
    ("close + 'a'", 9, '"\'" has no meaning here'),
    ("clos\u00e9", 5, r"'\xe9' has no meaning here"),
    ("lambda: 1", 7, "':' has no meaning here"),
    ("__import__('os')", 12, '"\'" has no meaning here'),
    ("session", 1, "session is no column; there are open, high, low, close, volume, other"),
    ("and close", 1, "and is not expected here"),
    ("close + not open", 9, "not is not expected here"),
    ("a" * 61, 1, "a name is not that long"),
    ("(" * 30 + "close" + ")" * 30, 25, "it is nested deeper than 24 levels"),
    ("-" * 30 + "close", 25, "it is nested deeper than 24 levels"),
    ("min(" + "close," * 20 + "open)", 101, "a call takes 16 at most"),
]


@pytest.mark.parametrize(("text", "column", "words"), REFUSED)
def test_what_is_wrong_is_pointed_at(text, column, words):
    with pytest.raises(FeatureEngineeringError) as caught:
        expr(text)
    first, shown, pointer = caught.value.message.split("\n")
    assert first.startswith(f"The expression is wrong at column {column}: ")
    assert words in first
    place = len(pointer) - 1
    assert pointer == "\u00a0" * place + "^"
    if column <= len(text) and text[column - 1].isascii():
        assert shown[place] == text[column - 1].replace(" ", "\u00a0")
    assert caught.value.context["column"] == column


def test_length_steps_and_look_back_are_bounded():
    with pytest.raises(FeatureEngineeringError, match="has 1001 characters; at most 1000 are allowed"):
        expr("close+" * 166 + "close")
    assert expr("+".join(["close"] * 150)).warmup() == 0
    with pytest.raises(FeatureEngineeringError, match="it has more than 200 steps"):
        expr("+".join(f"{n}*low" for n in range(10, 120)))
    deep = "close"
    for _ in range(11):
        deep = f"lag({deep},9999)"
    with pytest.raises(FeatureEngineeringError, match="it looks back over 109989 bars; at most 100000 are allowed"):
        expr(deep)


GOOD = """
ema(close, 12) / ema(close, 26) - 1 | close - lag(close, 3) | rsi - lag(rsi, 5) | zscore(volume, 20) | rank(close, 50)
diff(log(close)) | std(diff(log(close)), 20) | where(close > open, 1, -1) * rvol | rsi > 70 and not adx < 20
mean(rsi(7), 5) | ema(rsi(14), window=9) | obv | ema(obv, 12) - ema(obv, 26) | sign(diff(obv, 3)) | zscore(obv, 20)
highest(high, 20) / lowest(low, 20) - 1 | max(diff(close), 0) / atr | beta(60) * correlation.correlation
session_vwap_distance * 2 | sum(volume, 5) / sum(volume, 20) | supertrend_direction.direction * natr | not rsi
where(rsi < 30, log(close), log(open)) - log(high) | kama / close | close * volume / mean(close * volume, 20)
lag(obv, 3) - obv | -close | abs(diff(volume)) | min(close, open)
sum(max(diff(close), 0), 14) / sum(abs(diff(close)), 14)
close > mean(close, 50) or volume > 2 * mean(volume, 50) | force_index / lag(close, 1) / mean(volume, 20)
sqrt(mean(diff(log(close)) ** 2, 20)) * 252 ** 0.5 | where(obv > mean(obv, 20), rsi, 100 - rsi)
obv(lag(close, 3), volume) | mean(session_vwap_distance, 5)
"""


@pytest.mark.parametrize("text", [one.strip() for line in GOOD.strip().splitlines() for one in line.split("|")])
def test_a_formula_keeps_every_promise_of_an_indicator(text):
    found = expr(text)
    assert isinstance(found, Indicator)
    broken = [(check.name, check.words) for check in check_indicator(found) if not check.ok]
    assert not broken


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("close", "price"),
        ("volume", "volume"),
        ("close / open", "free"),
        ("close - 100", "mixed"),
        ("close > 100", "mixed"),
        ("diff(close) > 0", "free"),
        ("volume > 100", "mixed"),
        ("close * volume", "mixed"),
        ("close * volume / volume", "price"),
        ("close + volume", "mixed"),
        ("log(close)", "mixed"),
        ("log(volume)", "mixed"),
        ("log(close) - log(open)", "free"),
        ("log(close) + log(open)", "mixed"),
        ("log(close) - log(volume)", "mixed"),
        ("2 * log(close) - log(close) - log(open)", "free"),
        ("log(close) * log(close)", "mixed"),
        ("log(close) - close", "mixed"),
        ("log(log(close))", "mixed"),
        ("log(rsi)", "free"),
        ("std(log(close), 5)", "free"),
        ("mean(log(close), 5) - log(close)", "free"),
        ("sum(log(close), 5)", "mixed"),
        ("abs(log(close))", "mixed"),
        ("sign(log(close))", "mixed"),
        ("sign(close - open)", "free"),
        ("log(close) > log(open)", "free"),
        ("log(close) > 0", "mixed"),
        ("rank(log(close), 5)", "free"),
        ("rank(close - 100, 5)", "mixed"),
        ("sqrt(close * open) / close", "free"),
        ("close ** 2 / open ** 2", "free"),
        ("log(close) ** 2", "mixed"),
        ("2 ** close", "mixed"),
        ("close ** rsi", "mixed"),
        ("2 ** rsi", "free"),
        ("close and open", "mixed"),
        ("rsi and adx", "free"),
        ("not close", "mixed"),
        ("where(close > 100, rsi, adx)", "mixed"),
        ("where(rsi > 50, close, open) / close", "free"),
        ("where(rsi > 50, close, 0) / close", "free"),
        ("ema(volume, 5) / volume", "free"),
        ("rsi(volume)", "free"),
        ("ema(rsi, 5)", "free"),
        ("ema(log(close), 5)", "mixed"),
        ("ema(close - 100, 5)", "mixed"),
        ("vwap(high, low, close, volume, 5) / close", "free"),
        ("vwap(high, volume, close, volume, 5) / close", "mixed"),
        ("obv(close, rsi)", "free"),
        ("obv(log(close), volume)", "mixed"),
        ("dollar_volume / close / volume", "free"),
        ("zscore(force_index, 20)", "free"),
        ("session_vwap / close", "free"),
        ("close / 2", "price"),
        ("2 / close", "mixed"),
        ("0 / close", "mixed"),
        ("close / volume * volume / close", "free"),
        ("close / volume", "mixed"),
        ("close * close", "mixed"),
        ("close * close / open", "price"),
        ("close * high / open / low", "free"),
        ("volume / close", "mixed"),
        ("volume ** 2", "mixed"),
        ("sqrt(volume)", "mixed"),
        ("1 / close", "mixed"),
        ("zscore(close / volume, 20)", "free"),
    ],
)
def test_the_unit_follows_from_the_parts(text, scale):
    assert expr(text).spec.scale == scale


def test_free_formulas_are_measured_to_be_free():
    moved = {**BARS, **{name: BARS[name] * 1024.0 for name in ("open", "high", "low", "close", "other")}}
    moved["volume"] = BARS["volume"] * 64.0
    checked = 0
    for text in [one.strip() for line in GOOD.strip().splitlines() for one in line.split("|")]:
        if expr(text).spec.scale is Scale.FREE:
            assert np.allclose(value(text), expr(text).compute(moved)[0], rtol=1e-6, atol=1e-9, equal_nan=True), text
            checked += 1
    assert checked > 20


def test_units_are_plain_algebra():
    assert (PRICE.times(VOLUME).scale, PRICE.times(PRICE, -1.0)) == (Scale.MIXED, FREE)
    unknown = Unit((math.nan, 1.0))
    assert unknown.plus(unknown).scale is Scale.MIXED
    assert not unknown.same(unknown)
    assert unknown.ranked().scale is Scale.MIXED
    assert unknown.log().scale is Scale.MIXED
    assert not unknown.plus(VOLUME).free
    assert FREE.lost().free
    lost = PRICE.plus(FREE)
    assert lost.times(PRICE).mixed == lost.to_power(2.0).mixed == (True, False)
    assert Unit((1.0, 0.0), (1.0, 0.0)).plus(Unit((1.0, 0.0), (1.0, 0.0))).mixed == (True, False)


def test_bounds_are_those_of_the_outermost_part():
    bounds = {
        text: expr(text).spec.bounds["value"]
        for text in (
            "rsi > 3",
            "rsi",
            "rsi(volume)",
            "abs(close - open)",
            "rank(close, 5)",
            "sign(diff(close))",
            "rsi + 1",
        )
    }
    assert bounds["rsi > 3"] == bounds["rank(close, 5)"] == (0.0, 1.0)
    assert bounds["rsi"] == (0.0, 100.0)
    assert bounds["rsi(volume)"] == bounds["rsi + 1"] == (-math.inf, math.inf)
    assert bounds["abs(close - open)"] == (0.0, math.inf)
    assert bounds["sign(diff(close))"] == (-1.0, 1.0)


def test_what_is_undefined_is_no_number():
    assert np.isnan(value("1 / (close - close)")).all()
    assert np.isnan(value("log(-close)")).all()
    assert np.isnan(value("sqrt(-close)")).all()
    assert np.isnan(value("(close - close) / (close - close)")).all()
    assert np.isnan(value("(1e300 * close) ** 2")).all()
    assert np.isnan(value("where(close > 0, log(-close), 1)")).all()
    assert (value("where(close > 0, 1, log(-close))") == 1).all()
    unknown = value("log(-close) > 0 or close > 0")
    assert np.isnan(unknown).all()


def test_a_gap_makes_later_figures_begin_anew():
    close = CLOSE.copy()
    close[100] = np.nan
    found = expr("mean(close, 5)").compute({"close": close})[0]
    assert np.isnan(found[100:105]).all()
    assert np.isfinite(found[105:]).all()
    late_start = np.concatenate([np.full(30, np.nan), CLOSE])
    for text in ("mean(close, 5) / close", "ema(rsi, 5)", "where(close > 0, 1, 2)", "rsi"):
        moved = expr(text).compute({"close": late_start})[0]
        assert np.allclose(moved[30:], value(text), equal_nan=True)
        assert np.isnan(moved[:30]).all()


@pytest.mark.parametrize("length", [0, 1, 2, 20])
def test_few_bars_give_as_many_figures(length):
    head = {name: column[:length] for name, column in BARS.items()}
    for text in ("ema(rsi, 9) - macd.line", "rank(close, 5)", "close > open", "obv - lag(obv, 2)"):
        found = expr(text).compute(head)[0]
        assert found.shape == (length,)
        assert np.allclose(found, value(text)[:length], equal_nan=True)


def test_inputs_and_parameters_are_checked():
    found = expr("close / volume")
    with pytest.raises(FeatureEngineeringError, match="needs volume"):
        found.compute({"close": CLOSE})
    with pytest.raises(FeatureEngineeringError, match=r"differ in shape: close \(400,\), volume \(3,\)"):
        found.compute({"close": CLOSE, "volume": CLOSE[:3]})
    with pytest.raises(FeatureEngineeringError, match="has no parameter"):
        found.compute(BARS, window=3)
    assert found.memory() == 1
    assert expr("obv").memory() is None


def test_a_part_that_stands_twice_is_computed_once():
    program = expr("macd.line - macd.signal + macd.histogram / macd(close, 12, 26, 9).line").program
    assert [node.text for node in program.nodes if node.call is not None] == ["macd"]
    assert len(program.nodes) == 5


def test_a_formula_streams_saves_and_goes_on():
    text = "where(obv > mean(obv, 5), rsi(7), ema(obv, 3) / volume)"
    stream, whole = Stream([text, "ema(close, 5) / close"]), value(text)
    for bar in range(60):
        stream.push({name: float(column[bar]) for name, column in BARS.items()})
    state = json.loads(json.dumps(stream.state()))
    again = Stream.resume(state)
    for bar in range(60, 90):
        found = again.push({name: float(column[bar]) for name, column in BARS.items()})
        assert found[text][0] == pytest.approx(whole[bar], rel=1e-9)


def test_steps_begin_when_their_inputs_do():
    found = expr("mean(obv, 3) * where(close > 0, 1, 2)")
    assert found.spec.step is not None
    state, values = None, []
    close = np.concatenate([np.full(4, np.nan), CLOSE[:30]])
    volume = BARS["volume"][:34]
    for row in zip(*[{"close": close, "volume": volume}[name] for name in found.spec.inputs], strict=True):
        state, (one,) = found.spec.step(state, *row)
        values.append(one)
    assert np.isnan(values[:6]).all()
    assert np.isfinite(values[6:]).all()
    batch = found.compute({"close": close[4:], "volume": volume[4:]})[0]
    assert np.allclose(values[4:], batch, equal_nan=True)


def test_a_formula_works_wherever_an_indicator_does():
    bars = cut(sample("AAPL"), 300)
    text = "ema(close,12) / ema(close,26) - 1"
    alone = catalogue.compute(text, bars)[0]
    block = build(FeatureSet(name="mine", items=(Item(text), Item(text, timeframe="1w"))), bars)
    assert block.names == ("ema(window=12) / ema(window=26) - 1", "(ema(window=12) / ema(window=26) - 1)@1w")
    assert np.array_equal(block.x[:, 0], alone.astype(np.float32), equal_nan=True)
    assert catalogue.get("rsi - 1").spec.formula == "rsi - 1"
    for text in ("not close", "close == open", "rsi and close"):
        assert catalogue.get(text).spec.formula == text
    with pytest.raises(FeatureEngineeringError, match="There is no indicator 'relative strength'"):
        catalogue.get("relative strength")


def test_an_indicator_that_can_t_be_stepped_is_refused(monkeypatch):
    @indicator(
        inputs=["close"], warmup=0, memory=None, scale=Scale.FREE, bounds=(0, 1), formula="f", reference="r", words="w"
    )
    def endless(close):
        return close * 0

    @indicator(
        inputs=["close", "volume"],
        params={"window": Param(default=3, low=1, high=9, whole=True, words="w")},
        warmup=0,
        memory=1,
        scale=Scale.VOLUME,
        bounds=(0, 1),
        formula="f",
        reference="r",
        words="w",
    )
    def crooked(close, volume, *, window):
        return np.sqrt(close) * volume

    monkeypatch.setattr(catalogue, "get", lambda name: {"endless": endless, "crooked": crooked}[name])
    with pytest.raises(FeatureEngineeringError, match="endless depends on all bars and can't be told one bar more"):
        expr("endless + 1")
    assert expr("crooked / volume + 0").spec.scale is Scale.MIXED


def test_a_mixed_indicator_gives_no_free_formula_unless_it_is_told_free_figures(monkeypatch):
    @indicator(
        inputs=["close", "volume"],
        warmup=0,
        memory=1,
        scale=Scale.MIXED,
        bounds=(0, math.inf),
        formula="f",
        reference="r",
        words="w",
    )
    def paid(close, volume):
        return close / (1 + volume)

    assert [check.words for check in check_indicator(paid) if not check.ok] == []
    own = catalogue.get
    monkeypatch.setattr(catalogue, "get", lambda name: paid if name == "paid" else own(name))
    scales = {text: expr(text).spec.scale for text in ("paid", "paid / close", "paid(rsi, volume)", "paid(rsi, adx)")}
    assert list(scales.values()) == [Scale.MIXED] * 3 + [Scale.FREE]


LEAF = st.sampled_from(
    [
        "close",
        "open",
        "high",
        "low",
        "volume",
        "other",
        "rsi",
        "natr",
        "obv",
        "macd.line",
        "stoch.k",
        "1",
        "0",
        "2.5",
        "100",
    ]
)


def grown(children):
    signs = st.sampled_from(["+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"])
    return st.one_of(
        st.tuples(children, signs, children).map(lambda x: f"({x[0]} {x[1]} {x[2]})"),
        st.tuples(st.sampled_from(["-", "not "]), children).map(lambda x: f"({x[0]}{x[1]})"),
        st.tuples(st.sampled_from(["abs", "log", "sqrt", "sign"]), children).map(lambda x: f"{x[0]}({x[1]})"),
        st.tuples(
            st.sampled_from(["lag", "diff", "sum", "mean", "std", "highest", "lowest", "rank", "zscore"]),
            children,
            st.integers(1, 9),
        ).map(lambda x: f"{x[0]}({x[1]}, {x[2]})"),
        st.tuples(st.sampled_from(["ema", "rsi", "wma", "roc"]), children, st.integers(2, 9)).map(
            lambda x: f"{x[0]}({x[1]}, {x[2]})"
        ),
        st.tuples(children, children, children).map(lambda x: f"where({', '.join(x)})"),
        st.tuples(children, children).map(lambda x: f"max({x[0]}, {x[1]})"),
    )


@given(text=st.recursive(LEAF, grown, max_leaves=8), end=st.integers(1, COUNT))
@settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.too_slow])
def test_any_formula_is_causal_finite_and_written_in_one_way(text, end):
    try:
        found = expr(text)
    except FeatureEngineeringError:
        return
    assert expr(found.text).text == found.text
    whole = found.compute(BARS)[0]
    assert whole.shape == (COUNT,)
    assert not np.isinf(whole).any()
    assert np.isnan(whole[: found.warmup()]).all()
    part = found.compute({name: column[:end] for name, column in BARS.items()})[0]
    assert np.allclose(part, whole[:end], rtol=1e-6, atol=1e-9, equal_nan=True)


@given(text=st.recursive(LEAF, grown, max_leaves=6))
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_any_formula_moves_with_units_as_it_says(text):
    try:
        found = expr(text.replace("log(", "abs("))  # counted in units of powers of two, all else is exact
    except FeatureEngineeringError:
        return
    scale, own = found.spec.scale, found.compute(BARS)[0]
    grows = {Scale.FREE: (1.0, 1.0), Scale.PRICE: (1024.0, 1.0), Scale.VOLUME: (1.0, 64.0), Scale.MIXED: (None, None)}
    for unit, factor in zip(({"volume": 1.0}, dict.fromkeys(BARS, 1.0) | {"volume": 64.0}), grows[scale], strict=True):
        moved = {name: column * unit.get(name, 1024.0) for name, column in BARS.items()} | {"session": BARS["session"]}
        if factor is not None:
            expected = own * factor
            room = 1e-9 * float(np.nanmax(np.abs(expected), initial=0.0))
            assert np.allclose(found.compute(moved)[0], expected, rtol=1e-9, atol=room, equal_nan=True)


WORDS = (
    "close open volume rsi ema macd .line ( ) , + - * / ** < and or not where lag mean 12 3 0 1e300 window = == rank "
    "obv min log"
)


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS.split()), max_size=30).map(" ".join)))
@settings(deadline=None, max_examples=600)
def test_any_text_is_a_formula_or_a_typed_error(text):
    try:
        found = expr(text)
    except FeatureEngineeringError:
        return
    assert found.compute(BARS)[0].shape == (COUNT,)


def test_a_step_is_told_nothing_before_its_figures_are_known(monkeypatch):
    """A stranger's running sum that never forgets a NaN."""

    def add(state, close):
        found = (state or 0.0) + close
        return found, (found,)

    @indicator(
        inputs=["close"],
        warmup=0,
        memory=None,
        scale=Scale.PRICE,
        bounds=(-math.inf, math.inf),
        formula="f",
        reference="r",
        words="w",
        step=add,
    )
    def running(close):
        return np.cumsum(close)

    monkeypatch.setattr(catalogue, "get", lambda name: running)
    found = expr("running(mean(lag(close, 3), 2))")
    assert found.spec.step is not None
    state, values = None, []
    for close in CLOSE[:40].tolist():
        state, (one,) = found.spec.step(state, close)
        values.append(one)
    assert np.allclose(values, found.compute({"close": CLOSE[:40]})[0], equal_nan=True)
    assert np.isfinite(values[4:]).all()


def test_the_package_can_be_called_as_its_function() -> None:
    import ara.features

    text = "ema(close, 12) - ema(close, 26)"
    assert ara.features.expr(text).spec == expr(text).spec  # type: ignore[operator]
    assert ara.features.expr.expr is expr
