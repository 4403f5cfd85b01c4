"""Forecasts as every version of the service asks for them: counted against the day, checked, kept in the ledger."""

import re
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from ara.alerts.news import predicted
from ara.api.asks import Asker, a_days
from ara.api.service import Service
from ara.errors import AraError, NotFoundError, StoreError, UnknownSymbolError, ValidationError
from ara.market import Instrument
from ara.market.timeframe import Timeframe
from ara.plugins import names
from ara.prediction import Forecast
from ara.prediction.asking import distinct
from ara.prediction.ledger import Kept, Ledger
from ara.prediction.many import Missed

__all__ = ["Asked", "forecast", "forecasts", "kept", "wanted_parts"]

_SHOWN: Final = 512

_TRAINED: Final = re.compile(r"[0-9a-f]{6,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of an instrument or of several.

    Parameters
    ----------
    days
        Bars ahead.
    timeframe
        Length of a bar.
    as_of
        Only what was public then; None for now.
    model
        Family or trained model; None for the usual one.
    why
        Whether reasons are computed: without them the same forecast has an id of its own.
    asset_class
        What each instrument has to be; None for anything.
    """

    days: int
    timeframe: Timeframe
    as_of: str | None
    model: str | None
    why: bool
    asset_class: str | None


async def forecast(service: Service, who: Asker, symbol: str, asked: Asked) -> Forecast:
    """Forecast an instrument; the forecast is kept before it is given."""
    _known(asked.model)
    if asked.asset_class is not None:
        _insisted(await service.market.instrument(symbol), asked.asset_class)
    async with a_days(service, who, 1):
        made = await service.engine.predict(
            symbol, asked.days, as_of=asked.as_of, timeframe=asked.timeframe, model=asked.model, why=asked.why
        )
    await predicted(service.desk, [made], users=[who.user.id])
    return made


async def forecasts(
    service: Service, who: Asker, symbols: Sequence[str], asked: Asked
) -> tuple[list[Forecast], dict[str, AraError]]:
    """Forecast several instruments; one that fails costs no other anything, and its error is given by its name.

    Several spellings of one instrument are one, answered and counted once.
    A store that takes nothing is no fault of an instrument: all is refused, and may be asked again.
    """
    _known(asked.model)
    symbols = distinct(symbols)
    answered, failures = list[Forecast](), dict[str, AraError]()
    async with a_days(service, who, len(symbols)) as back:
        stream = service.engine.keep_many(
            symbols, asked.days, as_of=asked.as_of, timeframe=asked.timeframe, model=asked.model, why=asked.why
        )
        async with aclosing(stream) as found:
            number = 0
            async for one in found:
                symbol, number = symbols[number], number + 1
                if isinstance(one, Missed):
                    if isinstance(one.error, StoreError):
                        raise one.error
                    failures[symbol] = one.error
                    continue
                try:
                    _insisted(one.forecast.instrument, asked.asset_class)
                except UnknownSymbolError as error:
                    failures[symbol] = error
                else:
                    answered.append(one.forecast)
        await back(len(failures))
    await predicted(service.desk, answered, users=[who.user.id])
    return answered, failures


async def kept(service: Service, id: str) -> Kept:
    """Give a kept forecast, by its id or the first characters of it."""
    found = service.shown.get(id)
    if found is None:
        found = await Ledger(service.desk).show(id)
        if len(service.shown) >= _SHOWN:
            del service.shown[next(iter(service.shown))]
        service.shown[found.id] = found
    return found


def wanted_parts(fields: str | None, parts: Sequence[str]) -> list[str]:
    """Give the parts that were asked for, each once; None means all."""
    named = [] if fields is None else sorted({part.strip(" ") for part in fields.split(",")})
    if strange := [one for one in named if one not in parts]:
        raise ValidationError(f"fields: there is no {strange[0]!r:.40}.", hint=f"There are: {', '.join(parts)}.")
    return named


def _known(model: str | None) -> None:
    """Refuse the name of a model that nobody has: that is the sender's fault, not the service's."""
    if model is None or _TRAINED.fullmatch(model) or model.partition("@")[0] in names("models"):
        return
    raise NotFoundError(f"There is no model {model[:40]!r}.", hint=f"There are: {', '.join(names('models'))}")


def _insisted(instrument: Instrument, wanted: str | None) -> None:
    found = str(instrument.asset_class)
    if wanted is not None and found != wanted:
        raise UnknownSymbolError(
            f"There is no {wanted} {instrument.symbol}: that is {found}.",
            hint="Leave the class out, or check the spelling.",
        )
