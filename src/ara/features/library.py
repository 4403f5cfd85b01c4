"""TA-Lib, loaded without pandas: importing that takes six times as long as all the rest, and nothing here uses it."""

import sys
from functools import cache
from types import SimpleNamespace

__all__ = ["talib"]


@cache
def talib() -> SimpleNamespace:
    """Give the functions of TA-Lib by name; they take and give arrays of float64, NaN where undefined.

    They are those beneath its own wrapper, which looks for data frames among the arguments and takes as long as many
    of them do.
    """
    hidden = "pandas" not in sys.modules
    if hidden:
        sys.modules["pandas"] = None  # type: ignore[assignment] # an import of it fails, which TA-Lib expects
    try:
        import talib as found
    finally:
        if hidden:
            del sys.modules["pandas"]
    names: list[str] = found.get_functions()  # type: ignore[no-untyped-call]
    return SimpleNamespace(**{name: getattr(found, name).__wrapped__ for name in names})
