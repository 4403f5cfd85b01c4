"""Configurations of models on a terminal: the list, one of them, and how two differ."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ara.cli.render.data_table import Column, stamp, table
from ara.cli.render.numbers import percent
from ara.cli.screen import Screen
from ara.cli.words import clean, padded, wrapped

if TYPE_CHECKING:
    from ara.models.registry import Kept
    from ara.models.registry.configs import Config

__all__ = ["config_of", "differences_of", "table_of"]

_SHORT: Final = 8
_SKILL: Final = (
    "Best skill: of the models that were judged, the largest share of ewma_t's error (CRPS) saved over the nearest "
    "horizon. Those judged on other bars can't be set against each other."
)


def table_of(found: "Sequence[tuple[Config, list[Kept], bool]]", s: Screen, *, family: str) -> str:
    """Give the list of configurations."""
    if not found:
        what = f"No model of {clean(family)} was trained yet." if family else "No model was trained yet."
        return "\n".join(wrapped(f"{what} Train one: ara models train AAPL --model har_t", s.width))
    columns = [
        Column(head="configuration", cells=[one.name for one, _, _ in found]),
        Column(head="id", cells=[one.id[:_SHORT] for one, _, _ in found], leave=2),
        Column(head="used", cells=["yes" if used else "" for _, _, used in found]),
        Column(head="models", cells=[str(len(models)) for _, models, _ in found], right=True),
        Column(head="best skill", cells=[_best(models) for _, models, _ in found], right=True),
        Column(head="says", cells=[_said(one) for one, _, _ in found]),
        Column(head="since", cells=[stamp(one.since, s) for one, _, _ in found], leave=3),
    ]
    return "\n".join([*table(columns, s), *_quiet(_SKILL, s)])


def config_of(config: "Config", models: "Sequence[Kept]", s: Screen, *, used: bool) -> str:
    """Give all that a configuration says, and who was trained by it."""
    paint = s.palette()
    told = f"{config.name}  {config.id[:_SHORT]}"
    lines = [paint(told, "strong")]
    state = "Trainings that say nothing else use it." if used else f"Use it: ara models configs rollback {config.name}"
    lines += [*wrapped(state, s.width), ""]
    rows = [(name, _value(value)) for name, value in {**config.params, **config.settings}.items()]
    rows += [("models", ", ".join(one.name for one in models) or "none that is still here")]
    rows += [("best skill", _best(models)), ("since", stamp(config.since, s))]
    label = max(len(name) for name, _ in rows) + 2
    for name, text in rows:
        first, *more = wrapped(text, max(s.width - label - 2, 12))
        lines.append(f"  {paint(padded(clean(name), label), 'quiet')}{first}")
        lines += [" " * (label + 2) + line for line in more]
    return "\n".join(lines)


def differences_of(
    pair: "Sequence[tuple[Config, list[Kept]]]", apart: Sequence[tuple[str, Any, Any]], s: Screen
) -> str:
    """Give how two configurations differ."""
    (one, mine), (other, theirs) = pair
    if not apart:
        words = f"{one.name} and {other.name} say the same"
        words += "." if one.family == other.family else ", each of its own family."
        return "\n".join(wrapped(words, s.width))
    rows = [*((name, _value(a), _value(b)) for name, a, b in apart), ("best skill", _best(mine), _best(theirs))]
    columns = [
        Column(head="", cells=[clean(name) for name, _, _ in rows]),
        Column(head=one.name, cells=[a for _, a, _ in rows]),
        Column(head=other.name, cells=[b for _, _, b in rows]),
    ]
    return "\n".join([*table(columns, s), *_quiet(_SKILL, s)])


def _best(models: "Sequence[Kept]") -> str:
    judged = [one.card.scores[0].skill for one in models if one.card.scores]
    return percent(max(judged)) if judged else "not judged"


def _said(config: "Config") -> str:
    shown = {**config.params, **config.settings}
    return ", ".join(f"{clean(name)} {_value(value)}" for name, value in shown.items())


def _value(value: Any) -> str:
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return " ".join(map(_value, value)) or "none"
        case float():
            return f"{value:g}"
        case _:
            return clean(str(value))


def _quiet(text: str, s: Screen) -> list[str]:
    paint = s.palette()
    return ["", *(paint(line, "quiet") for line in wrapped(text, s.width))]
