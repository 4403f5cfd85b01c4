"""onnxruntime, so that it tells nobody: from 1.31 on it logs each use at home, and sends that to its makers."""

import os
from typing import Any

__all__ = ["onnxruntime", "silenced"]


def silenced() -> None:
    """Turn its telemetry off, before whatever loads it: what is imported later looks at this variable alone."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def onnxruntime() -> Any:
    """Give the package with its telemetry off, loaded before or not."""
    silenced()
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime
