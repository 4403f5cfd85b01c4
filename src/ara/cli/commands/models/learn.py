"""`ara models train`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ara.cli.commands.models.asked import facts
from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import AraError, PluginError, ValidationError

if TYPE_CHECKING:
    from ara.cli.progress import Step
    from ara.desk import Desk
    from ara.market.bars import Bars
    from ara.models.registry.stages import Verdict
    from ara.prediction.training import Lesson, Outcome
    from ara.workers import Progress

__all__ = ["Learned", "learn", "share_of"]

_OLD: Final = {"ensemble": "fast"}
_WHOLE: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """One family that was trained: the outcome and what its scores say, or what went wrong."""

    family: str
    outcome: "Outcome | None" = None
    verdict: "Verdict | None" = None
    error: AraError | None = None


def learn(
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL", help="Whose bars to learn from")],
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="MODEL", help="Family to train; all trains every one there is")
    ] = "har_t",
    period: Annotated[
        str, typer.Option("--period", "-p", metavar="SPAN", help="How much of the past: 5y, 18m, 250d or max")
    ] = "max",
    epochs: Annotated[str, typer.Option("--epochs", "-e", metavar="N", help="Rounds, of a family that has them")] = "",
    param: Annotated[
        list[str] | None, typer.Option("--param", metavar="KEY=VALUE", help="Change a parameter of it; repeatable")
    ] = None,
    days: Annotated[str, typer.Option("--days", "-d", metavar="N", help="Bars ahead it is to answer for")] = "30",
    share: Annotated[str, typer.Option("--hold-out", metavar="P", help="Share of the days to judge it by")] = "0.2",
    validate: Annotated[
        bool, typer.Option("--validate/--no-validate", help="Hold it against the baseline on bars it does not know")
    ] = True,
    tested: Annotated[
        bool, typer.Option("--keep-tested", help="Keep the fit that was judged, which does not know the hold-out")
    ] = False,
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> int:
    """Train models and hold them against the baseline on bars they do not know.

    ::

        ara models train AAPL --model har_t --period 5y
        ara models train AAPL MSFT SPY --model pooled_har
        ara models train AAPL --model all --json

    A model is fitted on the older bars alone and judged by the newest, then fitted on all of them and kept as a
    candidate; `ara models deploy` lets it answer. Every look at the newest bars is counted, since what is tried often
    enough wins once by luck.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.render.models import learned_words
    from ara.prediction.training import Lesson

    s = screen()
    families = _families(s, model)
    params = _params(epochs, param or [])
    ahead, held = counted(days, "--days", most=_WHOLE), share_of(share)
    lessons = [
        Lesson(
            family=one, params=params, days=ahead, share=held, validate=validate, tested=tested and validate,
            period=period,
        )
        for one in families
    ]  # fmt: skip
    with s.progress("Reading bars") as step:
        found = s.run(_learn(s, symbols, lessons, as_of=as_of, step=step))
    if len(found) == 1 and found[0].error is not None:
        raise found[0].error
    failed = [one for one in found if one.error is not None]
    code = failed[0].error.exit_code if len(failed) == len(found) and failed[0].error else 0
    data = {"schema": 1, "models": [_facts(one) for one in found if one.error is None]}
    data["failed"] = [{"family": one.family, "error": one.error.problem()} for one in failed if one.error]
    s.result(data, lambda: learned_words(found, s))
    for one in failed if not s.json else ():
        if one.error is not None:
            s.problem(type(one.error)(f"{one.family}: {one.error.message}", hint=one.error.hint))
    return code


def _families(s: Screen, text: str) -> list[str]:
    from ara import plugins

    asked = text.strip().lower()
    if asked in _OLD:
        s.note(f"The spelling --model {asked} is old; it is now: --model {_OLD[asked]}")
        asked = _OLD[asked]
    known = plugins.names("models")
    if asked == "all":
        return list(known)
    names = [one.strip() for one in asked.split(",") if one.strip()]
    for name in names:
        if name not in known:
            plugins.load("models", name)  # says what there is
            raise PluginError(f"There is no model {clean(name)[:40]!r}.")
    if not names:
        raise ValidationError("--model is empty.", hint=f"There are: {', '.join(known)} and all.")
    return names


def _params(epochs: str, given: Sequence[str]) -> dict[str, Any]:
    params: dict[str, Any] = {"epochs": epochs} if epochs else {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name.strip():
            raise ValidationError(f"--param is {clean(one)[:40]}.", hint="Name a parameter and its value: decay=0.97")
        params[name.strip()] = value.strip()
    return params


def share_of(text: str) -> float:
    """Read `--hold-out`."""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0.05 <= share <= 0.5:
        raise ValidationError(f"--hold-out is {clean(text)[:40]}; it is a share of the days, 0.05 to 0.5.")
    return share


async def _learn(
    s: Screen, symbols: Sequence[str], lessons: "Sequence[Lesson]", *, as_of: str, step: "Step"
) -> list[Learned]:
    """Train each in turn; one that fails doesn't keep the others from being trained."""
    from ara.data.feed import MarketData
    from ara.desk import Desk
    from ara.prediction.origin import as_instant
    from ara.prediction.training import bars_for

    found: list[Learned] = []
    async with Desk.open(s.settings()) as desk:
        async with MarketData(desk) as market:
            moment = as_instant(as_of or None, now=desk.clock.now(), what="--as-of")
            bars = await bars_for(market, symbols, period=lessons[0].period, as_of=moment)
        for lesson in lessons:
            try:
                found.append(await _one(desk, bars, lesson, step))
            except AraError as error:
                found.append(Learned(family=lesson.family, error=error))
    return found


async def _one(desk: "Desk", bars: "Sequence[Bars]", lesson: "Lesson", step: "Step") -> Learned:
    from ara.models.registry import Registry
    from ara.models.registry.stages import verdict_of
    from ara.prediction.training import train_model

    def watch(progress: "Progress") -> bool:
        step(progress.done, total=progress.total or None, words=progress.words or None)
        return True

    outcome = await train_model(desk, bars, lesson, watch=watch)
    verdict = await verdict_of(Registry(desk), outcome.kept.card)
    return Learned(family=lesson.family, outcome=outcome, verdict=verdict)


def _facts(one: Learned) -> dict[str, Any]:
    assert one.outcome is not None  # noqa: S101 - those that failed are elsewhere
    assert one.verdict is not None  # noqa: S101 - it comes with the outcome
    return {
        **facts(one.outcome.kept),
        "new": one.outcome.new,
        "judged": not one.outcome.words,
        "words": one.outcome.words or one.verdict.words,
        "beats_baseline": one.verdict.beats,
        "look": one.outcome.kept.card.holdout.look if one.outcome.kept.card.holdout else None,
    }
