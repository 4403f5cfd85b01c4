from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from ara.cli.palette import Palette
from ara.cli.render.forecast import DEPTHS, View, show
from ara.cli.words import width
from ara.market.instrument import AssetClass
from ara.prediction.forecast import Factor
from ara.prediction.record import Direction, Receipt

TODAY = date(2026, 11, 21)


@pytest.fixture
def shown(make_forecast):
    def render(forecast=None, **view):
        return show(forecast or make_forecast(), View(**{"width": 100, "today": TODAY, "zone": UTC, **view}))

    return render


def test_the_whole_screen(shown, make_forecast):
    forecast = make_forecast(days=2)
    assert shown(forecast, kept=True) == (
        "AAPL  Apple Inc.  NASDAQ, USD                                       close 122.15 on Wed 31 Mar 2021\n"
        "  From the bundled sample, 5 years and 7 months ago. For today: ara data update AAPL\n"
        "  Range, not direction: ewma_t takes no view of whether AAPL rises or falls.\n"
        "\n"
        "              median  change    80 % band       95 % band     P(up)  sure\n"
        "  Thu  1 Apr   122.2   0.0 %  119.8 to 124.5  118.6 to 125.8   0.50  0.73      ───├────●────┤───\n"
        "  Fri  2 Apr   122.2   0.0 %  118.9 to 125.5  117.2 to 127.3   0.50  0.72   ────├──────●──────┤────\n"
        "\n"
        "  Sure        0.73 is the chance that the close ends within the usual move of the median (1 day:\n"
        "              ±2.9 %); an ordinary day has 0.80.\n"
        "  Data        sample, quality 0.98; up to Wed 31 Mar 2021, nothing since\n"
        "\n"
        f"  Kept as {forecast.id[:6]} in the ledger.   Later: ara score   Reasons: ara predict AAPL --analysis full"
    )


@pytest.mark.parametrize("depth", DEPTHS)
def test_where_all_is_told_the_receipt_is_named_that_can_be_followed(shown, make_forecast, depth):
    plain = make_forecast(days=2)
    first, *rest = plain.days
    facts = {"low": 0.70, "high": 0.75, "forecasts": 100, "inside": 73, "share": 0.73, "least": 0.64, "most": 0.81}
    paper = Receipt(horizon=1, until=datetime(2020, 12, 31, tzinfo=UTC), **facts)
    told = replace(plain, days=(replace(first, receipt=paper), *rest))
    words = f"Receipt: ara ledger receipt {told.id[:6]}"
    assert (words in shown(told, kept=True, depth=depth)) is (depth == "full")
    assert words not in shown(plain, kept=True, depth=depth)  # of which nothing is known there is none
    assert "Receipt:" not in shown(told, depth=depth)  # nor of what is not kept


WIDE = {"BTC-USD": (8905.43, AssetClass.CRYPTO, "0.01"), "EURUSD": (1.09213, AssetClass.FOREX, "0.00001")}


@pytest.mark.parametrize("columns", [20, 24, 33, 40, 48, 60, 80, 100, 160, 200])
@pytest.mark.parametrize("symbol", ["AAPL", *WIDE])
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("plain", [False, True], ids=["", "plain"])
def test_no_line_is_wider_than_the_screen(shown, make_forecast, columns, symbol, depth, plain):
    close, kind, tick = WIDE.get(symbol, (122.15, AssetClass.STOCK, "0.01"))
    forecast = make_forecast(symbol, close=close, kind=kind, tick=tick, days=30)
    for line in shown(forecast, width=columns, depth=depth, kept=True, plain=plain).splitlines():
        assert width(line) <= columns or " " not in line.strip()


@pytest.mark.parametrize(
    ("columns", "there", "gone"),
    [
        (100, "●", ""),
        (80, "95 %", "●"),
        (60, "P(up)", "95 %"),
        (58, "P(up)", "95 %"),
        (52, "sure", "P(up)"),
        (45, "change", "sure"),
        (38, "80 %", "change"),
    ],
)
def test_columns_go_in_their_stated_order(shown, columns, there, gone):
    text = shown(width=columns, depth="minimal")
    assert there in text
    assert not gone or gone not in text


def test_a_narrow_screen_has_one_value_a_line_and_whole_numbers(shown):
    lines = shown(width=20).splitlines()
    assert lines[lines.index("Thu 1 Apr") : lines.index("Fri 2 Apr")] == [
        "Thu 1 Apr",
        " median 122.2",
        " change 0.0 %",
        " 80 % band 119.8",
        "   to 124.5",
        " 95 % band 118.6",
        "   to 125.8",
        " P(up) 0.50",
        " sure 0.73",
    ]


