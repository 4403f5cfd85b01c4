"""Back-tests: POST /backtest begins one, GET /backtest/{job_id} gives what came of it."""

from decimal import Decimal
from typing import Annotated, Final, Self

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from ara.api.asks import Asker, asker, service_of
from ara.api.line import JobId, Told, begin, found, told
from ara.api.once import OnceKey
from ara.api.v1.words import Bars, Symbol, Whole
from ara.jobs.work import Backtest

__all__ = ["NAMES", "BacktestRequest", "Day", "Name", "Value", "router", "whole_numbers"]

router = APIRouter(prefix="/backtest", tags=["backtests"])
"""The paths of back-tests."""

_Reads = Annotated[Asker, Depends(asker("backtests:read"))]
_Writes = Annotated[Asker, Depends(asker("backtests:write"))]
Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]
"""A name."""
Value = bool | Annotated[float, Field(allow_inf_nan=False)] | Annotated[str, Field(max_length=100)]
"""A value of a parameter."""
_DAYS = r"^(19[7-9][0-9]|20[0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$"
Day = Annotated[str, Field(min_length=10, max_length=10, json_schema_extra={"pattern": _DAYS})]
"""A day, as 2020-02-20."""
_MOST = 20
NAMES: Final[dict[str, JsonValue]] = {"additionalProperties": False}
"""In the description: names alone, of the form that names have."""


class BacktestRequest(BaseModel):
    """What is to be tested, as `ara backtest` is asked."""

    model_config = ConfigDict(extra="forbid", strict=True)

    symbol: Symbol | None = None
    symbols: list[Symbol] | None = Field(
        default=None, min_length=1, max_length=50, description="Several, of one currency"
    )
    strategy: Name = Field(default="buy_and_hold", examples=["momentum"])
    parameters: dict[Name, Value] = Field(
        default_factory=dict, max_length=_MOST, json_schema_extra=NAMES, description="Of the strategy"
    )
    start_date: Day | None = Field(
        default=None, description="First day; earlier bars are history", examples=["2016-01-04"]
    )
    end_date: Day | None = Field(default=None, description="Last day", examples=["2018-12-28"])
    initial_capital: float = Field(default=10_000, gt=0, lt=1e12, allow_inf_nan=False)
    costs: dict[Name, Value] = Field(
        default_factory=dict, max_length=_MOST, json_schema_extra=NAMES, description="That differ from the usual"
    )
    cuts: Whole = Field(default=3, ge=0, le=100, description="Replays on shorter bars, to find who sees the future")
    walk_forward_window: Bars | None = Field(
        default=None, description="Choose parameters anew on so many bars, judge on those after"
    )
    retraining_frequency: Whole = Field(default=30, ge=1, le=100_000, description="Bars between choices of a walk")
    grid: dict[Name, list[Value]] = Field(
        default_factory=dict, max_length=_MOST, json_schema_extra=NAMES, description="What a walk tries"
    )

    @model_validator(mode="after")
    def _one_kind_of_symbols(self) -> Self:
        if (self.symbol is None) == (self.symbols is None):
            raise ValueError("send symbol, or symbols")
        return self

    def work(self) -> Backtest:
        """Give the work of a job."""
        cash = Decimal(repr(self.initial_capital)).normalize()
        return Backtest(
            symbols=tuple(dict.fromkeys(self.symbols or [self.symbol or ""])), strategy=self.strategy,
            params=whole_numbers(self.parameters), start=self.start_date or "", end=self.end_date or "",
            cash=f"{cash:f}", costs=self.costs, cuts=self.cuts, walk=self.walk_forward_window or 0,
            retrain=self.retraining_frequency,
            grid={name: tuple(whole_numbers({name: one})[name] for one in many) for name, many in self.grid.items()},
        )  # fmt: skip


@router.post("", status_code=202, summary="Begin a back-test")
async def _begin(
    asked: BacktestRequest, request: Request, response: Response, who: _Writes, key: OnceKey = None
) -> Told:
    """Put a back-test into the line; its result is the document that `ara backtest --json` prints, with the same id."""
    work = asked.work()
    for symbol in work.symbols:
        await service_of(request).market.instrument(symbol)
    job = await begin(request, who, work, key=key)
    response.headers["Location"] = f"{request.url.path}/{job.number}"
    return told(job)


@router.get("/{job_id}", summary="A back-test")
async def _found(job_id: JobId, request: Request, who: _Reads) -> Told:
    """Give a back-test: how far it has come, and once it is done its result."""
    return told(await found(request, who, job_id, queue="backtests"), whole=True)


def whole_numbers(given: dict[str, bool | float | str]) -> dict[str, bool | int | float | str]:
    """Give numbers that are whole as such: JSON has one kind of numbers."""
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value for name, value in given.items()
    }
