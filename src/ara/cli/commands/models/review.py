"""`ara models review`."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen
from ara.errors import AraError, ModelError

if TYPE_CHECKING:
    from ara.cli.progress import Step
    from ara.prediction.review import Review
    from ara.workers import Progress

__all__ = ["review"]


def review(
    families: Annotated[list[str] | None, typer.Argument(metavar="FAMILY", help="Whose champions; all if none")] = None,
    act: Annotated[bool, typer.Option("--act", help="Do what follows, instead of only saying it")] = False,
    older: Annotated[
        str, typer.Option("--older-than", metavar="DAYS", help="Train a champion anew from this age on")
    ] = "92",
    tune: Annotated[
        bool, typer.Option("--tune", help="With --act: tune by a job, instead of training anew by the same recipe")
    ] = False,
) -> int:
    """Look at how champions did since they were trained, and train, replace or roll back where that says so.

    ::

        ara models review
        ara models review pooled_har --act
        ara models review --act --tune
        ara models review --older-than 31 --json

    A champion that lost its edge over the baseline, whose 80 % band no longer holds, whose prices drifted to one side
    of its forecasts, or that is old is trained anew, into the shadow. A shadow replaces it, and the one before comes
    back, only by evidence that holds however often it is looked at and however many there are, so this may be run every
    day.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.render.review import reviews_of

    s = screen()
    old = timedelta(days=counted(older, "--older-than", most=36_500))
    with s.progress("Looking at champions") as step:
        found, failed, jobs = s.run(_reviews(s, families or [], act=act, tune=act and tune, old=old, step=step))
    if not found and len(failed) == 1:
        raise failed[0]
    told = [{**_facts(one), "job": jobs.get(one.standing.kept.family)} for one in found]
    data = {"schema": 1, "reviews": told, "failed": [one.problem() for one in failed]}
    s.result(data, lambda: reviews_of(found, s, act=act, jobs=jobs))
    for error in failed if not s.json else ():
        s.problem(error)
    return failed[0].exit_code if failed else 0


async def _reviews(
    s: Screen, families: Sequence[str], *, act: bool, tune: bool, old: timedelta, step: "Step"
) -> "tuple[list[Review], list[AraError], dict[str, int]]":
    """Look at each; what goes wrong with one keeps no other from being looked at."""
    from ara.alerts.news import reviewed as tell
    from ara.desk import Desk
    from ara.jobs import review_or_tune
    from ara.models.registry import Registry, Stage
    from ara.prediction.review import review as look

    def watch(progress: "Progress") -> bool:
        step(progress.done, total=progress.total or None, words=progress.words or None)
        return True

    found, failed, jobs = [], list[AraError](), dict[str, int]()
    async with Desk.open(s.settings()) as desk:
        asked = [one.strip().lower() for one in families]
        if not asked:
            asked = [one.family for one in await Registry(desk).all(stage=Stage.CHAMPION)]
        if not asked:
            raise ModelError("There is no champion to look at.", hint="Train one: ara models train AAPL --model har_t")
        for one in dict.fromkeys(asked):
            try:
                if not tune:
                    found.append(await look(desk, one, act=act, old=old, watch=watch))
                    await tell(desk, found[-1])
                    continue
                reviewed, job = await review_or_tune(desk, one, old=old, watch=watch)
                found.append(reviewed)
                if job is not None:
                    jobs[one] = job.number
            except AraError as error:
                failed.append(error)
    return found, failed, jobs


def _facts(one: "Review") -> dict[str, Any]:
    import msgspec

    stand, verdict = one.standing, one.verdict
    return {
        "family": stand.kept.family,
        "champion": stand.kept.name,
        "id": stand.kept.id,
        "age_days": stand.age.days,
        "days": stand.days,
        "forecasts": stand.forecasts,
        "better": stand.better,
        "inside_80": stand.held,
        "evidence_against": stand.against,
        "evidence_coverage": stand.coverage,
        "evidence_drift": stand.drift,
        "reasons": list(stand.reasons),
        "deed": one.deed,
        "words": one.words,
        "done": one.done,
        "went_on_from": one.start or None,
        "other": None if one.other is None else one.other.name,
        "verdict": None if verdict is None else msgspec.to_builtins(verdict),
        "trials": [
            {
                "model": trial.kept.name,
                "id": trial.kept.id,
                "deed": trial.deed,
                "words": trial.words,
                "verdict": None if trial.verdict is None else msgspec.to_builtins(trial.verdict),
            }
            for trial in one.trials
        ],
    }
