"""Every figure of an evaluation, beside those of a scorer that shares no code with Ara."""

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ara.data.files import read_bars
from ara.errors import ValidationError
from ara.evidence import evaluate, grid
from ara.evidence.claims import alarms, claims
from ara.evidence.forecasts import read_forecasts
from ara.evidence.grid import origins
from ara.evidence.outcomes import outcomes
from ara.performance.inference import tail
from tests.evidence import market

KNOWN = json.loads((Path(__file__).parent / "payloads" / "scores.json").read_text())


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    market.bars().write_parquet(folder / "bars.parquet")
    market.forecasts().write_parquet(folder / "forecasts.parquet")
    return folder


@pytest.fixture(scope="module")
def inputs(files):
    return read_bars(files / "bars.parquet"), read_forecasts([files / "forecasts.parquet"])


@pytest.fixture(scope="module")
def found(inputs):
    return evaluate(*inputs, baselines=False)


def differences(mine, known, where=""):
    """Name each figure that is missing or differs by more than 1e-9."""
    if isinstance(known, dict):
        return [
            told
            for key, value in known.items()
            for told in (
                differences(mine[key], value, f"{where}.{key}") if key in mine else [f"{where}.{key} is missing"]
            )
        ]
    if isinstance(known, list):
        pairs = zip(mine, known, strict=True)
        return [told for place, pair in enumerate(pairs) for told in differences(*pair, f"{where}[{place}]")]
    if isinstance(known, str):
        return [] if mine == known else [f"{where}: {mine} is not {known}"]
    same = (math.isnan(mine) and math.isnan(known)) or abs(mine - known) <= 1e-9
    return [] if same else [f"{where}: {mine} is not {known}"]


@pytest.mark.parametrize("row", KNOWN["rows"], ids=lambda row: f"{row['model']}-{row['horizon']}")
def test_every_figure_is_the_other_scorer_s(found, row):
    (mine,) = [one for one in found.rows if (one["model"], one["horizon"]) == (row["model"], row["horizon"])]
    assert len(row) > 40
    assert differences(mine, row) == []


def test_the_checks_are_the_other_scorer_s(found):
    assert differences(found.checks, KNOWN["checks"]) == []


def test_beyond_it_stand_the_90_band_the_worst_month_and_each_symbol(found):
    row = next(one for one in found.rows if (one["model"], one["horizon"]) == ("mine", 1))
    assert row["cov80"] < row["cov90"] < row["cov95"]
    assert list(row["cov80_by_symbol"]) == list(market.SYMBOLS)
    assert min(row["cov80_by_symbol"].values()) == row["cov80_sym_min"]
    assert row["worst_month"]["cov80"] < row["cov80"]
    assert row["worst_month"]["month"].startswith("202")


def test_the_id_is_of_content(inputs, found):
    bars, forecasts = inputs
    assert evaluate(bars, forecasts, baselines=False).id == found.id
    other = forecasts.with_columns(pl.col("p_up") * 0.999)
    assert evaluate(bars, other, baselines=False).id != found.id


def test_what_is_wrong_with_forecasts_is_counted_and_fails(inputs):
    bars, forecasts = inputs
    bad = forecasts.filter(pl.col("model") == "mine").head(20)
    gap = bad.head(1).with_columns(p_up=pl.lit(float("nan")), model=pl.lit("mine"))
    crossing = bad[3:4].with_columns(pl.col("q0.95").alias("q0.05"))
    twins = pl.concat([forecasts.filter(pl.col("model") != "mine"), bad[1:], gap, crossing])
    whole = evaluate(bars, twins, baselines=False)
    assert whole.checks["mine"]["nan"] == 1
    assert whole.checks["mine"]["crossing"] == 1
    assert whole.checks["mine"]["duplicates"] == 1
    told = {line.name: line for line in whole.verdicts["mine"]}
    assert (told["gaps, crossing levels, twins"].got, told["gaps, crossing levels, twins"].passed) == ("3", False)
    assert told["every origin answered"].passed is None  # one horizon of three is there
    assert not whole.passed


def test_days_can_be_chosen(inputs):
    bars, forecasts = inputs
    days = forecasts["instant"].unique().sort()
    some = evaluate(bars, forecasts, start=days[20], end=days[60], baselines=False)
    assert (some.first, some.last) == (days[20], days[60])
    with pytest.raises(ValidationError, match="no forecast lies between"):
        evaluate(bars, forecasts, start=days[-1].replace(year=2030), baselines=False)


