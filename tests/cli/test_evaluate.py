import csv
import json
from types import SimpleNamespace

import pytest

from ara.cli.render.evaluation import words_of_ranges
from ara.evidence import worlds
from ara.evidence.interval import Range
from ara.evidence.verdict import Line
from tests.evidence import market

pytestmark = pytest.mark.usefixtures("files")


@pytest.fixture
def files(home):
    names = ["A1", "A2", "C1"]
    market.bars().filter(market.pl.col("symbol").is_in(names)).write_parquet(home / "bars.parquet")
    table = market.forecasts().filter(market.pl.col("symbol").is_in(names))
    table.group_by("symbol", "model", "horizon", maintain_order=True).tail(40).write_parquet(home / "q.parquet")
    return home


def flat(outcome):
    return " ".join(outcome.plain.split())


def test_the_verdict_stands_first_and_what_is_claimed_last(ara):
    outcome = ara("evaluate", "--bars", "bars.parquet", "--forecasts", "q.parquet", "--width", "130")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[0].startswith("mine reaches ")
    assert "not judged" in lines[0]
    assert "symbols in 2 classes, from " in lines[1]
    assert "CRPS skill over ewma_t" in outcome.out
    assert "1 bar ahead" in outcome.out
    assert "5 bars ahead" in outcome.out
    assert "mean_of_3" in outcome.out
    assert "Not claimed of mine: skill in direction: no edge (least p " in flat(outcome)
    assert "This is look 1 at these days; 20 are allowed." in flat(outcome)
    assert max(map(len, lines)) <= 130


@pytest.mark.parametrize("columns", [60, 100, 160])
def test_it_fits_the_screen(ara, columns):
    shown = ara("evaluate", "--bars", "bars.parquet", "--forecasts", "q.parquet", "--width", str(columns)).plain
    assert all(len(line) <= columns or " " not in line.strip() for line in shown.splitlines())


def test_the_document(ara):
    words = ["evaluate", "--bars", "bars.parquet", "--forecasts", "q.parquet", "--json"]
    found = json.loads(ara(*words).out)
    assert (found["schema"], found["base"], found["exit_code"]) == (1, "ewma_t", 0)
    assert found["command"] == "ara evaluate --bars bars.parquet --forecasts q.parquet"
    assert {row["model"] for row in found["rows"]} >= {"mine", "ewma_t", "hist", "mean_of_3"}
    assert {"pt", "ic", "brier", "dm"} >= {one["test"] for one in found["claims"]}
    assert set(found["claims"][0]) == {"model", "horizon", "test", "kind", "p", "raw", "n_eff", "claimed"}
    assert found["look"] == {"number": 1, "limit": 20, "burnt": False}
    assert [one["model"] for one in found["verdicts"]] == ["mine"]
    again = json.loads(ara(*words).out)
    assert (again["look"]["number"], again["id"], again["rows"]) == (2, found["id"], found["rows"])


def test_bins_of_confidence_are_told_one_by_one_and_all_at_once(ara):
    words = ["evaluate", "--bars", "bars.parquet", "--forecasts", "q.parquet"]
    rows = [row["sure"] for row in json.loads(ara(*words, "--json").out)["rows"] if row["model"] == "mine"]
    alone = " / ".join(f"{sum(bin['held'] for bin in one['bins'])} of {len(one['bins'])}" for one in rows)
    together = " / ".join("yes" if one["hold_together"] else "no" for one in rows)
    assert len({one["hold_together"] for one in rows}) == 2  # both words are seen
    said = flat(ara(*words))
    assert f"came true within their own 95 % interval: {alone}; all at once, within" in said
    assert f"hold all of them 95 % of the time: {together}." in said


