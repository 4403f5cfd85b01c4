"""Models that come with the package, and what they are held against; made by `python -m tools.shipped --write`."""

from pathlib import Path
from typing import Final

__all__ = ["FAMILIES", "FOLDER", "PUBLIC_KEY", "SHA256"]

FAMILIES: Final = frozenset({"fast"})
"""Of which there are any: for others, nothing is read."""

FOLDER: Final = Path(__file__).parent
"""Where they lie: a manifest, its signature, and an archive for each."""

PUBLIC_KEY: Final = "1d10f88aadf917e43d96c4c20dbac7486694eac9d0aa9e166f1e84c3184e202b"
"""Ed25519, in hex: of the key that signed the manifest."""

SHA256: Final = "359257ff5c149e8b913ec3e7189e12436a61dd4940e69470fdc37fb43845c904"
"""Of the manifest; no other is read."""
