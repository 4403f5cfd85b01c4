"""A sweep that was stopped or killed goes on from where it was, and comes to the same table."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ara.backtest.checks import made_up
from ara.backtest.cross import cross
from ara.backtest.folds import Rules
from ara.backtest.going_on import Answers, KeptColumns, file_of
from ara.backtest.kept import Kept, follows
from ara.backtest.monte_carlo import monte_carlo
from ara.backtest.run import run
from ara.backtest.sweep import sweep
from ara.backtest.walk_forward import walk
from ara.errors import CancelledError
from ara.evidence.sham import on_placebos
from ara.trading.strategies import Momentum, made

TAPE = made_up(120)["ONE"]
GRID = {"window": [5, 10, 15, 20, 30], "stop": [0.0, 0.05]}

LEARNER = """
import time
from pathlib import Path
from ara.trading.strategies import Momentum

class Learner(Momentum):
    def plan(self, tape):
        if self.window == 15 and Path("wait").exists():
            Path("there").touch()
            time.sleep(3600)
        return super().plan(tape)
"""

CHILD = """
from pathlib import Path
from ara.backtest.checks import made_up
from ara.backtest.sweep import sweep
from ara.trading.strategies import made

grid = {"window": [5, 10, 15, 20, 30], "stop": [0.0, 0.05]}
sweep(made("learns_slowly:Learner"), grid, made_up(120)["ONE"], cuts=0, kept=Path("sweeps"))
"""

LONG = """
import sys
import time
from pathlib import Path
from ara.backtest.checks import made_up
from ara.backtest.cross import cross
from ara.backtest.monte_carlo import monte_carlo
from ara.backtest.run import run
from ara.evidence.sham import on_placebos
from ara.trading.strategies import made

def wait(done, total):
    if done >= 3:
        Path("there").touch()
        time.sleep(3600)
    return True

tapes, kept = {"ONE": made_up(120)["ONE"]}, Path(sys.argv[1])
if sys.argv[1] == "crossed":
    cross(made("momentum"), {"window": [5, 10, 15, 20, 30]}, tapes["ONE"], groups=4, kept=kept, watch=wait)
elif sys.argv[1] == "worlds":
    make = made("momentum", {"window": 10})
    found = run(make, tapes, name="momentum", parameters=make.parameters, cuts=0)
    monte_carlo(found, make, tapes, draws=4, kept=kept, watch=wait)
else:
    on_placebos(made("momentum", {"window": 10}), tapes, markets=5, kept=kept, watch=wait)
