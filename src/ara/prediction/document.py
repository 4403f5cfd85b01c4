"""A forecast as plain JSON values and back: what `--json` prints, the ledger keeps and services answer."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

import numpy as np

from ara.errors import IntegrityError
from ara.lineage import Lineage
from ara.market.instrument import AssetClass, Instrument, OptionTerms, Right
from ara.models.quantiles import LEVELS
from ara.prediction.forecast import Day, Factor, Forecast
from ara.prediction.record import Direction, Receipt

__all__ = ["SCHEMA", "from_document", "to_document"]

SCHEMA: Final = 1
"""Version of the document's form; raised only when a key changes its meaning or goes."""

_NAMED: Final = tuple(f"{level:g}" for level in LEVELS)
_Told = TypeVar("_Told", Direction, Receipt)


def to_document(forecast: Forecast) -> dict[str, Any]:
    """Give the forecast as JSON values.

    Prices, bands and probabilities stand beside the log returns that they derive from, so that a reader needs no
    arithmetic; `from_document` reads the log returns alone.
    """
    instrument = forecast.instrument
    return {
        "schema": SCHEMA,
        "id": forecast.id,
        "symbol": instrument.symbol,
        "name": instrument.name,
        "asset_class": str(instrument.asset_class),
        "venue": instrument.venue,
        "currency": instrument.currency,
        "calendar": instrument.calendar,
        "timezone": instrument.timezone,
        "tick": str(instrument.tick),
        "lot": str(instrument.lot),
        "option": _of_option(instrument.option),
        "as_of": _instant(forecast.as_of),
        "last": forecast.last.isoformat(),
        "close": forecast.close,
        "model": forecast.model,
        "source": forecast.source,
        "quality": forecast.quality,
        "days": [_of_day(day) for day in forecast.days],
        "regime": None if forecast.regime is None else _plain(forecast.regime),
        "warnings": list(forecast.warnings),
        "degraded": list(forecast.degraded),
        "lineage": _of_lineage(forecast.lineage),
    }


def _of_day(day: Day) -> dict[str, Any]:
    prices = dict(zip(_NAMED, (day.close * np.exp(np.array(day.quantiles))).tolist(), strict=True))
    return {
        "day": day.number,
        "date": day.date.isoformat(),
        "at": _instant(day.at),
        "price": prices["0.5"],
        "return": prices["0.5"] / day.close - 1,
        "band_80": [prices["0.1"], prices["0.9"]],
        "band_95": [prices["0.025"], prices["0.975"]],
        "p_up": day.p_up,
        "confidence": day.confidence,
        "usual_move": day.usual_move,
        "quantiles": prices,
        "log_returns": list(day.quantiles),
        "wider": day.wider,
        "factors": [_of_factor(factor) for factor in day.factors],
        "leans": [_of_factor(factor) for factor in day.leans],
        "sure": [_of_factor(factor) for factor in day.sure],
        "direction": None if day.direction is None else _of_record(day.direction),
        "receipt": None if day.receipt is None else _of_record(day.receipt),
    }


def _of_record(told: Direction | Receipt) -> dict[str, Any]:
    return {**{name: getattr(told, name) for name in told.__slots__}, "until": _instant(told.until)}


def _of_factor(factor: Factor) -> dict[str, Any]:
    return {
        "name": factor.name,
        "value": factor.value,
        "contribution": factor.contribution,
        "description": factor.description,
    }


def _of_option(terms: OptionTerms | None) -> dict[str, Any] | None:
    if terms is None:
        return None
    return {
        "underlying": terms.underlying,
        "expiry": terms.expiry.isoformat(),
        "strike": str(terms.strike),
        "right": str(terms.right),
        "multiplier": str(terms.multiplier),
    }