def test_numbers_of_a_column_end_in_the_same_place(shown, make_forecast):
    forecast = make_forecast("BTC-USD", close=9_800.0, volatility=0.06, kind=AssetClass.CRYPTO, drift=0.01)
    rows = [line for line in shown(forecast, width=80).splitlines() if " Apr " in line]
    assert {row.index(" to ") for row in rows} == {rows[0].index(" to ")}
    assert {row.rindex(" to ") for row in rows} == {rows[0].rindex(" to ")}
    assert {len(row) for row in rows} == {len(rows[0])}


def test_a_model_with_a_view_is_not_said_to_have_none(shown, make_forecast):
    text = shown(make_forecast(drift=0.002, p_up=0.55))
    assert "takes no view" not in text
    assert "Range, not direction: how well ewma_t tells rises from falls was not judged" in " ".join(text.split())
    assert "+0.2 %" in shown(make_forecast(drift=0.002, p_up=0.55))
    assert "-0.2 %" in shown(make_forecast(drift=-0.002, p_up=0.45))


@pytest.mark.parametrize("columns", [90, 100, 120, 160, 200])
@pytest.mark.parametrize("depth", DEPTHS)
def test_head_and_words_end_where_the_table_does(shown, make_forecast, columns, depth):
    long = "One of the two sources had no bars for that week, so that those of the other one were taken instead."
    lines = shown(make_forecast(warnings=(long,)), width=columns, depth=depth, kept=True).splitlines()
    table = [width(line) for line in lines if " Apr " in line]
    assert width(lines[0]) == max(table)
    assert max(map(width, lines)) == max(table)


def test_how_old_the_data_is(shown, make_forecast):
    assert "5 years and 7 months ago. For today: ara data update AAPL" in shown()
    assert "ago, as asked." in shown(asked=True)
    live = make_forecast(source="yahoo")
    assert "ago" not in shown(live, today=date(2021, 4, 1))
    assert "The last close is 9 days old. To renew it: ara data update AAPL" in shown(live, today=date(2021, 4, 9))
    assert "old." not in shown(live, asked=True)


def test_each_depth_says_more(shown):
    minimal, basic, standard, full = (shown(depth=depth) for depth in DEPTHS)
    assert "Sure" not in minimal
    assert "Range" not in minimal
    assert "Sure" in basic
    assert "Data " not in basic
    assert "quality 0.98" in standard
    assert "Why so wide" not in standard
    assert "volatility is 1.3x its year; market stress is low" in " ".join(full.split())


def test_full_names_everything_that_the_figures_follow_from(shown, make_forecast):
    forecast = make_forecast()
    text = shown(forecast, depth="full", width=120)
    assert forecast.id in text
    assert forecast.lineage.data in text
    assert "2021-03-31 20:00 UTC" in text
    assert "2021-03-31 22:00 CEST" in shown(forecast, depth="full", zone=ZoneInfo("Europe/Paris"))


def test_a_band_that_is_narrower_than_usual_is_not_called_wide(shown, make_forecast):
    forecast = make_forecast()
    calm = Factor(name="volatility_ratio", value=0.85, contribution=-0.15, description="volatility is 0.85x its year's")
    days = tuple(replace(day, factors=(calm,)) for day in forecast.days)
    text = shown(replace(forecast, days=days), depth="full")
    assert "Why so narrow volatility is 0.85x its year's" in text
    assert "Why so wide" not in text


def explained(forecast, wider=0.21):
    """Give the forecast with shares that sum to a whole, and a median that came from somewhere."""
    told = (
        Factor(name="week", value=1.4, contribution=0.25, description="the last 5 bars or so were 1.40x as wild"),
        Factor(name="else", value=0.0, contribution=-0.04, description="3 smaller reasons together"),
    )
    lean = (Factor(name="drift", value=0.0031, contribution=0.0031, description="how it drifted"),)
    return replace(forecast, days=tuple(replace(day, wider=wider, factors=told, leans=lean) for day in forecast.days))


@pytest.mark.parametrize("columns", [40, 60, 100, 160])
def test_shares_stand_beside_their_words_at_every_width(shown, make_forecast, columns):
    text = shown(explained(make_forecast()), depth="full", width=columns)
    words = " ".join(text.split())
    for part in ("+25.0 %", "-4.0 %", "+21.0 %", "the last 5", "3 smaller reasons", "+0.31 % how it drifted"):
        assert part in words
    told = [line for line in text.splitlines() if "%" in line and "band" not in line]
    assert max(map(width, told)) <= columns
    assert ("1 day 5 days" in words) == (columns > 50)