"""


class Counting(Momentum):
    """Counts its plans."""

    made: list[int] = []  # noqa: RUF012 - a test clears it

    def plan(self, tape):
        self.made.append(self.window)
        return super().plan(tape)


@pytest.fixture(autouse=True)
def _nothing_counted():
    Counting.made.clear()


def test_what_was_tried_is_not_tried_again(tmp_path, monkeypatch):
    monkeypatch.setattr("ara.backtest.sweep._STEP", 1)
    with pytest.raises(CancelledError, match="after 6 of 10 combinations") as error:
        sweep(Counting, GRID, TAPE, kept=tmp_path, watch=lambda done, total: done < 6)
    assert "Ask again to go on" in error.value.hint
    (file,) = tmp_path.iterdir()
    assert len(json.loads(file.read_text())["trials"]) == 6
    assert Counting.made == [5, 10, 15]
    Counting.made.clear()
    heard = []
    found = sweep(Counting, GRID, TAPE, cuts=0, kept=tmp_path, watch=lambda *done: heard.append(done) or True)
    assert heard == [(7, 10), (8, 10), (9, 10), (10, 10)]
    assert Counting.made[:2] == [20, 30]
    fresh = sweep(Counting, GRID, TAPE, cuts=0)
    assert found.trials.equals(fresh.trials)
    assert (found.best.lineage.id, found.proof) == (fresh.best.lineage.id, fresh.proof)
    Counting.made.clear()
    assert sweep(Counting, GRID, TAPE, cuts=0, kept=tmp_path).trials.equals(fresh.trials)
    assert len(Counting.made) == 1  # the best alone is played again


def test_how_long_the_rest_takes_is_told_once(monkeypatch):
    monkeypatch.setattr("ara.pace._ENOUGH", 0.0)
    told = []
    sweep(Momentum, GRID, TAPE, cuts=0, told=lambda *left: told.append(left))
    ((left, seconds),) = told
    assert left == 7
    assert seconds >= 0
    told.clear()
    monkeypatch.setattr("ara.pace._ENOUGH", 1e9)
    sweep(Momentum, GRID, TAPE, cuts=0, told=lambda *left: told.append(left))
    assert told == []


def test_all_that_rows_follow_from_names_their_file(tmp_path, monkeypatch):
    asks = [{}, {"cash": 5_000}, {"start": TAPE.bars().frame["at"][40]}, {"tape": made_up(120)["TWO"]}]
    for more in asks:
        sweep(Counting, GRID, **{"tape": TAPE, **more}, cuts=0, kept=tmp_path)
    assert len(list(tmp_path.iterdir())) == len(asks)
    sweep(made("momentum"), GRID, TAPE, cuts=0, kept=tmp_path)
    sweep(made("momentum", {"short": True}), GRID, TAPE, cuts=0, kept=tmp_path)
    assert len(list(tmp_path.iterdir())) == len(asks) + 2
    monkeypatch.setitem(file_of.__kwdefaults__, "most", 4)
    for cash in range(1_000, 1_003):
        sweep(Momentum, {"window": [5]}, TAPE, cuts=0, cash=cash, kept=tmp_path)
    assert len(list(tmp_path.iterdir())) == 4
    for one in tmp_path.iterdir():
        one.write_text('{"schema": 1, "trials": {"0": [1], "1": 2}}')
    again = sweep(Momentum, {"window": [5]}, TAPE, cuts=0, cash=1_000, kept=tmp_path)
    assert again.trials.equals(sweep(Momentum, {"window": [5]}, TAPE, cuts=0, cash=1_000).trials)


def killed(folder, code, *words):
    """Let a process work until it says that it is in the midst of it, and kill it there."""
    child = subprocess.Popen([sys.executable, "-c", code, *words], cwd=folder)
    end = time.monotonic() + 300
    while not (folder / "there").exists():
        assert child.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()


def test_a_sweep_that_was_killed_goes_on_and_finds_the_same(tmp_path, monkeypatch):
    (tmp_path / "learns_slowly.py").write_text(LEARNER)
    (tmp_path / "wait").touch()
    killed(tmp_path, CHILD)
    (tmp_path / "wait").unlink()
    monkeypatch.syspath_prepend(str(tmp_path))
    make, heard = made("learns_slowly:Learner"), []
    found = sweep(make, GRID, TAPE, cuts=0, kept=tmp_path / "sweeps", watch=lambda *done: heard.append(done) or True)
    assert heard[0][0] > 1  # what was kept was not tried again
    assert found.trials.equals(sweep(make, GRID, TAPE, cuts=0).trials)


def crossed(**how):
    return cross(made("momentum"), {"window": [5, 10, 15, 20, 30]}, TAPE, groups=4, **how).as_dict()


def lived(**how):
    make = made("momentum", {"window": 10})
    found = run(make, {"ONE": TAPE}, name="momentum", parameters=make.parameters, cuts=0)
    return monte_carlo(found, make, {"ONE": TAPE}, draws=4, **how).as_dict()


def shammed(**how):
    return on_placebos(made("momentum", {"window": 10}), {"ONE": TAPE}, markets=5, **how).as_dict()


LONG_WORK = {"crossed": (crossed, 5), "worlds": (lived, 8), "placebos": (shammed, 5)}


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG_WORK)
def test_other_long_work_that_was_killed_goes_on_and_finds_the_same(tmp_path, name):
    work, count = LONG_WORK[name]
    killed(tmp_path, LONG, name)
    heard = []
    found = work(kept=tmp_path / name, watch=lambda *done: heard.append(done) or True)
    first = heard[0][0]  # what was kept was not played again: the first at least, all three where a file only grows
    assert first == 4 if name == "crossed" else 1 < first <= 4
    assert heard == [(done, count) for done in range(first, count + 1)]
    assert found == work()
    heard.clear()
    assert work(kept=tmp_path / name, watch=lambda *done: heard.append(done) or True) == found
    assert heard == []


@pytest.mark.parametrize("name", LONG_WORK)
def test_other_long_work_that_was_stopped_goes_on_and_finds_the_same(tmp_path, name):
    work, count = LONG_WORK[name]
    with pytest.raises(CancelledError, match=f"after 2 of {count}") as error:
        work(kept=tmp_path, watch=lambda done, total: done < 2)
    assert "Ask again to go on" in error.value.hint
    heard = []
    found = work(kept=tmp_path, watch=lambda *done: heard.append(done) or True)
    assert heard == [(done, count) for done in range(3, count + 1)]
    assert found == work()


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG_WORK)
def test_work_that_is_stopped_in_processes_goes_on_in_one(tmp_path, name):
    work, count = LONG_WORK[name]
    with pytest.raises(CancelledError) as error:
        work(kept=tmp_path, workers=2, watch=lambda done, total: done == 0)
    assert "Ask again to go on" in error.value.hint
    heard = []
    found = work(kept=tmp_path, watch=lambda *done: heard.append(done) or True)
    assert 0 < len(heard) < count
    assert found == work()


def test_columns_that_were_torn_or_changed_are_found_anew(tmp_path):
    path = tmp_path / "deep" / "some.columns"
    for number in range(3):
        KeptColumns(path, 4).put(str(number), np.full(4, number + 0.5))
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    torn = KeptColumns(path, 4)
    assert [torn.get(str(number)) is not None for number in range(3)] == [True, True, False]
    torn.put("2", np.full(4, 2.5))
    assert path.read_bytes() == whole
    path.write_bytes(whole[:70] + b"x" + whole[71:])
    assert [KeptColumns(path, 4).get(str(number)) is not None for number in range(3)] == [True, False, False]
    assert KeptColumns(None, 4).get("0") is None
    (tmp_path / "file").touch()
    lost = KeptColumns(tmp_path / "file" / "some.columns", 4)
    answers = Answers(lost, 1, what="", watch=None)
    answers.heard([0], [np.ones(4)])  # nothing can be written there, and the work goes on
    assert answers.whole()[0].tolist() == [1, 1, 1, 1]


def test_a_changed_strategy_is_tried_anew(tmp_path, monkeypatch):
    source = tmp_path / "changes_its_mind.py"
    source.write_text(LEARNER)
    monkeypatch.syspath_prepend(str(tmp_path))
    make, rules, kept = made("changes_its_mind:Learner"), Rules(window=30, every=30), tmp_path / "choices.json"

    def both():
        sweep(make, GRID, TAPE, cuts=0, kept=tmp_path / "sweeps")
        walk(make, {"window": [3, 5]}, {"ONE": TAPE}, rules=rules, kept=kept, cuts=0)
        return len(list((tmp_path / "sweeps").iterdir())), len(json.loads(kept.read_text())["choices"])

    assert both() == both() == (1, 3)
    source.write_text(LEARNER + "# another thought\n")
    assert both() == (2, 6)


def test_parameters_that_are_given_are_not_forgotten_by_a_walk(tmp_path):
    kept, rules = tmp_path / "choices.json", Rules(window=30, every=30)
    for short in (True, False):
        walk(made("momentum", {"short": short}), {"window": [3, 5]}, {"ONE": TAPE}, rules=rules, kept=kept, cuts=0,
             name="momentum")  # fmt: skip
    assert len(json.loads(kept.read_text())["choices"]) == 6


def test_what_stands_in_no_file_is_not_remembered(tmp_path):
    space: dict[str, object] = {}
    exec("def make(window):\n    from ara.trading.strategies import Momentum\n    return Momentum(window)\n", space)
    assert follows(space["make"]) is None
    sweep(space["make"], {"window": [5, 10]}, TAPE, cuts=0, kept=tmp_path)
    walk(space["make"], {"window": [5, 10]}, {"ONE": TAPE}, rules=Rules(window=30, every=30),
         kept=tmp_path / "choices.json", cuts=0)  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_only_the_newest_answers_stay_and_all_are_there_at_the_end(tmp_path):
    path = tmp_path / "deep" / "kept.json"
    with Kept(path, "answers", most=3) as kept:
        kept.put("0", [0])
        assert json.loads(path.read_text())["answers"] == {"0": [0]}
        for number in range(1, 5):
            kept.put(str(number), [number])
    assert list(json.loads(path.read_text())["answers"]) == ["2", "3", "4"]
    assert Kept(path, "answers", most=3).get("4") == [4]
    assert Kept(path, "others", most=3).get("4") is None
    for text in ("[", "[]", '{"schema": 2}', '{"schema": 1, "answers": [1]}', '{"schema": 1, "answers": {"4": 4}}'):
        path.write_text(text)
        assert Kept(path, "answers", most=3).get("4") is None
    assert Path(path).read_text() == text
    nowhere = Kept(None, "answers", most=3)
    nowhere.put("0", [0])
    assert nowhere.get("0") is None


def test_where_nothing_can_be_written_the_work_goes_on(tmp_path, caplog):
    (tmp_path / "sweeps").write_text("a file, where a folder should be")
    found = sweep(Momentum, GRID, TAPE, cuts=0, kept=tmp_path / "sweeps")
    assert found.trials.equals(sweep(Momentum, GRID, TAPE, cuts=0).trials)
    assert [one.levelname for one in caplog.records if "can't be kept" in one.message] == ["WARNING"]
