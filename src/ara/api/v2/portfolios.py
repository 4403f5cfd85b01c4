"""Portfolios: POST /portfolios/optimize, /portfolios/rebalance, /portfolios/analyze."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from ara.api.asks import Asker, asker, moment_of, service_of
from ara.api.v1.portfolio import (
    Constraints,
    OptimizeRequest,
    RebalanceRequest,
    Returns,
    Shares,
    Units,
    chosen_for,
    sought,
    turned,
)
from ara.api.v1.words import AsOf, Past, Symbol, Whole

__all__ = ["AnalyzeAsked", "OptimizeAsked", "RebalanceAsked", "router"]

router = APIRouter(prefix="/portfolios", tags=["portfolios"])
"""The paths of portfolios."""

_Writes = Annotated[Asker, Depends(asker("portfolio:write"))]
_Reads = Annotated[Asker, Depends(asker("portfolio:read"))]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class OptimizeAsked(_Sent):
    """What may be held, and how it is chosen."""

    symbols: list[Symbol] = Field(min_length=2, max_length=50, examples=[["AAPL", "MSFT", "SPY"]])
    method: Literal[
        "equal", "inverse_volatility", "minimum_volatility", "risk_parity", "hrp", "mean_cvar", "mean_variance",
        "maximum_sharpe", "kelly", "black_litterman",
    ] = "hrp"  # fmt: skip
    risk: Literal["conservative", "moderate", "aggressive"] = "moderate"
    constraints: Constraints | None = None
    expected: Returns | None = Field(default=None, description="Of a year; estimated where one is left out")
    frontier: Whole = Field(default=0, ge=0, le=100, description="Points of the frontier; 0 for none")
    value: float | None = Field(default=None, gt=0, le=1e12, description="Also what to buy for so much")
    cost: float = Field(default=0.0, ge=0, le=1, description="Of what is traded")
    as_of: AsOf | None = None


class RebalanceAsked(_Sent):
    """What is wanted, as weights, and what is held, as units."""

    weights: Shares = Field(min_length=1, examples=[{"AAPL": 0.5, "MSFT": 0.5}])
    held: Units = Field(default_factory=dict)
    cash: float = Field(default=0.0, ge=0, le=1e12)
    cost: float = Field(default=0.0, ge=0, le=1)
    least: float = Field(default=0.0, ge=0, le=1e12, description="Trades of a smaller value are left out")
    threshold: float | None = Field(default=None, ge=0, le=1, description="Trade only if a weight is off by more")
    every: Literal["week", "month", "quarter", "year"] | None = None
    last: date | None = Field(default=None, strict=False, description="Day of the last trade")
    what_if: bool = False
    as_of: AsOf | None = None


class AnalyzeAsked(_Sent):
    """Weights to look back at."""

    weights: Shares = Field(min_length=1, examples=[{"AAPL": 0.5, "SPY": 0.5}])
    benchmark: Symbol | None = None
    free: float = Field(default=0.0, ge=0, le=1, description="What cash earns in a year")
    last: Past | None = Field(default=None, description="Only the last so many days")
    as_of: AsOf | None = None


@router.post("/optimize", summary="Choose weights")
async def _optimize(asked: OptimizeAsked, request: Request, who: _Writes) -> dict[str, Any]:
    """Choose weights by one method, within limits: as `ara portfolio optimize --json`."""
    service = service_of(request)
    wanted = sought(
        OptimizeRequest(
            assets=asked.symbols, risk_tolerance=asked.risk, optimization_method=asked.method,
            constraints=asked.constraints, expected_returns=asked.expected, frontier=asked.frontier, value=asked.value,
            cost=asked.cost,
        )
    )  # fmt: skip
    found = await chosen_for(service, who, asked.symbols, wanted, asked.as_of)
    return found.as_dict()


@router.post("/rebalance", summary="Trades towards weights")
async def _rebalance(asked: RebalanceAsked, request: Request, who: _Writes) -> dict[str, Any]:
    """Give the trades, in whole lots, that lead from what is held to weights: as `ara portfolio rebalance --json`."""
    service = service_of(request)
    same = RebalanceRequest(target=asked.weights, **asked.model_dump(exclude={"weights"}))
    found = await service.portfolios.traded(asked.weights, turned(same), as_of=moment_of(service, asked.as_of))
    return found.as_dict()


@router.post("/analyze", summary="How weights did")
async def _analyze(asked: AnalyzeAsked, request: Request, who: _Reads) -> dict[str, Any]:
    """Tell how a portfolio of fixed weights did: as `ara portfolio analyze --json`."""
    service = service_of(request)
    found = await service.portfolios.past(
        asked.weights, as_of=moment_of(service, asked.as_of), benchmark=asked.benchmark or "", free=asked.free,
        last=asked.last or 0,
    )  # fmt: skip
    return found.as_dict()
