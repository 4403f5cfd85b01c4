"""Models that come with the package, and what they are held against; made by `python -m tools.shipped --write`."""

from pathlib import Path
from typing import Final

__all__ = ["FOLDER", "PUBLIC_KEY", "SHA256"]

FOLDER: Final = Path(__file__).parent
"""Where they lie: a manifest, its signature, and an archive for each."""

PUBLIC_KEY: Final = "1b0f22f39c18d48aa05233b464d447cdb0ca7491995a5742159c3c2bd8ae6e54"
"""Ed25519, in hex: of the key that signed the manifest."""

SHA256: Final = "36dd3f19bdac6cab4ede0a5aa06c12445d70f76d845d3793a4d727d986c84c66"
"""Of the manifest; no other is read."""
