"""`ara models verify` and `keys`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.models.asked import with_registry
from ara.cli.screen import screen
from ara.cli.words import wrapped
from ara.errors import IntegrityError

if TYPE_CHECKING:
    from ara.models.registry import Registry, TrustedKey, Verified
    from ara.store import Verification

__all__ = ["keys", "verify"]


def verify(
    model: Annotated[
        str, typer.Argument(metavar="NAME", help="har_t@1, the first characters of an id, a family; all if left out")
    ] = "",
) -> None:
    """Check that every file of a model is as it was trained, who signed it, and that no look was left out.

    ::

        ara models verify
        ara models verify har_t@1
        ara models verify --json
    """
    from ara.cli.render.models import wholeness

    async def ask(registry: "Registry") -> "tuple[list[Verified], Verification]":
        from ara.performance.trials import Trials

        chosen = [await registry.find(model)] if model else [*await registry.all(), *registry.shipped()]
        return [await registry.verified(one) for one in chosen], await Trials(registry.desk).verify()

    s = screen()
    with s.progress("Checking models"):
        found, looks = with_registry(s, ask)
    data: dict[str, Any] = {
        "schema": 1,
        "ok": looks.ok and all(one.ok for one in found),
        "looks": {"ok": looks.ok, "entries": looks.entries, "words": looks.words},
        "models": [
            {
                "id": one.kept.id,
                "name": one.kept.name,
                "stage": one.kept.stage.value,
                "ok": one.ok,
                "wrong": list(one.wrong),
                "words": one.words,
                "key": one.fingerprint or None,
                "own_key": one.own,
            }
            for one in found
        ],
    }
    broken = [one for one in found if not one.ok]
    if broken:
        raise IntegrityError(
            " ".join(one.words for one in broken),
            hint="Import it again from a file that was exported, train it again, or roll back: ara models rollback",
            **data,
        )
    if not looks.ok:
        raise IntegrityError(f"The log of looks at hold-outs is not as it was written. {looks.words}", **data)
    s.result(data, lambda: "\n".join(wrapped(wholeness(found), s.width)))


def keys(
    forget: Annotated[str, typer.Option("--forget", metavar="FINGERPRINT", help="Trust this key no longer")] = "",
) -> None:
    """Show the fingerprint of this installation's key, and the keys of others that are trusted.

    ::

        ara models keys
        ara models keys --json
        ara models keys --forget 1f0c-77aa-b3d2-9e51-06bd-4c2f-8a90-e4d3
    """

    async def ask(registry: "Registry") -> "tuple[str, list[TrustedKey]]":
        if forget:
            await registry.distrust(forget)
        return await registry.own_fingerprint(), list(await registry.keys())

    s = screen()
    own, trusted = with_registry(s, ask)
    data = {
        "schema": 1,
        "own": own,
        "trusted": [{"fingerprint": one.fingerprint, "trusted_at": one.trusted_at.isoformat()} for one in trusted],
    }
    lines = [f"This installation signs with {own}"]
    lines += [f"Trusted: {one.fingerprint}, since {one.trusted_at:%Y-%m-%d}" for one in trusted]
    s.result(data, lambda: "\n".join(line for one in lines for line in wrapped(one, s.width)))
