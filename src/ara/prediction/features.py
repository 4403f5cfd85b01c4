"""Features of instruments: bars fetched, computed beside the event loop, kept in gold under what they were made of."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.data.batch import SIZE, many
from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import AraError, IntegrityError, StoreError, ValidationError
from ara.features.blocks.inputs import instants
from ara.features.build import Block, build_panel
from ara.features.guest import Guest
from ara.features.sets import MARKET, FeatureSet, Item, find
from ara.lineage import digest, digest_arrays
from ara.market.bars import Bars
from ara.market.instrument import AssetClass, Instrument
from ara.market.timeframe import DAY, Timeframe
from ara.prediction.kept import shelf
from ara.prediction.origin import as_instant

if TYPE_CHECKING:
    from ara.data.lake import Lake

__all__ = ["MARKETS", "Features", "compared"]

_log = logging.getLogger("ara.features")

MARKETS: Final[Mapping[AssetClass, str]] = {
    AssetClass.STOCK: "SPY",
    AssetClass.ETF: "SPY",
    AssetClass.INDEX: "SPY",
    AssetClass.CRYPTO: "BTC-USD",
}
"""Which instrument stands for the market of each asset class; of the others, none does."""

_COLUMNS: Final = ("open", "high", "low", "close", "volume")
_LARGE: Final = 60_000_000


class Features:
    """Makes features of the desk's instruments.

    Parameters
    ----------
    desk
        Its settings name the sources and the lake.
    data
        Where bars come from; the desk's own market if none is given.

    Examples
    --------
    >>> from ara.desk import Desk
    >>> from ara.prediction.features import Features
    >>> async def main() -> None:
    ...     async with Desk.open() as desk, Features(desk) as features:
    ...         for block in await features.build("ara-default", ["AAPL", "MSFT"]):
    ...             print(block.symbol, block.x.shape)
    """

    def __init__(self, desk: Desk, *, data: MarketData | None = None) -> None:
        self._desk = desk
        self._ours = AsyncExitStack()
        self._given = data
        self._market: MarketData | None = data

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the market that it opened."""
        await self._ours.aclose()
        self._market = self._given

    async def build(self, chosen: FeatureSet | str, symbols: Sequence[str], **how: Any) -> list[Block]:
        """Give the blocks of some instruments, in their order; see `blocks`."""
        return [block async for block in self.blocks(chosen, symbols, **how)]

    async def blocks(
        self,
        chosen: FeatureSet | str,
        symbols: Sequence[str],
        *,
        timeframe: Timeframe = DAY,
        as_of: datetime | date | str | None = None,
        keep: bool = True,
        failed: Callable[[Instrument, AraError], object] | None = None,
    ) -> AsyncIterator[Block]:
        """Give the features of instruments, one block after the other; memory holds a batch of them.

        A set whose features look at many instruments needs all of these at once; any other takes 50 at a time.

        Parameters
        ----------
        chosen
            The set, its name, or the name of its file.
        symbols
            Whose features, in any usual spelling.
        timeframe
            Length of a bar.
        as_of
            Use only what was public at this moment; a date means its end in UTC. Now, if None.
        keep
            Keep what was computed in gold, and take from there what was made of the same bars by the same set.
        failed
            Told each instrument that could not be had, and why; if None, the first failure is raised.
        """
        moment = as_instant(as_of, now=self._desk.clock.now())
        found = find(chosen) if isinstance(chosen, str) else chosen
        market = self._opened()
        instruments = [await market.instrument(symbol) for symbol in symbols]
        if not instruments:
            raise ValidationError("Whose features? No symbol is given.", hint="Such as AAPL.")
        others = await compared(market, found.items, instruments, timeframe, as_of=moment)
        size = max(len(instruments), 1) if any(item.crosses for item in found.items) else SIZE
        async for panel in many(market, instruments, timeframe, as_of=moment, size=size, failed=failed):
            if panel:
                for block in await self._batch(found, panel, others, keep=keep):
                    yield block

    def _opened(self) -> MarketData:
        if self._market is None:
            self._market = MarketData(self._desk)
            self._ours.push_async_callback(self._market.close)
        return self._market

    async def _batch(
        self, chosen: FeatureSet, panel: Mapping[str, Bars], others: Mapping[str, Bars], *, keep: bool
    ) -> list[Block]:
        name = shelf(chosen.name)
        lake = self._lake() if keep else None
        made_of = await asyncio.to_thread(_made_of, chosen, panel, others)
        version = digest(made_of)
        try:
            blocks = await asyncio.to_thread(_kept, lake, name, version, chosen, panel) if lake else None
            if blocks is None:
                blocks = await self._compute(chosen, panel, others)
                if any(block.set != chosen.id for block in blocks):
                    _log.warning("The code of %s changed as Ara ran; its features were not kept", chosen.name)
                elif lake:
                    await asyncio.to_thread(_keep, lake, name, version, made_of, blocks)
        finally:
            if lake:
                lake.close()
        return blocks

    async def _compute(self, chosen: FeatureSet, panel: Mapping[str, Bars], others: Mapping[str, Bars]) -> list[Block]:
        """Compute a batch in threads; in processes where there is much of it, or code of another package in it."""
        cells = len(chosen.columns) * sum(map(len, panel.values()))
        at_once = max(self._desk.settings.workers.processes, 1)
        if any(item.crosses for item in chosen.items):
            at_once = 1
        names = list(panel)
        parts = [{name: panel[name] for name in names[start::at_once]} for start in range(min(at_once, len(names)))]
        guests = any(isinstance(item.found, Guest) for item in chosen.items)  # can be stopped in a process only
        where: Any = "process" if cells > _LARGE or guests else "thread"
        run = self._desk.workers.run
        with self._desk.telemetry.stage("features"):
            done = await asyncio.gather(*(run(_built, chosen, part, dict(others), where=where) for part in parts))
        found = {block.symbol: block for part in done for block in part}
        return [found[name] for name in names]

    def _lake(self) -> "Lake":
        from ara.data.lake import Lake

        settings = self._desk.settings
        folder = Path(settings.data.lake) if settings.data.lake else Path(settings.home) / "lake"
        return Lake.at(folder, clock=self._desk.clock)


