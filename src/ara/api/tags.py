"""Entity tags (RFC 9110): who has an answer already is told so in a line."""

from typing import Any, Final

from starlette.responses import Response

import ara
from ara.lineage import digest

__all__ = ["KEEP", "UNCHANGED", "fresh", "tag_of", "unchanged"]

KEEP: Final = "private, no-cache"
"""The asker may keep the answer, if it asks each time whether it still holds."""

UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "As it was: the tag that was sent is its own."}
}
"""How a path answers where the asker has the answer already."""


def tag_of(*parts: str) -> str:
    """Give the tag of what never changes but with its parts.

    The tag is weak: each answer says anew when it was given and to which request.
    """
    return f'W/"{digest([ara.__version__, *parts])[:32]}"'


def fresh(response: Response, *parts: str) -> str:
    """Give the tag of what never changes but with its parts, and let the asker keep it, if it asks each time."""
    tag = tag_of(*parts)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = KEEP
    return tag


def unchanged(sent: str | None, tag: str) -> bool:
    """Say whether `If-None-Match` names the tag, or any."""
    named = {one.strip().removeprefix("W/") for one in (sent or "").split(",")}
    return "*" in named or tag.removeprefix("W/") in named
