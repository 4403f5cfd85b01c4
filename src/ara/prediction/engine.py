"""The front of the room: an instrument and a moment in, a kept forecast out."""

import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from datetime import date, datetime
from typing import Self

from ara.data.feed import MarketData
from ara.data.provider import Provider
from ara.desk import Desk
from ara.errors import ValidationError
from ara.market.bars import Bars
from ara.market.timeframe import DAY, Timeframe
from ara.prediction.asking import Wish, distinct, gathered, kept, made
from ara.prediction.basket import Basket, basket, reach
from ara.prediction.fallback import Asks, Budget, named_within, seen
from ara.prediction.forecast import Forecast
from ara.prediction.ledger import Kept
from ara.prediction.many import Missed, many
from ara.prediction.origin import as_instant, checked_days
from ara.prediction.watch import Heard, watch

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
        self._given = data is not None or data_providers is not None
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
        why: bool = True,
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
        why
            Whether it is explained. Without its reasons the same forecast takes less time and has an id of its own.
        """
        entry = await self.keep(symbol, days, as_of=as_of, learned=learned, timeframe=timeframe, model=model, why=why)
        forecast = entry.forecast
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
        why: bool = True,
    ) -> Kept:
        """Forecast as `predict` does, and give the forecast with its place in the ledger."""
        desk = await self._at_desk()
        wish = self._wish(desk, days, as_of=as_of, learned=learned, timeframe=timeframe, model=model, why=why)
        budget = Budget(desk.settings.prediction.seconds)
        one = await gathered(desk, self._market(desk), symbol, wish, budget=budget)
        (entry,) = await kept(desk, [one], [await made(desk, one, wish, budget=budget)])
        return entry

    async def keep_many(
        self,
        symbols: Sequence[str],
        days: int = 5,
        *,
        as_of: datetime | date | str | None = None,
        learned: datetime | date | str | None = None,
        timeframe: Timeframe = DAY,
        model: str | None = None,
        why: bool = True,
    ) -> AsyncGenerator[Kept | Missed, None]:
        """Forecast many instruments, and give each with its place in the ledger, in the order asked.

        One that can't be answered costs no other anything: it comes as `Missed`. All others have the ids and the bytes
        that `keep` gives them one by one. A block of them is in memory at a time, however many there are.

        Parameters
        ----------
        symbols
            In any usual spelling; several of one instrument are one, in the place of the first.
        days, as_of, learned, timeframe, model, why
            As for `predict`; the same moment for all.
        """
        desk = await self._at_desk()
        wish = self._wish(desk, days, as_of=as_of, learned=learned, timeframe=timeframe, model=model, why=why)
        async with aclosing(many(desk, self._market(desk), distinct(symbols), wish)) as answers:
            async for one in answers:
                yield one

    async def basket(
        self,
        weights: Mapping[str, float],
        days: int = 5,
        *,
        as_of: datetime | date | str | None = None,
        learned: datetime | date | str | None = None,
        model: str | None = None,
    ) -> Basket:
        """Forecast instruments held together: their returns drawn at once, each as its own forecast says.

        The forecast of each is kept in the ledger; the basket follows from these, so it can always be made again.

        Parameters
        ----------
        weights
            Share of the whole of each symbol, negative where it is owed; what is missing to 1 is cash. Several
            spellings of one instrument are one.
        days
            Bars ahead of the market that opens least often, 1 to 30; the others have as many as fit.
        as_of, learned, model
            As for `predict`; the same moment for all.
        """
        desk = await self._at_desk()
        if not weights or not all(math.isfinite(one) for one in weights.values()):
            raise ValidationError("a basket is some symbols, each with a weight", hint="Such as AAPL=0.5 BTC-USD=0.5")
        wish = self._wish(desk, days, as_of=as_of, learned=learned, timeframe=DAY, model=model, why=False)
        bars, held = dict[str, Bars](), dict[str, float]()
        for symbol, weight in weights.items():
            budget = Budget(desk.settings.prediction.seconds)
            instrument = await named_within(self._market(desk), symbol, budget=budget)
            held[instrument.symbol] = held.get(instrument.symbol, 0.0) + weight
            found = await seen(self._market(desk), instrument, DAY, wish.asks, budget=budget)
            bars[instrument.symbol] = found.bars
        span = reach(list(bars.values()), days)
        needed = {name: max(counts[-1], 1) for name, counts in span.bars.items()}
        made_ = dict[str, Forecast]()
        for ahead in sorted(set(needed.values())):
            names = [name for name in bars if needed[name] == ahead]
            asked = many(desk, self._market(desk), names, replace(wish, days=ahead))
            async with aclosing(asked) as answers:
                async for one in answers:
                    if isinstance(one, Missed):
                        raise one.error
                    made_[one.forecast.instrument.symbol] = one.forecast
        return await desk.workers.run(
            basket, list(bars.values()), [made_[name] for name in bars], list(held.values()), span, seed=desk.seed
        )

    async def watch(
        self,
        symbols: Sequence[str],
        days: int = 5,
        *,
        timeframe: Timeframe = DAY,
        model: str | None = None,
        why: bool = True,
        pause: float = 1.0,
    ) -> AsyncGenerator[Heard, None]:
        """Forecast instruments, and each again at each closed bar of its source, for as long as is asked.

        A source that fails comes as `Trouble` and is asked again; an instrument that can't be watched comes as `Missed`
        and costs no other anything. A bar is kept before it is forecast from, so every forecast can be replayed.

        Parameters
        ----------
        symbols
            In any usual spelling; several of one instrument are one, in the place of the first.
        days, timeframe, model, why
            As for `predict`.
        pause
            Seconds until a source that failed is asked again; twice as long each time, a minute at most.
        """
        desk = await self._at_desk()
        wish = self._wish(desk, days, as_of=None, learned=None, timeframe=timeframe, model=model, why=why)
        async with aclosing(watch(desk, self._market(desk), distinct(symbols), wish, pause=pause)) as told:
            async for one in told:
                yield one

    def _wish(
        self,
        desk: Desk,
        days: int,
        *,
        as_of: datetime | date | str | None,
        learned: datetime | date | str | None,
        timeframe: Timeframe,
        model: str | None,
        why: bool,
    ) -> Wish:
        days, now = checked_days(days), desk.clock.now()
        moment = as_instant(as_of, now=now)
        bound = None if learned is None else as_instant(learned, now=now, what="learned")
        return Wish(
            days=days,
            asks=Asks(as_of=moment, learned=bound, now=now, given=self._given),
            timeframe=timeframe,
            name=model or self._model or desk.settings.prediction.model,
            why=why,
        )

    def _market(self, desk: Desk) -> MarketData:
        if self._data is None:
            self._data = MarketData(desk, providers=self._providers)
            self._ours.push_async_callback(self._data.close)
        return self._data

    async def _at_desk(self) -> Desk:
        if self._desk is None:
            self._desk = await self._ours.enter_async_context(Desk.open())
        return self._desk
