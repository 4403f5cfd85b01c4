"""Models that come with the package, and what they are held against; made by `python -m tools.shipped --write`."""

from pathlib import Path
from typing import Final

__all__ = ["FAMILIES", "FOLDER", "PUBLIC_KEY", "SHA256"]

FAMILIES: Final = frozenset({"default", "fast"})
"""Of which there are any: for others, nothing is read."""

FOLDER: Final = Path(__file__).parent
"""Where they lie: a manifest, its signature, and an archive for each."""

PUBLIC_KEY: Final = "e1f12956f59b7e94dd7d6142860ff723fff6ba957067e827b2f821c7bd6c4757"
"""Ed25519, in hex: of the key that signed the manifest."""

SHA256: Final = "f6dc057da737dfc3f04e39c43c506188f109c02cb6b85baa8fe422c56cd6c508"
"""Of the manifest; no other is read."""