def _of_lineage(lineage: Lineage) -> dict[str, Any]:
    return {
        "data": lineage.data,
        "features": lineage.features,
        "models": _plain(lineage.models),
        "settings": _plain(lineage.settings),
        "seed": lineage.seed,
        "engine": lineage.engine,
        "platform": _plain(lineage.platform),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_document(document: Mapping[str, Any]) -> Forecast:
    """Give the forecast that a document describes, equal to the one it was made from.

    Raises
    ------
    IntegrityError
        If the document has another form, lacks a key, or its id doesn't follow from its lineage.
    """
    if document.get("schema") != SCHEMA:
        raise IntegrityError(
            f"The forecast's document has the schema {document.get('schema')!r}; this version reads 1."
        )
    try:
        forecast = _forecast(document)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        what = f"the key {error}" if isinstance(error, KeyError) else str(error)
        raise IntegrityError(f"The forecast's document can't be read: {what}.") from error
    if forecast.id != document.get("id"):
        raise IntegrityError(f"The forecast's document says id {document.get('id')}, its lineage gives {forecast.id}.")
    return forecast


def _forecast(document: Mapping[str, Any]) -> Forecast:
    close = float(document["close"])
    return Forecast(
        instrument=_to_instrument(document),
        as_of=_to_instant(document["as_of"]),
        last=date.fromisoformat(document["last"]),
        close=close,
        model=document["model"],
        days=tuple(_to_day(day, close) for day in document["days"]),
        source=document["source"],
        quality=float(document["quality"]),
        regime=document["regime"],
        warnings=tuple(document["warnings"]),
        degraded=tuple(document["degraded"]),
        lineage=Lineage(**document["lineage"]),
    )


def _to_day(day: Mapping[str, Any], close: float) -> Day:
    return Day(
        number=day["day"],
        date=date.fromisoformat(day["date"]),
        at=_to_instant(day["at"]),
        close=close,
        quantiles=_to_quantiles(day["log_returns"]),
        p_up=float(day["p_up"]),
        confidence=float(day["confidence"]),
        usual_move=float(day["usual_move"]),
        wider=None if day.get("wider") is None else float(day["wider"]),
        factors=tuple(_to_factor(factor) for factor in day["factors"]),
        leans=tuple(_to_factor(factor) for factor in day.get("leans", ())),
        sure=tuple(_to_factor(factor) for factor in day.get("sure", ())),
        direction=_to_record(Direction, day.get("direction")),
        receipt=_to_record(Receipt, day.get("receipt")),
    )


def _to_record(kind: type[_Told], told: Mapping[str, Any] | None) -> _Told | None:
    return None if told is None else kind(**{**told, "until": _to_instant(told["until"])})


def _to_quantiles(values: Sequence[float]) -> tuple[float, ...]:
    if len(values) != len(LEVELS):
        raise ValueError(f"{len(values)} log returns stand where {len(LEVELS)} belong")
    return tuple(float(value) for value in values)


def _to_factor(factor: Mapping[str, Any]) -> Factor:
    return Factor(
        name=factor["name"],
        value=float(factor["value"]),
        contribution=float(factor["contribution"]),
        description=factor["description"],
    )


def _to_instrument(document: Mapping[str, Any]) -> Instrument:
    return Instrument(
        symbol=document["symbol"],
        name=document["name"],
        asset_class=AssetClass(document["asset_class"]),
        venue=document["venue"],
        currency=document["currency"],
        calendar=document["calendar"],
        timezone=document["timezone"],
        tick=Decimal(document["tick"]),
        lot=Decimal(document["lot"]),
        option=_to_option(document["option"]),
    )


def _to_option(terms: Mapping[str, Any] | None) -> OptionTerms | None:
    if terms is None:
        return None
    return OptionTerms(
        underlying=terms["underlying"],
        expiry=date.fromisoformat(terms["expiry"]),
        strike=Decimal(terms["strike"]),
        right=Right(terms["right"]),
        multiplier=Decimal(terms["multiplier"]),
    )


def _to_instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"the instant {text} has no zone")
    return moment.astimezone(UTC)
