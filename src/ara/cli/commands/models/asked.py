"""What the commands of `ara models` share: the registry, and what they say of a model as JSON."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ara.cli.screen import Screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.models.registry import Kept, Registry, Stage

__all__ = ["card_facts", "stage_of", "with_registry"]

_T = TypeVar("_T")


def with_registry(s: Screen, ask: "Callable[[Registry], Awaitable[_T]]") -> _T:
    """Open the desk, ask its registry, and close it."""

    async def asked() -> _T:
        from ara.desk import Desk
        from ara.models.registry import Registry

        async with Desk.open(s.settings()) as desk:
            return await ask(Registry(desk))

    return s.run(asked())


def stage_of(text: str) -> "Stage | None":
    """Read `--stage`; None for all."""
    from ara.models.registry import Stage

    asked = text.strip().lower()
    if asked in {"", "all"}:
        return None
    try:
        return Stage(asked)
    except ValueError:
        raise ValidationError(
            f"--stage is {clean(text)[:40]!r}.", hint=f"It is {', '.join(one.value for one in Stage)} or all."
        ) from None


def card_facts(kept: "Kept") -> dict[str, Any]:
    """Give all that is known of a model."""
    from ara.cli.render.data_table import instant, plain_value

    card, held = kept.card, kept.card.holdout
    return {
        **kept.as_dict(),
        "params": plain_value(card.params),
        "settings": plain_value(card.settings),
        "features": card.features,
        "data": card.data,
        "first": instant(card.first),
        "groups": dict(card.groups),
        "pooled": card.pooled,
        "timeframe": card.timeframe,
        "horizons": list(card.horizons),
        "start": card.lineage.get("start"),
        "seed": card.seed,
        "seconds": card.seconds,
        "holdout": None
        if held is None
        else {
            "cut": instant(held.cut),
            "first": instant(held.first),
            "last": instant(held.last),
            "look": held.look,
        },
        "lineage": plain_value(card.lineage),
        "files": dict(card.files),
    }