async def compared(
    market: MarketData,
    items: Sequence[Item],
    instruments: Sequence[Instrument],
    timeframe: Timeframe = DAY,
    *,
    as_of: datetime,
) -> dict[str, Bars]:
    """Give the bars that items compare with, by the name that `ara.features.build` looks for.

    Of what is known and can't be had there are none, and the log says why.

    Raises
    ------
    UnknownSymbolError
        An item names an instrument that nobody knows.
    """
    items = [item for item in items if "other" in item.spec.inputs]
    wanted = {item.other: await market.instrument(item.other) for item in items if item.other}
    if any(not item.other for item in items):
        classes = {one.asset_class for one in instruments}
        leaders = {f"{MARKET}:{kind}": MARKETS[kind] for kind in sorted(classes) if kind in MARKETS}
        wanted |= {name: await market.instrument(symbol) for name, symbol in leaders.items()}
    found: dict[str, Bars] = {}
    for name, instrument in wanted.items():
        try:
            found[name] = await market.bars(instrument, timeframe, as_of=as_of)
        except AraError as error:
            _log.warning("%s is not there to compare with: %s", instrument.symbol, error.message)
    return found


def _built(chosen: FeatureSet, panel: dict[str, Bars], others: dict[str, Bars]) -> list[Block]:
    chosen.__dict__.pop("id", None)  # of the code that this process has
    return list(build_panel(chosen, panel, others=others))


def _made_of(chosen: FeatureSet, panel: Mapping[str, Bars], others: Mapping[str, Bars]) -> dict[str, Any]:
    """Give all that the numbers depend on: the set, and the content of all bars."""
    return {
        "features": chosen.id,
        "bars": {symbol: _content(bars) for symbol, bars in panel.items()},
        "others": {name: _content(bars) for name, bars in others.items()},
    }


def _content(bars: Bars) -> dict[str, str]:
    frame = bars.frame
    moments = [(name, frame[name].to_physical().to_numpy()) for name in ("at", "known_at")]
    prices = [(name, frame[name].cast(pl.Float64).to_numpy()) for name in _COLUMNS]
    return {
        "timeframe": str(bars.timeframe),
        "calendar": bars.instrument.calendar,
        "class": bars.instrument.asset_class.value,
        "columns": digest_arrays([*moments, *prices]),
    }


def _keep(lake: "Lake", name: str, version: str, made_of: Mapping[str, Any], blocks: Sequence[Block]) -> None:
    """Keep blocks in gold; where that can't be, they are computed again next time."""
    missing = {block.symbol: [list(pair) for pair in block.missing] for block in blocks}
    try:
        frame = pl.concat([block.frame() for block in blocks])
        lake.put_gold(name, frame, version=version, lineage={**made_of, "missing": missing})
    except AraError as error:
        _log.warning("The features were not kept: %s", error.message)


def _kept(lake: "Lake", name: str, version: str, chosen: FeatureSet, panel: Mapping[str, Bars]) -> list[Block] | None:
    """Give the blocks that were made of the same bars by the same set; None where there are none.

    What is damaged leaves the lake and is computed anew: it is made of bars, so nothing is lost.
    """
    if not (lake.folder / "gold").is_dir():
        return None
    try:
        return _taken(lake, name, version, chosen, panel)
    except StoreError:
        return None
    except (IntegrityError, pl.exceptions.PolarsError, KeyError, ValueError) as error:
        _log.warning("The kept features %s %s are damaged and are computed anew: %s", name, version[:12], error)
    try:
        lake.drop_gold([(name, version)])
    except (AraError, pl.exceptions.PolarsError) as error:
        _log.warning("They can't leave the lake: %s", error)
    return None


def _taken(lake: "Lake", name: str, version: str, chosen: FeatureSet, panel: Mapping[str, Bars]) -> list[Block] | None:
    frame = lake.gold(name, version=version)
    told = lake.golds().filter(pl.col("name") == name, pl.col("version") == version)["lineage"][0]
    if frame["symbol"].rle().struct.unnest().rows() != [
        (len(bars), symbol) for symbol, bars in panel.items() if len(bars)
    ]:
        return None
    lake.use_gold(name, version)
    missing = json.loads(told)["missing"]
    x: NDArray[np.float32] = frame.select(chosen.names).to_numpy(order="c")
    blocks, start = [], 0
    for symbol, bars in panel.items():
        at, known_at = (instants(bars, name).astype("datetime64[us]") for name in ("at", "known_at"))
        blocks.append(
            Block(
                symbol=symbol,
                timeframe=str(bars.timeframe),
                names=chosen.names,
                at=at,
                known_at=known_at,
                x=x[start : start + len(bars)],
                set=chosen.id,
                missing=tuple((str(column), str(why)) for column, why in missing[symbol]),
            )
        )
        start += len(bars)
    return blocks
