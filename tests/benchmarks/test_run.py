import json
import sys

import pytest

from benchmarks import imports, run
from benchmarks.measure import cpu_seconds, show

STAIRS = {"steps_count": 3.0, "climb_ms": 8.0}


@pytest.mark.parametrize(
    ("value", "entry", "words"),
    [
        (1.0, {}, "not stored, so nothing to compare with: --update"),
        (1.0, {"bound": 1.0}, ""),
        (1.1, {"bound": 1.0}, "beyond its bound of 1"),
        (0.0, {"bound": 0, "stored": 0}, ""),
        (1.5, {"stored": 1.0}, ""),
        (1.6, {"stored": 1.0}, "worse than the 1 stored, by more than 50% of it"),
        (1.2, {"stored": 1.0, "tolerance": 0.1}, "worse than the 1 stored, by more than 10% of it"),
        (0.5, {"better": "higher", "stored": 1.0}, ""),
        (0.4, {"better": "higher", "stored": 1.0}, "worse than the 1 stored, by more than 50% of it"),
        (1900.0, {"better": "higher", "bound": 2000}, "beyond its bound of 2000"),
        (9000.0, {"better": "higher", "bound": 2000, "stored": 2500}, ""),
        (None, {"stored": 1.0}, "not measured any more"),
    ],
)
def test_a_figure_is_held_to_its_bound_and_to_what_was_stored(value, entry, words):
    assert run.verdict(value, entry) == words


def test_new_figures_are_said_lost_ones_fail_and_optional_ones_may_be_lost():
    entries = {"old": {"stored": 1.0}, "lost": {"stored": 1.0}, "peer": {"stored": 1.0, "optional": True}}
    assert run.compare({"old": 1.0, "new": 7.0}, entries) == [
        ("old", 1.0, ""),
        ("new", 7.0, "not stored, so nothing to compare with: --update"),
        ("lost", None, "not measured any more"),
    ]


def test_the_figures_of_a_benchmark_are_stored_and_compared(tmp_path, monkeypatch, capsys):
    ours = tmp_path / "benchmarks"
    ours.mkdir()
    (ours / "stairs.py").write_text(f"def figures():\n    print('a word')\n    return {STAIRS}")
    monkeypatch.setattr(run, "_HERE", ours)
    stored = tmp_path / "stored.json"
    assert run.main(["--update", "stairs"], stored=stored) == 0
    book = json.loads(stored.read_text())
    assert book == {"stairs": {name: {"better": "lower", "stored": value} for name, value in STAIRS.items()}}
    assert run.main([], stored=stored) == 0
    book["stairs"]["climb_ms"]["bound"] = 7.9
    stored.write_text(json.dumps(book))
    capsys.readouterr()
    assert run.main(["stairs"], stored=stored) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "1 got worse: stairs.climb_ms"


def test_what_it_costs_to_begin_is_measured(monkeypatch):
    monkeypatch.setattr(imports, "_RUNS", 1)
    found = imports.figures()
    assert found["heavy_modules_count"] == 0
    assert found["import_ara_ms"] >= 0
    assert found["help_over_typer"] > 0


def test_an_unknown_benchmark_is_refused(capsys):
    with pytest.raises(SystemExit):
        run.main(["gossip"])
    assert "there is no benchmark gossip" in capsys.readouterr().err


def test_processor_time_is_the_childrens():
    busy = "import time\nbegun = time.process_time()\nwhile time.process_time() - begun < 0.3: pass"
    least = cpu_seconds({"idle": (sys.executable, "-c", "pass"), "busy": (sys.executable, "-c", busy)}, runs=1)
    assert 0 < least["idle"] < least["busy"]
    assert least["busy"] >= 0.3


def test_a_command_that_fails_stops_the_measurement():
    with pytest.raises(SystemExit, match=r"bad: .* ends with 3"):
        cpu_seconds({"bad": (sys.executable, "-c", "raise SystemExit(3)")}, runs=1)


def test_figures_are_printed_with_their_units(capsys):
    show({"import_ara_ms": 1.25, "appends_per_s": 2500.0, "help_over_typer": 0.1})
    assert capsys.readouterr().out == "import_ara_ms=1.25 ms\nappends_per_s=2500 1/s\nhelp_over_typer=0.1 x\n"


def test_a_figure_that_is_not_stored_is_said_and_is_not_called_fine(tmp_path, monkeypatch, capsys):
    assert "not stored" in run.verdict(1.0, {})
    assert run.compare({"new": 1.0}, {})[0][2].startswith("not stored")
    assert run.verdict(1.0, {"bound": 2.0}) == ""
    monkeypatch.setattr(run, "measured", lambda name: {"new": 1.0})
    assert run.main(["imports"], stored=tmp_path / "none.json") == 0
    said = capsys.readouterr().out
    assert "1 not stored: imports.new" in said
    assert " ok" not in said
