"""The tables of `docs/evidence/uncertainty.md`: each way to correct forecasts beside what `fast` does itself.

ARA_EVIDENCE_WORK names a folder where the members' forecasts are kept and found again.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest

from ara.data.files import read_bars
from ara.models import LEVELS, Panel
from ara.models.calibration.conformal import METHODS, conformal
from ara.models.calibration.odds import Isotonic, Platt, believed
from ara.models.ensemble import Fast, FittedEnsemble
from ara.models.ensemble.panels import standings, states
from ara.models.families.pooled.seen import KINDS, kind_of
from ara.models.fits import fit_until, refits
from ara.models.inputs import attached
from ara.models.months import DAY, months_of
from ara.models.networks import Gru, NetworkEnsemble
from ara.models.networks.uncertainty import dropout_quantiles
from ara.performance import compared, crps, inside
from ara.performance.chances import calibrated, rise
from ara.prediction.bulk import series

BARS = Path(os.environ.get("ARA_MARKET_DATA", "/nowhere")).parent / "bench" / "forecast" / "bars.parquet"
WORK = os.environ.get("ARA_EVIDENCE_WORK", "")
BEGIN, JUDGED, END = (datetime(year, 3, day, tzinfo=UTC) for year, day in ((2014, 20), (2015, 20), (2018, 19)))
HORIZONS = (1, 5, 21)
LEAST, FEW, PASSES = 300, 500, 30
BASES = ("ewma_t", "members")
CLASSES = {"equity": "stocks", "crypto": "coins", "forex": "currencies"}
THIRDS = ("calm", "usual", "wild")
CORRECTED = ("as stated", "isotonic", "platt", "believed", "class rate")
TAUGHT = ("AAPL", "BTC-USD", "EURUSD", "GLD", "JPM", "MSFT", "SPY", "XOM")
NETWORKS = ("`gru`", "`gru`, dropout", "`networks` of three")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not BARS.exists(), reason="needs the market data")]

Values = Mapping[str, np.ndarray]


class World(NamedTuple):
    """Forecasts that were kept: `values` by way `[n, H, level]`, log returns."""

    panel: Panel
    rows: np.ndarray
    kind: np.ndarray
    third: np.ndarray
    values: Values

    @property
    def judged(self) -> np.ndarray:
        """Which rows are judged; those before are for learning alone."""
        return self.panel.known_at[self.rows] >= moment(JUDGED)


class Band(NamedTuple):
    """One way over one horizon."""

    way: str
    horizon: int
    count: int
    skill: float
    against: float
    p: float
    width: float
    cover: float
    far: float
    parts: Mapping[str, float]


class Odds(NamedTuple):
    """One way to state P(up) over one horizon of one class."""

    way: str
    horizon: int
    kind: str
    count: int
    corrected: float
    p: float
    spread: float
    brier: float


def moment(when: datetime) -> int:
    """Give microseconds since 1970 UTC."""
    return int(when.timestamp()) * 1_000_000


@pytest.fixture(scope="module")
def world() -> World:
    panel = Panel.build(series(read_bars(BARS).filter(pl.col("ts") < END)), HORIZONS)
    old = np.arange(len(panel)) - np.searchsorted(panel.series, panel.series) >= LEAST
    rows = np.flatnonzero(old & (panel.known_at >= moment(BEGIN)) & np.isfinite(panel.scale).all(axis=1))
    kind = np.array([kind_of(group) for group in panel.groups])[panel.group[rows]]
    kept = Path(WORK, "uncertainty.npz") if WORK else None
    if kept is not None and kept.exists():
        values: Values = dict(np.load(kept))
    else:
        values = answered(panel, rows, kind)
        for way in BASES:
            values |= {f"{way}, {method}": corrected(panel, rows, values[way], method) for method in METHODS}
        if kept is not None:
            np.savez(kept, **values)
    return World(panel, rows, kind, states(panel, rows), values)


def answered(panel: Panel, rows: np.ndarray, kind: np.ndarray) -> dict[str, np.ndarray]:
    """Give what `ewma_t`, the members' mean as `fast` weighs it, and `fast` say at each row, refitted monthly."""
    out = {way: np.full((len(rows), len(HORIZONS), len(LEVELS)), np.nan) for way in (*BASES, "fast")}
    for first, places in refits(panel.known_at[rows]):
        fitted = fit_until(Fast(), panel, first, seed=0)
        assert isinstance(fitted, FittedEnsemble)
        names = fitted.state.members
        out["ewma_t"][places] = fitted.fitted["ewma_t"].predict(panel, rows[places]).values
        out["fast"][places] = fitted.predict(panel, rows[places]).values
        for code in np.unique(kind[places]):
            mine = places[kind[places] == code]
            own = fitted.state.of(KINDS[code])
            used = own.counted(range(len(HORIZONS)))
            said = [
                fitted.fitted[name].predict(panel, rows[mine]).values if used[place] else np.empty((0, 0, 0))
                for place, name in enumerate(names)
            ]
            stood, columns = standings(panel, rows[mine]), range(len(HORIZONS))
            out["members"][mine] = own.mixed(said, stood, columns, middle=LEVELS.index(0.5))
    return out


