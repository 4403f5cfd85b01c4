"""The service: the same engine over HTTP, for a team and its customers."""

from typing import TYPE_CHECKING, Any

from ara.renamed import renamed

if TYPE_CHECKING:
    from ara.api.app import create

__all__ = ["create"]

_other = renamed(__name__, {}, later={"create": "ara.api.app"})


def __getattr__(name: str) -> Any:
    return _other(name)
