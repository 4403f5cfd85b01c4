"""The market: GET /market/regime, /indicators, /correlations, /sentiment, each also without `/market`."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request

from ara.api.asks import asker, moment_of, service_of
from ara.api.problems import Problem
from ara.api.v1.words import Absent, AsOf, Symbol, Symbols
from ara.errors import NotFoundError
from ara.prediction.looking import FOLLOWED
from ara.risk import WINDOW

__all__ = ["Category", "Later", "Window", "router"]

router = APIRouter(tags=["market"], dependencies=[Depends(asker("market:read"))])
"""The paths of the market."""

Later = Annotated[
    int, Query(ge=FOLLOWED.start, le=FOLLOWED.stop - 1, description="Look at what followed so many bars later")
]
"""How many bars later it is looked at what followed."""
Category = Literal["trend", "momentum", "volatility", "volume", "statistical", "all"]
"""A category of indicators."""
Window = Annotated[int, Query(ge=WINDOW.start, le=WINDOW.stop - 1, description="Last days that count")]
"""How many of the last days count."""


@router.get("/market/regime", summary="The state of a market")
@router.get("/regime", summary="The state of a market")
async def _regime(request: Request, symbol: Symbol, horizon: Later = 21, as_of: AsOf | Absent = None) -> dict[str, Any]:
    """Tell the state, since when, how long such states lasted and what followed: as `ara market regime --json`."""
    service = service_of(request)
    told = await service.looks.regime(symbol, as_of=moment_of(service, as_of), horizon=horizon)
    return told.as_dict()


@router.get("/market/indicators", summary="What indicators say")
@router.get("/indicators", summary="What indicators say")
async def _indicators(
    request: Request,
    symbol: Symbol,
    category: Category = "all",
    horizon: Later = 5,
    as_of: AsOf | Absent = None,
) -> dict[str, Any]:
    """Tell what indicators say, how common that is, and what followed: as `ara market indicators --json`."""
    service = service_of(request)
    told = await service.looks.indicators(symbol, as_of=moment_of(service, as_of), category=category, horizon=horizon)
    return told.as_dict()


@router.get("/market/correlations", summary="How instruments move together")
@router.get("/correlations", summary="How instruments move together")
async def _correlations(
    request: Request,
    symbols: Symbols,
    window: Window = 90,
    as_of: AsOf | Absent = None,
) -> dict[str, Any]:
    """Tell how closely instruments move together and what changed: as `ara market correlations --json`."""
    service = service_of(request)
    names = list(dict.fromkeys(part.strip() for part in symbols.split(",") if part.strip()))
    told = await service.looks.ties(names, as_of=moment_of(service, as_of), window=window)
    return told.as_dict()


@router.get("/market/sentiment", summary="What is said of an instrument", status_code=404, response_class=Problem)
@router.get("/sentiment", summary="What is said of an instrument", status_code=404, response_class=Problem)
async def _sentiment(
    symbol: Symbol, sources: Annotated[str, Query(max_length=200, description="Of those there is none either")] = ""
) -> dict[str, Any]:
    """Refuse: no source of what people write is configured, and none is made up."""
    raise NotFoundError(
        "No source configured: Ara has no source of sentiment.",
        hint="Ask for what prices say instead: /api/v1/market/indicators",
    )
