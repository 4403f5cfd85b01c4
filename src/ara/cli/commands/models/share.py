"""`ara models share`."""

from typing import TYPE_CHECKING

from ara.cli.commands.models.asked import with_registry
from ara.cli.screen import screen
from ara.cli.words import wrapped
from ara.errors import IntegrityError

if TYPE_CHECKING:
    from ara.models.registry import Kept, Registry
    from ara.models.registry.sharing import Shared

__all__ = ["share"]


def share() -> None:
    """Put models that were trained before there was a bucket into it.

    What is in the bucket of models.objects already stays as it is.

    ::

        ara models share
        ara models share --json
        ara models share --set models.objects=s3://models/ara
    """

    async def ask(registry: "Registry") -> "Shared":
        from ara.models.registry.sharing import share as shared

        return await shared(registry)

    s = screen()
    with s.progress("Putting models into the bucket"):
        done = with_registry(s, ask)
    data = done.as_dict()
    if done.refused:
        raise IntegrityError(
            f"{_said(done)} Not put there, since they are not as they were trained: "
            f"{', '.join(one.kept.name for one in done.refused)}. {done.refused[0].words}",
            hint="Import them again from a file that was exported, or train them again.",
            **data,
        )
    s.result(data, lambda: "\n".join(wrapped(_said(done), s.width)))


def _said(done: "Shared") -> str:
    said = f"Now in {done.place}: {_names(done.put)}." if done.put else f"Nothing was put into {done.place}."
    if done.there:
        said += f" There before: {_names(done.there)}."
    if done.elsewhere:
        said += f" Neither there nor here: {_names(done.elsewhere)}. Run this on the machine that trained them."
    if not (done.put or done.there or done.elsewhere or done.refused):
        said += " No model was trained yet."
    return said


def _names(found: "tuple[Kept, ...]") -> str:
    return ", ".join(one.name for one in found)
