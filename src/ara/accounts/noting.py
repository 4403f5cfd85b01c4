"""The audit log as rooms below see it: told of what was done to things that somebody owns."""

from collections.abc import Awaitable, Callable

from ara.accounts.audit import Act, Audit
from ara.logs.context import current

__all__ = ["noting"]


def noting(audit: Audit, *, by: str = "system") -> Callable[[str, str, str], Awaitable[None]]:
    """Give what writes down an act: what was done, to which thing, and whose that is."""

    async def noted(action: str, id: str, owner: str) -> None:
        about = f"{action.partition('.')[0]}:{id}"
        await audit.note(Act(actor=by, action=action, about=about, person=owner, request=current()))

    return noted
