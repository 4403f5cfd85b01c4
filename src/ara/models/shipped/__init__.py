"""Models that come with the package, and what they are held against; made by `python -m tools.shipped --write`."""

from pathlib import Path
from typing import Final

__all__ = ["FAMILIES", "FOLDER", "PUBLIC_KEY", "SHA256"]

FAMILIES: Final = frozenset({"default", "fast"})
"""Of which there are any: for others, nothing is read."""

FOLDER: Final = Path(__file__).parent
"""Where they lie: a manifest, its signature, and an archive for each."""

PUBLIC_KEY: Final = "72645f6f5ce78b42e552c317e34503d8a1a55187208434c76c695cc91d7ee1ca"
"""Ed25519, in hex: of the key that signed the manifest."""

SHA256: Final = "6b2a3733ade9bcccade63b8fff55e09094139c914e6f9c2122260ba84bb8e52f"
"""Of the manifest; no other is read."""
