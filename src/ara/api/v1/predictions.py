"""Forecasts: POST /predict, POST /predict/batch, GET /predictions/{id}."""

import re
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, RootModel

from ara.api.asks import Asker, asker, service_of, spend_day
from ara.api.once import OnceKey, once
from ara.api.service import Service
from ara.api.tags import UNCHANGED, fresh, unchanged
from ara.api.v1.words import AsOf, PredictionId, Symbol
from ara.errors import NotFoundError, UnknownSymbolError, ValidationError
from ara.logs.context import current
from ara.market import Instrument
from ara.plugins import names
from ara.prediction import Forecast
from ara.prediction.document import to_document
from ara.prediction.ledger import Ledger
from ara.prediction.many import Missed

__all__ = [
    "BatchRequest",
    "BatchResponse",
    "Factor",
    "PredictRequest",
    "PredictResponse",
    "Prediction",
    "Selected",
    "router",
]

router = APIRouter(tags=["predictions"])
"""The paths of forecasts."""

_Level = Literal["minimal", "basic", "standard", "full"]
_Class = Literal["stock", "crypto", "forex", "etf", "index"]
_Writes = Annotated[Asker, Depends(asker("predictions:write"))]
_Reads = Annotated[Asker, Depends(asker("predictions:read"))]
_MOST = 100
_TRAINED = re.compile(r"[0-9a-f]{6,64}")


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    days: int = Field(default=5, ge=1, le=30, description="Bars ahead")
    asset_type: _Class | None = Field(default=None, description="What each symbol has to be; checked")
    analysis_level: _Level = Field(default="standard", description="How much to say of the reasons")
    include_explanations: bool = Field(default=True, description="Whether reasons are given at all")
    as_of: AsOf | None = None
    model: str | None = Field(default=None, min_length=1, max_length=128, description="Family or trained model")

    @property
    def why(self) -> bool:
        """Whether reasons are computed: without them the same forecast has an id of its own."""
        return self.include_explanations and self.analysis_level in {"standard", "full"}


class PredictRequest(_Question):
    """What is asked of one instrument."""

    symbol: Symbol


class BatchRequest(_Question):
    """What is asked of several instruments."""

    symbols: list[Symbol] = Field(min_length=1, max_length=_MOST, examples=[["AAPL", "BTC-USD"]])


class Factor(BaseModel):
    """A reason."""

    name: str
    value: float
    contribution: float
    description: str


class Prediction(BaseModel):
    """A day of a forecast: what the old shape has, and the band with the odds beside it."""

    day: int
    date: str
    predicted_price: float
    change: float = Field(description="In the instrument's currency")
    change_pct: float = Field(description="In percent: 1.5 means 1.5 %")
    confidence: float
    band_80: tuple[float, float]
    band_95: tuple[float, float]
    p_up: float


class PredictResponse(BaseModel):
    """A forecast in the old shape; `forecast` is the whole, as `ara predict --json` prints it."""

    request_id: str | None
    timestamp: datetime
    prediction_id: str
    symbol: str
    asset_type: str
    current_price: float
    model_version: str
    predictions: list[Prediction]
    factors: list[Factor]
    warnings: list[str]
    forecast: dict[str, Any]


class Selected(RootModel[dict[str, Any]]):
    """The parts of a forecast that were asked for."""


_PARTS = list(PredictResponse.model_fields)
_PART = "|".join(_PARTS)
_FIELDS: dict[str, Any] = {
    "max_length": 400,
    "description": f"Parts to give, with commas between them: {', '.join(_PARTS)}; all if left out",
    "examples": ["prediction_id,predictions"],
    "json_schema_extra": {"pattern": f"^({_PART})(,({_PART}))*$"},
}


class BatchResponse(BaseModel):
    """Forecasts of several instruments; who could not be answered is named with the reason."""

    request_id: str | None
    timestamp: datetime
    predictions: list[PredictResponse]
    total_count: int
    successful_count: int
    failed_count: int
    failed_symbols: list[str]
    failures: dict[str, str]


@router.post("/predict", summary="Forecast an instrument", response_model=PredictResponse)
async def _predict(asked: PredictRequest, request: Request, who: _Writes, key: OnceKey = None) -> Response | BaseModel:
    """Forecast the next bars and keep the forecast in the ledger before it is answered."""
    service = service_of(request)
    return await once(service, who, key, asked, lambda: _one(service, who, asked))


