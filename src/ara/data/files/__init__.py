"""Bars from strangers' files: what is in them, in whatever layout, row by row or not at all."""

from ara.data.files.bars import LONGEST, read_bars, read_origins
from ara.data.files.member import Member, members
from ara.data.files.panel import FileBars, read_panel
from ara.data.files.refusals import Refused
from ara.data.files.table import FRAME, Reading, Table
from ara.data.files.text import rows

__all__ = [
    "FRAME",
    "LONGEST",
    "FileBars",
    "Member",
    "Reading",
    "Refused",
    "Table",
    "members",
    "read_bars",
    "read_origins",
    "read_panel",
    "rows",
]
