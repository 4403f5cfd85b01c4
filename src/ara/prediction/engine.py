"""The front of the room: an instrument and a moment in, a kept forecast out."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date, datetime
from typing import Self

from ara.data.feed import MarketData
from ara.data.provider import Provider
from ara.data.scarce import origins, scarce
from ara.desk import Desk
from ara.errors import ModelError
from ara.market.bars import Bars
from ara.market.timeframe import DAY, Timeframe
from ara.prediction.chosen import beside, choose
from ara.prediction.forecast import Forecast
from ara.prediction.ledger import Kept, Ledger
from ara.prediction.origin import as_instant, checked_days
from ara.prediction.outlook import outlook

__all__ = ["PredictionEngine"]


class PredictionEngine:
    """Makes forecasts and keeps each in the ledger before it is shown.

    Parameters
    ----------
    desk
        The desk of the process. Without one, a default desk is opened on the first await and closed by `close`.
    data
        Where bars come from; the desk's own providers if none is given.
    models
        Name of the model, or a sequence whose first name is taken; the setting `prediction.model` if none is given.
    data_providers
        As in the older packages: names of sources, or sources, to ask in this order instead of the settings'.
    include_analysis
        As in the older packages: False leaves the factors out of each forecast that is given. The ledger keeps them.

    Examples
    --------
    >>> from ara.prediction import PredictionEngine
    >>> async def main() -> None:
    ...     async with PredictionEngine() as engine:
    ...         forecast = await engine.predict("AAPL", days=5)
    ...         print(forecast.days[0].price, forecast.days[0].band_80)
    """

    def __init__(
        self,
        desk: Desk | None = None,
        *,
        data: MarketData | None = None,
        models: str | Sequence[str] | None = None,
        data_providers: Sequence[str | Provider] | None = None,
        include_analysis: bool = True,
    ) -> None:
        self._desk = desk
        self._data = data
        self._model = models if isinstance(models, str) or models is None else next(iter(models), None)
        self._providers = data_providers
        self._factors = include_analysis
        self._ours = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the desk and the sources that this engine opened."""
        await self._ours.aclose()

    async def predict(
        self,
        symbol: str,
        days: int = 5,
        *,
        as_of: datetime | date | str | None = None,
        learned: datetime | date | str | None = None,
        timeframe: Timeframe = DAY,
        model: str | None = None,
    ) -> Forecast:
        """Forecast an instrument's next `days` bars and keep the forecast.

        Parameters
        ----------
        symbol
            `AAPL`, `BTC-USD`, `EURUSD`, `^GSPC`, in any usual spelling.
        days
            Bars ahead, 1 to 30.
        as_of
            Use only what was public at this moment; a date means its end in UTC. Now, if None.
        learned
            Use only what Ara had received by this moment: a forecast made then comes out again, byte for byte, whatever
            was corrected since. All that it has, if None.
        timeframe
            Length of a bar.
        model
            Name of the model, before those of the engine and of the settings: a family, whose champion answers where
            there is one that may, or a trained model, `har_t@3` or its id.
        """
        kept = await self.keep(symbol, days, as_of=as_of, learned=learned, timeframe=timeframe, model=model)
        forecast = kept.forecast
        return (
            forecast if self._factors else replace(forecast, days=tuple(replace(d, factors=()) for d in forecast.days))
        )

    async def keep(
        self,
        symbol: str,
        days: int = 5,
        *,
        as_of: datetime | date | str | None = None,
        learned: datetime | date | str | None = None,
        timeframe: Timeframe = DAY,
        model: str | None = None,
    ) -> Kept:
        """Forecast as `predict` does, and give the forecast with its place in the ledger."""
        desk = await self._at_desk()
        days = checked_days(days)
        now = desk.clock.now()
        moment = as_instant(as_of, now=now)
        bound = None if learned is None else as_instant(learned, now=now, what="learned")
        market = self._market(desk)
        instrument = await market.instrument(symbol)
        with desk.telemetry.stage("data"):
            bars = await market.bars(instrument, timeframe, as_of=moment, learned=bound)
        asked = await choose(desk, model or self._model or desk.settings.prediction.model, bars, days=days)
        context = await beside(market, asked.choice.context, bars, learned=bound)
        with desk.telemetry.stage("compute"):
            try:
                forecast = await desk.workers.run(outlook, bars, days, asked.recipe, context=context)
            except ModelError as error:
                raise _explained(error, bars) from error
        forecast = asked.told(forecast, context)
        with desk.telemetry.stage("ledger"):
            kept = await Ledger(desk).append(forecast)
        # One with the same id may be from before the choice had to be explained.
        return replace(kept, forecast=asked.told(kept.forecast, context))

    def _market(self, desk: Desk) -> MarketData:
        if self._data is None:
            self._data = MarketData(desk, providers=self._providers)
            self._ours.push_async_callback(self._data.close)
        return self._data

    async def _at_desk(self) -> Desk:
        if self._desk is None:
            self._desk = await self._ours.enter_async_context(Desk.open())
        return self._desk


def _explained(error: ModelError, bars: Bars) -> ModelError:
    """Say of a forecast that failed for want of bars where those come from, and how to get more."""
    if "bars" not in error.context:
        return error
    sources, symbol = bars.frame["source"], bars.instrument.symbol
    words = next((note for note in bars.notes if note.startswith("only ")), "") or scarce(
        symbol, len(bars), sources=sources
    )
    message = f"{error.message}. They come from {' and '.join(origins(sources))}."
    return ModelError(message, hint=f"{words[:1].upper()}{words[1:]}. {error.hint}", **error.context)
