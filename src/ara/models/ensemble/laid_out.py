"""A panel that another process fits to, several times: written once, and read there once."""

from functools import lru_cache
from pathlib import Path
from typing import Final

from ara.models.panel import Panel
from ara.workers.freight import Freight

__all__ = ["laid_out", "lay_out"]

_SIDE: Final = "panel"


def lay_out(panel: Panel, folder: Path) -> None:
    """Write a panel into a folder that both processes see."""
    (folder / _SIDE).write_bytes(Freight(folder, side=_SIDE).pack(panel))


@lru_cache(maxsize=1)
def laid_out(folder: str) -> Panel:
    """Give the panel that lies in a folder: the last one is remembered, so what lies there must not change."""
    panel: Panel = Freight(Path(folder), side=_SIDE).unpack(Path(folder, _SIDE).read_bytes(), Panel)
    return panel
