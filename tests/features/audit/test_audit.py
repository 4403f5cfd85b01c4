"""Audits: what leaks is found, what doesn't is left in peace."""

import json
import math
import sys
import time
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ara.errors import AuditError, FeatureEngineeringError
from ara.features import sets
from ara.features.audit import RULES, Claim, Subject, audit, subject
from ara.features.audit.moments import MOMENTS, moments
from ara.features.audit.planted import HONEST, PLANTED, self_test
from ara.features.audit.scene import Scene
from ara.features.audit.table import Table, differences, spread
from ara.features.indicator import Scale
from ara.market.bars import Basis
from ara.market.timeframe import DAY, Timeframe
from tests.features.made import cut, days, intraday, sample

SYMBOLS = ("AAPL", "EURUSD", "BTC-USD")


def rules(found):
    return {one.rule for one in found.findings}


def of(function, **columns):
    return Subject.of_function(function, **columns)


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_planted_leak_is_found_by_the_rule_that_names_it(name, symbol):
    planted = PLANTED[name]
    found = audit(planted.subject, sample(symbol))
    if planted.rule == "split" and symbol != "AAPL":
        assert not found.leaks, "what is never split has no later split to know of"
        return
    assert planted.rule in rules(found)
    assert found.leaks


def test_there_are_ten_and_the_self_test_catches_them_all():
    assert len(PLANTED) == 10
    traps = self_test(sample("AAPL"))
    assert [trap.name for trap in traps if trap.leaks] == list(PLANTED)
    assert [trap.name for trap in traps if not trap.leaks] == list(HONEST)
    assert all(trap.caught for trap in traps)
    assert not replace(traps[0], found_by=()).caught
    assert not replace(traps[-1], found_by=("prefix",)).caught


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", PLANTED)
def test_leaks_are_found_whatever_the_seed(name, seed):
    assert audit(PLANTED[name].subject, days(400) if name != "adjusted_close" else sample("AAPL"), seed=seed).leaks


def test_a_wavelet_over_all_bars_leaks_and_one_that_looks_back_does_not():
    bars = sample("AAPL")
    leaking = audit(PLANTED["wavelet_of_all"].subject, bars)
    assert rules(leaking) >= {"prefix", "future", "end"}
    for name in ("wavelet_distance", "wavelet_trend", "wavelet_energy"):
        assert audit(Subject.of_item(name), bars).findings == ()


def audited(symbol, bars, **how):
    others = {"market": sample("SPY"), "QQQ": sample("QQQ"), "MSFT": sample("MSFT")}
    found = audit(Subject.of_set(sets.get("all")), bars, others=others, **how)
    assert [one.words for one in found.findings] == []
    assert len(found.columns) == len(sets.get("all").names)
    volume = {"EURUSD"} & {symbol}
    assert len(found.unjudged) < (100 if volume else 20), found.unjudged


@pytest.mark.parametrize("symbol", ["AAPL", *(pytest.param(one, marks=pytest.mark.slow) for one in SYMBOLS[1:])])
def test_no_registered_feature_leaks(symbol):
    audited(symbol, cut(sample(symbol), len(sample(symbol)), len(sample(symbol)) - 1500), cuts=1)


@pytest.mark.slow
@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("seed", [1, 2])
def test_no_registered_feature_leaks_however_often_one_looks(symbol, seed):
    audited(symbol, sample(symbol), cuts=6, seed=seed)


@pytest.mark.parametrize("name", ["ara-default", "ara-fast", "technical"])
def test_no_shipped_set_leaks(name):
    found = audit(Subject.of_set(sets.get(name)), sample("AAPL"), others={"market": sample("SPY")})
    assert [one.words for one in found.findings] == []
    assert found.unjudged == ()
    assert found.builds <= 1 + 1 + 9 + 18 + 3 + 9 + 9 + 3 + 1 + 5 + 6


@pytest.mark.parametrize("calendar", ["XNYS", "24/7", "forex"])
def test_longer_bars_of_shorter_ones_do_not_leak(calendar):
    bars = intraday(calendar, date(2024, 1, 2), date(2024, 3, 8), before=1, after=1)
    chosen = sets.FeatureSet(
        name="longer", items=tuple(sets.Item.parse(text) for text in ("rsi@1d", "rsi(window=2)@1w", "sma@4h", "rsi"))
    )
    found = audit(Subject.of_set(chosen), bars)
    assert [one.words for one in found.findings] == []


