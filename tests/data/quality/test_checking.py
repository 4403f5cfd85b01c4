"""What a report says, and what each rule takes for a defect at its edges."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from ara.data import SCHEMAS, Kind
from ara.data.quality import QualityReport, Severity, check, cut, scores
from ara.market import symbols
from ara.market.bars import Basis
from ara.market.calendar import calendar
from ara.market.hours import spans
from ara.market.instrument import AssetClass, Instrument
from ara.market.symbols import guess
from ara.market.timeframe import DAY, Timeframe
from tests.data.quality.planted import SAMPLE, bases

APPLE, EURO, COIN = symbols.resolve("AAPL"), symbols.resolve("EURUSD"), symbols.resolve("BTC-USD")
WEEK, HOUR = Timeframe.parse("1w"), Timeframe.parse("1h")


def walk(instrument, days, timeframe=DAY, *, seed=1, steps=None):
    """Give bars of a walk whose volatility wanders, one for each label or time."""
    random = np.random.default_rng(seed)
    count = len(days)
    calm = 0.01 * np.exp(np.convolve(random.normal(0, 0.4, count + 20), np.ones(20) / 4, "valid")[:count])
    close = 100 * np.exp(np.cumsum(calm * random.standard_t(5, count) if steps is None else steps))
    opened = np.append(100.0, close[:-1]) * np.exp(calm * 0.3 * random.normal(size=count))
    spread = np.abs(random.normal(0, calm, (2, count)))
    times = spans(pl.Series(days), calendar(instrument.calendar), timeframe)
    return times.with_columns(
        open=pl.Series(opened),
        high=pl.Series(np.maximum(opened, close) * np.exp(spread[0])),
        low=pl.Series(np.minimum(opened, close) * np.exp(-spread[1])),
        close=pl.Series(close),
        volume=pl.Series(np.floor(1e6 * np.exp(60 * calm) * random.uniform(0.8, 1.2, count))),
        adjusted=pl.lit(None, pl.Float64),
    )


def sessions(instrument, first, last):
    return calendar(instrument.calendar).sessions(first, last)


@pytest.fixture
def apple():
    return walk(APPLE, sessions(APPLE, date(2015, 1, 2), date(2016, 12, 30)))


def _fields(one):
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def found(bars, instrument=APPLE, timeframe=DAY, **told):
    return {issue.rule: issue for issue in check(bars, instrument, timeframe, **told).issues}


def put(bars, row, **values):
    return bars.with_columns(
        pl.when(pl.int_range(pl.len()) == row).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )


def test_clean_bars_have_no_issue_and_the_score_one(apple):
    assert check(apple, APPLE) == QualityReport(score=1.0, issues=())


def test_the_order_of_rows_is_of_no_account(apple):
    bars = put(apple.filter(pl.col("at") != apple["at"][40]), 100, high=1.0)
    assert check(bars.sample(fraction=1, shuffle=True, seed=3), APPLE) == check(bars, APPLE)


def test_a_report_says_what_is_wrong_in_words_and_json(apple):
    bars = apple.filter(~pl.col("at").is_in([apple["at"][n] for n in (30, 31, 60)]))
    report = check(bars, APPLE)
    assert report.as_dict() == {
        "score": round((len(apple) - 3) / len(apple), 4),
        "issues": [
            {
                "rule": "missing",
                "severity": "warning",
                "symbol": "AAPL",
                "at": "2015-02-17T14:30:00Z",
                "count": 3,
                "words": "3 sessions are missing, first 2015-02-17",
            }
        ],
    }
    assert json.loads(json.dumps(report.as_dict())) == report.as_dict()


def test_each_flagged_bar_is_an_issue_of_its_own_where_asked(apple):
    bars = apple.filter(~pl.col("at").is_in([apple["at"][n] for n in (30, 31, 60)]))
    each = check(bars, APPLE, each=True)
    assert [(issue.at, issue.count) for issue in each.issues] == [(apple["at"][n], 1) for n in (30, 31, 60)]
    assert {issue.words for issue in each.issues} == {"there is no bar, though the venue traded"}
    assert each.as_dict() == check(bars, APPLE).as_dict(each=True)
    assert each.score == check(bars, APPLE).score


def test_an_issue_of_the_whole_series_has_an_entry_for_each_of_its_bars(apple):
    late = apple.with_columns(pl.col("open", "high", "low", "close").shift(1)).drop_nulls("close")
    told = {"others": {"other": apple}}
    whole = found(late, **told)["shift"]
    each = [issue for issue in check(late, APPLE, each=True, **told).issues if issue.rule == "shift"]
    assert whole.count == len(each) == len(late)
    assert [issue.at for issue in each] == late["at"].to_list()
    assert {(issue.count, issue.words) for issue in each} == {(1, "its label, or that of its close, is one bar off")}


def test_each_entry_says_what_is_wrong_with_its_own_bar(apple):
    nameless = apple[:2].with_columns(at=pl.lit(None, pl.Datetime("us", "UTC")))
    bars = pl.concat([put(put(apple, 7, high=1.0), 9, high=1.0), nameless])
    each = [issue for issue in check(bars, APPLE, each=True).issues if issue.rule == "impossible"]
    crossed = "its high is below, or its low above, another of its prices"
    assert [(issue.at, issue.words) for issue in each] == [
        *[(None, "it has no time")] * 2,
        (apple["at"][7], crossed),
        (apple["at"][9], crossed),
    ]
    assert {issue.as_dict()["count"] for issue in each} == {1}


def test_the_worst_issue_and_the_score_hide_no_bar(apple):
    report = check(put(apple, 100, close=-1.0), APPLE)
    assert report.worst is Severity.ERROR
    assert check(apple, APPLE).worst is None
    assert [cut(score, 2) for score in (1.0, 0.9999, 0.29, 0.0)] == [1.0, 0.99, 0.29, 0.0]
    assert QualityReport(score=0.99999, issues=()).as_dict()["score"] == 0.9999


def test_a_volume_of_zero_is_stale_where_it_is_seldom(apple):
    rows = [apple["at"][n] for n in (100, 300)]
    issue = found(put(put(apple, 100, volume=0.0), 300, volume=0.0))["stale"]
    assert (issue.times, issue.severity) == (tuple(rows), Severity.WARNING)
    assert issue.words.startswith("2 bars have a volume of zero, first 20")
    assert found(put(apple[:2], 1, volume=0.0))["stale"].count == 1


def test_a_volume_of_zero_is_no_defect_where_it_is_usual(apple):
    thin = apple.with_columns(volume=pl.when(pl.int_range(pl.len()) % 15 == 0).then(0.0).otherwise("volume"))
    assert "stale" not in found(thin)
    assert "stale" not in found(apple.with_columns(volume=pl.lit(0.0)))
    index = Instrument(**{**_fields(APPLE), "asset_class": AssetClass.INDEX})
    assert "stale" not in found(put(apple, 100, volume=0.0), index)


def test_a_bar_that_stands_still_without_volume_is_told_of_once(apple):
    copy = {name: apple[name][99] for name in ("open", "high", "low", "close")}
    issue = found(put(apple, 100, volume=0.0, **copy))["stale"]
    assert (issue.count, issue.times) == (1, (apple["at"][100],))


@pytest.mark.parametrize("year", [1970, 2099])
def test_a_stray_is_named_and_nothing_is_expected_up_to_it(apple, year):
    stray = apple[:1].with_columns(at=pl.lit(datetime(year, 1, 5, 14, 30, tzinfo=UTC)), known_at=pl.lit(None))
    issues = found(pl.concat([apple, stray], how="diagonal_relaxed"))
    assert (issues["off_calendar"].count, issues["off_calendar"].severity) == (1, Severity.ERROR)
    assert issues["off_calendar"].words == f"1 bar is years away from all others: {year}-01-05"
    assert "missing" not in issues


def test_a_bar_of_the_future_is_named_and_nothing_is_expected_up_to_it(apple):
    stray = apple[:1].with_columns(at=pl.lit(datetime(2018, 1, 5, 14, 30, tzinfo=UTC)), known_at=pl.lit(None))
    bars = pl.concat([apple, stray], how="diagonal_relaxed")
    issues = found(bars, now=apple["known_at"][-1])
    assert (issues["partial"].words, issues["partial"].severity) == ("1 bar is of the future: 2018-01-05", "error")
    assert {"missing", "off_calendar"}.isdisjoint(issues)
    assert found(bars)["missing"].count > 250


def test_only_bars_of_the_future_make_no_session_missing(apple):
    assert set(found(apple, now=datetime(2010, 1, 1, tzinfo=UTC))) == {"partial"}


def test_many_bars_after_a_long_pause_are_no_strays():
    days = sessions(APPLE, date(2015, 1, 2), date(2015, 3, 31)) + sessions(APPLE, date(2020, 1, 2), date(2020, 1, 31))
    assert found(walk(APPLE, days))["missing"].count > 1000


def test_no_bars_are_no_defect_and_no_quality(apple):
    assert check(apple.clear(), APPLE) == QualityReport(score=0.0, issues=())
    assert check(apple[:1], APPLE) == QualityReport(score=1.0, issues=())
    assert check(apple[:2], APPLE) == QualityReport(score=1.0, issues=())


def test_a_row_without_a_time_is_told_of(apple):
    bars = put(apple, 7, at=None).cast({"at": pl.Datetime("us", "UTC")})
    issues = found(bars)
    assert issues["impossible"].words == "1 row has no time"
    assert (issues["impossible"].count, issues["impossible"].at) == (1, None)
    assert issues["missing"].count == 1


def test_rows_without_times_and_bars_that_cannot_be_are_one_issue(apple):
    bars = pl.concat([put(apple, 7, high=1.0), apple[:2].with_columns(at=pl.lit(None, pl.Datetime("us", "UTC")))])
    issue = found(bars)["impossible"]
    assert issue.words.startswith("2 rows have no time; 1 bar has a high or low that can't be: 2015-01-13")
    assert (issue.severity, issue.count) == (Severity.ERROR, 3)


def test_missing_columns_and_null_times_are_filled_in(apple):
    bars = apple.drop("volume", "adjusted").with_columns(known_at=pl.lit(None, pl.Datetime("us", "UTC")))
    assert check(bars, APPLE).issues == ()


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), None])
@pytest.mark.parametrize("name", ["open", "high", "low", "close"])
def test_a_price_that_is_none_is_an_error(name, value, apple):
    issue = found(put(apple, 9, **{name: value}).cast({name: pl.Float64}))["nonpositive"]
    assert (issue.severity, issue.count, issue.at) == (Severity.ERROR, 1, apple["at"][9])


@pytest.mark.parametrize("symbol", ["CL=F", "^IRX"])
def test_a_future_or_an_index_may_be_worth_nothing_or_less(symbol, apple):
    told = check(put(apple, 9, open=0.0, high=1.0, low=-40.0, close=-37.63), guess(symbol))
    (issue,) = [one for one in told.issues if one.rule == "nonpositive"]
    assert (issue.severity, issue.count, issue.at) == (Severity.INFO, 1, apple["at"][9])
    assert issue.words.startswith("1 bar has a price of zero or less: ")
    broken = check(put(apple, 9, close=float("nan")), guess(symbol))
    assert [one.severity for one in broken.issues if one.rule == "nonpositive"] == [Severity.ERROR]


@pytest.mark.parametrize("value", [-1.0, float("inf")])
def test_a_volume_below_zero_or_without_end_is_an_error(value, apple):
    issue = found(put(apple, 9, volume=value))["nonpositive"]
    assert (issue.severity, issue.count, issue.at) == (Severity.ERROR, 1, apple["at"][9])
    assert issue.words.startswith("1 bar has a volume below zero or not finite: ")
    both = [one for one in check(put(apple, 9, volume=value, close=-1.0), APPLE).issues if one.rule == "nonpositive"]
    assert [(one.count, "price" in one.words) for one in both] == [(1, True)]
    oil = check(put(apple, 9, volume=value, open=-1.0, high=0.0, low=-3.0, close=-2.0), guess("CL=F")).issues
    assert [one.severity for one in oil if one.rule == "nonpositive"] == [Severity.ERROR]


@pytest.mark.parametrize("value", [0.0, None])
def test_no_volume_is_no_defect(value):
    bars = walk(EURO, sessions(EURO, date(2015, 1, 2), date(2016, 12, 30)))
    assert check(bars.with_columns(volume=pl.lit(value, pl.Float64)), EURO).issues == ()


def test_the_last_digits_of_a_price_are_no_contradiction(apple):
    high = apple["close"][9] * (1 - 1e-12)
    assert check(put(apple, 9, high=high, open=apple["close"][9] * 0.999, low=high * 0.99), APPLE).issues == ()


def test_the_same_bar_twice_is_a_warning_and_another_an_error(apple):
    assert found(pl.concat([apple, apple[5:7]]))["duplicate"].severity == Severity.WARNING
    other = found(pl.concat([apple, apple[5:7].with_columns(pl.col("close") * 1.001)]))["duplicate"]
    assert (other.severity, other.count) == (Severity.ERROR, 2)
    assert other.words == "2 bars stand twice, first 2015-01-09; 2 of them with other prices"


def test_a_bar_of_a_holiday_is_off_the_calendar(apple):
    days = [*sessions(APPLE, date(2015, 1, 2), date(2015, 12, 31)), date(2015, 12, 25)]
    issue = found(walk(APPLE, sorted(days)))["off_calendar"]
    assert (issue.count, issue.words) == (1, "1 bar is of a day without trading: 2015-12-25")


def test_forex_may_trade_on_sundays_and_holidays_but_not_on_saturdays():
    days = [date(2015, 1, 1) + timedelta(days=n) for n in range(365)]
    issue = found(walk(EURO, days), EURO)["off_calendar"]
    assert issue.count == sum(day.weekday() == 5 for day in days)


def test_coins_trade_always():
    days = [date(2015, 1, 1) + timedelta(days=n) for n in range(365)]
    assert check(walk(COIN, days), COIN).issues == ()
    assert found(walk(COIN, days[:99] + days[101:]), COIN)["missing"].count == 2


def test_a_bar_that_is_not_over_is_partial(apple):
    end = apple["known_at"][-1]
    assert found(apple, now=end - timedelta(minutes=1))["partial"].count == 1
    assert "partial" not in found(apple, now=end)
    learned = apple.with_columns(learned_at=pl.col("known_at"))
    assert "partial" not in found(learned)
    early = put(learned, 9, learned_at=learned["at"][9])
    issue = found(early, now=end)["partial"]
    assert (issue.at, issue.words) == (apple["at"][9], "1 bar was received before it was over: 2015-01-15")


def test_a_last_bar_with_little_in_it_is_partial(apple):
    last = len(apple) - 1
    tiny = put(apple, last, high=apple["close"][last], low=apple["close"][last], open=apple["close"][last], volume=9.0)
    assert "seems to be unfinished" in found(tiny)["partial"].words
    few = put(apple, last, volume=0.1 * apple["volume"].tail(40).median())
    assert found(few)["partial"].at == apple["at"][last]
    short = put(few, last, known_at=few["at"][last] + timedelta(hours=3, minutes=30))
    assert "partial" not in found(short)
    assert "partial" not in found(tiny[-30:])


def test_weeks_are_expected_once_each():
    mondays = [date(2014, 1, 6) + timedelta(weeks=n) for n in range(150)]
    bars = walk(APPLE, mondays, WEEK)
    assert check(bars, APPLE, WEEK).issues == ()
    gone = found(bars.filter(pl.col("at") != bars["at"][20]), APPLE, WEEK)["missing"]
    assert (gone.count, gone.words, gone.at) == (1, "1 bar is missing: 2014-05-27", bars["at"][20] + timedelta(days=1))


def hours(instrument, first, last, *, step=60):
    venue = calendar(instrument.calendar)
    stamps = []
    for day in venue.sessions(first, last):
        rests = venue.breaks(day)
        at = venue.opens(day)
        while at < venue.closes(day):
            if not any(start <= at < end for start, end in rests):
                stamps.append(at)
            at += timedelta(minutes=step)
    return pl.Series(stamps).cast(pl.Datetime("us", "UTC"))


def test_hours_of_a_session_are_expected_from_bell_to_bell():
    stamps = hours(APPLE, date(2015, 11, 2), date(2016, 1, 29))
    bars = walk(APPLE, stamps, HOUR)
    assert check(bars, APPLE, HOUR).issues == ()
    issue = found(bars.filter(~pl.col("at").is_in([stamps[9], stamps[50]])), APPLE, HOUR)["missing"]
    assert (issue.count, issue.words) == (2, "2 bars are missing, first 2015-11-03 16:30")
    outside = pl.concat([stamps, pl.Series([datetime(2015, 12, 25, 15, 30, tzinfo=UTC)]).cast(stamps.dtype)]).sort()
    assert found(walk(APPLE, outside, HOUR), APPLE, HOUR)["off_calendar"].count == 1


def test_what_trades_before_and_after_the_bell_is_of_a_day_with_trading():
    """From 4:00 to 20:00 in New York: a Friday, the eve of a holiday and an early close too."""
    stamps = pl.concat(
        [
            pl.datetime_range(
                at := datetime(2015, month, day, 9, tzinfo=UTC), at + timedelta(hours=15), "1h", eager=True
            )
            for month, day in ((11, 20), (11, 25), (11, 27), (12, 24))
        ]
    ).cast(pl.Datetime("us", "UTC"))
    assert "off_calendar" not in found(walk(APPLE, stamps, HOUR), APPLE, HOUR)
    off = [datetime(2015, 11, *at, tzinfo=UTC) for at in ((21, 15), (22, 23), (26, 23), (28, 6))]
    bars = walk(APPLE, pl.concat([stamps, pl.Series(off).cast(stamps.dtype)]).sort(), HOUR)
    assert list(found(bars, APPLE, HOUR)["off_calendar"].times) == off
    assert bars.filter(scores(bars, APPLE, HOUR) < 1)["at"].is_in(off).sum() == len(off)


def test_nothing_is_expected_in_tokyos_lunch():
    toyota = Instrument(
        symbol="7203.T", name="Toyota", asset_class=AssetClass.STOCK, venue="TSE", currency="JPY", calendar="XTKS",
        timezone="Asia/Tokyo", tick=Decimal("1"), lot=Decimal("100"),
    )  # fmt: skip
    half = Timeframe.parse("30m")
    stamps = hours(toyota, date(2019, 6, 3), date(2019, 8, 30), step=30)
    bars = walk(toyota, stamps, half)
    assert check(bars, toyota, half).issues == ()
    assert found(bars.filter(pl.col("at") != stamps[14]), toyota, half)["missing"].count == 1


def test_forex_hours_are_expected_between_the_first_and_last_of_a_session():
    stamps = hours(EURO, date(2015, 2, 2), date(2015, 4, 30))
    bars = walk(EURO, stamps, HOUR)
    assert check(bars, EURO, HOUR).issues == ()
    holes = [stamps[30], stamps[31], *stamps[240:264]]
    assert found(bars.filter(~pl.col("at").is_in(holes)), EURO, HOUR)["missing"].count == 3
    late = pl.Series([datetime(2015, 2, 7, 4, tzinfo=UTC)]).cast(stamps.dtype)
    assert found(walk(EURO, pl.concat([stamps, late]).sort(), HOUR), EURO, HOUR)["off_calendar"].count == 1


def test_an_hour_that_metals_rest_every_evening_is_no_gap():
    gold = symbols.resolve("XAUUSD")
    stamps = hours(gold, date(2015, 2, 2), date(2015, 4, 30)).to_frame("at")
    wall = pl.col("at").dt.convert_time_zone("America/New_York").dt.hour()
    assert check(walk(gold, stamps.filter(wall != 20)["at"], HOUR), gold, HOUR).issues == ()


def test_closes_that_stand_still_too_long_are_stale(apple):
    still = apple.with_columns(
        pl.when(pl.int_range(pl.len()).is_between(100, 106)).then(apple["close"][99]).otherwise(name).alias(name)
        for name in ("open", "high", "low", "close")
    )
    assert found(still)["stale"].count == 7
    once = put(apple, 100, close=apple["close"][99], open=apple["close"][99], high=apple["close"][99] * 1.01)
    assert "stale" not in found(once)


def test_a_bar_that_repeats_the_one_before_in_all_prices_is_stale(apple):
    same = put(apple, 100, **{name: apple[name][99] for name in ("open", "high", "low", "close")})
    assert found(same)["stale"].times == (apple["at"][100],)


def scaled(bars, first, last, factor):
    inside = pl.int_range(pl.len()).is_between(first, last)
    return bars.with_columns(
        pl.when(inside).then(pl.col(name) * factor).otherwise(name).alias(name)
        for name in ("open", "high", "low", "close")
    )


@pytest.mark.parametrize("factor", [1.6, 0.6])
def test_a_spike_that_is_taken_back_is_an_outlier_and_a_move_that_stays_is_none(factor, apple):
    assert found(scaled(apple, 200, 200, factor))["outlier"].times == (apple["at"][200],)
    assert "outlier" not in found(scaled(apple, 200, 9999, 1.45))


def test_two_wrong_closes_are_no_stretch_in_another_unit_between_them(apple):
    both = put(apple, 200, close=apple["close"][200] * 1.4, high=apple["close"][200] * 1.4)
    both = put(both, 220, close=apple["close"][220] / 1.4, low=apple["close"][220] / 1.4)
    issues = found(both)
    assert "unit" not in issues
    assert issues["outlier"].times == (apple["at"][200], apple["at"][220])


@pytest.mark.parametrize(
    ("factor", "last", "words"),
    [
        (100.0, 220, "21 bars are, first 2015-10-19, in another unit or currency: 100 times the price before"),
        (0.01, 200, "1 bar is: 2015-10-19, in another unit or currency: 1/100 of the price before"),
        (1.37, 210, "11 bars are, first 2015-10-19, in another unit or currency: 1.38 times the price before"),
        (1000.0, 9999, "1 bar is: 2015-10-19, in another unit or currency: 1,000 times the price before"),
    ],
)
def test_another_unit_is_told_with_its_factor(factor, last, words, apple):
    issues = found(scaled(apple, 200, last, factor))
    assert "outlier" not in issues
    assert issues["unit"].words == words
    assert issues["unit"].count == int(words.split()[0])


@pytest.mark.parametrize(
    ("factor", "shown"), [(1e-200, "less than a billionth of"), (1e60, "more than a billion times")]
)
def test_a_factor_beyond_counting_is_said_in_words(factor, shown, apple):
    issue = found(scaled(apple, 200, 220, factor))["unit"]
    assert issue.words == f"21 bars are, first 2015-10-19, in another unit or currency: {shown} the price before"


@pytest.mark.parametrize("factor", [1.35, 1 / 1.35, 1.5])
def test_another_currency_is_found_by_the_way_back(factor, apple):
    wild = np.random.default_rng(8).normal(0, 0.02, len(apple))
    bars = walk(APPLE, sessions(APPLE, date(2015, 1, 2), date(2016, 12, 30)), steps=wild)
    bars = bars.with_columns(open=pl.col("close").shift(1).fill_null(100.0))
    bars = bars.with_columns(
        high=pl.max_horizontal("open", "close", "high"), low=pl.min_horizontal("open", "close", "low")
    )
    assert found(scaled(bars, 200, 204, factor))["unit"].count == 5
    assert "unit" not in found(scaled(bars, 200, 9999, factor))
    assert "unit" not in found(bars)


def splits(*rows):
    at = [at for at, _ in rows]
    columns = {
        "at": at, "known_at": at, "learned_at": at, "action": ["split"] * len(at),
        "value": [float(value) for _, value in rows], "currency": [""] * len(at), "basis": ["raw"] * len(at),
    }  # fmt: skip
    return pl.DataFrame(columns, schema=SCHEMAS[Kind.ACTIONS])


@pytest.mark.parametrize(("ratio", "said"), [(4.0, "4:1"), (1.5, "3:2"), (0.1, "1:10")])
def test_an_untold_split_is_found_with_its_ratio(ratio, said, apple):
    bars = scaled(apple, 0, 249, ratio)
    issue = found(bars)["split"]
    assert (issue.times, issue.severity) == ((apple["at"][250],), Severity.WARNING)
    assert said in issue.words
    assert check(bars, APPLE, actions=splits()).issues == (issue,)


@pytest.mark.parametrize("kind", ["index", "forex", "crypto"])
def test_what_is_no_share_does_not_split(kind, apple):
    halved = scaled(apple, 0, 249, 2.0)
    assert "split" not in found(halved, symbols.guess("^VIX" if kind == "index" else "ABC", kind))
    assert "split" in found(halved)


def test_swings_of_an_index_of_closes_alone_are_no_outliers(apple):
    spike = scaled(apple, 200, 200, 1.3)
    only = spike.with_columns(pl.col("close").alias(name) for name in ("open", "high", "low"))
    half = put(only, 201, **dict.fromkeys(("open", "high", "low", "close"), only["close"][199] * 1.08))
    fear = symbols.guess("^VIX", "index")
    assert "outlier" in found(only, fear)
    assert "outlier" not in found(half, fear)


def test_a_told_split_is_worth_knowing_only(apple):
    bars = scaled(apple, 0, 249, 4.0)
    for told in (apple["at"][250], apple["at"][249], apple["at"][250] - timedelta(hours=13)):
        report = check(bars, APPLE, actions=splits((told, 4)))
        assert [(issue.rule, issue.severity) for issue in report.issues] == [("split", "info")]
        assert report.score == 1.0
    factor = pl.when(pl.int_range(pl.len()) < 250).then(0.25).otherwise(1.0) * pl.col("close")
    assert [issue.severity for issue in check(bars.with_columns(adjusted=factor), APPLE).issues] == ["info"]


def test_one_untold_split_beside_a_told_one_is_a_warning(apple):
    bars = scaled(scaled(apple, 0, 249, 4.0), 0, 149, 2.0)
    issue = found(bars, actions=splits((apple["at"][250], 4)))["split"]
    assert (issue.times, issue.severity) == ((apple["at"][150],), Severity.WARNING)


def test_a_split_that_did_not_happen_is_an_error(apple):
    told = splits((apple["at"][250], 4))
    assert found(apple, actions=told, basis=Basis.RAW)["split"].severity == Severity.ERROR
    two = splits((apple["at"][100], 2), (apple["at"][250], 4))
    assert found(apple, actions=two, basis=Basis.RAW)["split"].count == 2
    factor = pl.when(pl.int_range(pl.len()) < 250).then(0.25).otherwise(1.0) * pl.col("close")
    assert found(apple.with_columns(adjusted=factor))["split"].times == (apple["at"][250],)


def test_bars_that_are_adjusted_for_all_told_splits_are_in_order(apple):
    told = splits((apple["at"][100], 2), (apple["at"][250], 4))
    assert check(apple, APPLE, actions=told).issues == ()


@pytest.mark.parametrize("basis", [Basis.SPLIT, Basis.TOTAL, None])
def test_one_told_split_in_adjusted_bars_is_in_order(basis, apple):
    told = splits((apple["at"][250], 4))
    assert check(apple, APPLE, actions=told, basis=basis).issues == ()
    untold = scaled(apple, 0, 149, 2.0)
    assert found(untold, actions=told, basis=basis)["split"].times == (apple["at"][150],)


def test_splits_told_of_outside_the_bars_are_passed_over(apple):
    day = timedelta(days=1)
    told = splits((apple["at"][0] - 9 * day, 2), (apple["at"][-1] + 9 * day, 4))
    assert check(apple, APPLE, actions=told).issues == ()


def test_a_series_that_becomes_another_company_at_once_is_found(apple):
    other = scaled(apple, 250, 9999, 8.7).with_columns(
        volume=pl.when(pl.int_range(pl.len()) >= 250).then(pl.col("volume") * 30).otherwise("volume")
    )
    wild = other.with_columns(
        high=pl.when(pl.int_range(pl.len()) >= 250).then(pl.col("high") * 1.08).otherwise("high"),
    )
    issue = found(wild)["reuse"]
    assert check(wild, APPLE).score <= 0.5
    assert (issue.at, issue.count) == (apple["at"][250], 1)
    assert issue.words == "from 2015-12-30 on it seems to be another company under the same symbol"


def test_a_level_that_changes_unnoticed_is_another_company_and_one_with_news_is_none(apple):
    other = scaled(apple, 250, 9999, 2.3)
    assert found(other)["reuse"].at == apple["at"][250]
    volume = pl.when(pl.int_range(pl.len()) == 250).then(pl.col("volume") * 9).otherwise("volume")
    assert "reuse" not in found(other.with_columns(volume=volume))
    assert "reuse" not in found(scaled(apple, 250, 9999, 2.0))
    assert "reuse" not in found(scaled(apple, 250, 260, 2.3))
    assert "reuse" not in found(scaled(apple, 503, 503, 2.3))


def test_another_source_shows_a_label_that_is_off(apple):
    late = apple.with_columns(pl.col("open", "high", "low", "close").shift(1)).drop_nulls("close")
    early = apple.with_columns(pl.col("open", "high", "low", "close").shift(-1)).drop_nulls("close")
    assert "labelled one bar late" in found(late, others={"other": apple})["shift"].words
    assert "labelled one bar early" in found(early, others={"other": apple})["shift"].words
    assert "shift" not in found(apple, others={"other": apple})
    assert "shift" not in found(late[:30], others={"other": apple})


def test_the_majority_says_whose_labels_are_off(apple):
    late = apple.with_columns(pl.col("open", "high", "low", "close").shift(1)).drop_nulls("close")
    assert found(late, others={"a": apple, "b": apple, "c": late})["shift"].severity == Severity.WARNING
    sure = found(late, others={"a": apple, "b": apple})["shift"]
    assert (sure.severity, sure.words) == ("error", "its bars are labelled one bar late, against those of a and b")
    for others in ({"off": late, "a": apple}, {"a": apple, "off": late}, {"a": apple, "b": apple, "off": late}):
        assert check(apple, APPLE, others=others).issues == ()
    alone = found(late, others={"a": apple})["shift"]
    assert (alone.severity, "or those of a" in alone.words) == ("warning", True)


def telling(bars):
    """Give bars whose highs and lows stretch to the next close, and whose closes are wrong now and then."""
    following = pl.col("close").shift(-1).fill_null(pl.col("close"))
    stretched = bars.with_columns(high=pl.max_horizontal("high", following), low=pl.min_horizontal("low", following))
    for row in range(20, 500, 40):
        stretched = scaled(stretched, row, row, 1.06)
    return stretched


def test_a_source_that_convicts_itself_is_no_witness(apple):
    liar = telling(apple)
    assert "same_bar" in found(liar)
    assert check(apple, APPLE, others={"liar": liar, "again": liar}).issues == ()
    late = liar.with_columns(pl.col("open", "high", "low", "close").shift(1)).drop_nulls("close")
    assert check(apple, APPLE, others={"late": late}).issues == ()
    assert found(late, others={"a": apple})["shift"].severity == Severity.ERROR
    wrong = put(scaled(apple, 200, 200, 1.06), 200, low=1e6)
    assert check(apple, APPLE, others={"a": wrong, "b": wrong}).issues == ()


def test_each_disagreement_names_those_that_differ_there(apple):
    two, one = scaled(apple, 200, 200, 1.05), scaled(apple, 300, 300, 1.05)
    others = {"a": scaled(apple, 300, 300, 1.05)[:400], "b": apple}
    assert check(apple, APPLE, others={"a": two, "b": one}).issues == ()
    wrong = scaled(scaled(two, 300, 300, 1.05), 450, 450, 1.05)
    issue = found(wrong, others=others)["disagree"]
    assert [(part.severity, part.words) for part in issue.parts] == [
        ("error", "1 close is another than that of a and b: 2015-10-19"),
        ("warning", "1 close is another than that of b: 2016-10-14"),
    ]
    assert [one.words for one in issue.each()] == ["the close of a and b is another", "the close of b is another"]


def test_one_against_one_the_close_that_the_next_open_takes_back_is_to_blame(apple):
    wrong = scaled(apple, 200, 200, 1.06)
    issue = found(wrong, others={"a": apple})["disagree"]
    assert (issue.count, issue.words) == (1, "1 close is another than that of a: 2015-10-19")
    assert check(apple, APPLE, others={"a": wrong}).issues == ()


def test_one_against_one_whose_next_opens_fit_nobody_knows_who_is_right(apple):
    raised = scaled(apple, 200, 200, 1.06)
    wrong = put(raised, 201, open=apple["open"][201] * 1.06, high=apple["high"][201] * 1.06)
    for mine, other in ((wrong, apple), (apple, wrong)):
        issue = found(mine, others={"a": other})["disagree"]
        assert issue.severity == Severity.WARNING
        assert (
            issue.words
            == "1 close is another than that of a: 2015-10-19; of two sources it can't be told which is right"
        )
        assert issue.each()[0].words == "the close of a is another; of two sources it can't be told which is right"
    both = found(scaled(wrong, 300, 300, 1.06), others={"a": apple})["disagree"]
    assert [part.words.endswith("which is right") for part in both.parts] == [False, True]
    assert "told" not in found(wrong, others={"a": apple, "b": apple})["disagree"].words


def test_closes_apart_by_a_part_of_the_bars_range_are_no_disagreement(apple):
    wide = put(apple, 200, high=apple["close"][200] * 1.08, low=apple["close"][200] * 0.96)
    near = put(wide, 200, close=wide["close"][200] * 1.02)
    assert "disagree" not in found(near, others={"a": wide, "b": wide})
    assert "disagree" in found(put(apple, 200, close=apple["close"][200] * 1.02), others={"a": apple, "b": apple})


def test_two_sources_against_one_are_an_error_one_a_warning(apple):
    wrong = scaled(apple, 200, 200, 1.02)
    assert found(wrong, others={"a": apple})["disagree"].severity == Severity.WARNING
    issue = found(wrong, others={"a": apple, "b": apple})["disagree"]
    assert (issue.severity, issue.count) == (Severity.ERROR, 1)
    assert issue.words == "1 close is another than that of a and b: 2015-10-19"
    assert "disagree" not in found(wrong, others={"a": apple, "b": wrong})
    assert "disagree" not in found(wrong, others={"a": apple[:5]})


def test_levels_that_differ_by_an_adjustment_are_no_disagreement(apple):
    assert check(apple, APPLE, others={"other": scaled(scaled(apple, 0, 200, 0.5), 0, 9999, 3.0)}).issues == ()


def test_a_series_that_never_moves_is_stale_and_nothing_else(apple):
    flat = apple.with_columns(pl.lit(5.0).alias(name) for name in ("open", "high", "low", "close"))
    assert set(found(flat)) == {"stale"}


def test_closes_alone_are_told_of_and_no_defect():
    base = next(base for base in bases(SAMPLE) if base.bars_symbol == "^GSPC")
    only = base.bars.with_columns(pl.col("close").alias(name) for name in ("open", "high", "low"))
    only = only.with_columns(volume=pl.lit(None, pl.Float64))
    told = check(only, base.instrument)
    (issue,) = told.issues
    assert (issue.rule, issue.severity, issue.at, told.score) == ("partial", "info", only["at"][0], 1.0)
    assert issue.words == f"closes only: open, high and low are the close in each of the {len(only):,} bars"
    assert len(check(only, base.instrument, each=True).issues) == 1
    assert check(put(only, 7, open=1.0), base.instrument).issues[0].rule != "partial"
    assert check(only.head(4), base.instrument).issues == ()


def test_the_score_counts_each_bar_by_its_worst_fault_and_halves_for_the_whole(apple):
    wrong = put(apple, 9, high=1.0)
    assert check(wrong, APPLE).score == pytest.approx((len(apple) - 0.5) / len(apple))
    worse = put(wrong, 9, open=-1.0)
    assert check(worse, APPLE).score == pytest.approx((len(apple) - 1) / len(apple))
    late = apple.with_columns(pl.col("open", "high", "low", "close").shift(1)).drop_nulls("close")
    assert check(late, APPLE, others={"a": apple, "b": apple}).score == pytest.approx(0.5)
    assert check(late, APPLE, others={"a": apple}).score == pytest.approx(0.8)
