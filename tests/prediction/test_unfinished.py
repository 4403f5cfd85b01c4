"""A long run of forecasts that was stopped or killed goes on from what it had answered, and tells the same."""

import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import ara.data
from ara.errors import CancelledError, ModelError
from ara.models.fits import refits
from ara.models.panel import Panel
from ara.prediction import bulk, halves
from ara.prediction.bulk import forecast_file
from ara.prediction.compute import compute
from ara.prediction.unfinished import Parts
from ara.settings import Settings

SAMPLE = Path(ara.data.__file__).parent / "sample" / "sample.parquet"


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    whole = pl.read_parquet(SAMPLE).filter(pl.col("symbol").is_in(["AAPL", "EURUSD"]))
    whole.filter(pl.col("ts") > datetime(2018, 1, 1, tzinfo=UTC)).write_parquet(tmp_path / "bars.parquet")
    return tmp_path / "bars.parquet"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows were computed, by call."""
    counts: list[int] = []

    def counted(panel, rows, *args, **options):
        counts.append(len(rows))
        return compute(panel, rows, *args, **options)

    monkeypatch.setattr(halves, "compute", counted)
    return counts


def run(bars: Path, *, name="q.parquet", model="ewma_t", refit="month", kept=True, rows=None, watch=None) -> bytes:
    origins = bars.with_name("origins.parquet")
    known = pl.read_parquet(bars).filter(pl.col("ts") >= datetime(2019, 9, 20, tzinfo=UTC))
    known = known.filter(pl.col("ts") < datetime(2020, 1, 10, tzinfo=UTC)) if rows is None else rows
    known.select("symbol", origin="ts").join(pl.DataFrame({"horizon": [1, 5]}), how="cross").write_parquet(origins)
    forecast_file(
        bars,
        origins,
        bars.with_name(name),
        model=model,
        name="m",
        settings=Settings(),
        refit=refit,
        unfinished=place(bars) if kept else None,
        watch=watch,
    )
    return bars.with_name(name).read_bytes()


def place(bars: Path) -> Path:
    return bars.with_name("unfinished")


def parts(bars: Path) -> list[Path]:
    return sorted(place(bars).glob("*/*.npy"))


def stopped(bars: Path, *, after: int, **options) -> None:
    """Run until so many refits were told of, and stop."""
    heard = []

    def watch(progress) -> bool:
        heard.append(progress.done)
        return len(heard) < after

    with pytest.raises(CancelledError):
        run(bars, watch=watch, **options)


def test_a_run_that_was_stopped_asks_only_what_is_left(bars: Path, asked: list[int]) -> None:
    whole = run(bars, name="whole.parquet", kept=False)
    stopped(bars, after=2)
    assert len(parts(bars)) == 2
    assert not bars.with_name("q.parquet").exists()
    told = []
    assert run(bars, watch=lambda progress: told.append((progress.done, progress.total)) or True) == whole
    assert asked[0] == asked[1] > asked[2] > 0
    assert [total for _, total in told] == [asked[0]] * 3
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[0][0] > asked[0] - asked[2]
    assert told[-1][0] == asked[0]
    assert not parts(bars)
    assert not list(place(bars).iterdir())


def test_all_that_was_answered_is_not_asked_again(bars: Path, asked: list[int], monkeypatch) -> None:
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(bulk, "_write", full)
        with pytest.raises(OSError, match="No space"):
            run(bars)
    assert run(bars) == run(bars, name="whole.parquet", kept=False)
    assert len(asked) == 2  # the one whose file could not be written, and the whole one


@pytest.mark.parametrize("other", [{"model": "har_t"}, {"refit": "quarter"}, {"rows": 1}, {"bars": 2}, {"code": 3}])
def test_another_run_takes_nothing_of_it(bars: Path, asked: list[int], monkeypatch, other: dict) -> None:
    stopped(bars, after=3)
    before = asked.pop()
    if "rows" in other:
        other = {"rows": pl.read_parquet(bars).tail(40)}
    elif other.pop("bars", None):
        pl.read_parquet(bars).with_columns(pl.col("close", "high") * 1.0001).write_parquet(bars)
    elif other.pop("code", None):
        changed = bars.with_name("family.py")
        changed.write_text("# another code")
        monkeypatch.setattr(bulk.inspect, "getfile", lambda _: str(changed))
    assert run(bars, **other) == run(bars, name="whole.parquet", kept=False, **other)
    assert asked[0] == asked[1] == (before if "rows" not in other else 40)
    assert len(parts(bars)) == 3  # those of the first run wait for it


def test_what_is_refused_leaves_no_piece_to_go_on_from(bars: Path) -> None:
    early = pl.concat([pl.read_parquet(bars).head(3), pl.read_parquet(bars).tail(40)])
    for _ in range(2):
        with pytest.raises(ModelError, match="too few"):
            run(bars, rows=early)
        assert not parts(bars)


def test_a_part_that_is_not_whole_is_computed(bars: Path, asked: list[int]) -> None:
    whole = run(bars, name="whole.parquet", kept=False)
    stopped(bars, after=4)
    first, second, third, _ = parts(bars)
    first.write_bytes(first.read_bytes()[:-8])
    values = np.load(second)
    values[0, 0, 0] = np.nan
    np.save(second, values)
    np.save(third, np.load(third)[:, :, :-1])
    assert run(bars) == whole
    assert 0 < asked[-1] < asked[0]


def test_where_nothing_can_be_kept_the_run_is_as_without(bars: Path, asked: list[int]) -> None:
    place(bars).write_text("a file stands where the folder should be")
    assert run(bars) == run(bars, name="whole.parquet", kept=False)
    assert asked[0] == asked[1]


def test_a_second_process_keeps_its_parts_too(bars: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def later(panel, rows, recipe):
        return np.concatenate([places for _, places in refits(panel.known_at[rows])][2:])

    monkeypatch.setattr(halves, "_later", later)
    panel = Panel.build(bulk.series(bulk.read_bars(bars)), (1,))
    rows = np.flatnonzero(panel.series == 0)[-90:]
    recipe = bulk.Recipe(model="ewma_t")
    kept = Parts.opened(place(bars), "run")
    told = halves.computed(panel, rows, recipe, parts=kept)
    assert len(parts(bars)) == len(list(refits(panel.known_at[rows]))) > 3
    monkeypatch.setattr(halves, "_shared", None)  # nothing is left to ask
    again = halves.computed(panel, rows, recipe, parts=kept)
    assert again.values.tobytes() == told.values.tobytes() == compute(panel, rows, recipe).quantiles.values.tobytes()


def test_of_runs_that_were_given_up_the_newest_are_left(tmp_path: Path) -> None:
    for number in range(12):
        Parts.opened(tmp_path, f"run{number:02}").keep(1, np.zeros((1, 1, 1)))
        os.utime(tmp_path / f"run{number:02}", (number, number))
    Parts.opened(tmp_path, "run00")
    left = sorted(one.name for one in tmp_path.iterdir())
    assert left[-7:] == [f"run{number:02}" for number in range(5, 12)]
    assert len(left) <= 8
