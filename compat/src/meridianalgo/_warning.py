"""The one way in which old names warn."""

import warnings


def warn(old: str, new: str) -> None:
    """Warn the caller's caller that a name is old, and say what to write instead."""
    warnings.warn(f"meridianalgo.{old} is deprecated and goes with Ara 7: use {new}", DeprecationWarning, stacklevel=3)