def test_a_wide_band_says_its_largest_causes_without_being_asked(shown, make_forecast):
    wide = explained(make_forecast(), wider=0.31)
    words = " ".join(shown(wide).split())
    assert "Why so wide +31.0 % against a usual bar of its last 250: +25.0 % the last 5 bars or so were" in words
    assert "smaller reasons" not in words
    assert "Why so wide" not in shown(explained(make_forecast(), wider=0.24))
    assert "Why so wide" not in shown(explained(make_forecast(), wider=-0.31))
    assert "Why so wide" not in shown(wide, depth="basic")
    assert shown(wide, depth="full").count("Why so wide") == 1


def test_what_moves_the_confidence_stands_beside_it(shown, make_forecast):
    parts = (
        Factor(name="horizon", value=0.82, contribution=0.02, description="a usual bar of it has 0.82 over 1 bar"),
        Factor(name="market", value=1.3, contribution=-0.09, description="how volatile it and its market are now"),
        Factor(name="data", value=1.0, contribution=0.0, description="the data"),
    )
    forecast = explained(make_forecast())
    days = tuple(replace(day, sure=parts) for day in forecast.days)
    words = " ".join(shown(replace(forecast, days=days), depth="full").split())
    assert "Why not surer -0.09 how volatile it and its market are now; +0.02 a usual bar of it has" in words
    assert "+0.00" not in words
    surer = tuple(replace(day, confidence=0.85) for day in days)
    assert "Why so sure" in shown(replace(forecast, days=surer), depth="full")


def test_one_day_has_one_column_of_shares(shown, make_forecast):
    assert "days" not in shown(explained(make_forecast(days=1)), depth="full").partition("Why so wide")[2][:40]


def test_a_median_that_is_the_last_close_needs_no_reason(shown, make_forecast):
    forecast = explained(make_forecast())
    bare = replace(forecast, days=tuple(replace(day, leans=()) for day in forecast.days))
    assert "Median  " in shown(forecast, depth="full")
    assert "Median  " not in shown(bare, depth="full")


def test_full_without_reasons_leaves_the_line_out(shown, make_forecast):
    assert "Why so wide" not in shown(make_forecast(factors=False), depth="full")


def test_warnings_and_fallbacks_stand_before_the_figures(shown, make_forecast):
    text = shown(make_forecast(warnings=("Only 80 bars.",), degraded=("The ensemble failed.",)), depth="minimal")
    assert text.index("The ensemble failed.") < text.index("Only 80 bars.") < text.index("median")


def test_the_regime_is_told_when_known(shown, make_forecast):
    assert "Regime      name sideways, probability 0.62" in shown(
        make_forecast(regime={"name": "sideways", "probability": 0.62})
    )


def test_no_day_left(shown, make_forecast):
    text = shown(make_forecast(days=0), depth="full")
    assert "No day is as sure as was asked for." in text
    assert "close 122.15" in text


def test_a_band_without_width_is_drawn_in_the_middle(shown, make_forecast):
    row = next(line for line in shown(make_forecast(volatility=1e-300), width=100).splitlines() if "Thu  1 Apr" in line)
    assert row.strip().endswith("●")


def at_length(forecast, step, **rest):
    """Give the forecast as if of bars of another length."""
    lineage = replace(forecast.lineage, settings={**forecast.lineage.settings, "timeframe": step})
    return replace(forecast, lineage=lineage, **rest)


def test_weeks_are_called_weeks_and_named_by_their_first_session(shown, make_forecast):
    text = shown(at_length(make_forecast(days=2), "1w"), depth="full")
    assert "close 122.15 of the week of Wed 31 Mar 2021" in text
    assert "  week of     median" in text
    assert "(1 week: ±2.9 %); an ordinary week has 0.80" in " ".join(text.split())
    assert "when the close of the week of Wed 31 Mar 2021 was public" in " ".join(text.split())


def test_bars_of_minutes_are_named_by_the_time_of_their_close(shown, make_forecast):
    forecast = make_forecast(days=2)
    days = tuple(replace(day, usual_move=0.00012) for day in forecast.days)
    text = shown(at_length(forecast, "1m", days=days, as_of=datetime(2021, 3, 31, 19, 59, tzinfo=UTC)))
    assert "close 122.15 on Wed 31 Mar 2021, 19:59 UTC" in text
    assert "(1 bar: ±0.012 %)" in " ".join(text.split())