def test_what_is_missed_is_told_from_chance(ara, files):
    """Forecasts that know nothing of a rise, and those whose width is off, on as many days as there are."""
    market.forecasts().filter(market.pl.col("symbol").is_in(["A1", "C1"])).write_parquet(files / "more.parquet")
    words = ["evaluate", "--bars", "bars.parquet", "--forecasts", "more.parquet", "--out", "report"]
    outcome = ara(*words, "--width", "100")
    found = json.loads((files / "report" / "evaluation.json").read_text())
    (skill,) = [line for line in found["verdicts"][0]["rows"] if line["name"] == "CRPS skill over ewma_t"]
    assert [one["horizon"] for one in skill["ranges"]] == [1, 5]
    ends = ", ".join(
        f"{100 * one['low']:+.2f} to {100 * one['high']:+.2f} at {bars}"
        for one, bars in zip(skill["ranges"], ("1 bar", "5 bars"), strict=True)
    )
    said = f"mine, CRPS skill over ewma_t: 95 % intervals in points: {ends}."
    assert said in flat(outcome)
    page = (files / "report" / "report.html").read_text()
    assert f"<p>{said}" in page
    (row,) = [one for one in found["rows"] if (one["model"], one["horizon"]) == ("mine", 1)]
    assert f"{100 * row['skill_low']:.2f} to {100 * row['skill_high']:.2f} %</td>" in page


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ([(1, 0.5, 0.2, 0.9)], ["At 1 bar the figure is missed beyond chance."]),
        (
            [(1, 1.2, 0.6, 1.8), (5, 0.5, -0.5, 1.5), (21, 0.2, -0.6, 1.0)],
            [
                "At 5 and 21 bars the figure is missed by no more than",
                "At 1 bar the figure is reached, but not beyond chance.",
            ],
        ),
        ([(1, 2, 1, 3), (5, 2, 1.5, 3), (21, 2, 1, 3)], ["At 1, 5 and 21 bars the figure is reached beyond chance."]),
    ],
)
def test_a_floor_is_missed_or_reached_beyond_chance_or_not(ends, said):
    ranges = [Range(horizon=h, **dict(zip(("got", "low", "high"), some, strict=True)), least=1.0) for h, *some in ends]
    line = Line(name="skill", floor="1", got="", passed=None, ranges=tuple(ranges))
    (words,) = words_of_ranges(SimpleNamespace(verdicts={"mine": (line,)}), "mine")
    assert [part for part in said if part in words] == said
    assert words.count(" At ") == len(said)


def test_the_gate_and_the_files(ara, files):
    outcome = ara("evaluate", "--bars", "bars.parquet", "--forecasts", "q.parquet", "--gate", "--out", "report")
    assert outcome.code == 4
    page = (files / "report" / "report.html").read_text()
    assert page.startswith("<!doctype html>")
    assert page.count("<svg") == 4
    found = json.loads((files / "report" / "evaluation.json").read_text())
    (row,) = [one for one in found["rows"] if one["model"] == "mine" and one["horizon"] == 1]
    assert row["ece_corrected"] < 0.0005
    off = "1 bar ahead: P(up) is off by no more than chance makes on average"
    assert f"{off} (as far by chance alone: p {row['calib_p']:.2g})" in page
    assert "<h2>What may be claimed</h2>\n<p>" in page
    assert "Made again by: <code>ara evaluate --bars" in page
    document = json.loads((files / "report" / "evaluation.json").read_text())
    assert (document["exit_code"], document["passed"]) == (4, False)
    rows = list(csv.DictReader((files / "report" / "scores.csv").read_text().splitlines()))
    assert len(rows) == len(document["rows"])
    assert float(rows[0]["crps_bp"]) == document["rows"][0]["crps_bp"]


def test_baselines_alone_claim_nothing_and_leave_no_heading_without_words(ara, files):
    table = market.pl.read_parquet(files / "q.parquet")
    table.filter(market.pl.col("model") != "mine").write_parquet(files / "plain.parquet")
    shown = ara("evaluate", "--bars", "bars.parquet", "--forecasts", "plain.parquet", "--out", "plain").plain
    assert shown.startswith("Baselines alone: there is nothing to pass a verdict on.")
    assert "\n\nThis is look 1" in shown
    assert "\n\n\n" not in shown
    assert "What may be claimed" not in (files / "plain" / "report.html").read_text()


