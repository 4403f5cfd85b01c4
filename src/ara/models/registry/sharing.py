"""Models that were trained before an installation had a bucket: put into it, each looked at before."""

from dataclasses import dataclass
from typing import Any

from ara.errors import ValidationError
from ara.models.registry.card import Kept
from ara.models.registry.registry import Registry, Verified

__all__ = ["Shared", "share"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What came of each model of an installation.

    Parameters
    ----------
    place
        The bucket.
    put
        Now in it.
    there
        Were in it before.
    elsewhere
        Neither here nor in it: they lie on the machine that trained them.
    refused
        Not as they were trained, so nobody else gets them.
    """

    place: str
    put: tuple[Kept, ...]
    there: tuple[Kept, ...]
    elsewhere: tuple[Kept, ...]
    refused: tuple[Verified, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        told = {"put": self.put, "there": self.there, "elsewhere": self.elsewhere}
        return {
            "schema": 1,
            "bucket": self.place,
            **{name: [{"id": one.id, "name": one.name} for one in found] for name, found in told.items()},
            "refused": [{"id": one.kept.id, "name": one.kept.name, "words": one.words} for one in self.refused],
        }


async def share(registry: Registry) -> Shared:
    """Put all models that lie on this machine, and are as they were trained, into the bucket of the installation.

    It may be ended at any time and done again: an archive is there whole or not at all, and what is there stays.
    """
    shelf, run = registry.shelf, registry.desk.workers.run
    if shelf.objects is None:
        raise ValidationError("There is no bucket.", hint="Name one: ara config set models.objects s3://BUCKET/PREFIX")
    archived = await run(shelf.archived)
    put, there, elsewhere, refused = list[Kept](), list[Kept](), list[Kept](), list[Verified]()
    for one in await registry.all():
        if one.id in archived:
            there.append(one)
        elif not shelf.place(one.id).exists():
            elsewhere.append(one)
        elif not (found := await registry.verified(one)).ok:
            refused.append(found)
        else:
            (put if await run(shelf.share, one.id) else there).append(one)
    return Shared(
        place=shelf.objects.place, put=tuple(put), there=tuple(there), elsewhere=tuple(elsewhere),
        refused=tuple(refused),
    )  # fmt: skip
