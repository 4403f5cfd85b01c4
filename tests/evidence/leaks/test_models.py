"""Audits of forecasts: planted leaks are found, clean twins pass, and how strangers fail is told."""

import math
import sys
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from ara.errors import AuditError, CancelledError, ModelError, PluginError
from ara.evidence.leaks import RULES, Audit, Finding, Forecaster, audit, forecaster, markets, tells
from ara.evidence.leaks.model_traps import PlantedModel, self_test
from ara.evidence.leaks.planted_models import PLANTED, bars
from ara.models.checks import toy_panel
from ara.prediction.bulk import forecast_frame
from ara.prediction.compute import Recipe
from tests.evidence.leaks import command

COMMAND = f"{sys.executable} -m tests.evidence.leaks.command"
FILES = "{bars} {origins} {out}"


@pytest.fixture(scope="module")
def market() -> pl.DataFrame:
    return bars()


def honest(told: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
    answer = forecast_frame(told, origins, Recipe())
    keys = origins.select("symbol", "instant", "horizon")
    return pl.concat([keys, answer.select(pl.exclude("symbol", "origin", "horizon"))], how="horizontal")


def rules(found: Audit) -> set[str]:
    return {one.rule for one in found.findings}


def test_ten_leaks_are_found_and_ten_clean_twins_pass():
    told = []
    traps = self_test(step=lambda done, total: told.append((done, total)))
    assert told[-1] == (20, 20)
    assert len(PLANTED) == 10
    assert [trap.name for trap in traps if not trap.caught] == []
    assert [trap.leaks for trap in traps] == [True] * 10 + [False] * 10
    assert {trap.rule for trap in traps if trap.leaks} <= set(RULES)


def test_only_many_origins_at_once_show_what_is_fitted_to_the_last_of_them(market):
    found = audit(Forecaster.of_model(PlantedModel("refit_to_last")), market, moments=1)
    assert rules(found) == {"grid_poison", "grid_cut"}
    assert found.verdict == "leaks"
    assert found.failed == 0


@pytest.mark.parametrize("family", ["ewma_t", "har_t", "hist"])
def test_families_of_ara_pass(market, family):
    found = audit(Forecaster.of_model(family), market, moments=2)
    assert (found.verdict, found.findings) == ("clear", ())
    assert 16 + 10 <= found.asked <= 16 + 13, "bars that change places, up to three closer looks, horizons, names"
    assert found.rows > 1000
    assert found.symbols == ("S00", "S01", "S02")


def test_a_finding_says_where_it_shows_and_by_how_much(market):
    found = audit(Forecaster.of_model(PlantedModel("scale_of_all")), market, moments=1)
    one = next(one for one in found.findings if one.rule == "poison" and one.symbol == "S01")
    assert one.size == pytest.approx(abs(math.log(one.was / one.now)))
    assert one.column in {"q0.01", "q0.99"}
    assert one.at == found.origins[0]
    assert one.count == 2, "both horizons"
    told = found.as_dict()
    assert told["verdict"] == "leaks"
    assert all(line["words"] and line["advice"] for line in told["findings"])


def test_one_who_answers_at_random_proves_nothing(market):
    random = np.random.default_rng(3)

    def ask(told: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
        noise = pl.Series(random.normal(0, 1e-4, origins.height))
        return honest(told, origins).with_columns(pl.col("q0.5") * (1 + noise))

    found = audit(Forecaster(name="noisy", kind="model", ask=ask), market, moments=2)
    assert found.verdict == "unknown"
    assert rules(found) == {"same"}


def test_noise_hides_no_leak_that_is_larger(market):
    random = np.random.default_rng(3)
    leaking = Forecaster.of_model(PlantedModel("scale_of_all"))

    def ask(told: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
        noise = pl.Series(random.normal(0, 1e-6, origins.height))
        return leaking.ask(told, origins).with_columns(pl.col("q0.5") * (1 + noise))

    found = audit(Forecaster(name="noisy", kind="model", ask=ask), market, moments=2)
    assert found.verdict == "leaks"
    assert {"same", "poison"} <= rules(found)


def test_one_who_repeats_the_last_move_is_called_a_copy(market):
    def ask(told: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
        answer = tells.outcomes(honest(told, origins), told)
        move = pl.col("last").exp()
        return answer.with_columns([pl.col(f"q{level:g}") * move for level in (0.1, 0.5, 0.9)])

    found = audit(Forecaster(name="copy", kind="model", ask=ask), market, moments=1)
    assert (found.verdict, rules(found)) == ("unfit", {"copy"})


def test_one_who_is_a_bar_late_does_not_see_the_newest(market):
    def ask(told: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
        before = told.select("symbol", instant="ts", before=pl.col("ts").shift(1).over("symbol"))
        earlier = origins.join(before, on=["symbol", "instant"], how="left", maintain_order="left")
        asked = earlier.with_columns(instant="before", origin="before").drop("before")
        return honest(told, asked).with_columns(instant=origins["instant"])

    found = audit(Forecaster(name="late", kind="model", ask=ask), market, moments=1)
    assert (found.verdict, rules(found)) == ("unfit", {"past", "copy"})
    assert {one.symbol for one in found.findings if one.rule == "past"} == {"S00", "S01", "S02"}


def test_what_fails_first_is_an_error_and_what_fails_later_a_finding(market):
    def never(told: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
        raise ValueError("no")

    with pytest.raises(AuditError, match="ValueError: no"):
        audit(Forecaster(name="never", kind="model", ask=never), market)

    def short(told: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
        if told["ts"].max() == market["ts"].max():
            raise ModelError("too many bars")
        return honest(told, origins)

    found = audit(Forecaster(name="short", kind="model", ask=short), market)
    assert found.verdict == "unknown"
    assert found.failed > found.asked / 2
    assert [one.detail for one in found.findings] == ["too many bars"]

    def lazy(told: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
        return honest(told, origins)[1:]

    with pytest.raises(AuditError, match="1 of 6 origins were not answered"):
        audit(Forecaster(name="lazy", kind="model", ask=lazy), market)


def test_one_who_fails_on_other_futures_alone_is_told_and_not_cleared_of_them(market):
    closes = set(market["close"].to_list())

    def ask(told: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
        if not set(told["close"].to_list()) <= closes:
            raise ModelError("these prices are not mine")
        return honest(told, origins)

    found = audit(Forecaster(name="wary", kind="model", ask=ask), market, moments=1)
    assert rules(found) == {"fails"}
    assert found.failed == 4, "poison, the newest bar, many origins poisoned, another market"

    def once(told: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
        if len(origins) > 6 and told["ts"].max() == market["ts"].max():
            raise ModelError("too many at once")
        return honest(told, origins)

    few = audit(Forecaster(name="narrow", kind="model", ask=once), market, moments=1)
    assert (rules(few), few.failed) == ({"fails"}, 1)


def test_a_stop_is_no_failure(market):
    def ask(told: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        audit(Forecaster(name="stopped", kind="model", ask=ask), market)


def test_a_band_as_wide_as_the_move_that_follows_is_found_by_itself(market):
    known = tells.outcomes(market.select("symbol", instant="ts", horizon=pl.lit(1)), market)
    sizes = known.select("symbol", "instant", size=pl.col("next").abs().fill_null(0.01))

    def ask(told: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
        answer = honest(told, origins).join(sizes, on=["symbol", "instant"], how="left", maintain_order="left")
        return answer.with_columns(pl.col("q0.9") * pl.col("size").exp(), pl.col("q0.1") * (-pl.col("size")).exp())

    found = audit(Forecaster(name="wide", kind="model", ask=ask), market, moments=1)
    assert rules(found) == {"same_bar"}
    assert "the width of its band" in found.findings[0].words


def test_bold_chances_where_nothing_can_be_known_are_unfit(market):
    def ask(told: pl.DataFrame, origins: pl.DataFrame) -> pl.DataFrame:
        odd = (origins["instant"].dt.ordinal_day() % 2 == 0).cast(pl.Float64)
        return honest(told, origins).with_columns(p_up=0.1 + 0.8 * odd)

    found = audit(Forecaster(name="bold", kind="model", ask=ask), market, moments=1)
    assert (found.verdict, rules(found)) == ("unfit", {"random_split"})
    assert {one.column for one in found.findings} == {"Brier"}


def test_few_outcomes_say_nothing(market):
    few = honest(market, markets.around(market, market["ts"][300], 3, (1, 5)))
    table = tells.outcomes(few, market)
    assert [*tells.too_good(table), *tells.copies(table), *tells.illusions(table)] == []


def test_too_few_bars_are_refused(market):
    short = market.with_columns(
        symbol=pl.col("symbol") + (pl.int_range(pl.len()).over("symbol") // 100).cast(pl.String)
    )
    with pytest.raises(AuditError, match="no symbol has 120 bars"):
        audit(Forecaster.of_model("ewma_t"), short.sort("symbol", "ts"))
    with pytest.raises(AuditError, match="bars of 100 days"):
        audit(Forecaster.of_model("ewma_t"), market.group_by("symbol", maintain_order=True).head(100))
    with pytest.raises(PluginError, match="no model named"):
        Forecaster.of_model("nobody")


def test_a_planted_model_is_not_kept(tmp_path):
    with pytest.raises(ModelError, match="not kept"):
        PlantedModel.load(tmp_path)
    panel = toy_panel()
    rows = np.arange(len(panel))
    fitted = PlantedModel("next_row").fit(panel, rows, rows[:0], seed=0, watch=lambda _: True)
    with pytest.raises(ModelError, match="made for audits"):
        fitted.save(tmp_path)


@pytest.fixture
def near(monkeypatch):
    """Has what the test's own command does done in this process, with the same files."""
    monkeypatch.setattr(forecaster, "_run", lambda words, limit: command.main(*words[3:]))


@pytest.mark.usefixtures("near")
@pytest.mark.parametrize(
    ("way", "verdict"), [("honest", "clear"), ("peek", "leaks"), ("scaler", "leaks"), ("last", "leaks")]
)
def test_a_command_is_held_to_the_same(market, way, verdict):
    small = market.filter(pl.col("symbol") != "S02")
    found = audit(Forecaster.of_command(f"{COMMAND} {way} {FILES}"), small, moments=1, side=20)
    assert found.verdict == verdict, found.findings
    assert found.kind == "forecast"
    if way == "last":
        assert rules(found) == {"grid_poison", "grid_cut"}


def test_a_command_is_a_process_of_its_own(market, request):
    asked = markets.around(market, market["ts"][300], 3, (1, 5))
    subject = Forecaster.of_command(f"{COMMAND} honest {FILES}")
    far = subject.ask(market, asked)
    request.getfixturevalue("near")
    assert far.height == asked.height
    assert far.equals(subject.ask(market, asked))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"{COMMAND} silent {FILES}", "wrote no file of forecasts"),
        (f"{COMMAND} broken {FILES}", "ended with 3: it broke"),
        (f"/nowhere/at/all {FILES}", "can't be started"),
    ],
)
def test_a_command_that_fails_says_how(market, line, words):
    with pytest.raises(AuditError, match=words):
        audit(Forecaster.of_command(line), market, moments=1)


def test_a_command_without_places_for_the_files_is_refused():
    with pytest.raises(AuditError, match=r"no place for \{origins\}"):
        Forecaster.of_command("forecast {bars} {out}")
    with pytest.raises(AuditError, match="can't be read"):
        Forecaster.of_command("forecast '{bars} {origins} {out}")


def test_a_command_that_never_ends_is_stopped(market):
    sleeper = Forecaster.of_command(f"{COMMAND} asleep {FILES}", limit=0.5)
    with pytest.raises(AuditError, match=r"longer than 0.5 seconds and was stopped"):
        audit(sleeper, market, moments=1)


def test_other_futures_leave_the_past_alone(market):
    moment = market["ts"].unique().sort()[400]
    random = np.random.default_rng(1)
    for change in (markets.mixed, markets.poisoned):
        other = change(market, moment, random)
        assert markets.cut(other, moment).equals(markets.cut(market, moment))
        later = other.filter(pl.col("ts") > moment)["close"] != market.filter(pl.col("ts") > moment)["close"]
        assert later.mean() > 0.99
    turned = markets.reordered(market, random)
    for symbol in ("S00", "S02"):
        one, own = (frame.filter(symbol=symbol) for frame in (turned, market))
        moves = [np.diff(np.log(frame["close"].to_numpy())) for frame in (one, own)]
        assert np.sort(moves[0]) == pytest.approx(np.sort(moves[1]))
        assert moves[0][:50] != pytest.approx(moves[1][:50])
        assert (one["high"] >= one["close"] - 1e-9).all()


def test_the_newest_bars_of_a_moment_are_asked_even_where_calendars_differ(market):
    gone = datetime(2020, 1, 1, tzinfo=UTC)
    ended = market.filter((pl.col("symbol") != "S00") | (pl.col("ts") < datetime(2018, 12, 1, tzinfo=UTC)))
    asked = markets.origins(ended, gone, (1, 5))
    assert asked["symbol"].to_list() == ["S01", "S01", "S02", "S02"]
    assert (asked["instant"] <= gone).all()


def test_words_leave_out_what_is_not_known():
    assert Finding(rule="fails", detail="too slow").words == "too slow"
    one = Finding(rule="past", symbol="AAPL", at=datetime(2020, 3, 2, tzinfo=UTC), horizon=1)
    assert one.words == "AAPL at 2020-03-02 1 bar ahead"
    assert (one.leak, one.as_dict()["was"]) == (False, None)
