"""The record of shipped models on days that they did not know: does the file fit the code, and make it anew.

`python -m tools.record` compares the file with the shipped models and the sample. `--write` asks each vintage for every
day of the sample from its last bar until the next vintage's, each instrument by itself, as `ara predict` does.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.data.providers.sample import SHA256 as SAMPLE
from ara.lineage import digest
from ara.market.bars import Bars
from ara.models import shipped
from ara.models.panel import Panel, instant
from ara.models.registry.loading import Artefact
from ara.models.registry.serving import KIN
from ara.models.registry.shipped import Vintage, read_manifest
from ara.performance import compared
from ara.performance.inference import holm
from ara.prediction.chosen import BEST
from ara.prediction.compute import Recipe, compute
from ara.prediction.record import FILE, HORIZONS, KIND, Judged, Record, Told
from ara.vault import Vault
from tools.findings import Finding
from tools.shipped import bars_until

__all__ = ["check", "made"]

_PLACE: Final = Path("src/ara/prediction") / FILE
_END: Final = date(2022, 3, 31)
_USUAL: Final = 500
_FEWEST: Final = 100
_EDGES: Final = (0.0, 0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """One instrument's forecasts over one horizon, and what came of them."""

    kind: str
    horizon: int
    day: NDArray[np.int64]
    known: NDArray[np.int64]
    up: NDArray[np.float64]
    p_up: NDArray[np.float64]
    usual: NDArray[np.float64]
    sure: NDArray[np.float64]
    inside: NDArray[np.bool_]


def check(root: Path) -> Iterator[Finding]:
    """Find what of the record doesn't fit the shipped models or the sample."""
    file = root / _PLACE
    try:
        kept = msgspec.json.decode(file.read_bytes(), type=Record)
    except (OSError, msgspec.MsgspecError) as error:
        yield Finding(path=file, line=1, words=f"can't be read: {error}")
        return
    ids = tuple(one.card.id for one in _vintages(root / "src/ara/models/shipped"))
    if kept.models != ids:
        yield Finding(path=file, line=1, words="is of other models than those that are shipped: make it anew")
    if kept.sample != SAMPLE:
        yield Finding(path=file, line=1, words="is of another sample: make it anew")
    if kept.id != _sealed(kept).id:
        yield Finding(path=file, line=1, words="was changed: its id is not that of its content")


def made() -> Record:
    """Make the record anew."""
    vintages = _vintages(shipped.FOLDER)
    bars = asyncio.run(bars_until(_END))
    ends = [one.card.trained_to for one in vintages[1:]] + [datetime(_END.year, _END.month, _END.day, tzinfo=UTC)]
    parts: list[_Rows] = []
    for one, end in zip(vintages, ends, strict=True):
        for series in bars:
            parts += _asked(one, series, end)
        print(f"{one.card.name}: {sum(len(part.day) for part in parts):,} outcomes so far", flush=True)
    told: list[Told] = []
    judged: list[Judged] = []
    for until in [*ends[:-1], max(_moment(int(part.known.max())) for part in parts if len(part.known))]:
        told += _told(parts, until)
        judged += _judged(parts, until)
    models = tuple(one.card.id for one in vintages)
    return _sealed(Record(id="", models=models, sample=SAMPLE, told=tuple(told), judged=tuple(judged)))


def _vintages(folder: Path) -> list[Vintage]:
    """Give the shipped models whose record it is: those of one family, the oldest first."""
    return [one for one in read_manifest(Vault.verify, folder=folder).vintages if one.card.family == BEST]


def _sealed(plain: Record) -> Record:
    facts = msgspec.to_builtins(plain)
    return msgspec.structs.replace(plain, id=digest({name: facts[name] for name in facts if name != "id"}))


def _asked(one: Vintage, bars: Bars, end: datetime) -> Iterator[_Rows]:
    """Ask a vintage for each day of a series that it did not know, up to the next vintage's last bar."""
    card, instrument = one.card, bars.instrument
    kind = instrument.asset_class.value
    if instrument.symbol not in card.symbols and card.groups.get(kind, 0) < KIN:
        return
    panel = Panel.build([bars], HORIZONS)
    rows = np.flatnonzero((panel.known_at >= instant(card.trained_to)) & (panel.known_at < instant(end)))
    if not len(rows):
        return
    artefact = Artefact(
        id=card.id,
        folder=shipped.FOLDER / one.file,
        family=card.family,
        trained_to=instant(card.trained_to),
        sha256=one.sha256,
    )
    answer = compute(panel, rows, Recipe(model=card.family, artefact=artefact))
    medians = answer.quantiles.at(0.5)
    for place, horizon in enumerate(HORIZONS):
        y = panel.y[rows, place] * panel.scale[rows, place]
        usual = _usual(panel, rows, place)
        told = np.isfinite(y) & (y != 0) & np.isfinite(usual)
        yield _Rows(
            kind=KIND[instrument.asset_class],
            horizon=horizon,
            day=panel.known_at[rows][told],
            known=panel.y_known[rows, place][told],
            up=(y[told] > 0).astype(float),
            p_up=answer.p_up[told, place],
            usual=usual[told],
            sure=answer.confidence[told, place],
            inside=(np.abs(y - medians[:, place]) <= answer.usual_move[:, place])[told],
        )


