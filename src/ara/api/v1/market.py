"""The market: GET /market/regime, /indicators, /correlations, /sentiment, each also without `/market`."""

from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field, TypeAdapter

from ara.api.asks import asker, moment_of, service_of
from ara.api.problems import Problem
from ara.api.v1.words import Absent, AsOf, Symbol, Symbols
from ara.errors import NotFoundError, ValidationError
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

_T = TypeVar("_T")
_USUAL: Final = 90
_Days = Annotated[int, Field(ge=WINDOW.start, le=WINDOW.stop - 1)]
_PERIODS: Final = {"1mo": 21, "3mo": 63, "6mo": 126, "1y": 252}
_SYMBOLS: Final = {
    "parameters": [{"name": "symbols", "in": "query", "required": True, "schema": TypeAdapter(Symbols).json_schema()}]
}  # the old name is taken too, but not described, so what is described has to be there
_Unsaid = Query(include_in_schema=False, max_length=3300)


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


@router.get("/market/correlations", summary="How instruments move together", openapi_extra=_SYMBOLS)
@router.get("/correlations", summary="How instruments move together", openapi_extra=_SYMBOLS)
async def _correlations(
    request: Request,
    symbols: Annotated[str | None, _Unsaid] = None,
    assets: Annotated[str | None, _Unsaid] = None,
    window: Annotated[_Days | Absent, Query(description=f"Last days that count; {_USUAL} if left out")] = None,
    period: Annotated[str | None, _Unsaid] = None,
    as_of: AsOf | Absent = None,
) -> dict[str, Any]:
    """Tell how closely instruments move together and what changed: as `ara market correlations --json`."""
    service = service_of(request)
    asked = _one_of(symbols=symbols, assets=assets)
    if asked is None:
        raise ValidationError("symbols: Field required", hint="Send two at the least: symbols=AAPL,MSFT")
    names = list(dict.fromkeys(part.strip() for part in asked.split(",") if part.strip()))
    days = _one_of(window=window, period=None if period is None else _days(period))
    told = await service.looks.ties(names, as_of=moment_of(service, as_of), window=days or _USUAL)
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


def _one_of(**said: _T | None) -> _T | None:
    """Give what was said under one of two names that mean the same; None where neither was said."""
    found = {name: value for name, value in said.items() if value is not None}
    if len(found) > 1:
        raise ValidationError(f"{' and '.join(found)} mean the same.", hint=f"Send {next(iter(found))} alone.")
    return next(iter(found.values()), None)


def _days(period: str) -> int:
    """Give the days of trading in a period, as it was named in the older packages."""
    if period not in _PERIODS:
        raise ValidationError(
            f"period: {period[:20]!r} is none that is known.",
            hint=f"Send {', '.join(_PERIODS)}, or window in days.",
        )
    return _PERIODS[period]
