"""Ctrl-C on long work says what is kept of it, and how to go on."""

from pathlib import Path

import polars as pl
import pytest

from ara.cli.screen import Flags, Screen
from ara.cli.stopping import Stopping
from ara.prediction.unfinished import Parts

WORDS = ("forecast", "--bars", "bars.parquet", "--origins", "origins.parquet", "--model", "ewma_t", "--out")


@pytest.fixture
def months(home):
    """Origins of five months of AAPL: 5 answers."""
    from ara.data.providers import sample

    bars = pl.read_parquet(Path(sample.__file__).parents[1] / "sample" / "sample.parquet")
    bars = bars.filter(pl.col("symbol") == "AAPL").sort("ts")
    bars.write_parquet("bars.parquet")
    bars[-100::20].select("symbol", origin="ts", horizon=pl.lit(1)).write_parquet("origins.parquet")


def test_a_forecast_of_files_says_what_is_kept_and_goes_on_from_there(ara, months, monkeypatch):
    kept, asked = Parts.keep, []

    def stopped(self, moment, values):
        asked.append(moment)
        if len(asked) == 4:
            raise KeyboardInterrupt
        kept(self, moment, values)

    monkeypatch.setattr(Parts, "keep", stopped)
    outcome = ara(*WORDS, "q.parquet")
    assert (outcome.code, outcome.out) == (130, "")
    assert outcome.err == "Stopped; 3 of 5 origins are kept. The same command goes on from there.\n"
    assert not Path("q.parquet").exists()
    assert ara(*WORDS, "q.parquet").code == 0
    assert len(asked) == 6  # the two that were left
    assert ara(*WORDS, "whole.parquet").code == 0
    assert Path("q.parquet").read_bytes() == Path("whole.parquet").read_bytes()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([], "what was done of the pieces is kept. The same command goes on from there."),
        ([(0, 2_000)], "none of the 2,000 pieces was done yet."),
        ([(0, 2_000), (1_500, 2_000)], "1,500 of 2,000 pieces are kept. The same command goes on from there."),
        ([(2_000, 2_000)], "all 2,000 pieces are kept. The same command goes on from there."),
    ],
)
def test_what_is_kept_is_said_in_numbers(capsys, told, said):
    screen = Screen(Flags(width=100), runner=lambda _: None)

    def work():
        with Stopping(screen, "pieces") as kept:
            hear = kept.hearing(lambda done, total: None)
            assert all(hear(done, total) for done, total in told)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert capsys.readouterr().err == f"Stopped; {said}\n"


def test_other_errors_say_nothing_of_what_is_kept(capsys):
    with pytest.raises(ValueError, match="wrong"), Stopping(Screen(Flags(), runner=lambda _: None), "pieces"):
        raise ValueError("wrong")
    assert capsys.readouterr().err == ""
