"""Models that come with the package, and what they are held against; made by `python -m tools.shipped --write`."""

from pathlib import Path
from typing import Final

__all__ = ["FAMILIES", "FOLDER", "PUBLIC_KEY", "SHA256"]

FAMILIES: Final = frozenset({"default", "fast"})
"""Of which there are any: for others, nothing is read."""

FOLDER: Final = Path(__file__).parent
"""Where they lie: a manifest, its signature, and an archive for each."""

PUBLIC_KEY: Final = "2d19f1f803a0dabf900d059ae01f7a3cc7a36a4c72bbbb69a07440d1da410f75"
"""Ed25519, in hex: of the key that signed the manifest."""

SHA256: Final = "bc6a62e1a2e57fc266a5c9eede27a60963873219a922d1ec890c1f28b3c99e00"
"""Of the manifest; no other is read."""