async def _one(service: Service, who: Asker, asked: PredictRequest) -> PredictResponse:
    _known(asked.model)
    if asked.asset_type is not None:
        _insisted(await service.market.instrument(asked.symbol), asked.asset_type)
    await spend_day(service, who, 1)
    forecast = await service.engine.predict(
        asked.symbol, asked.days, as_of=asked.as_of, model=asked.model, why=asked.why
    )
    return _answer(forecast)


@router.post("/predict/batch", summary="Forecast several instruments", response_model=BatchResponse)
async def _batch(asked: BatchRequest, request: Request, who: _Writes, key: OnceKey = None) -> Response | BaseModel:
    """Forecast several instruments; one that fails costs no other anything."""
    service = service_of(request)
    return await once(service, who, key, asked, lambda: _several(service, who, asked))


async def _several(service: Service, who: Asker, asked: BatchRequest) -> BatchResponse:
    symbols = list(dict.fromkeys(asked.symbols))
    _known(asked.model)
    await spend_day(service, who, len(symbols))
    answered, failures = list[PredictResponse](), dict[str, str]()
    stream = service.engine.keep_many(symbols, asked.days, as_of=asked.as_of, model=asked.model, why=asked.why)
    async with aclosing(stream) as found:
        number = 0
        async for one in found:
            symbol, number = symbols[number], number + 1
            if isinstance(one, Missed):
                failures[symbol] = one.error.message
                continue
            try:
                _insisted(one.forecast.instrument, asked.asset_type)
            except ValidationError as error:
                failures[symbol] = error.message
            else:
                answered.append(_answer(one.forecast))
    return BatchResponse(
        request_id=current() or None, timestamp=datetime.now(UTC), predictions=answered,
        total_count=len(symbols), successful_count=len(answered), failed_count=len(failures),
        failed_symbols=list(failures), failures=failures,
    )  # fmt: skip


@router.get(
    "/predictions/{prediction_id}",
    summary="A kept forecast",
    response_model=PredictResponse | Selected,
    responses=UNCHANGED,
)
async def _prediction(
    prediction_id: PredictionId,
    request: Request,
    response: Response,
    who: _Reads,
    fields: Annotated[str | None, Query(**_FIELDS)] = None,
    if_none_match: Annotated[str | None, Header(max_length=2000)] = None,
) -> PredictResponse | Selected | Response:
    """Give a forecast as it was kept, by its id or the first characters of it; with `fields` only those parts of it."""
    kept = await Ledger(service_of(request).desk).show(prediction_id)
    wanted = _wanted(fields)
    tag = fresh(response, kept.id, *wanted)
    if unchanged(if_none_match, tag):
        return Response(status_code=304, headers=dict(response.headers))
    answer = _answer(kept.forecast)
    return Selected(answer.model_dump(mode="json", include=set(wanted))) if wanted else answer


def _wanted(fields: str | None) -> list[str]:
    """Give the parts that were asked for, each once; nothing means all."""
    named = sorted({part.strip() for part in (fields or "").split(",") if part.strip()})
    if strange := [one for one in named if one not in _PARTS]:
        raise ValidationError(f"fields: there is no {strange[0]!r:.40}.", hint=f"There are: {', '.join(_PARTS)}.")
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
            hint="Leave asset_type out, or check the spelling.",
        )


def _answer(forecast: Forecast) -> PredictResponse:
    document = to_document(forecast)
    days = [
        Prediction(
            day=day.number, date=day.date.isoformat(), predicted_price=day.price, change=day.price - day.close,
            change_pct=100 * day.change, confidence=day.confidence, band_80=document_day["band_80"],
            band_95=document_day["band_95"], p_up=day.p_up,
        )
        for day, document_day in zip(forecast.days, document["days"], strict=True)
    ]  # fmt: skip
    return PredictResponse(
        request_id=current() or None, timestamp=datetime.now(UTC), prediction_id=forecast.id,
        symbol=forecast.instrument.symbol, asset_type=str(forecast.instrument.asset_class),
        current_price=forecast.close, model_version=forecast.model, predictions=days,
        factors=[Factor(**one) for one in document["days"][0]["factors"]], warnings=list(forecast.warnings),
        forecast=document,
    )  # fmt: skip
