import os
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import ara.data
from ara.data.files import read_bars
from ara.errors import CancelledError, ModelError, PluginError, StoreError, ValidationError
from ara.evidence.forecasts import read_forecasts
from ara.models import LEVELS
from ara.prediction.bulk import forecast_file, forecast_frame, series
from ara.prediction.compute import Recipe
from ara.settings import Settings
from ara.whole import writing

SAMPLE = Path(ara.data.__file__).parent / "sample" / "sample.parquet"
SETTINGS = Settings()


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    path = tmp_path / "bars.parquet"
    whole = pl.read_parquet(SAMPLE).filter(pl.col("symbol").is_in(["AAPL", "BTC-USD", "EURUSD"]))
    whole.filter(pl.col("ts") > datetime(2016, 1, 1, tzinfo=UTC)).write_parquet(path)
    return path


def run(bars: Path, origins: pl.DataFrame, **options) -> pl.DataFrame:
    asked, out = bars.with_name("origins.parquet"), bars.with_name("q.parquet")
    origins.write_parquet(asked)
    summary = forecast_file(bars, asked, out, **{"model": "ewma_t", "name": "mine", "settings": SETTINGS, **options})
    told = pl.read_parquet(out)
    assert (summary.rows, summary.symbols) == (told.height, told["symbol"].n_unique())
    return told


def of(bars: Path, *, horizons=(1, 5, 21), days=("2018-03-01", "2019-07-01")) -> pl.DataFrame:
    known = pl.read_parquet(bars).select("symbol", origin="ts")
    chosen = known.filter(pl.col("origin").dt.date().is_in([date.fromisoformat(day) for day in days]))
    return chosen.join(pl.DataFrame({"horizon": list(horizons)}), how="cross")


def test_the_answer_has_every_level_and_the_origins_as_given(bars: Path) -> None:
    asked = of(bars).sample(fraction=1, shuffle=True, seed=1).with_columns(extra=pl.lit("x"))
    told = run(bars, asked)
    assert told.columns == ["model", "symbol", "origin", "horizon", *(f"q{p:g}" for p in LEVELS), "p_up", "sigma"]
    assert told.select("symbol", "origin", "horizon").equals(asked.select("symbol", "origin", "horizon"))
    assert told["model"].unique().to_list() == ["mine"]
    q = told.select(f"q{p:g}" for p in LEVELS).to_numpy()
    assert np.isfinite(q).all()
    assert (np.diff(q, axis=1) > 0).all()
    assert (told["p_up"] == 0.5).all()


@pytest.mark.parametrize("kind", [pl.Datetime("ns"), pl.Datetime("us", "UTC"), pl.Datetime("ms"), pl.Date], ids=str)
def test_times_come_back_in_the_type_in_which_they_were_given(bars: Path, kind: pl.DataType) -> None:
    asked = of(bars).with_columns(pl.col("origin").cast(kind) if kind != pl.Datetime("us", "UTC") else pl.col("origin"))
    told = run(bars, asked)
    assert told["origin"].dtype == kind
    assert told["origin"].equals(asked["origin"])
    plain = run(bars, of(bars))
    assert told.select(pl.exclude("origin")).equals(plain.select(pl.exclude("origin")))


def test_any_word_for_a_class_and_any_extra_column_is_taken(bars: Path) -> None:
    plain = run(bars, of(bars))
    whole = pl.read_parquet(bars)
    word = pl.col("symbol").replace({"AAPL": "us equity", "BTC-USD": "coin", "EURUSD": "fx"})
    whole.with_columns(asset_class=word, __index_level_0__=pl.lit(1)).write_parquet(bars)
    assert run(bars, of(bars)).equals(plain)


def test_a_row_that_is_asked_twice_is_answered_once_in_its_first_place(bars: Path) -> None:
    asked, out = of(bars), bars.with_name("q.parquet")
    alone = run(bars, asked)
    once = out.read_bytes()
    assert run(bars, pl.concat([asked, asked.reverse(), asked.head(2)])).equals(alone)
    assert out.read_bytes() == once
    summary = forecast_file(bars, bars.with_name("origins.parquet"), out, model="ewma_t", name="m", settings=SETTINGS)
    assert (summary.rows, summary.repeated) == (asked.height, asked.height + 2)


