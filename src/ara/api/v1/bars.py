"""What is drawn from one instrument's bars: GET /bars, /patterns, /levels, /indicators/list, /indicators/compute."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from ara.api.asks import asker, moment_of, service_of
from ara.api.paged import BARS, bars_answer
from ara.api.v1.market import Later
from ara.api.v1.words import Absent, AsOf, Symbol
from ara.features.described import chosen, document
from ara.market.timeframe import Timeframe

__all__ = ["Family", "IndicatorFamily", "Kind", "Period", "Pivots", "Step", "router"]

router = APIRouter(tags=["market"], dependencies=[Depends(asker("market:read"))])
"""The paths of what is drawn from bars."""

Step = Literal["1m", "5m", "15m", "30m", "1h", "2h", "4h", "1d", "1w"]
"""The length of a bar."""
Family = Literal["candle", "chart", "harmonic", "elliott"]
"""A family of patterns."""
IndicatorFamily = Literal[
    "trend", "momentum", "volatility", "volume", "statistical", "levels", "microstructure", "spectral", "candles",
    "cross",
]  # fmt: skip
"""A family of indicators."""
Kind = Literal["cluster", "fibonacci", "pivot", "volume"]
"""A kind of levels."""
Period = Literal["session", "week", "month"]
"""What pivots are worked out from."""
Pivots = Annotated[
    str,
    Query(
        max_length=100,
        description="standard, fibonacci, camarilla, woodie, demark, with commas between them",
        pattern="^(standard|fibonacci|camarilla|woodie|demark)(,(standard|fibonacci|camarilla|woodie|demark))*$",
    ),
]
"""Ways to work out pivots."""


@router.get("/market/bars", summary="Bars of an instrument", responses=BARS)
@router.get("/bars", summary="Bars of an instrument", responses=BARS)
async def _bars(
    request: Request,
    symbol: Symbol,
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


@router.get("/market/patterns", summary="Patterns of late")
@router.get("/patterns", summary="Patterns of late")
async def _patterns(
    request: Request,
    symbol: Symbol,
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


@router.get("/market/levels", summary="Prices that matter")
@router.get("/levels", summary="Prices that matter")
async def _levels(
    request: Request,
    symbol: Symbol,
    kind: Annotated[Kind | Absent, Query(description="Only these")] = None,
    pivots: Pivots = "standard",
    period: Annotated[Period, Query(description="Pivots of the one before")] = "week",
    window: Annotated[int, Query(ge=10, le=5000, description="Bars whose turns and volume count")] = 250,
    count: Annotated[int, Query(ge=1, le=1000, description="The nearest so many")] = 16,
    as_of: AsOf | Absent = None,
) -> dict[str, Any]:
    """Tell the prices that matter, and how often the price turned at their like: as `ara levels --json`."""
    service = service_of(request)
    told = await service.looks.levels(
        symbol, as_of=moment_of(service, as_of), pivots=pivots.split(","), period=period, window=window,
        kind=kind or "", count=count,
    )  # fmt: skip
    return told.as_dict()


@router.get("/indicators/list", summary="The indicators there are")
async def _listed(
    family: Annotated[
        IndicatorFamily | Absent,
        Query(description="Only these"),
    ] = None,
    search: Annotated[str, Query(max_length=100, description="Only those that have it in name or words")] = "",
) -> dict[str, Any]:  # fmt: skip
    """List indicators with formula, parameters, range and reference: as `ara indicators list --json`."""
    return document(chosen(family or "", search))


@router.get("/indicators/compute", summary="The values of an indicator")
async def _computed(
    request: Request,
    symbol: Symbol,
    name: Annotated[
        str, Query(min_length=1, max_length=200, description="rsi, macd.histogram, rsi(window=7)@1w, beta:QQQ")
    ],
    last: Annotated[int, Query(ge=1, le=10_000, description="Of so many of the last bars")] = 500,
    as_of: AsOf | Absent = None,
) -> dict[str, Any]:
    """Give an indicator's values, null where it has none yet: as `ara indicators compute --json`."""
    service = service_of(request)
    return await service.looks.computed(name, symbol, as_of=moment_of(service, as_of), last=last)
