"""Models that come with the package, and what they are held against; made by `python -m tools.shipped --write`."""

from pathlib import Path
from typing import Final

__all__ = ["FAMILIES", "FOLDER", "PUBLIC_KEY", "SHA256"]

FAMILIES: Final = frozenset({"default", "fast"})
"""Of which there are any: for others, nothing is read."""

FOLDER: Final = Path(__file__).parent
"""Where they lie: a manifest, its signature, and an archive for each."""

PUBLIC_KEY: Final = "5d32912b0bff31628f67c1e4fcd3f99ee4110f47ca500009e3a710cf44c4ba32"
"""Ed25519, in hex: of the key that signed the manifest."""

SHA256: Final = "3bc3ee4ef3217616d93bcf58eb5d873d2034fec66f24eb93cf153f5df9439523"
"""Of the manifest; no other is read."""