def test_one_indicator_a_formula_and_a_function_are_subjects():
    for text in ("rsi", "rsi(window=7)@1w", "close / sma(close, 20) - 1", "ara-fast", "macd.histogram"):
        assert audit(subject(text), sample("BTC-USD"), cuts=1).findings == ()
    assert audit(subject("beta:QQQ"), sample("AAPL"), others={"QQQ": sample("QQQ")}, cuts=1).findings == ()
    found = audit(subject("tests.features.audit.stranger:features"), sample("AAPL"))
    assert found.subject == "tests.features.audit.stranger:features"
    assert {one.column for one in found.leaks} == {"ahead"}
    assert found.columns == ("ahead", "behind")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rsy", "Did you mean"),
        ("tests.features.audit.stranger:nobody", "has no function and no indicator nobody"),
        ("tests.features.audit.stranger:COUNT", "COUNT of the module .* is int, neither a function nor an indicator"),
        ("no_such_module:function", "can't be imported: ModuleNotFoundError"),
        ("tests.features.audit.broken:function", "can't be imported"),
        ("missing.toml", "can't be read"),
        ("", "it is empty"),
    ],
)
def test_what_names_no_feature_is_refused(text, words):
    with pytest.raises(FeatureEngineeringError, match=words) as caught:
        subject(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda bars: 5, "gave int"),
        (lambda bars: {"x": np.zeros(3)}, r"gave 'x' of shape \(3,\)"),
        (lambda bars: pl.DataFrame({"x": [1.0]}), "no column 'at'"),
        (lambda bars: bars.frame.select("at", x=pl.lit(1.0)), "no column 'known_at'"),
        (lambda bars: bars.frame.select("at", "known_at"), "no feature"),
        (lambda bars: bars.frame.select("at", "known_at", "source"), "'source' of String"),
        (lambda bars: pl.concat([bars.frame.select("at", "known_at", "close")] * 2), "two rows for"),
        (
            lambda bars: bars.frame.select("at", "close", known_at=pl.lit(None, pl.Datetime("us", "UTC"))),
            "without known_at",
        ),
        (lambda bars: 1 / 0, "failed: ZeroDivisionError"),
    ],
)
def test_what_gives_no_features_is_refused(made, words):
    with pytest.raises(FeatureEngineeringError, match=words):
        audit(of(made, name="mine"), sample("AAPL"))


def test_a_subject_that_gives_no_frame_at_all_is_refused():
    mine = Subject(name="mine", build=lambda bars, others: "nothing")
    with pytest.raises(FeatureEngineeringError, match="mine gave str"):
        audit(mine, sample("AAPL"))


def test_bars_are_needed_and_enough_of_them():
    with pytest.raises(FeatureEngineeringError, match="no bars"):
        audit(Subject.of_item("rsi"))
    with pytest.raises(FeatureEngineeringError, match="59 bars; an audit needs 60"):
        audit(Subject.of_item("rsi"), cut(sample("AAPL"), 59))


def test_a_row_that_is_stamped_before_its_bar_closed_is_found():
    def opened(bars):
        return bars.frame.select("at", known_at="at", x="close")

    found = audit(of(opened), days(200))
    assert [one.detail for one in found.findings if one.rule == "known_at"] == ["before its bar closed"]
    assert found.findings[0].count == 200

    def before(bars):
        return bars.frame.select(pl.col("at") - timedelta(days=900), pl.col("known_at"), x=pl.lit(1.0))

    assert "known_at" in rules(audit(of(before), days(200)))


def test_rows_of_longer_bars_may_be_fewer_and_later():
    def weekly(bars):
        frame = bars.frame.group_by_dynamic("at", every="1w").agg(
            pl.col("known_at").last(), x=pl.col("close").last(), days=pl.len()
        )
        return frame.filter(pl.col("days") == 7).drop("days")

    assert audit(of(weekly), days(400), cuts=8).findings == ()