def test_looks_are_counted_until_the_days_are_burnt(ara):
    words = ("evaluate", "--bars", "bars.parquet", "--forecasts", "q.parquet", "--set", "models.looks=1")
    assert "too often to prove anything" not in ara(*words).out
    assert "They were looked at too often to prove anything." in flat(ara(*words))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--forecasts", "gone.parquet"), "--forecasts: there is no file 'gone.parquet'"),
        (("--models", "har_tt"), "There is no model named 'har_tt'"),
        (("--forecasts", "q.parquet", "--from", "soon"), "--from is 'soon', which is no date"),
        (("--forecasts", "q.parquet", "--out", "q.parquet"), "--out: 'q.parquet' is no folder"),
        ((), "there is nothing to evaluate"),
    ],
)
def test_what_can_not_be(ara, words, said):
    outcome = ara("evaluate", "--bars", "bars.parquet", *words)
    assert outcome.code != 0
    assert said in outcome.err


def test_a_family_is_asked_after_a_break_too(ara, monkeypatch):
    monkeypatch.setattr("ara.evidence.worlds._SEEDS", 1)
    words = ["--models", "drift", "--from", "2021-06-01", "--to", "2021-06-10", "--break", "--json"]
    found = json.loads(ara("evaluate", "--bars", "bars.parquet", *words).out)
    (verdict,) = found["verdicts"]
    (line,) = [line for line in verdict["rows"] if line["name"] == "80 % band after a break"]
    assert (verdict["model"], line["floor"]) == ("drift", ">= 72 %")
    assert {row["passed"] for row in verdict["rows"] if row["name"].startswith("CRPS")} == {None}  # too few days
    assert found["command"].endswith("--models drift --from 2021-06-01 --to 2021-06-10 --break")


def test_what_is_too_good_is_said_first_and_what_is_borne_out_is_claimed(ara, files):
    pl = market.pl
    table = pl.read_parquet(files / "q.parquet").filter(pl.col("model") == "mine")
    bars = pl.read_parquet(files / "bars.parquet").select("symbol", "close", origin="ts")
    after = [
        bars.with_columns(later=pl.col("close").shift(-horizon).over("symbol"), horizon=pl.lit(horizon, pl.Int64))
        for horizon in market.HORIZONS
    ]
    known = table.join(pl.concat(after), on=["symbol", "origin", "horizon"], how="left", maintain_order="left")
    seer = pl.when(known["later"] > known["close"]).then(0.6).otherwise(0.4)
    table.with_columns(model=pl.lit("seer"), p_up=pl.select(seer).to_series()).write_parquet(files / "seer.parquet")
    words = ["evaluate", "--bars", "bars.parquet", "--forecasts", "q.parquet", "--forecasts", "seer.parquet"]
    outcome = ara(*words, "--width", "100", "--out", "report")
    said = flat(outcome)
    assert said.index("Too good to be true: seer, 1 bar ahead:") < said.index("CRPS skill over ewma_t")
    assert "Claimed of seer, after" in said
    assert "skill in direction: pt at 1 (p" in said
    assert "Too good to be true: seer" in (files / "report" / "report.html").read_text()


def test_the_crash_exam_is_one_command(ara, home):
    market_of_walks = worlds.market(worlds.walks(3, 640, seed=2))
    market_of_walks.write_parquet(home / "walks.parquet")
    words = ["evaluate", "--bars", "walks.parquet", "--exam", "crash", "--models", "ewma_t"]
    outcome = ara(*words, "--width", "90")
    assert outcome.code == 0
    lines = outcome.plain.splitlines()
    assert lines[0].startswith("Crash exam: ewma_t ")
    assert "90 % bands of the next close, 3 symbols: 87 from 20 Feb 2020 to 31 Mar 2020" in flat(outcome)
    assert [line.split()[0] for line in lines if "%" in line and line.startswith("  ")][1:] == [
        "ewma_t",
        "ewma",
        "quantiles",
        "adaptive",
    ]
    assert max(map(len, lines)) <= 90
    found = json.loads(ara(*words, "--gate", "--json").out)
    assert found["exit_code"] == (0 if found["passed"] else 4)
    assert found["look"]["number"] == 2
    assert (found["forecasts"]["crash"], found["first"]) == (87, "2020-02-20T00:00:00Z")
    assert found["command"].endswith(
        "--exam crash --bars walks.parquet --models ewma_t --from 2020-02-20 --to 2020-03-31"
    )


