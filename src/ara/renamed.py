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
        warnings.warn(f"{module}.{name} is now {module}.{new}; it goes with Ara 7", DeprecationWarning, stacklevel=2)
        return getattr(sys.modules[module], new)

    return older