def test_a_row_that_comes_later_or_goes_is_found():
    def seldom(bars):
        return bars.frame[: len(bars) // 10 * 10 - 20].select("at", "known_at", x="close")

    assert {"prefix", "end"} <= rules(audit(of(seldom), days(400)))


def test_a_column_that_comes_later_is_found():
    def coded(bars):
        rows = {"x": bars.frame["close"].to_numpy() * 0}
        return rows | {"y": rows["x"] + 1} if len(bars) > 395 else rows

    found = audit(of(coded), days(400))
    assert {one.column for one in found.leaks} == {"y"}
    assert found.leaks[0].size == 1.0


def test_what_is_seldom_there_is_looked_at_when_it_is_new():
    """Two tops in 600 bars, told a bar early: no random cut falls just behind one."""

    def tops(bars):
        close = bars.frame["close"].to_numpy()
        high = close > np.quantile(days(600).frame["close"].to_numpy(), 0.997)
        return np.append(high[1:], False).astype(float)

    for seed in range(5):
        assert rules(audit(of(tops), days(600, seed=1), cuts=1, seed=seed)) & {"prefix", "future"}


def test_what_is_random_is_told_apart_from_what_leaks():
    random = np.random.default_rng(1)
    found = audit(of(lambda bars: {"x": random.random(len(bars)), "y": np.ones(len(bars))}), days(200))
    assert [(one.rule, one.column) for one in found.findings] == [("same", "x")]
    assert not found.leaks


def test_what_depends_on_the_beginning_is_told_but_is_no_leak():
    found = audit(of(lambda bars: np.cumsum(bars.frame["volume"].to_numpy())), days(400))
    assert rules(found) == {"start"}
    assert not found.leaks
    assert "other histories" in found.findings[0].advice


def test_a_declared_memory_is_held_to():
    def mean(bars, others):
        values = bars.frame["close"].rolling_mean(20) / bars.frame["close"] - 1
        return bars.frame.select("at", "known_at", mean=values)

    claim = Claim(scale=Scale.FREE, memory=20)
    honest = Subject(name="mean", build=mean, claims={"mean": claim})
    assert audit(honest, days(400)).findings == ()
    assert rules(audit(replace(honest, claims={"mean": replace(claim, memory=5)}), days(400))) == {"start"}
    forever = replace(claim, memory=None)
    assert forever.reach(DAY) == math.inf
    assert replace(claim, timeframe="1w").reach(DAY) == 22 * 7
    assert replace(claim, timeframe="1d").reach(Timeframe.parse("1h")) == 22 * 24


def test_a_level_of_price_may_be_declared():
    def level(bars, others):
        return bars.frame.select("at", "known_at", level="close")

    told = Subject(name="level", build=level, claims={"level": Claim(scale=Scale.PRICE, memory=1)})
    assert audit(told, sample("AAPL")).findings == ()
    assert rules(audit(replace(told, claims={}), sample("AAPL"))) == {"split"}
    assert rules(audit(replace(told, claims={"level": Claim(scale=Scale.FREE, memory=1)}), sample("AAPL"))) == {"split"}


def test_adjusting_bars_for_a_split_that_comes_later_is_found():
    def adjusted(bars):
        close = bars.frame["close"].to_numpy()
        leap = close[:-1] / close[1:]
        later = np.append(np.where(leap > 1.8, np.round(leap), 1.0), 1.0)
        factor = np.cumprod(later[::-1])[::-1]
        raw = close / factor if bars.basis is Basis.RAW else close
        return np.append(np.nan, raw[1:] - raw[:-1])

    found = audit(of(adjusted), sample("AAPL"))
    assert "split" in rules(found)


def test_a_rank_that_turns_on_the_last_digit_is_no_leak():
    def tied(bars, others):
        first = bars.frame["close"][0]
        row = pl.int_range(pl.len(), eager=False) == 700
        return bars.frame.select(
            "at", "known_at", x=pl.when(row & (first < 50)).then(0.0).otherwise(pl.col("close") / pl.col("open"))
        )

    found = audit(Subject(name="tied", build=tied), sample("AAPL"))
    assert found.findings == ()


def test_others_are_cut_with_the_bars():
    def ahead(bars, others):
        other = others["QQQ"].frame
        return bars.frame.select("at", "known_at").with_columns(x=pl.lit(other["close"][-1]))

    found = audit(Subject(name="ahead", build=ahead), sample("AAPL"), others={"QQQ": sample("QQQ")})
    assert {"prefix", "future"} <= rules(found)


def test_one_that_fails_on_fewer_bars_is_told():
    def proud(bars):
        if len(bars) < 390:
            raise ValueError("too few")
        return np.ones(len(bars))

    for bars in (days(400), cut(sample("AAPL"), 400)):
        found = audit(of(proud), bars)
        assert rules(found) == {"fails"}
        assert not found.leaks
        assert "too few" in found.findings[0].words


def test_columns_without_values_are_not_judged():
    found = audit(of(lambda bars: {"x": np.full(len(bars), np.nan), "y": np.ones(len(bars))}), days(200))
    assert found.unjudged == ("x",)
    assert found.findings == ()


def test_findings_say_what_was_seen():
    found = audit(PLANTED["next_bar"].subject, sample("AAPL"))
    told = found.as_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["leaks"] == len(found.leaks) == 5
    one = found.findings[0]
    assert RULES[one.rule][0] in one.words
    assert "against no value" in one.words
    assert replace(one, was=2.0, now=1.0).size == 0.5
    assert replace(one, was=math.inf, now=1.0).size == 1.0
    assert replace(one, was=0.0, now=0.0).size == 1.0
    assert replace(one, at=None).as_dict()["at"] is None


def test_the_same_seed_finds_the_same():
    first, second = (audit(PLANTED["chikou"].subject, sample("EURUSD"), seed=4) for _ in range(2))
    assert first.as_dict() == second.as_dict()


def test_scenes_keep_the_past():
    scene = Scene(bars=sample("AAPL"), others={"market": sample("SPY")})
    random = np.random.default_rng(1)
    count = 2000
    past = scene.bars.frame[:count]
    assert scene.until(count).bars.frame.equals(past)
    assert scene.until(count).others["market"].frame["known_at"][-1] <= past["known_at"][-1]
    for other in (scene.shuffled(count, random), scene.touched(count, random), scene.split_after(count, 4.0)):
        assert other.bars.frame[:count].equals(past)
        assert len(other.bars) == len(scene.bars)
        frame = other.bars.frame
        assert (frame["high"] >= frame["low"]).all()
        assert (frame["close"] != scene.bars.frame["close"])[count : count + 20].all()
    assert scene.split_after(count, 4.0).bars.basis is Basis.RAW
    later = scene.seen_after_split(count, 4.0).bars.frame
    np.testing.assert_array_equal(later["close"] * 4, past["close"])
    np.testing.assert_array_equal(later["volume"] / 4, past["volume"])
    assert scene.since(count).bars.frame["at"][0] == scene.bars.frame["at"][count]


def test_small_differences_are_rounding_and_large_ones_are_not():
    def table(values):
        return Table.of(days(4).frame.select("at", "known_at").with_columns(x=pl.Series(values)), name="x")

    whole, until = table([1.0, 2.0, math.inf, math.nan]), 2**62
    assert differences(whole, table([1.0 + 1e-9, 2.0, math.inf, math.nan]), until=until, tolerance=1e-6) == []
    for other in ([1.001, 2.0, math.inf, math.nan], [1.0, math.nan, math.inf, 3.0], [1.0, 2.0, -math.inf, math.nan]):
        assert len(differences(whole, table(other), until=until, tolerance=1e-6)) == 1
    flat = table([0.0, 0.0, 0.0, 1e-9])
    assert len(differences(flat, table([0.0] * 4), until=until, tolerance=1e-6)) == 1
    empty = Table(at=whole.at[:0], known=whole.known[:0], names=("x",), x=whole.x[:0])
    assert differences(empty, empty, until=until, tolerance=1e-6) == []


def _peeking(where):
    """Give the return, and in some bars that of the next one."""

    def make(bars):
        close = bars.frame["close"].to_numpy()
        back = np.append(np.nan, close[1:] / close[:-1] - 1)
        ahead = np.append(back[1:], np.nan)
        return {"x": np.where(where(bars, back) & np.isfinite(ahead), ahead, back)}

    return make


def _last_of(part):
    return lambda bars, back: np.append(np.diff(getattr(bars.frame["at"].dt, part)().to_numpy()) != 0, False)


PEEKING = {
    "week": _last_of("week"),
    "month": _last_of("month"),
    "quarter": _last_of("quarter"),
    "year": _last_of("year"),
    "gap": lambda bars, back: np.append(bars.frame["at"].diff().dt.total_hours().to_numpy()[1:] > 80, False),
    "rise": lambda bars, back: back > 0.07,
    "fall": lambda bars, back: back < -0.07,
    "before": lambda bars, back: np.abs(np.append(back[1:], np.nan)) > 0.07,
    "busy": lambda bars, back: bars.frame["volume"].to_numpy() > np.sort(bars.frame["volume"].to_numpy())[-20],
}


@pytest.mark.parametrize("kind", PEEKING)
@pytest.mark.parametrize("seed", range(3))
def test_a_leak_that_shows_seldom_is_found_by_looking_where_it_is_likely(kind, seed):
    found = audit(of(_peeking(PEEKING[kind])), sample("AAPL"), seed=seed)
    assert found.verdict == "leaks"
    assert found.moments[kind] == 2


def test_moments_are_what_they_are_called():
    bars = sample("AAPL")
    at = bars.frame["at"]
    found = moments(bars, each=3, first=700, last=3000, random=np.random.default_rng(1))
    assert set(found) == set(MOMENTS) - {"random", "seldom", "swap", "newest", "day"}
    assert all(700 - 1 <= count <= 3000 for counts in found.values() for count in counts)
    assert all(len(counts) == 3 for counts in found.values())
    for count in found["year"]:
        assert at[count - 1].year < at[count].year
    for count in found["gap"]:
        assert at[count] - at[count - 1] > timedelta(days=1.5)
    close = bars.frame["close"].to_numpy()
    moves = np.append(0.0, np.diff(np.log(close)))
    assert max(found["rise"], key=lambda count: moves[count - 1]) - 1 == 700 - 1 + int(np.argmax(moves[699:3000]))
    assert all(np.abs(moves[count]) > 0.06 for count in found["before"])
    assert "day" in moments(
        intraday("XNYS", date(2024, 1, 2), date(2024, 2, 8)), each=1, first=9, last=50, random=np.random.default_rng(1)
    )
    assert not {"week", "gap"} & set(
        moments(cut(sample("EURUSD"), 3), each=1, first=1, last=1, random=np.random.default_rng(1))
    )


def test_a_limit_and_its_steps():
    told = []
    audit(of(lambda bars: np.ones(len(bars))), days(200), step=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] <= told[-1][1] <= told[-1][0] + 16

    def slow(bars):
        time.sleep(3600)

    with pytest.raises(AuditError, match="slow took longer than"):
        audit(of(slow), days(200), limit=0.1)


def test_a_stubborn_stranger_is_called_back_again():
    def stubborn(bars):
        try:
            time.sleep(3600)
        except BaseException:  # noqa: BLE001 - as bad as it gets
            time.sleep(3600)

    with pytest.raises(AuditError, match="stubborn took longer"):
        audit(of(stubborn), days(200), limit=0.1)


def test_a_subject_is_named_by_a_text():
    with pytest.raises(AuditError, match="by a text, not by NoneType"):
        subject(None)


def test_infinite_values_are_named_and_noise_is_measured():
    found = audit(of(lambda bars: np.where(np.arange(len(bars)) == 5, np.inf, 1.0)), sample("AAPL"))
    assert [(one.rule, one.count) for one in found.findings] == [("infinite", 1)]
    assert "infinite" in found.findings[0].words
    assert found.verdict == "clear"
    one = Table.of(days(3).frame.select("at", "known_at").with_columns(x=pl.Series([1.0, math.nan, 2.0])), name="x")
    other = replace(one, x=np.array([[1.5], [math.nan], [2.0]]))
    assert spread(one, other) == {"x": 0.5}
    assert spread(one, replace(one, x=np.array([[1.0], [1.0], [2.0]]))) == {"x": math.inf}
    assert spread(one, replace(one, at=one.at + 1)) == {"x": math.inf}
    until = 2**62
    assert differences(one, other, until=until, tolerance=0.0, noise={"x": 0.5}) == []
    assert len(differences(one, other, until=until, tolerance=0.0, noise={"x": 0.4})) == 1


def test_what_fails_the_second_time_is_told():
    def moody(bars):
        calls.append(len(bars))
        if len(calls) == 2:
            raise FeatureEngineeringError("not again")
        return {"close": bars.frame["close"].to_numpy() * 1.0}

    calls = []
    found = audit(of(moody), sample("EURUSD"), cuts=2)
    assert (found.failed, [one.rule for one in found.findings]) == (1, ["fails"])
    assert "not again" in found.findings[0].words


def test_ctrl_c_passes_while_a_stranger_s_module_is_imported(tmp_path, monkeypatch):
    tmp_path.joinpath("audit_interrupted.py").write_text("raise KeyboardInterrupt")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    with pytest.raises(KeyboardInterrupt):
        subject("audit_interrupted:features")
    assert sys.path == before
