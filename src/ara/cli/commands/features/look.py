"""`ara features list` and `show`: which sets there are, and what is in them."""

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import screen

if TYPE_CHECKING:
    from ara.features.sets import FeatureSet, Item

__all__ = ["list_sets", "show"]


def list_sets() -> None:
    """List the feature sets that Ara ships, each with what it is for.

    ::

        ara features list
        ara features list --json
    """
    from ara.cli.render.features import listed
    from ara.features import sets

    s = screen()
    found = [sets.get(name) for name in sets.names()]
    s.result({"schema": 1, "sets": [_facts(one) for one in found]}, lambda: listed(found, s))


def show(
    name: Annotated[str, typer.Argument(metavar="SET", help="A set, or a file of one: features.toml")],
) -> None:
    """Explain a feature set: its columns, what each says, and the id of what its numbers depend on.

    ::

        ara features show ara-default
        ara features show features.toml
        ara features show ara-fast --json
    """
    from ara.cli.render.features import shown
    from ara.features import sets

    s = screen()
    found = sets.find(name.strip())
    items = [_item(item) for item in found.items]
    s.result({"schema": 1, **_facts(found), "items": items}, lambda: shown(found, s))


def _facts(found: "FeatureSet") -> dict[str, Any]:
    return {
        "name": found.name,
        "version": found.version,
        "id": found.id,
        "words": found.words,
        "columns": len(found.names),
    }


def _item(item: "Item") -> dict[str, Any]:
    spec = item.spec
    return {
        **item.content(),
        "label": item.label,
        "words": spec.words,
        "warmup": spec.warmup(**spec.resolve(item.params)),
        "columns": [
            {
                "name": column.name,
                "scale": column.scale.value,
                "bounds": [bound if math.isfinite(bound) else None for bound in column.bounds],
            }
            for column in item.columns
        ],
    }