def test_plain_terminals_get_ascii(shown):
    text = shown(plain=True, kept=True)
    assert text.isascii()
    assert "--|---" in text
    assert "+/-2.9 %" in text


def test_colours_change_nothing_but_colours(shown):
    import re

    painted = shown(palette=Palette(3), kept=True, depth="full")
    assert "\x1b[38;2;" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == shown(kept=True, depth="full")


@pytest.mark.parametrize("columns", [20, 60, 100])
def test_a_hostile_name_stays_text(shown, make_forecast, columns):
    text = shown(make_forecast("AAPL", "Evil\x1b[2J\r\u202eInc."), width=columns)
    assert "\x1b" not in text
    assert "\\x1b[2J" in text


def test_the_head_breaks_where_there_is_no_room(shown):
    assert shown(width=60).splitlines()[:2] == ["AAPL  Apple Inc.  NASDAQ, USD", "close 122.15 on Wed 31 Mar 2021"]
    assert shown(width=22).splitlines()[:3] == ["AAPL", "Apple Inc.", "NASDAQ, USD"]


def called(make_forecast, sides, **rest):
    """Make a forecast whose days call these directions, by a record."""
    forecast = make_forecast(days=len(sides), drift=0.002, p_up=0.58, model="fast")
    facts = {"kind": "stocks", "forecasts": 9845, "days": 1006, "tests": 15} | rest
    until = datetime(2020, 12, 31, 21, tzinfo=UTC)
    told = [Direction(called=side, p=0.004 if side else 0.41, horizon=1, until=until, **facts) for side in sides]
    days = [replace(entry, direction=one) for entry, one in zip(forecast.days, told, strict=True)]
    return replace(forecast, days=tuple(days))


def test_a_direction_that_is_borne_out_is_called(shown, make_forecast):
    text = " ".join(shown(called(make_forecast, ["up", "up", ""])).split())
    assert "Direction: up by Thu 1 Apr (0.58) and 1 more; fast told the direction of stocks better than chance" in text
    assert "(p < 0.01 after 15 tests, 9,845 forecasts of 1 day up to Thu 31 Dec 2020)" in text
    assert "Range, not direction" not in text
    one = " ".join(shown(called(make_forecast, ["", "down"])).split())
    assert "Direction: down by Fri 2 Apr (0.58); fast told" in one


def test_a_direction_that_is_not_is_never_called(shown, make_forecast):
    text = " ".join(shown(called(make_forecast, ["", ""])).split())
    assert "Range, not direction: no skill in calling the direction of stocks was found (p 0.41 after 15 tests," in text
    assert "Direction:" not in text


@pytest.mark.parametrize(
    ("stated", "low", "high", "said"),
    [
        (0.797, 0.75, 0.8, "0.797"),
        (0.79996, 0.75, 0.8, "0.79996"),
        (0.793, 0.75, 0.8, "0.79"),
        (0.8, 0.8, 0.85, "0.80"),
        (0.9999, 0.95, 1.0, "0.9999"),
        (1.0, 0.95, 1.0, "1.00"),
    ],
)
def test_what_is_stated_lies_in_the_bin_of_its_receipt(shown, make_forecast, stated, low, high, said):
    forecast = make_forecast(days=1)
    facts = {"forecasts": 3112, "inside": 2290, "share": 0.736, "least": 0.72, "most": 0.751}
    receipt = Receipt(horizon=1, until=datetime(2020, 12, 31, tzinfo=UTC), low=low, high=high, **facts)
    day = replace(forecast.days[0], confidence=stated, receipt=receipt)
    assert f" {said} is the chance that" in shown(replace(forecast, days=(day,)))


def test_a_receipt_stands_beside_what_is_stated(shown, make_forecast):
    forecast = make_forecast(days=1)
    facts = {"low": 0.7, "high": 0.75, "forecasts": 3112, "inside": 2290, "share": 0.736, "least": 0.72, "most": 0.751}
    receipt = Receipt(horizon=1, until=datetime(2020, 12, 31, tzinfo=UTC), **facts)
    text = " ".join(shown(replace(forecast, days=(replace(forecast.days[0], receipt=receipt),))).split())
    assert "Of 3,112 forecasts that said 0.7 to 0.75, 73.6 % did (72.0 to 75.1)." in text
