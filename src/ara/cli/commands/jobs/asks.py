"""The command that a job is to carry out, read as if it were called now."""

from typing import TYPE_CHECKING, Any, Final

import typer

from ara.cli.screen import Screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.jobs import Work

__all__ = ["WHAT", "works_of"]

WHAT: Final = (
    "tune run", "models train", "models review", "backtest", "predict", "score", "data update", "data backup",
)  # fmt: skip
"""What a job can carry out."""

_TAKEN: Final = {
    "backtest": (
        "symbols", "strategy", "params", "start", "end", "cash", "cost", "cuts", "walk_forward", "retrain", "grid",
    ),
    "predict": ("symbols", "days", "as_of", "model"),
    "score": (),
    "data update": ("everything",),
    "data backup": ("target",),
}  # fmt: skip
"""Options that a job knows, of the commands that have others too."""


def works_of(s: Screen, words: list[str]) -> "list[Work]":
    """Read the command that a job is to carry out: its words are checked as if it were called now."""
    from ara.cli.help import explained
    from ara.cli.invocation import built

    name = next((one for one in (" ".join(words[:2]), words[0]) if one in WHAT), "")
    if not name:
        said = clean(" ".join(words[:2]))[:60]
        raise ValidationError(f"A job can't be {said!r}.", hint=f"It can be: {', '.join(WHAT)}, and their options.")
    group, _, part = name.partition(" ")
    command = built(group).commands[part] if part else built(group)
    try:
        context = command.make_context(f"ara {name}", list(words[2 if part else 1 :]))
    except typer.TyperException as error:
        raise explained(error, f"ara {name}") from None
    if name in _TAKEN:
        _refuse_others(name, command, context)
    return _read(s, name, dict(context.params))


def _refuse_others(name: str, command: Any, context: Any) -> None:
    """Refuse options that the command has and a job has not."""
    for option in command.params:
        given = context.get_parameter_source(option.name)
        if option.name not in _TAKEN[name] and given is not None and given.name == "COMMANDLINE":
            raise ValidationError(f"A job takes no {option.opts[0]} of ara {name}.", hint="Leave it out.")


def _read(s: Screen, name: str, asked: dict[str, Any]) -> "list[Work]":
    from ara.jobs.work import Backup, Score, Update

    match name:
        case "tune run" | "models train" | "models review":
            return _learned(s, name, asked)
        case "backtest":
            return [_tested(asked)]
        case "predict":
            return [_forecast(s, asked)]
        case "data backup":
            return [Backup(folder=str(asked["target"]))]
        case "score":
            return [Score()]
        case _:
            return [Update()]


def _learned(s: Screen, name: str, asked: dict[str, Any]) -> "list[Work]":
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.models.learn import lessons_of
    from ara.cli.commands.tune.run import quest_of
    from ara.jobs import Review, Train, Tune

    if asked.pop("as_of", ""):
        raise ValidationError("A job learns from what is public when it is done.", hint="Leave out --as-of.")
    symbols = tuple(asked.pop("symbols", ()))
    if name == "tune run":
        return [Tune(symbols=symbols, quest=quest_of(**asked))]
    if name == "models train":
        return [Train(symbols=symbols, lesson=one) for one in lessons_of(s, **asked)]
    if not asked["act"]:
        raise ValidationError("A review that only tells has nobody to tell.", hint="Add --act.")
    days = counted(asked["older"], "--older-than", most=36_500)
    return [
        Review(families=tuple(one.strip().lower() for one in asked["families"] or ()), days=days, tune=asked["tune"])
    ]


def _tested(asked: dict[str, Any]) -> "Work":
    from ara.cli.commands.backtest import asked as read
    from ara.jobs.work import Backtest

    maker, _ = read.strategy(asked["strategy"], asked["params"] or [], "", optimize=False)
    costs, usual = read.costs(asked["cost"] or []).as_dict(), read.costs([]).as_dict()
    walk = read.whole(asked["walk_forward"] or "0", "--walk-forward", most=100_000)
    grid = read.grid(maker, asked["grid"]) if asked["grid"] else {}
    return Backtest(
        symbols=tuple(asked["symbols"] or ()), strategy=maker.name, params=dict(maker.parameters),
        start=asked["start"], end=asked["end"], cash=str(read.amount(asked["cash"], "--cash")),
        costs={name: value for name, value in costs.items() if value != usual[name]},
        cuts=read.whole(asked["cuts"], "--cuts", most=100), walk=walk,
        retrain=read.whole(asked["retrain"], "--retrain", most=100_000),
        grid={name: tuple(values) for name, values in grid.items()},
    )  # fmt: skip


def _forecast(s: Screen, asked: dict[str, Any]) -> "Work":
    from ara.cli.commands.data.asked import counted
    from ara.jobs.work import Predict

    days = asked["days"] or str(s.settings().prediction.days)
    return Predict(
        symbols=tuple(asked["symbols"] or ()), days=counted(days, "--days", most=30), as_of=asked["as_of"] or "",
        model=asked["model"] or "",
    )  # fmt: skip
