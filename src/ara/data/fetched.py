"""What came of asking for bars."""

from dataclasses import dataclass
from datetime import datetime

from ara.data.coverage import Missing
from ara.data.failover import Tried
from ara.data.lateness import Behind
from ara.data.quality import QualityReport
from ara.errors import AraError
from ara.market.instrument import Instrument
from ara.market.timeframe import Timeframe

__all__ = ["Failed", "Fetched"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came of asking for one instrument.

    Parameters
    ----------
    instrument, timeframe
        What was asked for.
    source
        Who answered.
    tried
        Everybody who was asked or passed over, in order, with the reason.
    bars
        How many closed bars the answer held.
    new, corrected, same
        How many of them were not kept before, differ from what was kept, were kept already.
    first, last
        Opens of the first and the last bar of the answer, UTC; None where it held none.
    report
        What is wrong with the answer.
    start, end
        The range that was asked for; None for all there is, and for now.
    missing
        What the source did not give at the beginning of that range; None where it gave all.
    behind
        What is missing at its end: between the newest bar, kept or new, and now; None where no session is.
    """

    instrument: Instrument
    timeframe: Timeframe
    source: str
    tried: tuple[Tried, ...]
    bars: int
    new: int
    corrected: int
    same: int
    first: datetime | None
    last: datetime | None
    report: QualityReport
    start: datetime | None = None
    end: datetime | None = None
    missing: Missing | None = None
    behind: Behind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An instrument that nobody could give, and why."""

    instrument: Instrument
    error: AraError