def test_missing_baselines_are_made_from_the_same_origins(inputs):
    bars, forecasts = inputs
    late = forecasts["instant"].unique().sort()[-12]
    mine = forecasts.filter(
        (pl.col("model") == "mine") & (pl.col("instant") >= late) & pl.col("symbol").is_in(["A1", "C1"])
    )
    some = bars.filter(pl.col("symbol").is_in(["A1", "C1"]))
    found = evaluate(some, mine)
    names = {row["model"] for row in found.rows}
    assert names == {"ewma_t", "hist", "garch_t", "har_t", "fhs", "har_fhs", "mean_of_3", "mine"}
    counts = {row["n"] for row in found.rows if row["horizon"] == 1}
    assert counts == {mine.filter(pl.col("horizon") == 1).height}
    row = next(one for one in found.rows if (one["model"], one["horizon"]) == ("mine", 1))
    hard = {"garch_t", "har_t", "har_fhs", "mean_of_3"}
    assert row["best_rival"] in hard
    skills = {one["model"]: one.get("crps_skill") for one in found.rows if one["horizon"] == 1}
    assert row["over_best"] == pytest.approx(skills["mine"] - max(skills[name] for name in hard))
    assert found.verdicts.keys() == {"mine"}


def test_the_rivals_are_as_hard_made_as_they_are_from_a_file(inputs, tmp_path):
    """A twin of `har_fhs` beats the best of the rivals in neither way, and every figure of it is the same."""
    bars, forecasts = inputs
    late = forecasts["instant"].unique().sort()[-30]
    wanted = grid.asked(forecasts.filter(pl.col("instant") >= late))
    twin = grid.told(bars, wanted, ["har_fhs"]).with_columns(model=pl.lit("twin"))
    made = evaluate(bars, twin)
    baselines = grid.told(bars, wanted, ["ewma_t", "garch_t", "hist", "fhs", "har_t", "har_fhs"])
    baselines.rename({"instant": "origin"}).write_parquet(tmp_path / "baselines.parquet")
    given = evaluate(bars, pl.concat([twin, read_forecasts([tmp_path / "baselines.parquet"])]))
    rows = [row for row in made.rows if row["model"] == "twin"]
    assert max(row["over_best"] for row in rows) <= 0
    assert [row for row in given.rows if row["model"] == "twin"] == rows
    assert given.verdicts == made.verdicts


def test_the_har_with_the_shape_of_past_errors_is_a_rival_where_it_is_there(inputs):
    bars, forecasts = inputs
    twin = forecasts.filter(pl.col("model") == "mine").with_columns(model=pl.lit("har_fhs"))
    found = evaluate(bars, pl.concat([forecasts, twin]), baselines=False)
    mine = [row for row in found.rows if row["model"] == "mine"]
    assert mine
    assert {(row["best_rival"], row["over_best"]) for row in mine} == {("har_fhs", 0.0)}
    assert found.verdicts.keys() == {"mine"}


def test_without_forecasts_families_are_asked_at_every_bar(inputs):
    bars, _ = inputs
    days = bars.filter(pl.col("symbol") == "A1")["ts"]
    found = evaluate(bars.filter(pl.col("symbol") == "A1"), models=["drift"], start=days[650], end=days[659])
    rows = {(row["model"], row["horizon"]): row for row in found.rows}
    assert (rows["drift", 1]["n"], rows["drift", 21]["n"], rows["ewma_t", 5]["n"]) == (10, 10, 10)
    with pytest.raises(ValidationError, match="nothing to evaluate"):
        evaluate(bars)
    with pytest.raises(ValidationError, match="no bar from"):
        evaluate(bars, models=["drift"], start=days[10], end=days[20])


def test_bars_without_the_origins_are_refused(inputs):
    bars, forecasts = inputs
    with pytest.raises(ValidationError, match="no forecast has an outcome"):
        evaluate(bars.with_columns(symbol=pl.lit("Z")).unique("ts"), forecasts, baselines=False)