def test_what_can_not_be_answered_is_refused_and_nothing_is_written(bars: Path) -> None:
    out = bars.with_name("q.parquet")
    absent = of(bars).with_columns(origin=pl.col("origin") + pl.duration(hours=3))
    cases = [
        (absent, {}, ValidationError, "have no bar"),
        (of(bars).with_columns(horizon=31), {}, ValidationError, "31"),
        (of(bars), {"model": "no_such"}, PluginError, "no_such"),
        (of(bars).with_columns(symbol=pl.lit("XYZ")), {}, ValidationError, "XYZ"),
    ]
    for origins, options, error, words in cases:
        with pytest.raises(error, match=words):
            run(bars, origins, **options)
    early = pl.read_parquet(bars).group_by("symbol").head(5).select("symbol", origin="ts", horizon=pl.lit(1))
    with pytest.raises(ModelError, match="too few"):
        run(bars, early)
    assert not out.exists()
    assert not list(bars.parent.glob("*.part"))


def test_it_can_be_stopped_and_then_leaves_nothing(bars: Path) -> None:
    seen = []

    def stop(progress) -> bool:
        seen.append((progress.done, progress.total))
        return False

    with pytest.raises(CancelledError):
        run(bars, of(bars), watch=stop)
    assert seen[0][1] == of(bars).select("symbol", "origin").unique().height
    assert sorted(path.name for path in bars.parent.iterdir()) == ["bars.parquet", "origins.parquet"]


def test_a_place_that_can_not_be_written_is_a_clear_error(bars: Path) -> None:
    asked = bars.with_name("origins.parquet")
    of(bars).write_parquet(asked)
    for out in (Path("/proc/q.parquet"), bars.parent / "gone" / "q.parquet"):
        with pytest.raises(StoreError, match="can't be written"):
            forecast_file(bars, asked, out, model="ewma_t", name="m", settings=SETTINGS)


def test_symbols_are_the_files_own_however_they_are_spelt(bars: Path) -> None:
    plain = run(bars, of(bars))
    names = {"AAPL": "zz-aapl", "BTC-USD": "BTCUSDT", "EURUSD": "eurusd=x"}
    spelt = pl.col("symbol").replace(names)
    words = {"AAPL": "stock", "BTC-USD": "crypto", "EURUSD": "fx"}
    whole = pl.read_parquet(bars).with_columns(asset_class=pl.col("symbol").replace(words))
    asked = of(bars).with_columns(spelt)
    whole.with_columns(spelt).write_parquet(bars)
    told = run(bars, asked)
    assert told.with_columns(pl.col("symbol").replace({v: k for k, v in names.items()})).equals(plain)


def test_symbols_may_be_categories(bars: Path) -> None:
    plain = run(bars, of(bars))
    told = run(bars, of(bars).with_columns(pl.col("symbol").cast(pl.Categorical)))
    assert told.with_columns(pl.col("symbol").cast(pl.String)).equals(plain)


def test_a_name_is_a_name_and_no_pattern(bars: Path) -> None:
    plain = run(bars, of(bars))
    odd = bars.with_name("bar[s].parquet")
    bars.rename(odd)
    whole = pl.read_parquet(odd, glob=False)
    whole.with_columns(pl.col("open", "high", "low", "close") * 10).write_parquet(bars)
    asked = bars.with_name("origins.parquet")
    out = bars.with_name("q.parquet")
    forecast_file(odd, asked, out, model="ewma_t", name="mine", settings=SETTINGS)
    assert pl.read_parquet(out).equals(plain)


