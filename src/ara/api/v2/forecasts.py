"""Forecasts: POST /forecasts, /forecasts/batch, GET /forecasts, /forecasts/{id}, /{id}/receipt, /ledger, /scores."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, RootModel

from ara.api.answers import Answer
from ara.api.asks import Asker, asker, service_of
from ara.api.forecasting import Asked, forecast, forecasts, kept, wanted_parts
from ara.api.once import OnceKey, once
from ara.api.service import Service
from ara.api.tags import UNCHANGED, fresh, unchanged
from ara.api.v1.ledger import kept_page
from ara.api.v1.words import Absent, AsOf, Length, Named, Place, PredictionId, Symbol, Whole
from ara.api.verifying import Anchored
from ara.market.timeframe import Timeframe
from ara.prediction.accuracy import accuracy
from ara.prediction.document import to_document
from ara.prediction.receipts import receipt, vouchers

__all__ = ["Batch", "BatchAsked", "ForecastAsked", "ForecastDocument", "router"]

router = APIRouter(tags=["forecasts"])
"""The paths of forecasts."""

_Writes = Annotated[Asker, Depends(asker("predictions:write"))]
_READ: Final = "predictions:read"
_Reads = Annotated[Asker, Depends(asker(_READ))]
_Class = Literal["stock", "crypto", "forex", "etf", "index"]
_MOST: Final = 100
_LISTED: Final = 200
_PLACE: Final = "/api/v2/forecasts/{forecast_id}"
_PARTS: Final = (
    "schema", "id", "symbol", "name", "asset_class", "venue", "currency", "calendar", "timezone", "tick", "lot",
    "option", "as_of", "last", "close", "model", "source", "quality", "days", "regime", "warnings", "degraded",
    "lineage",
)  # fmt: skip


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    days: Whole = Field(default=5, ge=1, le=30, description="Bars ahead")
    timeframe: Length = "1d"
    asset_class: _Class | None = Field(default=None, description="What each instrument has to be; checked")
    reasons: bool = Field(default=True, description="Whether reasons are given; without them the id is another")
    as_of: AsOf | None = None
    model: str | None = Field(default=None, min_length=1, max_length=128, description="Family or trained model")

    @property
    def asked(self) -> Asked:
        """What is asked, in the words of all versions."""
        return Asked(
            days=self.days, timeframe=Timeframe.parse(self.timeframe), as_of=self.as_of, model=self.model,
            why=self.reasons, asset_class=self.asset_class,
        )  # fmt: skip


class ForecastAsked(_Question):
    """What is asked of one instrument."""

    symbol: Symbol


class BatchAsked(_Question):
    """What is asked of several instruments."""

    symbols: list[Named] = Field(min_length=1, max_length=_MOST, examples=[["AAPL", "BTC-USD"]])


class ForecastDocument(RootModel[dict[str, Any]]):
    """A forecast as `ara predict --json` prints it: the same id, the same bytes."""


class Batch(BaseModel):
    """Forecasts of several instruments; why some have none is a problem document by its symbol."""

    items: list[ForecastDocument]
    failures: dict[str, dict[str, Any]]


@router.post("/forecasts", summary="Forecast an instrument", response_model=ForecastDocument)
async def _forecast(asked: ForecastAsked, request: Request, who: _Writes, key: OnceKey = None) -> Response | BaseModel:
    """Forecast the next bars; the forecast is in the ledger before it is answered."""
    service = service_of(request)
    return await once(service, who, key, asked, lambda: _one(service, who, asked))


async def _one(service: Service, who: Asker, asked: ForecastAsked) -> ForecastDocument:
    return ForecastDocument(to_document(await forecast(service, who, asked.symbol, asked.asked)))


@router.post("/forecasts/batch", summary="Forecast several instruments", response_model=Batch)
async def _batch(asked: BatchAsked, request: Request, who: _Writes, key: OnceKey = None) -> Response | BaseModel:
    """Forecast several instruments; one that fails costs no other anything."""
    service = service_of(request)
    return await once(service, who, key, asked, lambda: _several(service, who, asked))


async def _several(service: Service, who: Asker, asked: BatchAsked) -> Batch:
    answered, failures = await forecasts(service, who, asked.symbols, asked.asked)
    return Batch(
        items=[ForecastDocument(to_document(one)) for one in answered],
        failures={symbol: error.problem() for symbol, error in failures.items()},
    )


@router.get("/forecasts", summary="Kept forecasts")
async def _list(
    request: Request,
    who: _Reads,
    symbol: Symbol | Absent = None,
    limit: Annotated[int, Query(ge=1, le=_LISTED, description="At most so many")] = 20,
    cursor: Annotated[Place | Absent, Query(description="The `next` of the answer before")] = None,
) -> dict[str, Any]:
    """List kept forecasts, the newest first; `next` is the cursor of those before them, null where there are none."""
    shown, further = await kept_page(request, symbol, limit, cursor)
    return {"items": shown, "next": further}


@router.get("/forecasts/{forecast_id}", summary="A kept forecast", responses=UNCHANGED)
async def _kept(
    forecast_id: PredictionId,
    request: Request,
    response: Response,
    who: _Reads,
    fields: Annotated[
        str | Absent,
        Query(
            max_length=400,
            description=f"Parts to give, with commas between them: {', '.join(_PARTS)}; all if left out",
            examples=["id,symbol,days"],
            json_schema_extra={"pattern": f"^ *({'|'.join(_PARTS)})( *, *({'|'.join(_PARTS)}))* *$"},
        ),
    ] = None,
    if_none_match: Annotated[str | Absent, Header(max_length=2000)] = None,
) -> Any:
    """Give a forecast as it was kept, by its id or the first characters of it; with `fields` only those parts of it."""
    service = service_of(request)
    found = await kept(service, forecast_id)
    wanted = wanted_parts(fields, _PARTS)
    tag = fresh(response, "v2", found.id, *wanted)
    if unchanged(if_none_match, tag):
        return Response(status_code=304, headers=dict(response.headers))
    told = to_document(found.forecast)
    if wanted:
        return {name: value for name, value in told.items() if name in wanted}
    body = ForecastDocument(told).model_dump_json().encode()
    whole = Answer(
        route=_PLACE, parameter="forecast_id", id=found.id, permission=_READ, tag=tag, body=body, signed=False
    )
    service.answers.keep(_PLACE.format(forecast_id=found.id), whole)
    return told


@router.get("/forecasts/{forecast_id}/receipt", summary="What such forecasts were worth")
async def _receipt(forecast_id: PredictionId, request: Request, who: _Reads) -> dict[str, Any]:
    """Tell what past forecasts that were about as sure were worth: as `ara ledger receipt --json`."""
    service = service_of(request)
    found = await kept(service, forecast_id)
    return receipt(found, await vouchers(service.desk, found))


@router.get("/ledger", summary="Whether the ledger is as it was written")
async def _verify(request: Request, who: _Reads, anchor: Anchored = None) -> dict[str, Any]:
    """Walk the whole ledger and compute its scores again; `ok` is false where it was changed.

    As `ara ledger verify --json`: scores of at most 500 forecasts, drawn anew each time where there are more.
    """
    service = service_of(request)
    return await service.walks.walk(service.desk, anchor)


@router.get("/scores", summary="How forecasts did")
async def _scores(request: Request, who: _Reads, replayed: bool = False) -> dict[str, Any]:
    """Tell how scored forecasts did, by instrument, class, horizon, model and month.

    As `ara ledger report --json`, but for `challengers`, which asks models anew for each forecast.
    """
    return (await accuracy(service_of(request).desk, replayed=replayed)).as_dict()
