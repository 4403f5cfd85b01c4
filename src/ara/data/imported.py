"""What came of an import."""

from dataclasses import dataclass

from ara.data.files import Refused
from ara.data.grades import Grade, Unjudged

__all__ = ["Imported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of an import.

    Parameters
    ----------
    files
        How many files were read.
    symbols
        How many instruments they have bars of.
    rows
        How many rows they hold that can be bars.
    new, corrected, same
        How many bars were not there, were there with other values, or were there just so.
    refused
        Rows that can't be bars, by file and reason.
    skipped
        Files that were passed over, each with the reason.
    notes
        What was judged, such as the basis of each file's prices, in sentences.
    quality
        How good the bars are, for each instrument of a file, as long as they are at most 50,000 in all.
    unjudged
        The series that were not looked at for that.
    """

    files: int
    symbols: int
    rows: int
    new: int
    corrected: int
    same: int
    refused: tuple[Refused, ...] = ()
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    quality: tuple[Grade, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()
