"""TA-Lib, loaded without pandas: importing that takes six times as long as all the rest, and nothing here uses it."""

import sys
from functools import cache
from types import ModuleType

__all__ = ["talib"]


@cache
def talib() -> ModuleType:
    """Give the module `talib`, whose functions take and give arrays of float64, NaN where undefined."""
    hidden = "pandas" not in sys.modules
    if hidden:
        sys.modules["pandas"] = None  # type: ignore[assignment] # an import of it fails, which TA-Lib expects
    try:
        import talib as found
    finally:
        if hidden:
            del sys.modules["pandas"]
    return found
