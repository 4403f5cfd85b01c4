"""Each mark is in the picture, as often as it is in the data."""

import re

import numpy as np
import pytest

from ara.reports import charts

DAYS = np.arange("2020-01-01", "2020-02-10", dtype="datetime64[D]")
CLOSE = 100 + np.arange(len(DAYS)) % 7 - 3.0


def paths(svg, group):
    """Give how many paths and uses stand in the groups that are called so."""
    text = svg.decode()
    return sum(len(re.findall(r"<(?:path|use) ", part.split("</g>")[0])) for part in text.split(f'<g id="{group}')[1:])


def test_a_candle_is_a_wick_and_a_body_hollow_or_filled():
    opened = np.where(np.arange(len(DAYS)) % 4 == 0, CLOSE + 1, CLOSE - 1)
    notes = [(3, "doji", "neutral"), (20, "hammer", "bullish"), (38, "star", "bearish")]
    svg = charts.candles_of(
        DAYS, opened, CLOSE + 2, CLOSE - 2, CLOSE, volume=np.ones(len(DAYS)), overlays={"mean": CLOSE}, notes=notes
    ).svg()
    assert paths(svg, "LineCollection") == len(DAYS)
    assert paths(svg, "PolyCollection") >= len(DAYS)
    for words in (">doji<", ">hammer<", ">star<", ">rose<", ">fell<", ">mean<"):
        assert words in svg.decode()


def test_hundreds_of_bars_are_as_many_as_the_volumes():
    days = np.arange("2020-01-01", "2020-07-01", dtype="datetime64[D]")
    prices, volume = np.full(len(days), 5.0), np.arange(len(days), dtype=np.float64)
    volume[50] = np.nan
    svg = charts.candles_of(days, prices, prices, prices, prices, volume=volume).svg()
    few = charts.candles_of(days, prices, prices, prices, prices).svg()
    assert paths(svg, "PolyCollection") - paths(few, "PolyCollection") == len(days)


def test_stretches_rules_points_and_their_names():
    states = ["bull"] * 20 + ["bear"] * 10 + ["bull"] * 10
    regimes = charts.regimes_of(DAYS, CLOSE, states, np.full(len(DAYS), 0.7)).svg().decode()
    assert regimes.count("fill: #3b6fb6; opacity: 0.25") == 2 + 1
    assert regimes.count("fill: #d9822b; opacity: 0.55") == 1 + 1
    names = {name: (0.1 + place / 50, 0.05) for place, name in enumerate(("ONE", "TWO", "THREE"))}
    frontier = charts.frontier_of([0.1, 0.2], [0.05, 0.09], assets=names).svg().decode()
    assert all(f">{name}<" in frontier for name in names)
    skills = charts.models_of(["a", "b"], [0.01, -0.01], [0.002, None]).svg().decode()
    assert ">+1.0 %<" in skills
    assert paths(skills.encode(), "LineCollection") >= 2


def test_tables_and_rings():
    moved = np.where(np.arange(len(DAYS)) % 2 == 0, 0.01, -0.008)
    months = charts.months_of(DAYS, moved).svg().decode()
    assert "<image" in months
    assert ">Jan<" in months
    assert f">{100 * (np.prod(1 + moved[:31]) - 1):+.1f}<" in months
    ring = charts.composition_of({"A": 0.7, "B": 0.3}, form="ring").svg().decode()
    assert ">2 holdings<" in ring
    assert ">70.0 %<" in ring


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_signs_and_long_axes(theme):
    fell = charts.scenarios_of({"a": -0.5, "b": 0.2}).svg(theme=theme).decode()
    assert ">-50.0 %<" in fell
    prices = np.geomspace(1, 500, len(DAYS))
    wide = charts.equity_of(DAYS, prices).svg(theme=theme).decode()
    assert all(f">{one}<" in wide for one in ("10", "100"))
    assert "equal ratios alike" in wide
