"""Models that come with the package, and what they are held against; made by `python -m tools.shipped --write`."""

from pathlib import Path
from typing import Final

__all__ = ["FAMILIES", "FOLDER", "PUBLIC_KEY", "SHA256"]

FAMILIES: Final = frozenset({"default", "fast"})
"""Of which there are any: for others, nothing is read."""

FOLDER: Final = Path(__file__).parent
"""Where they lie: a manifest, its signature, and an archive for each."""

PUBLIC_KEY: Final = "c9e11bd6299c080f73844a48be8f7559950c539b24697eef7dfc1e5c4180e433"
"""Ed25519, in hex: of the key that signed the manifest."""

SHA256: Final = "b1714d4ac5107e6e3b08fa36c877a272a60d8319c958eb50e6457fd78c622503"
"""Of the manifest; no other is read."""
