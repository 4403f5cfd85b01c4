"""Forecasts: POST /predict, POST /predict/batch, GET /predictions/{id}."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, RootModel

from ara.api.answers import Answer
from ara.api.asks import Asker, asker, service_of
from ara.api.forecasting import Asked, forecast, forecasts, kept, wanted_parts
from ara.api.once import OnceKey, once
from ara.api.service import Service
from ara.api.tags import UNCHANGED, fresh, unchanged
from ara.api.v1.words import Absent, AsOf, Length, Named, PredictionId, Symbol, Whole
from ara.logs.context import current
from ara.market.timeframe import Timeframe
from ara.prediction import Forecast
from ara.prediction.document import to_document

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
_READ = "predictions:read"
_Reads = Annotated[Asker, Depends(asker(_READ))]
_MOST = 100
_PLACE = "/api/v1/predictions/{prediction_id}"


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    days: Whole = Field(default=5, ge=1, le=30, description="Bars ahead")
    timeframe: Length = "1d"
    asset_type: _Class | None = Field(default=None, description="What each symbol has to be; checked")
    analysis_level: _Level = Field(default="standard", description="How much to say of the reasons")
    include_explanations: bool = Field(default=True, description="Whether reasons are given at all")
    as_of: AsOf | None = None
    model: str | None = Field(default=None, min_length=1, max_length=128, description="Family or trained model")

    @property
    def asked(self) -> Asked:
        """What is asked, in the words of all versions."""
        why = self.include_explanations and self.analysis_level in {"standard", "full"}
        return Asked(
            days=self.days, timeframe=Timeframe.parse(self.timeframe), as_of=self.as_of, model=self.model, why=why,
            asset_class=self.asset_type,
        )  # fmt: skip


class PredictRequest(_Question):
    """What is asked of one instrument."""

    symbol: Symbol


class BatchRequest(_Question):
    """What is asked of several instruments."""

    symbols: list[Named] = Field(min_length=1, max_length=_MOST, examples=[["AAPL", "BTC-USD"]])


class Factor(BaseModel):
    """A reason."""

    name: str
    value: float
    contribution: float
    description: str


class Prediction(BaseModel):
    """A bar of a forecast: what the old shape has, and the band with the odds beside it."""

    day: int = Field(description="How many bars ahead")
    date: str = Field(description="The bar's session, of a week its first")
    at: datetime = Field(description="When the bar closes, UTC")
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
    timeframe: str = Field(description="Length of a bar")
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
    "json_schema_extra": {"pattern": f"^ *({_PART})( *, *({_PART}))* *$"},
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
    return _answer(await forecast(service, who, asked.symbol, asked.asked))


@router.post("/predict/batch", summary="Forecast several instruments", response_model=BatchResponse)
async def _batch(asked: BatchRequest, request: Request, who: _Writes, key: OnceKey = None) -> Response | BaseModel:
    """Forecast several instruments; one that fails costs no other anything."""
    service = service_of(request)
    return await once(service, who, key, asked, lambda: _several(service, who, asked))


async def _several(service: Service, who: Asker, asked: BatchRequest) -> BatchResponse:
    answered, failures = await forecasts(service, who, asked.symbols, asked.asked)
    return BatchResponse(
        request_id=current() or None, timestamp=datetime.now(UTC), predictions=[_answer(one) for one in answered],
        total_count=len(answered) + len(failures), successful_count=len(answered), failed_count=len(failures),
        failed_symbols=list(failures), failures={symbol: error.message for symbol, error in failures.items()},
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
    fields: Annotated[str | Absent, Query(**_FIELDS)] = None,
    if_none_match: Annotated[str | Absent, Header(max_length=2000)] = None,
) -> PredictResponse | Selected | Response:
    """Give a forecast as it was kept, by its id or the first characters of it; with `fields` only those parts of it."""
    service = service_of(request)
    found = await kept(service, prediction_id)
    wanted = wanted_parts(fields, _PARTS)
    tag = fresh(response, found.id, *wanted)
    if unchanged(if_none_match, tag):
        return Response(status_code=304, headers=dict(response.headers))
    answer = _answer(found.forecast)
    if wanted:
        return Selected(answer.model_dump(mode="json", include=set(wanted)))
    body = answer.model_dump_json(exclude={"request_id", "timestamp"}).removeprefix("{").encode()
    whole = Answer(
        route=_PLACE, parameter="prediction_id", id=found.id, permission=_READ, tag=tag, body=body, signed=True
    )
    service.answers.keep(_PLACE.format(prediction_id=found.id), whole)
    return answer


def _answer(forecast: Forecast) -> PredictResponse:
    document = to_document(forecast)
    days = [
        Prediction(
            day=day.number, date=day.date.isoformat(), at=day.at, predicted_price=day.price,
            change=day.price - day.close, change_pct=100 * day.change, confidence=day.confidence,
            band_80=document_day["band_80"], band_95=document_day["band_95"], p_up=day.p_up,
        )
        for day, document_day in zip(forecast.days, document["days"], strict=True)
    ]  # fmt: skip
    return PredictResponse(
        request_id=current() or None, timestamp=datetime.now(UTC), prediction_id=forecast.id,
        symbol=forecast.instrument.symbol, timeframe=str(forecast.timeframe),
        asset_type=str(forecast.instrument.asset_class), current_price=forecast.close,
        model_version=forecast.model, predictions=days,
        factors=[Factor(**one) for one in document["days"][0]["factors"]], warnings=list(forecast.warnings),
        forecast=document,
    )  # fmt: skip
