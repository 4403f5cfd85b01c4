"""Names of the older packages: they work, and warn."""

import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["renamed"]


def renamed(module: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """Give a module's `__getattr__` that answers an old name with the new one and a DeprecationWarning.

    Parameters
    ----------
    module
        The module's `__name__`.
    names
        New names by old ones.
    """

    def older(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        new = names[name]
        words = f"{module}.{name} is now {module}.{new}; it goes with Ara 7"
        warnings.warn(words, DeprecationWarning, stacklevel=_callers_level())
        return getattr(sys.modules[module], new)

    return older


def _callers_level() -> int:
    """Give the stack level of the first frame that is neither Ara's nor the import system's.

    Python shows a DeprecationWarning only where the caller's own program is to blame.
    """
    frame, level = sys._getframe(1), 1  # noqa: SLF001 - the documented way to look at one's callers
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in {"ara", "importlib"}:
        frame, level = frame.f_back, level + 1
    return level
