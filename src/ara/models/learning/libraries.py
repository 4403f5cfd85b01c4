"""The libraries that learn: each imported when it is first needed, and named with its extra where it is missing."""

import importlib
from typing import Any, Final

from ara.errors import ModelError

__all__ = ["library"]

_EXTRAS: Final = {
    "lightgbm": "train",
    "sklearn": "train",
    "xgboost": "boost",
    "catboost": "boost",
    "statsforecast": "stats",
}


def library(module: str) -> Any:
    """Import a library.

    Raises
    ------
    ModelError
        It is not installed; the hint has the pip line.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        extra = _EXTRAS[module.partition(".")[0]]
        raise ModelError(
            f"this model is fitted by {module.partition('.')[0]}, which is not installed",
            hint=f"Install it: pip install 'ara-ai[{extra}]'",
        ) from error
