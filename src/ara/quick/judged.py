"""What is asked of files of bars: forecasts in bulk, a verdict on them, and proof that nothing knew the future."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ara.desk import Desk
from ara.errors import ValidationError
from ara.quick.running import run

if TYPE_CHECKING:
    from ara.evidence import Evaluation
    from ara.evidence.crash import Crash
    from ara.evidence.leaks import Audit
    from ara.prediction.bulk import Summary

__all__ = ["audit", "crash", "evaluate", "forecast"]

_MOMENTS: Final = 20


def forecast(
    bars: str | Path,
    origins: str | Path,
    out: str | Path,
    *,
    model: str | None = None,
    name: str = "",
    refit: str = "month",
) -> "Summary":
    """Forecast many instruments at many moments from files, each from what was known then, as `ara forecast` does.

    Parameters
    ----------
    bars, origins, out
        Paths: bars of many instruments; symbol, origin and horizon of each forecast; where the quantiles go.
    model
        A family, fitted on what was known at each month, or a trained model; that of the setting
        `prediction.model` if none is given, and `fast` for `auto`.
    name
        What the output calls it; the model's name if empty.
    refit
        How often a family is fitted: at each `month`, `quarter` or `year`.
    """
    from ara.prediction.bulk import forecast_file
    from ara.prediction.chosen import meant

    async def ask() -> "Summary":
        async with Desk.open() as desk:
            chosen, artefact = await meant(desk, model)
            return forecast_file(
                Path(bars),
                Path(origins),
                Path(out),
                model=artefact.family if artefact else chosen,
                name=name or chosen,
                settings=desk.settings,
                artefact=artefact,
                refit=refit,
                unfinished=Path(desk.settings.home, "unfinished"),
            )

    return run(ask())


def evaluate(
    bars: str | Path,
    forecasts: Sequence[str | Path] = (),
    *,
    models: Sequence[str] = (),
    start: datetime | None = None,
    end: datetime | None = None,
) -> "Evaluation":
    """Judge forecasts by every figure of the protocol, beside the baselines, as `ara evaluate` does.

    The look at these days is counted before it is given.

    Parameters
    ----------
    bars, forecasts
        Paths: bars of many instruments, and files of forecasts of them.
    models
        Families to ask for the same origins.
    start, end
        First and last origin; the last three years if None.
    """
    from ara.data.files import read_bars
    from ara.evidence import evaluate as judged
    from ara.evidence.forecasts import read_forecasts
    from ara.evidence.looks import counted

    async def ask() -> "Evaluation":
        async with Desk.open() as desk:
            given = read_forecasts([Path(one) for one in forecasts]) if forecasts else None
            found = judged(
                read_bars(Path(bars)),
                given,
                models=list(models),
                start=start,
                end=end,
                seed=desk.settings.prediction.seed,
            )
            await counted(desk, found)
            return found

    return run(ask())


def audit(model: str, bars: str | Path, *, moments: int = 3, seed: int = 1) -> "Audit":
    """Prove that a model knows nothing of the future, or show where it does, as `ara audit model` does.

    Features are audited by `ara.features.audit`, sources of bars by `ara.evidence.leaks.source_trial`.

    Parameters
    ----------
    model
        A family, or a class of one: `my_package.models:Mine`. Code of another package runs in a process of its own.
    bars
        Path of bars of many instruments.
    moments
        At how many moments the clock is stopped, 1 to 20.
    seed
        Of what is random.
    """
    from ara.data.files import read_bars
    from ara.evidence.leaks import Forecaster
    from ara.evidence.leaks import audit as audited
    from ara.evidence.leaks.apart import audit_apart, foreign

    if not 1 <= moments <= _MOMENTS:
        raise ValidationError(f"moments is {moments}; it is a whole number from 1 to {_MOMENTS}.")
    given = read_bars(Path(bars))

    async def ask() -> "Audit":
        async with Desk.open() as desk:
            if foreign(model):
                return await desk.workers.run(
                    audit_apart,
                    model,
                    given,
                    moments=moments,
                    seed=seed,
                    limit=0.0,
                    where="process",
                    watch=lambda _: True,
                )
            subject = Forecaster.of_model(model, seed=desk.settings.prediction.seed)
            return audited(subject, given, moments=moments, seed=seed)

    return run(ask())


def crash(
    bars: str | Path, models: Sequence[str], *, start: datetime | None = None, end: datetime | None = None
) -> "Crash":
    """Put families to the crash exam: next-day 90 % bands in the days of a crash, as `ara evaluate --exam crash` does.

    The look at these days is counted before it is given.

    Parameters
    ----------
    bars
        Path of bars of many instruments.
    models
        Families.
    start, end
        First and last origin of the crash; 20 February and 31 March 2020 if None.
    """
    from ara.data.files import read_bars
    from ara.evidence.crash import FIRST, LAST
    from ara.evidence.crash import crash as examined
    from ara.performance.trials import Trials

    async def ask() -> "Crash":
        async with Desk.open() as desk:
            seed = desk.settings.prediction.seed
            found = examined(read_bars(Path(bars)), models, first=start or FIRST, last=end or LAST, seed=seed)
            what = f"crash exam of {', '.join(models)}"
            await Trials(desk).look(found.symbols, found.begin, found.end, what=what, times=len(models))
            return found

    return run(ask())