def _usual(panel: Panel, rows: NDArray[np.int64], place: int) -> NDArray[np.float64]:
    """Give the share of rises among the last 500 outcomes that were known at each row; NaN below 100."""
    known = np.isfinite(panel.y[:, place]) & (panel.y[:, place] != 0)
    rises = np.concatenate(([0.0], np.cumsum(known & (panel.y[:, place] > 0))))
    count = np.concatenate(([0.0], np.cumsum(known)))
    end = np.maximum(rows - panel.horizons[place] + 1, 0)
    begin = np.maximum(end - _USUAL, 0)
    many = count[end] - count[begin]
    return np.where(many >= _FEWEST, (rises[end] - rises[begin]) / np.maximum(many, 1), np.nan)


def _told(parts: Sequence[_Rows], until: datetime) -> list[Told]:
    found = []
    for kind in dict.fromkeys(KIND.values()):
        for horizon in HORIZONS:
            own = _known([part for part in parts if (part.kind, part.horizon) == (kind, horizon)], until)
            if own.height >= _FEWEST:
                found.append(_line(own, until, kind, horizon))
    steps = holm([one.p for one in found])
    return [msgspec.structs.replace(one, adjusted=round(step, 6)) for one, step in zip(found, steps, strict=True)]


def _line(own: pl.DataFrame, until: datetime, kind: str, horizon: int) -> Told:
    up, day = own["up"].to_numpy(), own["day"].to_numpy() // 86_400_000_000
    loss = (own["p_up"].to_numpy() - up) ** 2
    half, usual = np.full(len(up), 0.25), (own["usual"].to_numpy() - up) ** 2
    chances = [compared(loss, rival, day, horizon=horizon).p for rival in (half, usual)]
    return Told(
        until=until,
        kind=kind,
        horizon=horizon,
        forecasts=len(up),
        days=len(np.unique(day)),
        rose=round(float(up.mean()), 6),
        brier=round(float(loss.mean()), 6),
        half=0.25,
        usual=round(float(usual.mean()), 6),
        p=round(max(chances), 6),
        adjusted=1.0,
    )


def _judged(parts: Sequence[_Rows], until: datetime) -> list[Judged]:
    found = []
    for horizon in HORIZONS:
        own = _known([part for part in parts if part.horizon == horizon], until)
        sure, inside = own["sure"].to_numpy(), own["inside"].to_numpy()
        place = np.clip(np.searchsorted(_EDGES, sure, side="right") - 1, 0, len(_EDGES) - 2)
        for which, (low, high) in enumerate(pairwise(_EDGES)):
            mine = place == which
            found.append(
                Judged(
                    until=until,
                    horizon=horizon,
                    low=low,
                    high=high,
                    forecasts=int(mine.sum()),
                    inside=int(inside[mine].sum()),
                    stated=round(float(sure[mine].mean()), 6) if mine.any() else 0.0,
                )
            )
    return found


def _known(parts: Sequence[_Rows], until: datetime) -> pl.DataFrame:
    names = ("day", "known", "up", "p_up", "usual", "sure", "inside")
    frame = pl.DataFrame({name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
    return frame.filter(pl.col("known") <= instant(until))


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.record", description="Check or make the record.")
    parser.add_argument("root", nargs="?", type=Path, default=Path(), help="the tree (default: this folder)")
    parser.add_argument("--write", action="store_true", help="make it anew")
    asked = parser.parse_args()
    root = asked.root.resolve()
    if asked.write:
        data = msgspec.json.encode(made(), order="deterministic")
        (root / _PLACE).write_bytes(msgspec.json.format(data, indent=1) + b"\n")
        return 0
    found = list(check(root))
    for one in found:
        print(f"{one.path.relative_to(root)}:{one.line}: {one.words}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(_main())