@pytest.mark.parametrize("more", [["--exam", "other", "--models", "hist"], ["--exam", "crash"]])
def test_an_exam_that_is_none_is_refused(ara, more):
    assert ara("evaluate", "--bars", "bars.parquet", *more).code == 2


def test_too_few_forecasts_say_nothing_of_confidence(ara, files):
    table = market.pl.read_parquet(files / "q.parquet")
    table.group_by("symbol", "model", "horizon", maintain_order=True).tail(12).write_parquet(files / "few.parquet")
    outcome = ara("evaluate", "--bars", "bars.parquet", "--forecasts", "few.parquet")
    assert outcome.code == 0
    assert "mine reaches" in flat(outcome)
    assert "Confidence of mine" not in flat(outcome)


def hostile(home, name, **columns):
    """Write the model's own forecasts with other columns."""
    table = market.pl.read_parquet(home / "q.parquet").filter(market.pl.col("model") == "mine")
    table.with_columns(**columns).write_parquet(home / f"{name}.parquet")
    return "evaluate", "--bars", "bars.parquet", "--forecasts", f"{name}.parquet"


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"model": market.pl.lit(None, market.pl.String)}, "name no model"),
        ({"model": market.pl.lit(" ")}, "name no model"),
        ({"q0.5": market.pl.lit("much")}, "column q0.5: not all of it are numbers"),
        ({"sigma": market.pl.lit("wide")}, "column sigma: not all of it are numbers"),
        ({"p_up": market.pl.lit(float("nan"))}, "no forecast of mine can be judged"),
        ({"q0.5": market.pl.lit(float("inf"))}, "no forecast of mine can be judged"),
    ],
)
def test_forecasts_that_are_none_are_refused_in_words(ara, home, columns, words):
    refused = ara(*hostile(home, "odd", **columns))
    assert (refused.code, refused.out) == (2, "")
    assert words in " ".join(refused.err.split())


@pytest.mark.parametrize("line", ["[1, 2]", '{"model": 1}', "[" * 100_000, '{"q": {"0.1": "x"}}'])
def test_a_line_that_is_no_forecast_is_named(ara, home, line):
    (home / "odd.jsonl").write_text(f"\n{line}\n")
    refused = ara("evaluate", "--bars", "bars.parquet", "--forecasts", "odd.jsonl")
    assert refused.code == 2
    assert "odd.jsonl: line 2 is no forecast" in refused.err


@pytest.mark.parametrize("price", [0.0, 1e300])
def test_prices_beyond_all_measure_are_judged_without_a_murmur(ara, home, price):
    told = ara(*hostile(home, "odd", **dict.fromkeys(("q0.1", "q0.5", "q0.9"), market.pl.lit(price))))
    assert (told.code, told.err) == (0, "")
    assert "mine reaches " in told.out


def test_one_symbol_is_called_one(ara, home):
    words = hostile(home, "one")
    market.pl.read_parquet(home / "one.parquet").filter(market.pl.col("symbol") == "A1").write_parquet(
        home / "one.parquet"
    )
    assert "forecasts of 1 symbol in 1 class" in " ".join(ara(*words).plain.split())


def test_a_file_that_brings_a_weaker_baseline_is_told_of(ara, home):
    pl = market.pl
    table = pl.read_parquet(home / "q.parquet").filter(pl.col("model").is_in(["mine", "ewma_t"]))
    levels = [name for name in table.columns if name.startswith("q0.")]
    middle = pl.col("q0.5")
    for name, power in (("sound", 1.0), ("wide", 3.0)):
        far = [
            pl.when(pl.col("model") == "ewma_t")
            .then(middle * (pl.col(one) / middle) ** power)
            .otherwise(one)
            .alias(one)
            for one in levels
        ]
        table.with_columns(far).write_parquet(home / f"{name}.parquet")
    words = "evaluate", "--bars", "bars.parquet", "--json", "--forecasts"
    sound, wide = (json.loads(ara(*words, f"{name}.parquet").out) for name in ("sound", "wide"))
    said = [
        one for one in wide["alarms"] if one.startswith("skill beside the file's ewma_t, 1 bar ahead: its CRPS is ")
    ]
    assert len(said) == 1
    assert "of the same origins" in said[0]
    assert not wide["passed"]
    assert not [one for one in sound["alarms"] if "the file's" in one]
