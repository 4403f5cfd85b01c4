"""Trainings: POST /models/train and /models/retrain begin one, GET /models/train/{job_id} gives what came of it."""

from collections.abc import Sequence
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ara.api.asks import Asker, asker, service_of
from ara.api.line import JobId, Told, begin, found, told
from ara.api.once import OnceKey
from ara.api.v1.words import Symbol, Whole
from ara.errors import NotFoundError
from ara.jobs import Review, Train
from ara.plugins import names
from ara.prediction.training import Lesson

__all__ = ["RetrainRequest", "TrainRequest", "Training", "lessons", "router"]

router = APIRouter(prefix="/models", tags=["models"])
"""The paths of trainings."""

_Reads = Annotated[Asker, Depends(asker("models:read"))]
_Trains = Annotated[Asker, Depends(asker("models:train"))]
_Family = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]
_OLD = {"ensemble": "fast"}
_MOST = 8


class TrainRequest(BaseModel):
    """What is to be trained, as `ara models train` is asked."""

    model_config = ConfigDict(extra="forbid", strict=True)

    symbol: Symbol | None = None
    symbols: list[Symbol] | None = Field(default=None, min_length=1, max_length=500, description="To learn from many")
    data_period: str = Field(
        default="2y", pattern="^(max|[1-9][0-9]{0,3}(d|w|m|mo|y))$", description="How much of the past: 5y, 18m, max"
    )
    model_types: list[_Family] | None = Field(
        default=None, min_length=1, max_length=_MOST, description="Families, a job each; har_t if left out"
    )
    days: Whole = Field(default=30, ge=1, le=30, description="Bars ahead it is to answer for")
    hold_out: float = Field(default=0.2, ge=0.05, le=0.5, description="Share of the days to judge it by")
    force_retrain: bool = Field(default=False, description="Also where the same training waits or runs already")

    @model_validator(mode="after")
    def _one_kind_of_symbols(self) -> Self:
        if (self.symbol is None) == (self.symbols is None):
            raise ValueError("send symbol, or symbols")
        return self

    def works(self) -> list[Train]:
        """Give the work of each job."""
        symbols = tuple(dict.fromkeys(self.symbols or [self.symbol or ""]))
        families = list(dict.fromkeys(_OLD.get(one, one) for one in self.model_types or ["har_t"]))
        found = lessons(families, days=self.days, share=self.hold_out, period=self.data_period)
        return [Train(symbols=symbols, lesson=one) for one in found]


class RetrainRequest(BaseModel):
    """Whose champions are to be reviewed and, where it is due, trained anew, as `ara models review --act` does."""

    model_config = ConfigDict(extra="forbid", strict=True)

    families: list[_Family] = Field(default_factory=list, max_length=_MOST * 8, description="All champions if none")
    older_than_days: Whole = Field(default=92, ge=1, le=36_500, description="Train anew from this age on")
    tune: bool = Field(default=False, description="Tune instead of train, by another job")

    def work(self) -> Review:
        """Give the work of the job."""
        return Review(families=tuple(dict.fromkeys(self.families)), days=self.older_than_days, tune=self.tune)


class Training(Told):
    """The job of a training; where several families were asked for, all of them are in `jobs`."""

    jobs: list[Told]


@router.post("/train", status_code=202, summary="Begin a training")
async def _train(
    asked: TrainRequest, request: Request, response: Response, who: _Trains, key: OnceKey = None
) -> Training:
    """Put trainings into the line; a trained model is judged, and kept as a candidate."""
    works = asked.works()
    for symbol in works[0].symbols:
        await service_of(request).market.instrument(symbol)
    jobs = [
        told(
            await begin(
                request, who, work, key=f"{key}:{work.lesson.family}" if key else None, once=not asked.force_retrain
            )
        )
        for work in works
    ]
    response.headers["Location"] = f"{request.url.path}/{jobs[0].job_id}"
    return Training(**jobs[0].model_dump(), jobs=jobs)


@router.post("/retrain", status_code=202, summary="Review champions and train anew")
async def _retrain(
    asked: RetrainRequest, request: Request, response: Response, who: _Trains, key: OnceKey = None
) -> Told:
    """Put a review of champions into the line that does what follows."""
    job = await begin(request, who, asked.work(), key=key)
    response.headers["Location"] = f"{request.url.path.removesuffix('retrain')}train/{job.number}"
    return told(job)


@router.get("/train/{job_id}", summary="A training")
async def _training(job_id: JobId, request: Request, who: _Reads) -> Told:
    """Give a training: how far it has come, and once it is done the model."""
    return told(await found(request, who, job_id, queue="training"), whole=True)


def lessons(families: Sequence[str], *, days: int, share: float, period: str) -> list[Lesson]:
    """Give what families are to learn; NotFoundError for one that nobody has."""
    if strange := [one for one in families if one not in names("models")]:
        raise NotFoundError(f"There is no model {strange[0]!r}.", hint=f"There are: {', '.join(names('models'))}")
    return [Lesson(family=one, params={}, days=days, share=share, period=period) for one in families]
