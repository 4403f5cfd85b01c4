"""`ara models deploy`, `rollback` and `archive`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.commands.models.asked import with_registry
from ara.cli.screen import Screen, screen
from ara.cli.words import wrapped

if TYPE_CHECKING:
    from ara.models.registry import Kept, Registry
    from ara.models.registry.stages import Change

__all__ = ["archive", "deploy", "rollback"]

_NAME = "har_t@1, the first characters of an id, or a family"


def deploy(
    model: Annotated[str, typer.Argument(metavar="NAME", help=_NAME)],
    shadow: Annotated[bool, typer.Option("--shadow", help="Only put it into the shadow of the champion")] = False,
    force: Annotated[bool, typer.Option("--force", "-f", help="Also if it does not beat the baseline")] = False,
) -> None:
    """Make a model the champion of its family: it answers from now on.

    ::

        ara models deploy har_t@2
        ara models deploy 3f9a2c --shadow
        ara models deploy har_t@2 --force

    Refused where it is not surely better than the baseline on bars it did not know, after all looks at them. The
    champion before is archived; `ara models rollback` brings it back.
    """
    s = screen()
    if shadow:
        kept = with_registry(s, lambda registry: _shadowed(registry, model))
        data = {"schema": 1, "model": kept.as_dict()}
        s.result(data, lambda: _lines(s, f"{kept.name} is in the shadow of the champion of {kept.family}."))
        return

    async def ask(registry: "Registry") -> "Change":
        from ara.alerts.news import deployed
        from ara.models.registry.stages import deploy as crown

        change = await crown(registry, await registry.find(model), force=force)
        await deployed(registry.desk, {**change.as_dict(), "forced": not change.verdict.beats})
        return change

    change = with_registry(s, ask)
    forced = not change.verdict.beats
    s.result({**change.as_dict(), "forced": forced}, lambda: _lines(s, _said(change)))
    if forced and not s.json:
        s.warn(f"Deployed though {change.verdict.words}.")


def rollback(
    family: Annotated[str, typer.Argument(metavar="FAMILY", help="Of which the champion before is to answer again")],
) -> None:
    """Bring the champion before back: the last one that is whole.

    ::

        ara models rollback har_t
        ara models rollback pooled_har --json
        ara models list --stage champion
    """

    async def ask(registry: "Registry") -> "Change":
        from ara.alerts.news import deployed
        from ara.models.registry.stages import rollback as back

        change = await back(registry, family.strip().lower().partition("@")[0])
        await deployed(registry.desk, {**change.as_dict(), "deed": "roll back"})
        return change

    s = screen()
    change = with_registry(s, ask)
    s.result(change.as_dict(), lambda: _lines(s, _said(change)))


def archive(
    model: Annotated[str, typer.Argument(metavar="NAME", help=_NAME)],
    force: Annotated[bool, typer.Option("--force", "-f", help="Also a champion, which leaves its family none")] = False,
) -> None:
    """Put a model away; it is kept for what was forecast with it.

    ::

        ara models archive har_t@1
        ara models archive har_t --force
        ara models archive 3f9a2c --json
    """

    async def ask(registry: "Registry") -> "Kept":
        from ara.models.registry.stages import archive as put_away

        return await put_away(registry, await registry.find(model), force=force)

    s = screen()
    kept = with_registry(s, ask)
    s.result({"schema": 1, "model": kept.as_dict()}, lambda: _lines(s, f"{kept.name} is archived."))


async def _shadowed(registry: "Registry", model: str) -> "Kept":
    from ara.models.registry.stages import shadow

    return await shadow(registry, await registry.find(model))


def _said(change: "Change") -> str:
    kept, before = change.kept, change.before
    instead = f" in place of {before.name}" if before else ""
    return f"{kept.name} answers for {kept.family} now{instead}. Ask it: ara predict SYMBOL --model {kept.family}"


def _lines(s: Screen, words: str) -> str:
    return "\n".join(wrapped(words, s.width))
