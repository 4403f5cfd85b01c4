"""What takes long: POST /backtests, /models/train and /models/retrain begin a job, /jobs/{job_id} tells of it."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from ara.api.asks import Asker, asker, service_of
from ara.api.line import begin
from ara.api.once import OnceKey
from ara.api.v1.backtest import NAMES, Day, Name, Value, whole_numbers
from ara.api.v1.training import RetrainRequest, lessons
from ara.api.v1.words import Bars, Symbol, Whole
from ara.api.v2.jobs import JobFacts, facts
from ara.jobs import Job, Train
from ara.jobs.work import Backtest, Work

__all__ = ["BacktestAsked", "TrainAsked", "router"]

router = APIRouter()
"""The paths that begin jobs."""

_Tests = Annotated[Asker, Depends(asker("backtests:write"))]
_Trains = Annotated[Asker, Depends(asker("models:train"))]
_MOST = 20


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class BacktestAsked(_Sent):
    """What is to be tested, as `ara backtest` is asked."""

    symbols: list[Symbol] = Field(
        min_length=1, max_length=50, description="Of one currency where they are several", examples=[["AAPL"]]
    )
    strategy: Name = Field(default="buy_and_hold", examples=["momentum"])
    parameters: dict[Name, Value] = Field(
        default_factory=dict, max_length=_MOST, json_schema_extra=NAMES, description="Of the strategy"
    )
    start: Day | None = Field(default=None, description="First day; earlier bars are history", examples=["2016-01-04"])
    end: Day | None = Field(default=None, description="Last day", examples=["2018-12-28"])
    cash: float = Field(default=10_000, gt=0, lt=1e12, allow_inf_nan=False, description="To begin with")
    costs: dict[Name, Value] = Field(
        default_factory=dict, max_length=_MOST, json_schema_extra=NAMES, description="That differ from the usual"
    )
    cuts: Whole = Field(default=3, ge=0, le=100, description="Replays on shorter bars, to find who sees the future")
    walk: Bars | None = Field(default=None, description="Choose parameters anew on so many bars, judge on those after")
    retrain: Whole = Field(default=30, ge=1, le=100_000, description="Bars between choices of a walk")
    grid: dict[Name, list[Value]] = Field(
        default_factory=dict, max_length=_MOST, json_schema_extra=NAMES, description="What a walk tries"
    )

    def work(self) -> Backtest:
        """Give the work of a job."""
        return Backtest(
            symbols=tuple(dict.fromkeys(self.symbols)), strategy=self.strategy, params=whole_numbers(self.parameters),
            start=self.start or "", end=self.end or "", cash=f"{Decimal(repr(self.cash)).normalize():f}",
            costs=self.costs, cuts=self.cuts, walk=self.walk or 0, retrain=self.retrain,
            grid={name: tuple(whole_numbers({name: one})[name] for one in many) for name, many in self.grid.items()},
        )  # fmt: skip


class TrainAsked(_Sent):
    """What is to be trained, as `ara models train` is asked."""

    symbols: list[Symbol] = Field(min_length=1, max_length=500, examples=[["AAPL"]])
    family: Name = Field(default="har_t", examples=["har_t"])
    period: str = Field(
        default="2y", pattern="^(max|[1-9][0-9]{0,3}(d|w|m|mo|y))$", description="How much of the past: 5y, 18m, max"
    )
    days: Whole = Field(default=30, ge=1, le=30, description="Bars ahead it is to answer for")
    hold_out: float = Field(default=0.2, ge=0.05, le=0.5, description="Share of the days to judge it by")
    force: bool = Field(default=False, description="Also where the same training waits or runs already")


@router.post("/backtests", status_code=202, summary="Begin a back-test", tags=["backtests"])
async def _test(
    asked: BacktestAsked, request: Request, response: Response, who: _Tests, key: OnceKey = None
) -> JobFacts:
    """Put a back-test into the line; its result is the document that `ara backtest --json` prints, with the same id."""
    work = asked.work()
    await _there(request, work.symbols)
    return _begun(response, await begin(request, who, work, key=key))


@router.post("/models/train", status_code=202, summary="Begin a training", tags=["models"])
async def _train(
    asked: TrainAsked, request: Request, response: Response, who: _Trains, key: OnceKey = None
) -> JobFacts:
    """Put a training into the line; a trained model is judged, and kept as a candidate."""
    symbols = tuple(dict.fromkeys(asked.symbols))
    (lesson,) = lessons([asked.family], days=asked.days, share=asked.hold_out, period=asked.period)
    await _there(request, symbols)
    work: Work = Train(symbols=symbols, lesson=lesson)
    return _begun(response, await begin(request, who, work, key=key, once=not asked.force))


@router.post("/models/retrain", status_code=202, summary="Review champions and train anew", tags=["models"])
async def _retrain(
    asked: RetrainRequest, request: Request, response: Response, who: _Trains, key: OnceKey = None
) -> JobFacts:
    """Put a review of champions into the line that does what follows."""
    return _begun(response, await begin(request, who, asked.work(), key=key))


async def _there(request: Request, symbols: tuple[str, ...]) -> None:
    """Refuse instruments that nobody has before anything stands in the line."""
    for symbol in symbols:
        await service_of(request).market.instrument(symbol)


def _begun(response: Response, job: Job) -> JobFacts:
    response.headers["Location"] = f"/api/v2/jobs/{job.number}"
    return facts(job)
