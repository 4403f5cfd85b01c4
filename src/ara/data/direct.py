"""Bars read where they lie, and what is seen of bars: made anew only where something they are made of has changed."""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import polars as pl

from ara.data import answers
from ara.data.adjust import quality
from ara.data.provider import SCHEMAS, Kind, Provider, basis_of
from ara.data.reasons import nothing
from ara.data.view import Kept, View, view
from ara.errors import DataProviderError
from ara.market.calendar import FIRST_YEAR
from ara.market.instrument import Instrument
from ara.market.timeframe import Timeframe

__all__ = ["Direct", "Views"]

_BEGINNING: Final = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
_NO_ACTIONS: Final = pl.Schema({"symbol": pl.String(), "source": pl.String(), **SCHEMAS[Kind.ACTIONS]}).to_frame()
_MOST: Final = 16


class Direct:
    """Asks sources that hold their own bars: the sample, files, a plug-in without a venue.

    What one of Ara's own gives a second time, the very same frame, is not prepared a second time. A stranger may change
    a frame that it gave.
    """

    def __init__(self) -> None:
        self._made: deque[tuple[pl.DataFrame, tuple[str, str], Kept]] = deque(maxlen=_MOST)

    async def kept(
        self,
        name: str,
        source: Provider,
        instrument: Instrument,
        timeframe: Timeframe,
        *,
        moment: datetime,
        learned: datetime | None,
        now: datetime,
    ) -> Kept:
        """Give a source's bars up to a moment, as far as they had been received by another.

        Raises
        ------
        DataProviderError
            It has none by then.
        """
        published = await answers.bars(source, instrument, timeframe, start=_BEGINNING, end=moment)
        cut = _until(published, "known_at", moment)
        if learned is not None:
            cut = _until(cut, "learned_at", learned)
        if cut.is_empty():
            if published.is_empty() and moment < now:  # what comes later is nobody's answer, but says when it begins
                with suppress(DataProviderError):
                    published = await answers.bars(source, instrument, timeframe, start=moment, end=now)
            raise nothing(name, instrument, published, moment=moment, learned=learned)
        basis = basis_of(source, instrument).value
        how, own = (name, basis), type(source).__module__.startswith("ara.data.")
        for frame, old, made in self._made:
            if frame is cut and old == how:
                return made
        whose = {"source": name, "basis": basis, "fetch": ""}
        same = [pl.Series(column, [value]).new_from_index(0, cut.height) for column, value in whose.items()]
        made = Kept(rows=cut.hstack([quality(cut), *same]), actions=_NO_ACTIONS)
        if own:
            self._made.append((cut, how, made))
        return made


def _until(frame: pl.DataFrame, column: str, moment: datetime) -> pl.DataFrame:
    """Give the rows up to a moment: the frame itself, where that is all of them."""
    times = frame[column]
    whole = not times.null_count() and (frame.is_empty() or times.max() <= moment)  # type: ignore[operator]
    return frame if whole else frame.filter(pl.col(column) <= moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """What was looked at, how, up to when it is known, and what was seen."""

    kept: Kept
    how: tuple[object, ...]
    newest: datetime | None
    seen: View | None


class Views:
    """What was seen of bars lately: given again while they are the very same and nothing of them is still to come."""

    def __init__(self) -> None:
        self._looked: deque[_Looked] = deque(maxlen=_MOST)

    def of(
        self,
        kept: Kept,
        instrument: Instrument,
        timeframe: Timeframe,
        *,
        moment: datetime,
        order: Sequence[str] = (),
        repaired: bool = False,
    ) -> View | None:
        """Give what `ara.data.view.view` gives."""
        how = (instrument, timeframe, tuple(order), repaired)
        for one in self._looked:
            same = one.kept.rows is kept.rows and one.kept.actions is kept.actions and one.how == how
            if same and one.newest is not None and one.newest <= moment:
                return one.seen
        seen = view(kept, instrument, timeframe, moment=moment, order=order, repaired=repaired)
        newest = _newest(kept)
        if newest is not None and newest <= moment:
            self._looked.append(_Looked(kept=kept, how=how, newest=newest, seen=seen))
        return seen


def _newest(kept: Kept) -> datetime | None:
    """Give when the last of it became public; None where that is not known of all."""
    times = [frame["known_at"] for frame in (kept.rows, kept.actions) if frame.height]
    if not times or any(one.null_count() for one in times):
        return None
    newest: datetime = max(one.max() for one in times)  # type: ignore[type-var,assignment]
    return newest
