"""Names of the older packages: they work, and warn. Names of a room that are loaded when they are first used."""

import sys
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

__all__ = ["renamed"]

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def renamed(module: str, names: Mapping[str, str], *, later: Mapping[str, str] = _NONE) -> Callable[[str], Any]:
    """Give a module's `__getattr__` that answers an old name with the new one and a DeprecationWarning.

    Parameters
    ----------
    module
        The module's `__name__`.
    names
        New names by old ones; a new one with a dot stands in another module.
    later
        Of names that are loaded when they are first used: the module that has each. They don't warn.
    """

    def older(name: str) -> Any:
        if name in later:
            return getattr(import_module(later[name]), name)
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        room, _, new = names[name].rpartition(".")
        words = f"{module}.{name} is now {room or module}.{new}; it goes with Ara 7"
        warnings.warn(words, DeprecationWarning, stacklevel=_callers_level())
        return getattr(import_module(room) if room else sys.modules[module], new)

    return older


def _callers_level() -> int:
    """Give the stack level of the first frame that is neither Ara's nor the import system's.

    Python shows a DeprecationWarning only where the caller's own program is to blame.
    """
    frame, level = sys._getframe(1), 1  # noqa: SLF001 - the documented way to look at one's callers
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in {"ara", "importlib"}:
        frame, level = frame.f_back, level + 1
    return level