def test_lines_are_read_as_tables_are(tmp_path, files):
    table = market.forecasts().head(40)
    lines = []
    for row in table.iter_rows(named=True):
        levels = {name[1:]: row[name] for name in row if name.startswith("q")}
        told = (
            {"q": levels} if len(lines) % 2 else {"levels": list(map(float, levels)), "values": list(levels.values())}
        )
        facts = {"model": row["model"], "symbol": row["symbol"], "horizon": row["horizon"], "p_up": row["p_up"]}
        lines.append(json.dumps({**facts, "origin": row["origin"].date().isoformat(), **told, "sigma": row["sigma"]}))
    (tmp_path / "f.jsonl").write_text("\n".join(lines) + "\n\n")
    table.write_parquet(tmp_path / "f.parquet")
    assert read_forecasts([tmp_path / "f.jsonl"]).equals(read_forecasts([tmp_path / "f.parquet"]))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("f.jsonl", "{}", "line 1 is no forecast"),
        ("f.jsonl", "", "holds no forecast"),
        ("f.jsonl", "3", "line 1 is no forecast"),
        ("f.csv", "model,symbol,origin,horizon\nm,A,2020-01-01,1\n", "lacks q0.01, q0.025"),
    ],
)
def test_files_that_are_no_forecasts(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(ValidationError, match=words):
        read_forecasts([tmp_path / name])


def test_noise_claims_nothing_and_what_is_true_is_claimed(inputs):
    bars, forecasts = inputs
    from ara.evidence.outcomes import outcomes

    y = forecasts.filter(pl.col("model") == "mine").join(
        outcomes(bars).with_columns(pl.col("horizon").cast(pl.Int64)), on=["symbol", "instant", "horizon"], how="left"
    )
    random = np.random.default_rng(3)
    knows = np.where(random.random(y.height) < 0.7, np.sign(y["y"].to_numpy()), random.choice([-1, 1], y.height))
    seer = y.select(forecasts.columns).with_columns(model=pl.lit("seer"), p_up=pl.Series(0.5 + 0.1 * knows))
    found = evaluate(bars, pl.concat([forecasts, seer]), baselines=False)
    made = {(one.model, one.test) for one in found.claims if one.claimed and one.kind == "direction"}
    assert made == {("seer", "pt"), ("seer", "ic"), ("seer", "brier")}
    assert any("of directions are right" in told for told in found.alarms)
    assert all(one.p >= one.raw for one in found.claims)
    assert {one.kind for one in found.claims if one.test == "dm"} == {"volatility"}
    assert all(one.n_eff < 2000 for one in found.claims if one.test == "pt")


def test_what_overlaps_is_claimed_by_a_test_that_bears_it(found):
    tests = {
        row["horizon"]: {name for name in ("dm", "pt", "ic", "brier") if f"{name}_overlap_p" in row}
        for row in found.rows
        if row["model"] == "mine"
    }
    assert tests == {1: set(), 5: {"dm", "pt", "ic", "brier"}}
    by_row = {(row["model"], row["horizon"]): row for row in found.rows}
    for one in found.claims:
        row = by_row[one.model, one.horizon]
        if one.test == "dm":
            assert one.raw == row["dm_p" if one.horizon == 1 else "dm_overlap_p"]


def test_a_few_months_do_not_prove_what_comes_after_a_month():
    row = {
        "model": "mine",
        "horizon": 21,
        "dm_p": 0.0016,
        "dm_n_eff": 133.0,
        "pt_t": 4.0,
        "pt_p": tail(4.0),
        "ic_t": 3.0,
    }
    assert [one.claimed for one in claims([row])] == [True, True, True]
    seen = [row | {"dm_overlap_p": 0.02, "pt_overlap_p": 1.0, "ic_overlap_p": 0.01, "ic_minus_hist_overlap_p": 0.03}]
    assert [(one.test, one.raw, one.claimed) for one in claims(seen)] == [
        ("pt", 1.0, False),
        ("ic", 0.03, False),
        ("dm", 0.02, False),
    ]


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"horizon": 1, "da": 0.58}, "one, 1 bar ahead: 58.0% of directions are right; beyond"),
        ({"horizon": 5, "crps_skill": 0.4}, "one, 5 bars ahead: the CRPS skill is 40.0%; beyond"),
        ({"horizon": 21, "ic": 0.4}, "one, 21 bars ahead: the rank correlation is 0.400; beyond"),
    ],
)
def test_what_no_honest_forecast_has_had_is_an_alarm(figures, words):
    honest = {"model": "one", "horizon": 1, "da": 0.52, "crps_skill": 0.02, "ic": 0.02}
    assert alarms([honest, {"model": "one", "horizon": 21, "da": 0.7, "crps_skill": 0.4}]) == []
    (told,) = alarms([honest, {"model": "one", **figures}])
    assert told.startswith(words)
    assert told.endswith("look for a leak")


def test_bars_that_are_too_few_have_the_outcomes_that_there_are(inputs):
    bars = inputs[0].group_by("symbol", maintain_order=True).head(4)
    found = outcomes(bars)
    assert set(found["horizon"]) == {1}
    assert found.height == 3 * bars["symbol"].n_unique()
    assert (found["wild"] == -1).all()


def test_no_bars_have_no_origins(inputs):
    with pytest.raises(ValidationError, match="there are no bars"):
        origins(inputs[0].clear())


def test_lines_that_are_no_text_can_not_be_read(tmp_path):
    (tmp_path / "q.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValidationError, match="can't be read"):
        read_forecasts([tmp_path / "q.jsonl"])
