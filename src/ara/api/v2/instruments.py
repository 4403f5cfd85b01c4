"""What is known of an instrument: GET /instruments/{symbol}/bars and so on, /correlations, /indicators."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from starlette.responses import Response

from ara.api.asks import asker, moment_of, service_of
from ara.api.paged import BARS, bars_answer
from ara.api.problems import Problem
from ara.api.v1.bars import Family, IndicatorFamily, Kind, Period, Pivots, Step
from ara.api.v1.market import Category, Later, Window
from ara.api.v1.words import SYMBOL, Absent, AsOf, Symbols
from ara.errors import NotFoundError
from ara.features.described import chosen, document
from ara.market.timeframe import Timeframe

__all__ = ["router"]

router = APIRouter(tags=["instruments"], dependencies=[Depends(asker("market:read"))])
"""The paths of instruments."""

_Symbol = Annotated[
    str,
    Path(
        min_length=1,
        max_length=32,
        description="AAPL, BTC-USD, EURUSD, ^GSPC and so on",
        examples=["AAPL"],
        json_schema_extra={"pattern": SYMBOL.replace("/", "")},
    ),
]


@router.get("/instruments/{symbol}", summary="An instrument")
async def _instrument(symbol: _Symbol, request: Request) -> dict[str, Any]:
    """Tell name, class, venue, currency, calendar and time zone of an instrument."""
    one = await service_of(request).market.instrument(symbol)
    return {
        "symbol": one.symbol, "name": one.name, "asset_class": str(one.asset_class), "venue": one.venue,
        "currency": one.currency, "calendar": one.calendar, "timezone": one.timezone, "tick": str(one.tick),
        "lot": str(one.lot),
    }  # fmt: skip


@router.get("/instruments/{symbol}/bars", summary="Bars", responses=BARS)
async def _bars(
    symbol: _Symbol,
    request: Request,
    timeframe: Step = "1d",
    limit: Annotated[int, Query(ge=1, le=5000, description="The newest so many")] = 500,
    cursor: Annotated[AsOf | Absent, Query(description="The `next` of the answer before")] = None,
    as_of: AsOf | Absent = None,
    form: Annotated[Literal["json", "csv", "arrow"], Query(alias="format", description="As what")] = "json",
    if_none_match: Annotated[str | Absent, Header(max_length=2000)] = None,
) -> Response:
    """Give closed bars that were public at the moment, adjusted to the last of them: as `ara data show --json`."""
    service = service_of(request)
    bars = await service.looks.bars(symbol, Timeframe.parse(timeframe), as_of=moment_of(service, as_of))
    return bars_answer(bars, limit=limit, cursor=cursor, form=form, known=if_none_match)


@router.get("/instruments/{symbol}/regime", summary="The state of its market")
async def _regime(
    symbol: _Symbol, request: Request, horizon: Later = 21, as_of: AsOf | Absent = None
) -> dict[str, Any]:
    """Tell the state, since when, how long such states lasted and what followed: as `ara market regime --json`."""
    service = service_of(request)
    return (await service.looks.regime(symbol, as_of=moment_of(service, as_of), horizon=horizon)).as_dict()


@router.get("/instruments/{symbol}/sentiment", summary="What is said of it", status_code=404, response_class=Problem)
async def _sentiment(symbol: _Symbol) -> dict[str, Any]:
    """Refuse: no source of what people write is configured, and none is made up."""
    raise NotFoundError(
        "No source configured: Ara has no source of sentiment.",
        hint="Ask for what prices say instead: /api/v2/instruments/{symbol}/readings",
    )


@router.get("/instruments/{symbol}/readings", summary="What indicators say")
async def _readings(
    symbol: _Symbol, request: Request, category: Category = "all", horizon: Later = 5, as_of: AsOf | Absent = None
) -> dict[str, Any]:
    """Tell what indicators say, how common that is, and what followed: as `ara market indicators --json`."""
    service = service_of(request)
    told = await service.looks.indicators(symbol, as_of=moment_of(service, as_of), category=category, horizon=horizon)
    return told.as_dict()


@router.get("/instruments/{symbol}/indicators/{name}", summary="The values of an indicator")
async def _computed(
    symbol: _Symbol,
    name: Annotated[str, Path(min_length=1, max_length=200, description="rsi, macd.histogram, rsi(window=7)@1w")],
    request: Request,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Of so many of the last bars")] = 500,
    as_of: AsOf | Absent = None,
) -> dict[str, Any]:
    """Give an indicator's values, null where it has none yet: as `ara indicators compute --json`."""
    service = service_of(request)
    return await service.looks.computed(name, symbol, as_of=moment_of(service, as_of), last=limit)


@router.get("/instruments/{symbol}/patterns", summary="Patterns of late")
async def _patterns(
    symbol: _Symbol,
    request: Request,
    family: Annotated[Family | Absent, Query(description="Only these")] = None,
    last: Annotated[int, Query(ge=1, le=5000, description="Known in so many of the last bars")] = 5,
    horizon: Later = 5,
    as_of: AsOf | Absent = None,
) -> dict[str, Any]:
    """Tell the patterns that became known of late, and what followed their like: as `ara patterns --json`."""
    service = service_of(request)
    told = await service.looks.patterns(
        symbol, as_of=moment_of(service, as_of), last=last, family=family or "", horizon=horizon
    )
    return told.as_dict()


@router.get("/instruments/{symbol}/levels", summary="Prices that matter")
async def _levels(
    symbol: _Symbol,
    request: Request,
    kind: Annotated[Kind | Absent, Query(description="Only these")] = None,
    pivots: Pivots = "standard",
    period: Annotated[Period, Query(description="Pivots of the one before")] = "week",
    window: Annotated[int, Query(ge=10, le=5000, description="Bars whose turns and volume count")] = 250,
    limit: Annotated[int, Query(ge=1, le=1000, description="The nearest so many")] = 16,
    as_of: AsOf | Absent = None,
) -> dict[str, Any]:
    """Tell the prices that matter, and how often the price turned at their like: as `ara levels --json`."""
    service = service_of(request)
    told = await service.looks.levels(
        symbol, as_of=moment_of(service, as_of), pivots=pivots.split(","), period=period, window=window,
        kind=kind or "", count=limit,
    )  # fmt: skip
    return told.as_dict()


@router.get("/correlations", summary="How instruments move together")
async def _correlations(
    request: Request, symbols: Symbols, window: Window = 90, as_of: AsOf | Absent = None
) -> dict[str, Any]:
    """Tell how closely instruments move together and what changed: as `ara market correlations --json`."""
    service = service_of(request)
    names = list(dict.fromkeys(part.strip() for part in symbols.split(",") if part.strip()))
    return (await service.looks.ties(names, as_of=moment_of(service, as_of), window=window)).as_dict()


@router.get("/indicators", summary="The indicators there are")
async def _listed(
    family: Annotated[IndicatorFamily | Absent, Query(description="Only these; all if left out")] = None,
    search: Annotated[str, Query(max_length=100, description="Only those that have it in name or words")] = "",
) -> dict[str, Any]:
    """List indicators with formula, parameters, range and reference: as `ara indicators list --json`."""
    return document(chosen(family or "", search))
