"""`ara tune run`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.cli.progress import Step
    from ara.models.registry.stages import Verdict
    from ara.models.tuning import Tuned
    from ara.models.tuning.plan import Goal, Sampler
    from ara.prediction.training import Outcome
    from ara.prediction.tuning import Quest
    from ara.workers import Progress

__all__ = ["facts", "quest_of", "run"]

_MOST: Final = 10_000
_PROCESSES: Final = 256
_SAMPLERS: Final = ("tpe", "gp")


def run(
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL", help="Whose bars to learn from")],
    model: Annotated[str, typer.Option("--model", "-m", metavar="MODEL", help="Family to tune")] = "drift",
    trials: Annotated[
        str, typer.Option("--trials", "-n", metavar="N", help="Trials in all, those of earlier runs counted")
    ] = "20",
    sampler: Annotated[
        str, typer.Option("--sampler", metavar="NAME", help="tpe (Parzen trees) or gp (Gaussian process)")
    ] = "tpe",
    goal: Annotated[
        str, typer.Option("--goal", metavar="GOALS", help="crps, or crps,latency for a front of both")
    ] = "crps",
    period: Annotated[
        str, typer.Option("--period", "-p", metavar="SPAN", help="How much of the past: 5y, 18m, 250d or max")
    ] = "max",
    days: Annotated[str, typer.Option("--days", "-d", metavar="N", help="Bars ahead it is to answer for")] = "5",
    share: Annotated[str, typer.Option("--hold-out", metavar="P", help="Share of the days that no trial sees")] = "0.2",
    minutes: Annotated[
        str, typer.Option("--minutes", metavar="N", help="Begin no trial after so long; 0 for no bound")
    ] = "0",
    on: Annotated[
        str, typer.Option("--on", metavar="PLACE", help="here, or ray: trials on a cluster, several at once")
    ] = "here",
    at_once: Annotated[
        str, typer.Option("--at-once", metavar="N", help="With --on ray, so many trials at once; 0 fills the cluster")
    ] = "0",
    processes: Annotated[
        str, typer.Option("--processes", metavar="N", help="So many processes of this machine make trials at once")
    ] = "1",
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="Also try the winner with each parameter a tenth lower and higher")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep/--no-keep", help="Train the winner, judge it by the hold-out, keep it")
    ] = True,
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> None:
    """Try parameters of a model on the older bars, and hold the winner against the baseline on the newest.

    ::

        ara tune run AAPL --model drift --trials 20
        ara tune run AAPL MSFT SPY --model ewma_t --sensitivity
        ara tune run BTC-USD --model hist --goal crps,latency --json
        ara tune run AAPL MSFT SPY --model lightgbm --trials 100 --processes 4
        ara tune run AAPL MSFT SPY --model lightgbm --trials 100 --on ray

    A trial is judged by its forecasts of four stretches of the older bars, each by a fit that ends before it, against
    `ewma_t` on the same days. The first trial is the model as it comes. Interrupted, it goes on when asked again.
    """
    from ara.cli.render.tuning import found_words

    s = screen()
    quest = quest_of(
        model=model, trials=trials, sampler=sampler, goal=goal, period=period, days=days, share=share,
        minutes=minutes, sensitivity=sensitivity, keep=keep, on=on, at_once=at_once, processes=processes,
    )  # fmt: skip
    with s.progress("Reading bars") as step:
        found = s.run(_tune(s, symbols, quest, as_of=as_of, step=step))
    tuned, outcome, verdict = found
    data = {"schema": 1, **facts(tuned), "candidate": _candidate(outcome, verdict)}
    s.result(data, lambda: found_words(tuned, outcome, verdict, s))


def quest_of(
    *, model: str, trials: str, sampler: str, goal: str, period: str, days: str, share: str, minutes: str,
    sensitivity: bool, keep: bool, on: str, at_once: str, processes: str,
) -> "Quest":  # fmt: skip
    """Give what the words of the command ask for."""
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.models.learn import place_of, share_of
    from ara.models.tuning import Plan
    from ara.prediction.training import Lesson
    from ara.prediction.tuning import Quest

    place, abreast = place_of(on), counted(at_once, "--at-once", least=0, most=_MOST)
    processes_here = counted(processes, "--processes", most=_PROCESSES)
    if abreast and place != "ray":
        raise ValidationError("--at-once is for a cluster alone.", hint="Add --on ray, or say --processes for here.")
    if processes_here > 1 and place == "ray":
        raise ValidationError("--processes is for this machine alone.", hint="Say --at-once, or leave out --on ray.")
    lesson = Lesson(
        family=model.strip().lower(),
        params={},
        days=counted(days, "--days", most=30),
        share=share_of(share),
        period=period,
    )
    plan = Plan(
        family=lesson.family,
        cut=0,
        storage="",
        trials=counted(trials, "--trials", most=_MOST),
        sampler=_sampler(sampler),
        goals=_goals(goal),
        seconds=_seconds(minutes),
        sensitivity=sensitivity,
        on=place,
        at_once=abreast,
        processes=processes_here,
    )
    return Quest(lesson=lesson, plan=plan, keep=keep)


def facts(tuned: "Tuned", *, trials: bool = True) -> dict[str, Any]:
    """Give what JSON says of a study."""
    from ara.cli.render.data_table import plain_value

    told: dict[str, Any] = {
        "study": tuned.study,
        "family": tuned.family,
        "facts": plain_value(dict(tuned.facts)),
        "winner": _trial(tuned.winner) if tuned.winner else None,
        "front": list(tuned.front),
        "importance": dict(tuned.importance),
        "sensitivity": {name: list(pair) for name, pair in tuned.sensitivity.items()},
        "made": sum(one.state in {"complete", "pruned", "failed"} for one in tuned.tried),
    }
    if trials:
        told["trials"] = [_trial(one) for one in tuned.tried]
    return told


def _trial(one: Any) -> dict[str, Any]:
    return {
        "number": one.number,
        "state": one.state,
        "params": dict(one.params),
        "ratio": one.ratio,
        "latency_ms": one.latency,
        "blocks": list(one.blocks),
        "seconds": round(one.seconds, 3),
        "words": one.words,
    }


def _candidate(outcome: "Outcome | None", verdict: "Verdict | None") -> dict[str, Any] | None:

    if outcome is None or verdict is None:
        return None
    return {**outcome.kept.as_dict(), "words": outcome.words or verdict.words, "beats_baseline": verdict.beats}


async def _tune(
    s: Screen, symbols: Sequence[str], quest: "Quest", *, as_of: str, step: "Step"
) -> "tuple[Tuned, Outcome | None, Verdict | None]":
    from ara.data.feed import MarketData
    from ara.desk import Desk
    from ara.models.registry import Registry
    from ara.models.registry.stages import verdict_of
    from ara.prediction.origin import as_instant
    from ara.prediction.training import bars_for
    from ara.prediction.tuning import tune_model

    def watch(progress: "Progress") -> bool:
        step(progress.done, total=progress.total or None, words=progress.words or None)
        return True

    async with Desk.open(s.settings()) as desk:
        async with MarketData(desk) as market:
            moment = as_instant(as_of or None, now=desk.clock.now(), what="--as-of")
            bars = await bars_for(market, symbols, period=quest.lesson.period, as_of=moment)
        tuned, outcome = await tune_model(desk, bars, quest, watch=watch)
        verdict = None if outcome is None else await verdict_of(Registry(desk), outcome.kept.card)
    return tuned, outcome, verdict


def _sampler(text: str) -> "Sampler":
    match text.strip().lower():
        case "tpe":
            return "tpe"
        case "gp":
            return "gp"
        case _:
            raise ValidationError(f"--sampler is {clean(text)[:40]!r}.", hint=f"It is {' or '.join(_SAMPLERS)}.")


def _goals(text: str) -> "tuple[Goal, ...]":
    match [part.strip().lower() for part in text.split(",")]:
        case ["crps"]:
            return ("crps",)
        case ["crps", "latency"]:
            return ("crps", "latency")
        case _:
            raise ValidationError(f"--goal is {clean(text)[:40]!r}.", hint="It is crps, or crps,latency.")


def _seconds(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 <= minutes <= 100_000:
        raise ValidationError(f"--minutes is {clean(text)[:40]!r}.", hint="Give a number, such as 30; 0 for no bound.")
    return 60 * minutes