def corrected(panel: Panel, rows: np.ndarray, values: np.ndarray, method: str) -> np.ndarray:
    """Correct each series' forecasts by its own outcomes, as far as they were known."""
    out = np.empty_like(values)
    for _, places in panel.by_series(rows):
        for h, horizon in enumerate(HORIZONS):
            outcome = (panel.y * panel.scale)[rows[places], h]
            out[places, h] = conformal(values[places, h], outcome, lag=horizon, method=method)  # type: ignore[arg-type]
    return out


@pytest.fixture(scope="module")
def bands(world: World) -> list[Band]:
    ways = [one for base in BASES for one in (base, *(f"{base}, {method}" for method in METHODS))]
    return [band(world, way, h) for h in range(len(HORIZONS)) for way in (*ways, "fast")]


def band(world: World, way: str, h: int) -> Band:
    panel, rows = world.panel, world.rows
    here = np.flatnonzero(world.judged & np.isfinite(panel.y[rows, h]))
    y, unit = panel.y[rows[here], h], panel.scale[rows[here], h, None]
    told = {one: world.values[one][here, h] / unit for one in {way, "fast", "ewma_t", "members"}}
    loss = {one: crps(values, y, LEVELS) for one, values in told.items()}
    gap = compared(loss[way], loss["fast"], panel.known_at[rows[here]] // DAY, horizon=HORIZONS[h])
    low, high = LEVELS.index(0.1), LEVELS.index(0.9)
    wide = {one: float((values[:, high] - values[:, low]).mean()) for one, values in told.items()}
    held = inside(told[way], y, LEVELS, 0.8)
    parts = {CLASSES[name]: world.kind[here] == KINDS.index(name) for name in CLASSES}
    parts |= {name: world.third[here] == code for code, name in enumerate(THIRDS)}
    return Band(
        way=way,
        horizon=HORIZONS[h],
        count=len(here),
        skill=1 - float(loss[way].mean()) / float(loss["ewma_t"].mean()),
        against=gap.skill,
        p=min(gap.p, 1 - gap.p) * 2,
        width=wide[way] / wide["members"],
        cover=float(held.mean()),
        far=float(inside(told[way], y, LEVELS, 0.95).mean()),
        parts={name: float(held[mine].mean()) for name, mine in parts.items()},
    )


@pytest.fixture(scope="module")
def odds(world: World) -> list[Odds]:
    return [one for h in range(len(HORIZONS)) for name in CLASSES for one in chances(world, name, h)]


def chances(world: World, name: str, h: int) -> Iterator[Odds]:
    """Judge P(up) of one class: what the members' mean states, corrected by all that was known at each month."""
    panel, mine = world.panel, np.flatnonzero(world.kind == KINDS.index(name))
    rows = world.rows[mine]
    y, known = panel.y[rows, h], panel.y_known[rows, h]
    stated = rise(world.values["members"][mine, h], np.array(LEVELS))
    up = (y > 0).astype(float)
    told = {way: np.full(len(rows), np.nan) for way in CORRECTED}
    for first, places in refits(panel.known_at[rows]):
        past = np.flatnonzero((known <= first) & np.isfinite(y))
        if len(past) < FEW:
            continue
        for way, ask in ways(stated[past], up[past], panel.known_at[rows[past]] // DAY).items():
            told[way][places] = ask(stated[places])
    told["`fast`"] = rise(world.values["fast"][mine, h], np.array(LEVELS))
    here = np.flatnonzero(world.judged[mine] & np.isfinite(y) & np.isfinite(told["platt"]))
    usual = float(((told["class rate"][here] - up[here]) ** 2).mean())
    for way, one in told.items():
        found = calibrated(one[here], up[here], panel.known_at[rows[here]] // DAY, lag=HORIZONS[h])
        loss = float(((one[here] - up[here]) ** 2).mean())
        yield Odds(way, HORIZONS[h], name, len(here), found.corrected, found.p, found.spread, 1 - loss / usual)


def ways(stated: np.ndarray, up: np.ndarray, when: np.ndarray) -> Mapping[str, Callable[[np.ndarray], np.ndarray]]:
    """Give by name what each way makes of a stated chance after these."""
    rate = float(up.mean())
    share = believed(stated, np.full(len(stated), rate), up, when)
    return {
        "as stated": lambda one: one,
        "isotonic": Isotonic.fit(stated, up),
        "platt": Platt.fit(stated, up),
        "believed": lambda one: rate + share * (one - rate),
        "class rate": lambda one: np.full(len(one), rate),
    }


@pytest.fixture(scope="module")
def doubts() -> list[Band]:
    """Judge a small network as it is, asked with dropout, and three of them, on fewer series, fitted half-yearly."""
    bars = read_bars(BARS).filter((pl.col("ts") < END) & pl.col("symbol").cast(pl.String).is_in(TAUGHT))
    panel = attached(Panel.build(series(bars), HORIZONS), Gru())
    good = np.isfinite(panel.x).any(axis=1) & np.isfinite(panel.scale).all(axis=1)
    rows = np.flatnonzero(good & (panel.known_at >= moment(JUDGED)))
    values = {way: np.full((len(rows), len(HORIZONS), len(LEVELS)), np.nan) for way in (*NETWORKS, "fast", "ewma_t")}
    alone, several = Gru(epochs=8), NetworkEnsemble(epochs=8)
    for first in np.unique(months_of(panel.known_at[rows], every=6)).tolist():
        places = np.flatnonzero(months_of(panel.known_at[rows], every=6) == first)
        one = fit_until(alone, panel, first, seed=1)
        answers = (
            one.predict(panel, rows[places]),
            dropout_quantiles(alone, one, panel, rows[places], seed=1, passes=PASSES),  # type: ignore[arg-type]
            fit_until(several, panel, first, seed=1).predict(panel, rows[places]),
        )
        for way, answer in zip(NETWORKS, answers, strict=True):
            values[way][places] = answer.values
    for way, model in (("fast", Fast()), ("ewma_t", Fast(members=("ewma_t",)))):
        for first, places in refits(panel.known_at[rows], every=6):
            values[way][places] = fit_until(model, panel, first, seed=1).predict(panel, rows[places]).values
    kind = np.array([kind_of(group) for group in panel.groups])[panel.group[rows]]
    small = World(panel, rows, kind, states(panel, rows), values | {"members": values[NETWORKS[0]]})
    return [band(small, way, h) for h in range(len(HORIZONS)) for way in (*NETWORKS, "fast")]


def test_each_correction_of_bands_loses_to_fast(bands: list[Band]) -> None:
    assert len(bands) == len(HORIZONS) * 9
    for one in bands:
        if "," in one.way:
            assert one.against < 0, one
            assert one.p < 0.05, one
        if one.way == "members":
            assert abs(one.against) < 0.001, one
        assert abs(one.cover - 0.8) < (0.02 if one.horizon < 21 else 0.05), one


def test_no_correction_of_chances_is_better_than_what_fast_does(odds: list[Odds]) -> None:
    usual = {(one.kind, one.horizon): one.brier for one in odds if one.way == "`fast`"}
    for one in odds:
        if one.way in {"isotonic", "platt", "believed"}:
            assert one.brier < usual[one.kind, one.horizon] + 0.0005, one


def test_dropout_changes_little(doubts: list[Band]) -> None:
    by = {(one.way, one.horizon): one for one in doubts}
    for horizon in HORIZONS:
        plain, dropped = by[NETWORKS[0], horizon], by[NETWORKS[1], horizon]
        assert 0.999 < dropped.width < 1.02
        assert abs(dropped.skill - plain.skill) < 0.002


@pytest.mark.skipif("ARA_EVIDENCE" not in os.environ, reason="results go to ARA_EVIDENCE")
def test_the_tables_are_written(bands: list[Band], odds: list[Odds], doubts: list[Band]) -> None:
    page = Path(os.environ["ARA_EVIDENCE"], "uncertainty.md")
    text = page.read_text(encoding="utf-8")
    for name, lines in (("bands", told_bands(bands)), ("chances", told_odds(odds)), ("doubt", told_bands(doubts))):
        begin, end = (text.index(f"<!-- {mark} of {name} -->") for mark in ("begin", "end"))
        text = text[: begin + len(f"<!-- begin of {name} -->")] + "\n" + "\n".join(lines) + "\n" + text[end:]
    begin = text.index("Measured on ") + len("Measured on ")
    page.write_text(text[:begin] + f"{datetime.now(UTC):%Y-%m-%d}" + text[begin + 10 :], encoding="utf-8")


def told_bands(found: list[Band]) -> list[str]:
    names = [name for name in found[0].parts if any(np.isfinite(one.parts[name]) for one in found)]
    head = ["bars", "way", "forecasts", "skill", "over fast", "p", "width", "80 % band", *names, "95 % band"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for one in found:
        against = ["", ""] if one.way == "fast" else [f"{one.against:+.2%}", f"{one.p:.2g}"]
        base, comma, method = one.way.partition(", ")
        name = one.way if "`" in one.way or base == "members" else f"`{base}`{comma}{method}"
        cells = [str(one.horizon), name, f"{one.count:,}", f"{one.skill:.2%}", *against]
        cells += [f"{one.width:.3f}", f"{one.cover:.1%}", *(f"{one.parts[name]:.1%}" for name in names)]
        lines.append("| " + " | ".join([*cells, f"{one.far:.1%}"]) + " |")
    return lines


def told_odds(found: list[Odds]) -> list[str]:
    head = ["bars", "class", "way", "forecasts", "calibration error", "p", "spread of P(up)", "Brier over class rate"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for one in found:
        cells = [str(one.horizon), CLASSES[one.kind], one.way, f"{one.count:,}", f"{one.corrected:.2%}"]
        lines.append("| " + " | ".join([*cells, f"{one.p:.2g}", f"{one.spread:.3f}", f"{one.brier:+.2%}"]) + " |")
    return lines
