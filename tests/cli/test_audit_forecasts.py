"""`ara audit model`, `ara audit forecast` and `ara audit data`."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ara.errors import AuditError
from ara.evidence.leaks import model_traps
from ara.evidence.leaks.apart import audit_apart
from ara.evidence.leaks.planted_models import bars
from ara.evidence.leaks.planted_sources import PLANTED_SOURCES

COMMAND = f"{sys.executable} {Path(__file__).parents[1] / 'evidence' / 'leaks' / 'command.py'}"
FILES = "{bars} {origins} {out}"

MINE = """
from ara.models.families.ewma_t import EwmaT

class Honest(EwmaT):
    family = "mine"

class Leaver(EwmaT):
    family = "leaver"
    def fit(self, *args, **kwargs):
        import os
        os._exit(7)

class Failing(EwmaT):
    family = "failing"
    def fit(self, *args, **kwargs):
        raise ValueError("it is not ready")

nothing = 3
"""


@pytest.fixture
def file(tmp_path):
    place = tmp_path / "bars.parquet"
    bars().write_parquet(place)
    return str(place)


def document(outcome):
    assert outcome.out, outcome.err
    return json.loads(outcome.out)


def test_a_family_of_ara_passes_on_the_sample_and_on_a_file(ara, file):
    outcome = ara("audit", "model", "ewma_t")
    assert outcome.code == 0
    assert outcome.plain.startswith("No leak was found in ewma_t.")
    assert "on 3 symbols" in outcome.plain
    found = document(ara("audit", "model", "har_t", "S01", "--bars", file, "--moments", "1", "--json"))
    assert (found["schema"], found["verdict"], found["symbols"], found["exit_code"]) == (1, "clear", ["S01"], 0)
    assert (found["kind"], found["findings"], len(found["origins"])) == ("model", [], 1)


def test_planted_leaks_of_models_are_told(ara, monkeypatch):
    """All ten are tried in tests/evidence/leaks; here it is told what came of two."""
    monkeypatch.setattr(model_traps, "PLANTED", dict(list(model_traps.PLANTED.items())[:2]))
    outcome = ara("audit", "model", "planted", "--width", "40")
    assert outcome.code == 0
    assert "2 of 2 planted leaks were found; 2 of 2 clean twins passed." in " ".join(outcome.plain.split())
    assert max(map(len, outcome.plain.splitlines())) <= 40


@pytest.mark.slow
def test_planted_leaks_of_models_are_all_found(ara):
    outcome = ara("audit", "model", "planted", "--width", "40")
    assert outcome.code == 0
    assert "10 of 10 planted leaks were found; 10 of 10 clean twins passed." in " ".join(outcome.plain.split())
    assert max(map(len, outcome.plain.splitlines())) <= 40


def test_a_trap_that_was_missed_is_told_with_code_4(ara, monkeypatch):
    monkeypatch.setattr("ara.evidence.leaks.model_traps.audit", lambda *_, **__: SimpleNamespace(findings=()))
    outcome = ara("audit", "model", "planted")
    assert outcome.code == 4
    assert outcome.plain.startswith("0 of 10 planted leaks were found; 10 of 10 clean twins passed.")
    found = document(ara("audit", "model", "planted", "--json"))
    assert (found["caught"], found["planted"], found["passed"], found["clean"], found["ok"]) == (0, 10, 10, 10, False)
    assert found["exit_code"] == 4


def test_a_model_of_one_s_own_runs_apart(ara, home, file):
    (home / "mine.py").write_text(MINE)
    assert ara("audit", "model", "mine:Honest", "--bars", file, "--moments", "1").code == 0
    left = ara("audit", "model", "mine:Leaver", "--bars", file, "--moments", "1")
    assert left.code == 15
    assert "ended its process, so nothing is proven" in " ".join(left.err.split())
    for name, words in {"mine:Failing": "it is not ready", "mine:nothing": "is no family of models"}.items():
        outcome = ara("audit", "model", name, "--bars", file, "--moments", "1")
        assert outcome.code == 15, name
        assert words in " ".join(outcome.err.split())


@pytest.mark.parametrize(("name", "words"), [("mine:absent", "has no absent"), ("absent:Model", "No module named")])
def test_a_model_that_is_not_there_is_said(home, monkeypatch, name, words):
    (home / "mine.py").write_text(MINE)
    with pytest.raises(AuditError, match=words):
        audit_apart(name, bars(), moments=1, seed=1, limit=0, watch=lambda _: True)
    monkeypatch.delitem(sys.modules, "mine", raising=False)


def test_a_command_that_peeks_is_shown_with_where_and_what_to_do(ara, file):
    line = f"{COMMAND} peek {FILES}"
    outcome = ara("audit", "forecast", "S00", "S01", "--bars", file, "--cmd", line, "--moments", "1", "--width", "100")
    assert outcome.code == 4
    words = " ".join(outcome.plain.split())
    assert "leaks:" in words
    assert "truncate: with the bars after the origin cut off, the forecast is another" in words
    assert "p_up 0." in words
    found = document(
        ara("audit", "forecast", "S00", "--bars", file, "--cmd", line, "--moments", "1", "--json"),
    )
    assert (found["verdict"], found["exit_code"]) == ("leaks", 4)
    one = next(one for one in found["findings"] if one["rule"] == "truncate")
    assert one["size"] == pytest.approx(0.1)
    assert one["at"] == found["origins"][0]


def test_what_can_not_be_asked_is_said(ara, file):
    assert ara("audit", "forecast", "--bars", file, "--cmd", "nothing").code == 15
    assert ara("audit", "model", "har_t", "--bars", "/nowhere").code == 2
    outcome = ara("audit", "model", "har_t", "XYZ", "--bars", file)
    assert outcome.code == 2
    assert "has no bars of XYZ" in " ".join(outcome.err.split())
    assert ara("audit", "model", "har_t", "--moments", "0").code == 2
    assert ara("audit", "model", "nobody").code != 0


def test_planted_leaks_of_sources_are_all_found(ara):
    outcome = ara("audit", "data", "planted", "--width", "60")
    assert outcome.code == 0
    assert outcome.plain.startswith("10 of 10 planted leaks were found; 10 of 10 clean twins")
    assert document(ara("audit", "data", "planted", "--json"))["ok"] is True


def test_a_provider_and_a_file_are_audited(ara, file, home):
    told = document(ara("audit", "data", "sample", "AAPL", "--moments", "2", "--json"))
    assert (told["verdict"], told["kind"], told["subject"], told["exit_code"]) == ("clear", "data", "sample", 0)
    assert "prefix" in told["tried"]
    assert len(told["origins"]) == 2
    passed = ara("audit", "data", file)
    assert passed.code == 0
    assert "1,800 bars of 3 symbols were looked at: their stamps" in " ".join(passed.plain.split())
    PLANTED_SOURCES["smoothed"].source().read(None).drop("due", "known_at").write_parquet(home / "smooth.parquet")
    outcome = ara("audit", "data", "smooth.parquet")
    assert outcome.code == 4
    assert "next_bar: the bar tells the move of the next one" in outcome.plain
    older = ara("audit", "data", file, "--older", "smooth.parquet", "--json")
    assert {one["rule"] for one in document(older)["findings"]} == {"prefix"}
    assert ara("audit", "data", "none.parquet").code == 2
    assert ara("audit", "data", file, "--older", "none.parquet").code == 2
    assert "no provider named 'nobody'" in ara("audit", "data", "nobody").err


def test_placebo_markets_are_written_as_bars(ara, file, home):
    told = document(ara("audit", "placebo", "--bars", file, "--out", "made", "--count", "2", "--seed", "5", "--json"))
    assert told["files"] == [f"made/{kind}-{seed}.parquet" for kind in ("phase", "regime") for seed in (5, 6)]
    assert (told["symbols"], told["rows"]) == (3, 1800)
    assert ara("audit", "data", "made/phase-5.parquet").code == 0
    outcome = ara("audit", "--placebo", "--bars", file, "--out", "other")
    assert (outcome.code, outcome.plain.strip()) == (0, "2 placebo markets of 3 symbols: other")
    assert (home / "other" / "regime-1.parquet").is_file()
    assert ara("audit", "placebo", "--bars", file, "--out", file).code == 2
    assert ara("audit", "placebo", "--bars", "none", "--out", "made").code == 2
    assert "it is phase, regime or both" in ara("audit", "placebo", "--bars", file, "--out", "x", "--kind", "z").err
    assert ara("audit", "--placebo", "--bars", file).code == 2
    assert ara("audit", "--placebo", "placebo", "--bars", file, "--out", "x").code == 2
    assert "Usage: ara audit" in ara("audit").plain


def test_a_placebo_market_that_can_not_be_written_is_a_clear_error(ara, file, home):
    named = document(ara("audit", "placebo", "--bars", file, "--out", "made", "--json"))["files"][0]
    (home / "taken" / Path(named).name).mkdir(parents=True)
    outcome = ara("audit", "placebo", "--bars", file, "--out", "taken")
    assert outcome.code == 5
    assert "can't be written: " in " ".join(outcome.err.split())
