"""Bars as they were known at a moment, whichever source has them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import polars as pl

from ara import plugins
from ara.data.adjust import adjusted
from ara.data.provider import BARS, Kind, Provider
from ara.errors import AraError, DataProviderError, PluginError, UnknownSymbolError, ValidationError
from ara.market import symbols
from ara.market.bars import Bars
from ara.market.calendar import FIRST_YEAR
from ara.market.instrument import Instrument
from ara.market.timeframe import DAY, Timeframe

if TYPE_CHECKING:
    from ara.desk import Desk

__all__ = ["MarketData"]

_BEGINNING: Final = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)


class MarketData:
    """The desk's access to market data.

    Parameters
    ----------
    desk
        Its settings name the sources, the preferred one first; its clock says what is past.
    providers
        Sources to ask instead, in their order; they stay the caller's to close.
    """

    def __init__(self, desk: "Desk", *, providers: Sequence[Provider] | None = None) -> None:
        self._clock = desk.clock
        self._given = {provider.name: provider for provider in providers or ()}
        self._names = desk.settings.data.providers if providers is None else tuple(self._given)
        self._open: dict[str, Provider] = {}

    async def bars(
        self,
        instrument: Instrument,
        timeframe: Timeframe = DAY,
        *,
        as_of: datetime | None = None,
        learned: datetime | None = None,
    ) -> Bars:
        """Give the closed bars that were public at a moment, adjusted to the last of them.

        What is not yet known is cut before anything is computed, so the answer for a moment never changes with what
        comes after it. The sources are asked in their order, until one has the instrument.

        Parameters
        ----------
        instrument
            Whose bars.
        timeframe
            Length of a bar.
        as_of
            Only bars whose close was public then; now, if None.
        learned
            Only bars that Ara had received then; all, if None.

        Raises
        ------
        DataProviderError
            No source has such bars, or none before `as_of`.
        UnknownSymbolError
            No source knows the instrument.
        """
        moment = self._clock.now() if as_of is None else _aware("as_of", as_of)
        failed: list[AraError] = []
        for name in self._names:
            try:
                published = await self._published(name, instrument, timeframe, end=moment)
            except (DataProviderError, UnknownSymbolError) as error:
                failed.append(error)
                continue
            cut = published.filter(pl.col("known_at") <= moment)
            if learned is not None:
                cut = cut.filter(pl.col("learned_at") <= _aware("learned", learned))
            if cut.is_empty():
                failed.append(_nothing(name, instrument, published, moment=moment, learned=learned))
                continue
            frame, basis = adjusted(cut, name)
            return Bars(instrument=instrument, timeframe=timeframe, basis=basis, frame=frame)
        raise _worst(failed)

    async def instrument(self, text: str) -> Instrument:
        """Give the instrument that a user means: one that Ara ships facts about, or else one that a source knows.

        Raises
        ------
        UnknownSymbolError
            Nobody knows it; the message names the three nearest.
        """
        try:
            return symbols.resolve(text)
        except UnknownSymbolError:
            wanted = symbols.normalise(text)
            for name in self._names:
                for found in await self._provider(name).symbols(wanted):
                    if found.symbol == wanted:
                        return found
            raise

    async def close(self) -> None:
        """Close the sources that it opened; they open again when they are asked again."""
        for provider in self._open.values():
            await provider.close()
        self._open.clear()

    async def _published(
        self, name: str, instrument: Instrument, timeframe: Timeframe, *, end: datetime
    ) -> pl.DataFrame:
        provider = self._provider(name)
        if Kind.BARS not in provider.offers:
            raise DataProviderError(f"The source {name} has no bars.")
        frame = await provider.history(Kind.BARS, instrument, timeframe, start=_BEGINNING, end=end)
        wrong = _wrong(frame)
        if wrong:
            raise DataProviderError(f"The source {name} gave bars of {instrument.symbol} that can't be used: {wrong}.")
        return frame

    def _provider(self, name: str) -> Provider:
        if name in self._given:
            return self._given[name]
        if name not in self._open:
            made = plugins.load("providers", name)()
            if not isinstance(made, Provider):
                raise PluginError(
                    f"The provider {name} lacks a part of what a provider has: {type(made).__name__}.",
                    hint=f"See what is missing: ara plugins check {name}",
                )
            self._open[name] = made
        return self._open[name]


def _aware(what: str, moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValidationError(
            f"{what} is {moment.isoformat()}, without a time zone.", hint="Give an aware time: 2020-02-20T21:00:00Z"
        )
    return moment.astimezone(UTC)


def _wrong(frame: pl.DataFrame) -> str:
    """Say why a frame is no table of bars in time's order; empty where it is."""
    if frame.schema != BARS:
        return f"the columns are {', '.join(f'{name} {kind}' for name, kind in frame.schema.items())}"
    if frame["at"].has_nulls() or not frame["at"].is_sorted() or frame["at"].is_duplicated().any():
        return "the column at does not ascend"
    early = frame.filter((pl.col("known_at") < pl.col("at")).fill_null(value=True))
    return f"the bar of {early['at'][0]} was known before it began" if len(early) else ""


def _nothing(
    name: str, instrument: Instrument, published: pl.DataFrame, *, moment: datetime, learned: datetime | None
) -> DataProviderError:
    if published.is_empty():
        words = f"The source {name} has no bar of {instrument.symbol} before {moment:%Y-%m-%d %H:%M} UTC."
        return DataProviderError(words, hint="Ask for a later moment, or name another source with more history.")
    first = published["known_at"][0]
    if learned is not None and first <= moment:
        got = published["learned_at"].sort()[0]
        words = f"Ara received its first bars of {instrument.symbol} from {name} at {got:%Y-%m-%d %H:%M} UTC."
        return DataProviderError(words, hint="Ask for what was learned by a later moment.")
    words = (
        f"The first bar of {instrument.symbol} in the source {name} was public at {first:%Y-%m-%d %H:%M} UTC,"
        f" after {moment:%Y-%m-%d %H:%M}."
    )
    return DataProviderError(words, hint="Ask for a later moment.")


def _worst(failed: list[AraError]) -> AraError:
    """Give the one reason, or all of them in one sentence each."""
    if not failed:
        return DataProviderError("There is no source of data.", hint="Name one in the setting data.providers.")
    if len(failed) == 1:
        return failed[0]
    if all(isinstance(error, UnknownSymbolError) for error in failed):
        return failed[0]
    return DataProviderError(" ".join(error.message for error in failed), hint=failed[0].hint)
