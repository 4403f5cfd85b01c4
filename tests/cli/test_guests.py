"""Commands with indicators of other packages, good and evil."""

import importlib
import json
import sys

import pytest

TEXT = """
import os, sys, time
import numpy as np
from ara.features import Scale, indicator
def mk(function):
    told = dict(warmup=0, memory=1, scale=Scale.FREE, bounds=(-np.inf, np.inf), formula="C", reference="me", words="w")
    return indicator(inputs=["close"], **told)(function)
@mk
def kind(close):
    print("hello")
    return close * 1
@mk
def kills(close): os._exit(3)
@mk
def leaves(close): sys.exit(0)
@mk
def sleeps(close): time.sleep(3600)
@mk
def writes(close):
    close[:] = 0
    return close
"""
NAMES = ("kind", "kills", "leaves", "sleeps", "writes", "gone")


@pytest.fixture
def evil(home, monkeypatch):
    (home / "guest_parts.py").write_text(TEXT)
    info = home / "parts-1.0.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text("Metadata-Version: 2.4\nName: parts\nVersion: 1.0\n")
    lines = [f"{name} = guest_parts:{name}" for name in NAMES]
    info.joinpath("entry_points.txt").write_text("[ara.indicators]\n" + "\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(home))
    importlib.invalidate_caches()
    yield home
    sys.modules.pop("guest_parts", None)


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("kind", 0, ""),
        ("kills", 9, "worker"),
        ("leaves", 4, "The indicator leaves failed: SystemExit: 0."),
        ("writes", 4, "The indicator writes writes into the arrays that it is given"),
    ],
)
def test_what_others_wrote_is_built_in_a_process_of_its_own(process, evil, name, code, said):
    (evil / "mine.toml").write_text(f'name = "mine"\nitems = ["{name}", "rsi"]\n')
    outcome = process("features", "build", "mine.toml", "AAPL", "--json", PYTHONPATH=str(evil))
    assert outcome.code == code
    told = json.loads(outcome.out)
    assert said in " ".join(str(told.get("detail", "")).split()) + outcome.err


def test_a_guest_that_prints_is_computed_and_one_that_is_broken_is_left_out(ara, evil):
    told = ara("indicators", "compute", "kind", "AAPL", "--json")
    assert len(json.loads(told.out)["at"]) == 3082
    assert "hello" in told.err
    assert ara("indicators", "compute", "rsi", "AAPL").code == 0
    listed = ara("indicators", "list", "--search", "relative strength")
    assert listed.code == 0
    doctor = ara("doctor")
    assert "'gone' of parts 1.0 can't be loaded" in " ".join(doctor.plain.split())
    assert ara("indicators", "compute", "gone", "AAPL").code == 8


@pytest.mark.parametrize(("name", "said"), [("sleeps", "It took longer than 1 second"), ("leaves", "SystemExit: 0")])
def test_a_check_ends_whatever_the_part_does(ara, evil, name, said):
    outcome = ara("plugins", "check", name, "--limit", "1")
    assert outcome.code == 8
    assert said in outcome.plain


def test_params_that_are_nested_too_deeply_are_refused(ara):
    outcome = ara("indicators", "compute", "rsi", "AAPL", "--params", "[" * 90_000)
    assert (outcome.code, outcome.out) == (2, "")
    assert "nested too deeply" in outcome.err
