"""`ara models train`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ara.cli.commands.models.asked import with_registry
from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import AraError, PluginError, ValidationError

if TYPE_CHECKING:
    from ara.cli.progress import Step
    from ara.desk import Desk
    from ara.models.registry import Kept, Registry
    from ara.models.registry.configs import Config
    from ara.models.registry.stages import Verdict
    from ara.models.tuning.plan import Place
    from ara.prediction.course import Attempt
    from ara.prediction.training import Lesson, Outcome
    from ara.workers import Progress

__all__ = ["Learned", "learn", "lessons_of", "place_of", "share_of"]

_OLD: Final = {"ensemble": "fast"}
_USUAL: Final = "har_t"
_WHOLE: Final = 30
_PERIOD: Final = "max"
_SHARE: Final = "0.2"
_WORKERS: Final = "2"
_MOST: Final = 1024
_EPOCHS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """One family that was trained: the outcome and what its scores say, or what went wrong."""

    family: str
    outcome: "Outcome | None" = None
    verdict: "Verdict | None" = None
    error: AraError | None = None
    resumed: bool = False


def learn(
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL", help="Whose bars to learn from")],
    model: Annotated[
        str,
        typer.Option("--model", "-m", metavar="MODEL", help="Family to train (har_t); all trains every one there is"),
    ] = "",
    period: Annotated[
        str, typer.Option("--period", "-p", metavar="SPAN", help="How much of the past: 5y, 18m, 250d or max (max)")
    ] = "",
    epochs: Annotated[str, typer.Option("--epochs", "-e", metavar="N", help="Rounds, of families that have them")] = "",
    param: Annotated[
        list[str] | None, typer.Option("--param", metavar="KEY=VALUE", help="Change a parameter of it; repeatable")
    ] = None,
    days: Annotated[str, typer.Option("--days", "-d", metavar="N", help="Bars ahead it is to answer for (30)")] = "",
    share: Annotated[str, typer.Option("--hold-out", metavar="P", help="Share of the days to judge it by (0.2)")] = "",
    validate: Annotated[
        bool, typer.Option("--validate/--no-validate", help="Hold it against the baseline on bars it does not know")
    ] = True,
    tested: Annotated[
        bool, typer.Option("--keep-tested", help="Keep the fit that was judged, which does not know the hold-out")
    ] = False,
    start: Annotated[
        str, typer.Option("--from", metavar="NAME", help="Train this network further, which learned from others")
    ] = "",
    on: Annotated[
        str, typer.Option("--on", metavar="PLACE", help="here, or ray: a network by several workers of a cluster")
    ] = "here",
    workers: Annotated[str, typer.Option("--workers", metavar="N", help="With --on ray, so many workers (2)")] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
) -> int:
    """Train models and hold them against the baseline on bars they do not know.

    ::

        ara models train AAPL --model har_t --period 5y
        ara models train AAPL MSFT SPY --model pooled_har
        ara models train AAPL --from cnn_lstm@1 --epochs 3
        ara models train AAPL --model all --json
        ara models train AAPL MSFT SPY --model transformer --on ray --workers 4

    A model is fitted on the older bars alone and judged by the newest, then fitted on all of them and kept as a
    candidate; `ara models deploy` lets it answer. Every look at the newest bars is counted, since what is tried often
    enough wins once by luck.

    A family that was rolled back to an earlier configuration (`ara models configs`) is trained by that one, as far as
    nothing else is said here.

    With --from a network that was trained on many instruments is tuned on these; its parameters stay as they were,
    but for those that are given. It is judged on days that neither it nor the one before it has seen, so the one before
    has to end before the hold-out, as with --keep-tested.

    A family that fails costs no other its model. Where the command was stopped, the same command goes on: what was
    trained is not trained again, and networks go on from their last checkpoint.
    """
    from ara.cli.render.models import learned_words

    s = screen()
    lessons = lessons_of(
        s, model=model, period=period, epochs=epochs, param=param, days=days, share=share, validate=validate,
        tested=tested, start=start, on=on, workers=workers,
    )  # fmt: skip
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


def lessons_of(
    s: Screen, *, model: str, period: str, epochs: str, param: list[str] | None, days: str, share: str,
    validate: bool, tested: bool, start: str, on: str, workers: str,
) -> "list[Lesson]":  # fmt: skip
    """Give what the words of the command ask for, a lesson for each family."""
    from ara.cli.commands.data.asked import counted
    from ara.prediction.training import Lesson

    before = _before(s, start, model) if start.strip() else None
    named = model.strip().lower() != "all"
    families, params = _families(s, before.family if before else model), _params(param or [])
    rounds, known = _rounds(s, families, epochs), before.card.params if before else {}
    days = days or (str(before.card.settings.get("days", "")) if before else "")
    if workers and place_of(on) != "ray":
        raise ValidationError("--workers is for a cluster alone.", hint="Add --on ray, or leave out --workers.")
    together = counted(workers or _WORKERS, "--workers", most=_MOST) if place_of(on) == "ray" else 0
    usual = {"days": str(_WHOLE), "hold_out": _SHARE, "period": _PERIOD}
    used = {} if before else _used(s, families)

    def lesson(family: str) -> Lesson:
        config = used.get(family)
        told = usual | ({name: str(value) for name, value in config.settings.items() if value} if config else {})
        span = told["period"] if len(families) == 1 else _PERIOD  # families that are trained together share their bars
        return Lesson(
            family=family, params={**(config.params if config else known), **rounds.get(family, {}), **params},
            days=counted(days or told["days"], "--days", most=_WHOLE), share=share_of(share or told["hold_out"]),
            validate=validate, tested=tested and validate, period=period or span, start=before,
            tuned=before is not None, workers=together if named or _joins(family) else 0,
        )  # fmt: skip

    return [lesson(one) for one in families]


def _used(s: Screen, families: Sequence[str]) -> "dict[str, Config]":
    """Give the configurations that families were rolled back to, and say which."""

    async def ask(registry: "Registry") -> "list[Config | None]":
        from ara.models.registry.configs import used_config

        return [await used_config(registry.desk.store, one) for one in families]

    found = {one.family: one for one in with_registry(s, ask) if one is not None}
    for family, one in found.items():
        s.note(f"{family} is trained by its configuration {one.name}: ara models configs show {one.name}")
    return found


def _before(s: Screen, name: str, model: str) -> "Kept":
    """Give the model to go on from, of a family that can, and of the one that was named if any was."""
    from ara.models.registry.training import refuse_start

    kept = with_registry(s, lambda registry: registry.find(name))
    refuse_start(kept.family)
    if model.strip().lower() not in {"", kept.family}:
        raise ValidationError(
            f"{kept.name} is a {kept.family}; {clean(model)[:40]} can't go on from it.", hint="Leave out --model."
        )
    return kept


def _joins(family: str) -> bool:
    """Tell whether several workers can train a family together."""
    from ara.models.registry.making import make

    try:
        make(family, {}, together=True)
    except ValidationError:
        return False
    return True


def _families(s: Screen, text: str) -> list[str]:
    from ara import plugins

    asked = text.strip().lower() or _USUAL
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


def _rounds(s: Screen, families: Sequence[str], text: str) -> dict[str, dict[str, int]]:
    """Read `--epochs`: give what it changes of each family that has epochs, and say of whom it changes nothing."""
    if not text:
        return {}
    from ara.cli.commands.data.asked import counted
    from ara.models.registry.making import having

    epochs, all_ = counted(text, "--epochs", most=_EPOCHS), having("epochs")
    found = [one for one in families if one in all_]
    others = [one for one in families if one not in found]
    if not found:
        who = f"{others[0]} has" if len(others) == 1 else f"{', '.join(others)} have"
        raise ValidationError(f"{who} no epochs.", hint=f"Leave out --epochs. These have them: {', '.join(all_)}.")
    if others:
        rest = f"{others[0]} has" if len(others) == 1 else f"the other {len(others)} have"
        s.note(f"--epochs {epochs} is for {', '.join(found)}; {rest} none.")
    return {one: {"epochs": epochs} for one in found}


def _params(given: Sequence[str]) -> dict[str, Any]:
    params: dict[str, Any] = {}
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


def place_of(text: str) -> "Place":
    """Read `--on`."""
    match text.strip().lower():
        case "here":
            return "here"
        case "ray":
            return "ray"
        case _:
            raise ValidationError(f"--on is {clean(text)[:40]!r}.", hint="It is here or ray.")


async def _learn(
    s: Screen, symbols: Sequence[str], lessons: "Sequence[Lesson]", *, as_of: str, step: "Step"
) -> list[Learned]:
    """Train each in turn; one that fails doesn't keep the others from being trained."""
    from ara.alerts.news import trained
    from ara.data.feed import MarketData
    from ara.desk import Desk
    from ara.prediction.course import train_models
    from ara.prediction.origin import as_instant
    from ara.prediction.training import bars_for

    def watch(progress: "Progress") -> bool:
        step(progress.done, total=progress.total, words=progress.words or None)
        return True

    async with Desk.open(s.settings()) as desk:
        async with MarketData(desk) as market:
            moment = as_instant(as_of or None, now=desk.clock.now(), what="--as-of")
            bars = await bars_for(market, symbols, period=lessons[0].period, as_of=moment)
        found = await train_models(desk, bars, lessons, watch=watch)
        for one in found:
            if one.outcome is not None and one.outcome.new:
                await trained(desk, one.outcome.kept)
        resumed = [one.lesson.family for one in found if one.resumed]
        if resumed:
            s.note(f"Trained before this was stopped, and not again: {', '.join(resumed)}.")
        return [await _judged(desk, one) for one in found]


async def _judged(desk: "Desk", one: "Attempt") -> Learned:
    """Say what a model's scores mean after all looks that were taken."""
    from ara.models.registry import Registry
    from ara.models.registry.stages import verdict_of

    if one.outcome is None:
        return Learned(family=one.lesson.family, error=one.error)
    verdict = await verdict_of(Registry(desk), one.outcome.kept.card)
    return Learned(family=one.lesson.family, outcome=one.outcome, verdict=verdict, resumed=one.resumed)


def _facts(one: Learned) -> dict[str, Any]:
    assert one.outcome is not None  # noqa: S101 - those that failed are elsewhere
    assert one.verdict is not None  # noqa: S101 - it comes with the outcome
    return {
        **one.outcome.kept.as_dict(),
        "start": one.outcome.kept.card.lineage.get("start"),
        "new": one.outcome.new,
        "plain": bool(one.outcome.kept.card.lineage.get("plain")),
        "resumed": one.resumed,
        "judged": not one.outcome.words,
        "words": one.outcome.words or one.verdict.words,
        "beats_baseline": one.verdict.beats,
        "look": one.outcome.kept.card.holdout.look if one.outcome.kept.card.holdout else None,
    }
