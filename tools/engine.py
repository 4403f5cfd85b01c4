"""The figures of all features on fixed bars, as `ENGINE` of `ara.features.sets` had them when it was last raised.

What is kept of features is known by `ENGINE`. Where one gives other figures under the same number, kept ones are taken
for new. `--write` notes today's figures: of new features always, of changed ones only once `ENGINE` has been raised.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

import ara
from ara.data.feed import MarketData
from ara.data.files import read_bars
from ara.errors import ValidationError
from ara.features import catalogue
from ara.features.build import Block, build_panel
from ara.features.guest import own
from ara.features.sets import ENGINE, get
from ara.testing import desk
from tools.findings import Finding, main

__all__ = ["changed", "check", "figures", "write"]

_FILE: Final = Path("tests/features/engine.json")
_BARS: Final = 600
_PARTS: Final = 5
_SAME: Final = 1e-5
_PANEL: Final = ("AAPL", "BAC", "IBM", "JPM", "MSFT", "SPY", "BTC-USD", "ETH-USD")
_INPUTS: Final = ("open", "high", "low", "close", "volume")

_Columns = dict[str, NDArray[np.float64]]


def check(root: Path) -> Iterator[Finding]:
    """Find features whose figures are others while `ENGINE` is the same, and new ones that are not noted."""
    kept = json.loads((root / _FILE).read_text())
    today = figures()
    if kept["engine"] != ENGINE:
        yield _finding(root, f"ENGINE is {ENGINE}, and this is of {kept['engine']}: note its figures")
        return
    for name in changed(kept["figures"], today):
        yield _finding(root, f"{name} gives other figures, and gold would keep the old ones: raise ENGINE")
    for name in sorted(set(kept["figures"]) ^ set(today)):
        yield _finding(root, f"{name} is new or gone: note its figures")


def _finding(root: Path, words: str) -> Finding:
    return Finding(path=root / _FILE, line=1, words=words)


def changed(before: dict[str, list[float]], today: dict[str, list[float]]) -> list[str]:
    """Give the names of those that are in both and differ by more than another machine's rounding."""
    return [name for name in sorted(set(before) & set(today)) if not _same(before[name], today[name])]


def _same(one: list[float], other: list[float]) -> bool:
    counts, found = one[::2] == other[::2], np.array([one[1::2], other[1::2]])
    return counts and bool(np.all(np.abs(found[0] - found[1]) <= _SAME * np.abs(found).max(initial=1e-300)))


def figures() -> dict[str, list[float]]:
    """Give for each output, on each kind of bars, how many values five stretches have and their mean, in turn."""
    found: dict[str, list[float]] = {}
    for world, columns in {"sample": _sampled(), "odd": _odd()}.items():
        for members in catalogue.families().values():
            for name, one in members.items():
                if not own(one):
                    continue
                given = {key: columns[key] for key in one.spec.inputs}
                for output, values in zip(one.spec.outputs, one.compute(given), strict=True):
                    found[f"{name}.{output} {world}"] = _told(values)
    block = asyncio.run(_among_others())
    return found | {f"{name} panel": _told(block.x[:, place]) for place, name in enumerate(block.names)}


async def _among_others() -> Block:
    """Give the figures of one instrument among others of the bundled sample."""
    async with desk() as opened, MarketData(opened) as market:
        whole = {symbol: await market.bars(await market.instrument(symbol)) for symbol in _PANEL}
    panel = {symbol: replace(bars, frame=bars.frame.tail(_BARS)) for symbol, bars in whole.items()}
    blocks = build_panel(get("cross"), panel, others={"market": panel["SPY"], "market:crypto": panel["BTC-USD"]})
    return next(iter(blocks))


def _told(values: NDArray[Any]) -> list[float]:
    told: list[float] = []
    for part in np.array_split(values, _PARTS):
        there = part[np.isfinite(part)]
        told += [len(there), float(f"{there.mean():.9g}") if len(there) else 0.0]
    return told


def _sampled() -> _Columns:
    """Give bars of the bundled sample, and another instrument's close."""
    rows = read_bars(Path(ara.__file__).parent / "data" / "sample" / "sample.parquet")
    mine, other = (rows.filter(pl.col("symbol") == symbol).tail(_BARS) for symbol in ("AAPL", "MSFT"))
    found = {name: mine[name].cast(pl.Float64).to_numpy() for name in _INPUTS}
    days = mine["ts"].cast(pl.Date).to_numpy().astype("datetime64[D]").astype(np.float64)
    return found | {"session": days, "other": other["close"].cast(pl.Float64).to_numpy()}


def _odd() -> _Columns:
    """Give made-up bars, several to a session, that leap, stand still, trade nothing and have gaps."""
    random = np.random.default_rng(7)
    close = 50 * np.exp(np.cumsum(0.01 * random.standard_normal(_BARS)))
    close[200:] *= 2
    opened = np.append(close[0], close[:-1])
    wide = 1 + 0.004 * random.random((2, _BARS))
    found = {
        "open": opened,
        "high": np.maximum(opened, close) * wide[0],
        "low": np.minimum(opened, close) / wide[1],
        "close": close,
        "volume": np.floor(1e4 * random.random(_BARS)),
        "other": 20 * np.exp(np.cumsum(0.01 * random.standard_normal(_BARS))),
    }
    for name in ("open", "high", "low", "close", "other"):
        found[name][300:420] = close[300]
    found["volume"][330:400] = 0
    for values in found.values():
        values[[500, 501]] = np.nan
    return found | {"session": date(2020, 1, 1).toordinal() + np.arange(_BARS) // 7.0}


def write(root: Path) -> None:
    """Note today's figures; ValidationError where old ones would go though `ENGINE` is the same."""
    today, file = figures(), root / _FILE
    if file.exists() and (kept := json.loads(file.read_text()))["engine"] == ENGINE:
        others = changed(kept["figures"], today)
        if others:
            words = f"{len(others)} features give other figures under the same ENGINE {ENGINE}: {', '.join(others[:5])}"
            raise ValidationError(f"{words}.", hint="Raise it in ara/features/sets/feature_set.py first.")
    lines = ",\n".join(f'"{name}": {json.dumps(told, separators=(",", ":"))}' for name, told in sorted(today.items()))
    file.write_text(f'{{"engine": "{ENGINE}", "figures": {{\n{lines}\n}}}}\n')


if __name__ == "__main__":
    if "--write" in sys.argv:
        write(Path.cwd())
    else:
        sys.exit(main(check, advice="Raise ENGINE, then: python -m tools.engine --write"))
