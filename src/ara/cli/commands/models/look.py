"""`ara models list` and `show`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.commands.models.asked import card_facts, stage_of, with_registry
from ara.cli.commands.models.weights import Weighing, weighing, weighing_facts
from ara.cli.screen import screen

if TYPE_CHECKING:
    from ara.models.registry import Kept, Registry, Stage, Verified
    from ara.models.registry.stages import Verdict

__all__ = ["listing", "show"]


def listing(
    family: Annotated[str, typer.Argument(metavar="FAMILY", help="Only of this family")] = "",
    stage: Annotated[
        str,
        typer.Option("--stage", "-s", metavar="STAGE", help="Such as champion, archived, shipped; or all"),
    ] = "all",
    show_metrics: Annotated[bool, typer.Option("--show-metrics", hidden=True)] = False,
) -> None:
    """List the models that were trained, with their skill against the baseline, and those that came with Ara.

    ::

        ara models list
        ara models list har_t
        ara models list --stage champion --json

    The skill is the share of the baseline's error that a model saved on bars it did not know, with the bounds that
    hold it with 95 %.
    """
    from ara.cli.render.models import table_of
    from ara.models.registry.comparing import listed

    s = screen()
    wanted = stage_of(stage)
    if show_metrics:
        s.note("--show-metrics is not needed any more: the scores are always shown.")
    found, shipped = with_registry(s, lambda registry: _listed(registry, family.strip().lower(), wanted))
    s.result(listed(found, shipped), lambda: table_of(found, shipped, s, family=family, only=wanted == "shipped"))


async def _listed(registry: "Registry", family: str, stage: "Stage | None") -> "tuple[list[Kept], list[Kept]]":
    """Give those of a family that were trained here, and those that came with the package."""
    from ara.models.registry import Stage

    own = await registry.all(family=family, stage=stage)
    return own, registry.shipped(family=family) if stage in {None, Stage.SHIPPED} else []


def show(
    model: Annotated[str, typer.Argument(metavar="NAME", help="har_t@1, the first characters of an id, or a family")],
) -> None:
    """Show all that is known of a model: how it was trained, how it did, and whether it is whole.

    ::

        ara models show har_t@1
        ara models show fast
        ara models show 3f9a2c --json

    Of an ensemble, such as fast, also what each of its members counts for by class and bars ahead, how that moved from
    one model of the family to the next, which count for nothing and why, and what calibration makes of the bands.
    """
    from ara.cli.render.models import card_of

    async def ask(registry: "Registry") -> "tuple[Kept, Verified, Verdict, str, Weighing | None, Kept | None]":
        from ara.models.registry.stages import verdict_of

        kept = await registry.find(model)
        place = str(registry.place(kept))
        found = await registry.verified(kept)
        told = await weighing(registry, kept) if found.ok else None
        start = await _start(registry, kept)
        return kept, found, await verdict_of(registry, kept.card), place, told, start

    s = screen()
    kept, found, verdict, place, told, start = with_registry(s, ask)
    data = {
        "schema": 1,
        **card_facts(kept),
        "beats_baseline": verdict.beats,
        "verdict": verdict.words,
        "whole": found.ok,
        "wrong": list(found.wrong),
        "key": found.fingerprint or None,
        "folder": place,
        "ensemble": weighing_facts(told),
    }

    def words() -> str:
        from ara.cli.render.weights import weights_of

        card = card_of(kept, found, verdict, s, start=start)
        return "\n".join([card, "", *weights_of(told, s)]) if told else card

    s.result(data, words)


async def _start(registry: "Registry", kept: "Kept") -> "Kept | None":
    """Give the model that another went on from; None where there is none, or it is not here any more."""
    from ara.models.registry import Kept

    id = kept.card.lineage.get("start")
    return await registry.desk.store.get(Kept, str(id)) if id else None
