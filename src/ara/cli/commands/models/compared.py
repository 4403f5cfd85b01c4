"""`ara models compare`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ara.cli.commands.models.asked import facts, with_registry
from ara.cli.screen import screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.models.registry import Kept, Registry

__all__ = ["compare"]

_METRICS: Final = ("skill", "coverage", "speed")
_OLD: Final = {"accuracy": "skill"}


def compare(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Models, or an instrument: all that learned from it")
    ] = None,
    models: Annotated[
        str, typer.Option("--models", "-m", metavar="NAMES", help="More models, separated by commas", hidden=True)
    ] = "",
    metric: Annotated[
        str, typer.Option("--metric", metavar="METRIC", help="Sort by skill, coverage or speed of training")
    ] = "skill",
) -> None:
    """Compare models by how they did beside the baseline on bars they did not know.

    ::

        ara models compare AAPL
        ara models compare har_t@1 har_t@2
        ara models compare AAPL --metric coverage --json

    Only models that were judged by the same bars can be set against each other; where they were not, it says so.
    """
    from ara.cli.render.models import comparison

    s = screen()
    by = _OLD.get(metric.strip().lower(), metric.strip().lower())
    if by == "sharpe":
        raise ValidationError("A forecast has no Sharpe ratio; a strategy has.", hint="Sort by skill or coverage.")
    if by not in _METRICS:
        raise ValidationError(f"--metric is {clean(metric)[:40]!r}.", hint=f"It is {', '.join(_METRICS)}.")
    wanted = [*(names or []), *(one for one in models.split(",") if one.strip())]
    found = sorted(with_registry(s, lambda registry: _chosen(registry, wanted)), key=lambda one: _rank(one, by))
    same = len({_held(one) for one in found}) <= 1
    data: dict[str, Any] = {"schema": 1, "metric": by, "same_hold_out": same, "models": [facts(one) for one in found]}
    s.result(data, lambda: comparison(found, s, same=same))


async def _chosen(registry: "Registry", names: Sequence[str]) -> "list[Kept]":
    everything = await registry.all()
    found: dict[str, Kept] = {}
    for name in names:
        about = _symbol(name)
        mine = [one for one in everything if about in one.card.symbols] or [await _named(registry, name, about)]
        found.update({one.id: one for one in mine})
    chosen = list(found.values()) if names else everything
    if not chosen:
        raise ValidationError("There is no model to compare.", hint="Train one: ara models train AAPL --model har_t")
    return chosen


async def _named(registry: "Registry", name: str, about: str) -> "Kept":
    """Give the model of that name; where it is none, it may be an instrument that nothing learned from yet."""
    from ara import plugins

    try:
        return await registry.find(name)
    except ValidationError as error:
        meant = name.strip().lower()
        if not about or "@" in name or error.context.get("found") or meant in plugins.names("models"):
            raise
        raise ValidationError(
            f"No model is called {clean(name)[:40]!r}, and none was trained on an instrument {about} yet.",
            hint=f"Train one: ara models train {about} --model har_t. Those there are: ara models list",
        ) from error


def _symbol(name: str) -> str:
    """Give the symbol that a word may be; empty for one that can be none."""
    from ara.market import symbols

    try:
        return symbols.normalise(name)
    except ValidationError:
        return ""


def _rank(kept: "Kept", metric: str) -> tuple[bool, float]:
    """Give what sorts the best first; models without scores come last."""
    scores = kept.card.scores
    if metric == "speed":
        return False, kept.card.seconds
    if not scores:
        return True, 0.0
    if metric == "coverage":
        return False, max(abs(one.inside_80 - 0.8) for one in scores)
    return False, -sum(one.skill for one in scores) / len(scores)


def _held(kept: "Kept") -> tuple[Any, ...]:
    held = kept.card.holdout
    return (kept.card.symbols, kept.card.timeframe, None if held is None else (held.cut, held.last))
