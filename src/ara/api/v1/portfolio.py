"""Portfolios: POST /portfolio/optimize, /portfolio/rebalance, GET /portfolio/analyze."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from ara.api.asks import Asker, a_days, asker, moment_of, service_of
from ara.api.service import Service
from ara.api.v1.words import Absent, AsOf, Holdings, Past, Symbol, Symbols, Whole
from ara.errors import ValidationError
from ara.logs.context import current
from ara.portfolio import AVERSIONS, Plan, Triggers
from ara.portfolio.chosen import OLD_METHODS, Chosen
from ara.portfolio.portfolios import Sought, Turned

__all__ = [
    "Constraints", "Group", "OptimizeRequest", "RebalanceRequest", "Returns", "Shares", "Units", "Weights",
    "chosen_for", "router", "sought", "turned", "weights_of",
]  # fmt: skip

router = APIRouter(prefix="/portfolio", tags=["portfolio"])
"""The paths of portfolios."""

_Writes = Annotated[Asker, Depends(asker("portfolio:write"))]
_Reads = Annotated[Asker, Depends(asker("portfolio:read"))]
_Share = Annotated[float, Field(ge=0, le=1)]
_Span = Annotated[list[Annotated[float, Field(ge=-1, le=10)]], Field(min_length=2, max_length=2)]
_NAMED: Final = Field(max_length=50, json_schema_extra={"additionalProperties": False})  # names are symbols alone
_Spans = Annotated[dict[Symbol, _Span], _NAMED]
Returns = Annotated[dict[Symbol, Annotated[float, Field(ge=-1, le=10)]], _NAMED]
"""Returns of a year by symbol."""
Units = Annotated[dict[Symbol, Annotated[float, Field(ge=0, le=1e12)]], _NAMED]
"""Units held by symbol."""
Shares = Annotated[dict[Symbol, Annotated[float, Field(ge=-10, le=10)]], _NAMED]
"""Weights by symbol."""
_Method = Literal[
    "equal", "inverse_volatility", "minimum_volatility", "risk_parity", "hrp", "mean_cvar", "mean_variance",
    "maximum_sharpe", "kelly", "mpt", "markowitz", "black_litterman",
]  # fmt: skip
_AHEAD: Final = 21
_NUMBER: Final = r"-?[0-9]{1,2}(\.[0-9]{1,9})?"

Weights = Annotated[
    str,
    Query(
        max_length=1000,
        description="Of the symbols, with commas between them: 0.5,0.3; equal parts if left out",
        examples=["0.5,0.5"],
        pattern=f"^({_NUMBER}(,{_NUMBER})*)?$",
    ),
]
"""Weights of several instruments in one text."""


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Group(_Sent):
    """Instruments whose weights are limited together."""

    symbols: list[Symbol] = Field(min_length=1, max_length=50)
    min: _Share = 0.0
    max: float = Field(default=1.0, ge=0, le=10)


class Constraints(_Sent):
    """Limits of weights; shares of the whole, .4 for 40 %."""

    min: float = Field(default=0.0, ge=-1, le=1, description="Lowest weight; below 0 sells short")
    max: float = Field(default=1.0, ge=0, le=10, description="Highest weight")
    most: Holdings | None = Field(default=None, description="So many holdings at the most")
    bounds: _Spans = Field(default_factory=dict, examples=[{"AAPL": [0.1, 0.3]}])
    classes: dict[str, _Share] = Field(default_factory=dict, max_length=10, examples=[{"crypto": 0.1}])
    sectors: dict[str, _Share] = Field(default_factory=dict, max_length=50)
    groups: dict[str, Group] = Field(default_factory=dict, max_length=50)


class OptimizeRequest(_Sent):
    """What may be held, and how it is chosen."""

    assets: list[Symbol] = Field(min_length=2, max_length=50, examples=[["AAPL", "MSFT", "SPY"]])
    risk_tolerance: Literal["conservative", "moderate", "aggressive"] = "moderate"
    optimization_method: _Method = Field(
        default="hrp", description="mpt is mean_variance; black_litterman is mean_variance with forecasts as views"
    )
    constraints: Constraints | None = None
    expected_returns: Returns | None = Field(
        default=None, description="Of a year; estimated where one is left out", examples=[{"AAPL": 0.08}]
    )
    frontier: Whole = Field(default=0, ge=0, le=100, description="Points of the frontier; 0 for none")
    value: float | None = Field(default=None, gt=0, le=1e12, description="Also what to buy for so much")
    cost: _Share = Field(default=0.0, description="Of what is traded")
    as_of: AsOf | None = None


class RebalanceRequest(_Sent):
    """What is wanted, as weights, and what is held, as units."""

    target: Shares = Field(min_length=1, examples=[{"AAPL": 0.5, "MSFT": 0.5}])
    held: Units = Field(default_factory=dict, examples=[{"AAPL": 30}])
    cash: float = Field(default=0.0, ge=0, le=1e12, examples=[10_000])
    cost: _Share = 0.0
    least: float = Field(default=0.0, ge=0, le=1e12, description="Trades of a smaller value are left out")
    threshold: _Share | None = Field(default=None, description="Trade only if a weight is off by more")
    every: Literal["week", "month", "quarter", "year"] | None = Field(
        default=None, description="Or on a new one since the last trade"
    )
    last: date | None = Field(default=None, strict=False, description="Day of the last trade")
    what_if: bool = Field(default=False, description="Also how risk would change")
    as_of: AsOf | None = None


@router.post("/optimize", summary="Choose weights")
async def _optimize(asked: OptimizeRequest, request: Request, who: _Writes) -> dict[str, Any]:
    """Choose weights by one method, within limits: as `ara portfolio optimize --json`."""
    service = service_of(request)
    wanted = sought(asked)
    found = await chosen_for(service, who, asked.assets, wanted, asked.as_of)
    return _stamped(found.as_dict())


async def chosen_for(service: Service, who: Asker, symbols: Sequence[str], wanted: Sought, as_of: str | None) -> Chosen:
    """Choose weights; where they rest on forecasts, these count against the day of who asks."""
    ask = partial(service.portfolios.chosen, symbols, wanted, as_of=moment_of(service, as_of))
    if not wanted.forecast:
        return await ask()
    who.need("predictions:write")
    async with a_days(service, who, len(symbols)):
        return await ask()


@router.get("/analyze", summary="How weights did")
async def _analyze(
    request: Request,
    who: _Reads,
    symbols: Symbols,
    weights: Weights = "",
    benchmark: Symbol | Absent = None,
    free: Annotated[float, Query(ge=0, le=1, description="What cash earns in a year")] = 0.0,
    last: Annotated[Past | Absent, Query(description="Only the last so many days")] = None,
    as_of: AsOf | Absent = None,
) -> dict[str, Any]:
    """Tell how a portfolio of fixed weights did: as `ara portfolio analyze --json`."""
    service = service_of(request)
    found = await service.portfolios.past(
        weights_of(symbols, weights), as_of=moment_of(service, as_of), benchmark=benchmark or "", free=free,
        last=last or 0,
    )  # fmt: skip
    return _stamped(found.as_dict())


@router.post("/rebalance", summary="Trades towards weights")
async def _rebalance(asked: RebalanceRequest, request: Request, who: _Writes) -> dict[str, Any]:
    """Give the trades, in whole lots, that lead from what is held to weights: as `ara portfolio rebalance --json`."""
    service = service_of(request)
    found = await service.portfolios.traded(asked.target, turned(asked), as_of=moment_of(service, asked.as_of))
    return _stamped(found.as_dict())


def sought(asked: OptimizeRequest) -> Sought:
    """Give what a request seeks, as the room of portfolios takes it."""
    method = asked.optimization_method
    said = {} if asked.constraints is None else asked.constraints.model_dump(exclude_none=True)
    return Sought(
        plan=Plan(method=OLD_METHODS.get(method, method), aversion=AVERSIONS[asked.risk_tolerance], cost=asked.cost),
        said={key: value for key, value in said.items() if value != {}},
        expected=asked.expected_returns or {},
        forecast=_AHEAD if method == "black_litterman" else 0,
        points=0 if asked.frontier < 2 else asked.frontier,
        money=asked.value,
    )


def turned(asked: RebalanceRequest) -> Turned:
    """Give what a request has turned over, as the room of portfolios takes it."""
    return Turned(
        held={name: _exact(units) for name, units in asked.held.items()},
        cash=_exact(asked.cash),
        cost=Decimal(repr(asked.cost)),
        least=_exact(asked.least),
        triggers=Triggers(every=asked.every or "", threshold=asked.threshold),
        last=asked.last,
        what_if=asked.what_if,
    )


def weights_of(symbols: str, weights: str) -> dict[str, float]:
    """Read symbols and their weights, both with commas between them as `Weights` has it; equal parts without any."""
    names = list(dict.fromkeys(part.strip() for part in symbols.split(",") if part.strip()))
    given = [part for part in weights.split(",") if part.strip()]
    if not given:
        return dict.fromkeys(names, 1 / len(names)) if names else {}
    if len(given) != len(names):
        raise ValidationError(f"There are {len(given)} weights of {len(names)} instruments.", hint="One for each.")
    return {name: float(share) for name, share in zip(names, given, strict=True)}


def _exact(value: float) -> Decimal:
    """Give the number as it was written: 10 and not 10.0."""
    return Decimal(int(value)) if value.is_integer() else Decimal(repr(value))


def _stamped(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "request_id": current() or None, "timestamp": datetime.now(UTC).isoformat()}