def test_the_output_is_a_file_of_its_own(bars: Path) -> None:
    run(bars, of(bars))
    asked = bars.with_name("origins.parquet")
    os.mkfifo(bars.with_name("pipe"))
    bars.with_name("link.parquet").symlink_to(bars)
    before = bars.read_bytes()
    inputs = dict.fromkeys(("bars.parquet", "origins.parquet", "link.parquet"), "read from")
    for out, words in {**inputs, "pipe": "no regular file", ".": "no regular file"}.items():
        with pytest.raises(ValidationError, match=words):
            forecast_file(bars, asked, bars.parent / out, model="ewma_t", name="m", settings=SETTINGS)
    assert bars.read_bytes() == before
    with pytest.raises(ValidationError, match="no regular file"):
        forecast_file(bars, asked, Path("/dev/null"), model="ewma_t", name="m", settings=SETTINGS)
    goal = bars.with_name("goal.parquet")
    bars.with_name("to_goal.parquet").symlink_to(goal)
    forecast_file(bars, asked, bars.with_name("to_goal.parquet"), model="ewma_t", name="m", settings=SETTINGS)
    assert pl.read_parquet(goal).height == of(bars).height
    assert bars.with_name("to_goal.parquet").is_symlink()


def test_what_a_killed_run_left_is_cleared_and_what_a_living_one_writes_is_not(bars: Path) -> None:
    left = bars.with_name(f".q.parquet.{'0' * 16}.part")
    left.write_bytes(b"half")
    with writing(bars.with_name("q.parquet")) as living:
        run(bars, of(bars))
        assert not left.exists()
        assert Path(living.name).exists()
    assert sorted(path.name for path in bars.parent.iterdir()) == ["bars.parquet", "origins.parquet", "q.parquet"]


def test_prices_without_end_are_refused(bars: Path) -> None:
    asked = of(bars)
    huge = pl.read_parquet(bars).with_columns(
        pl.when(pl.int_range(pl.len()) % 2 == 0).then(1.7e308).otherwise(1e308).alias(name)
        for name in ("open", "high", "low", "close")
    )
    huge.write_parquet(bars)
    with pytest.raises(ValidationError, match="no end"):
        run(bars, asked)


@pytest.mark.parametrize(("step", "length"), [("1h", "1h"), ("1d", "1d"), ("15m", "15m")])
def test_bars_of_a_file_know_how_long_they_are(step: str, length: str) -> None:
    begin = datetime(2021, 4, 5, tzinfo=UTC)
    stamps = pl.datetime_range(begin, begin.replace(day=9), step, eager=True).cast(pl.Datetime("us", "UTC"))
    frame = pl.DataFrame({"symbol": "BTC-USD", "ts": stamps, "asset_class": "crypto", "volume": 1.0})
    prices = {name: pl.lit(100.0) for name in ("open", "high", "low", "close")}
    assert [str(one.timeframe) for one in series(frame.with_columns(**prices))] == [length]


@pytest.mark.parametrize("horizon", [0, 31])
def test_a_frame_that_asks_beyond_reach_is_refused_as_a_file_is(bars: Path, horizon: int) -> None:
    asked = of(bars, horizons=(1, horizon)).with_columns(instant=pl.col("origin"))
    with pytest.raises(ValidationError, match=rf"the horizon {horizon} is asked; a forecast reaches 1 to 30 bars"):
        forecast_frame(read_bars(bars), asked, Recipe(model="ewma_t"))


@pytest.mark.parametrize("kind", [pl.Datetime("us", "UTC"), pl.Datetime("ns"), pl.Date], ids=str)
def test_a_name_that_ends_in_csv_is_written_as_such_and_judged_alike(bars: Path, kind: pl.DataType) -> None:
    asked, plain, text = (bars.with_name(name) for name in ("asked.parquet", "plain.parquet", "text.csv"))
    of(bars).with_columns(pl.col("origin").cast(kind)).write_parquet(asked)
    for out in (plain, text):
        forecast_file(bars, asked, out, model="ewma_t", name="mine", settings=SETTINGS)
    assert text.read_text().startswith("model,symbol,origin,horizon,")
    assert read_forecasts([text]).equals(read_forecasts([plain]))
