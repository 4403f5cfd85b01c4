"""Ctrl-C on long back-tests says what is kept, and the same command goes on from there."""

import json
import sys

import pytest

STOPS = """
from pathlib import Path
from ara.trading.strategies import Momentum

class Stops(Momentum):
    def plan(self, tape):
        with Path("plans").open("a") as file:
            file.write(f"{self.window} ")
        if self.window == 15 and not Path("goes").exists():
            raise KeyboardInterrupt
        return super().plan(tape)
"""

SPAN = ("AAPL", "--strategy", "stops_at_fifteen:Stops", "--start", "2018-01-01", "--end", "2019-12-31", "--cuts", "0")
GRID = ("--grid", "window=5,10,15,20", "--grid", "stop=0,0.05")
SOME = "Stopped; {} are kept. The same command goes on from there.\n"


@pytest.fixture(autouse=True)
def _strategy(home, monkeypatch):
    (home / "stops_at_fifteen.py").write_text(STOPS)
    monkeypatch.syspath_prepend(str(home))
    monkeypatch.delitem(sys.modules, "stops_at_fifteen", raising=False)


def test_a_sweep_goes_on_from_what_is_kept(ara, home):
    stopped = ara("backtest", "sweep", *SPAN, *GRID)
    assert (stopped.code, stopped.out) == (130, "")
    assert stopped.err == SOME.format("4 of 8 combinations")
    (home / "plans").unlink()
    (home / "goes").touch()
    found = ara("backtest", "sweep", *SPAN, *GRID, "--json")
    assert found.code == 0
    assert json.loads(found.out)["combinations"] == 8
    assert set((home / "plans").read_text().split()[:2]) == {"15", "20"}


def test_a_walk_and_a_cross_validation_say_so_too(ara, home):
    walked = ara("backtest", *SPAN, *GRID, "--walk-forward", "100", "--quiet")
    assert (walked.code, walked.out, walked.err) == (130, "", "")
    said = ara("backtest", *SPAN, *GRID, "--walk-forward", "100").err
    assert said == "Stopped; what was done of the choices is kept. The same command goes on from there.\n"
    (home / "goes").touch()
    assert ara("backtest", "sweep", *SPAN, *GRID, "--quiet").code == 0
    (home / "goes").unlink()
    crossed = ara("backtest", "sweep", *SPAN, *GRID, "--cross-validate", "4")
    assert crossed.code == 130
    assert crossed.err.endswith(SOME.format("4 of 8 combinations"))


def test_what_is_said_to_be_kept_is_so_where_the_writing_was_stopped(tmp_path, monkeypatch):
    from ara.backtest import kept
    from ara.whole import write

    presses = iter([False, True])

    def written(path, content):
        if next(presses, False):
            raise KeyboardInterrupt
        write(path, content)

    monkeypatch.setattr(kept, "write", written)
    monkeypatch.setattr(kept, "_PACE", 1e12)
    memory = kept.Kept(tmp_path / "some.json", "trials", most=9)
    for number in range(3):
        memory.put(str(number), [number])
    with pytest.raises(KeyboardInterrupt):
        memory.__exit__()
    assert json.loads((tmp_path / "some.json").read_text())["trials"] == {"0": [0], "1": [1], "2": [2]}
