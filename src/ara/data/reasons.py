"""Why there are no bars: errors that name what was asked and what there is."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from ara.errors import AraError, DataProviderError, NoBarsError, UnknownSymbolError
from ara.market.instrument import Instrument
from ara.market.symbols import known, listed
from ara.market.timeframe import TIMEFRAMES, Timeframe

if TYPE_CHECKING:
    from ara.data.access.attempts import Attempt

__all__ = ["beside", "nothing", "otherwise", "refusal", "worst"]


def nothing(
    name: str, instrument: Instrument, published: pl.DataFrame, *, moment: datetime, learned: datetime | None
) -> NoBarsError:
    """Make the error for a source that had published nothing by a moment, or nothing that had been received."""
    if published.is_empty():
        words = f"The source {name} has no bar of {instrument.symbol} before {moment:%Y-%m-%d %H:%M} UTC."
        return NoBarsError(words, hint="Ask for a later moment, or name another source with more history.")
    first = published["known_at"][0]
    if learned is not None and first <= moment:
        got = published["learned_at"].sort()[0]
        words = f"Ara received its first bars of {instrument.symbol} from {name} at {got:%Y-%m-%d %H:%M} UTC."
        return NoBarsError(words, hint="Ask for what was learned by a later moment.")
    words = (
        f"The first bar of {instrument.symbol} in the source {name} was public at {first:%Y-%m-%d %H:%M} UTC,"
        f" after {moment:%Y-%m-%d %H:%M}."
    )
    return NoBarsError(words, hint="Ask for a later moment.")


def worst(failed: Sequence[AraError]) -> AraError:
    """Make one error of several: the only one, or one with a sentence for each."""
    if not failed:
        return DataProviderError("There is no source of data.", hint="Name one in the setting data.providers.")
    if len(failed) == 1:
        return failed[0]
    if all(isinstance(error, UnknownSymbolError) for error in failed):
        return failed[0]
    known = [error for error in failed if not isinstance(error, UnknownSymbolError)]
    kind = NoBarsError if all(isinstance(error, NoBarsError) for error in known) else DataProviderError
    return kind(" ".join(error.message for error in failed), hint=failed[0].hint)


def beside(error: AraError, kept: Sequence[Instrument]) -> AraError:
    """Name in the error of an unknown symbol what is kept too, beyond what Ara ships."""
    shipped = {one.symbol for one in known()}
    more = [one.symbol for one in kept if one.symbol not in shipped]
    if not more or not isinstance(error, UnknownSymbolError):
        return error
    return UnknownSymbolError(error.message, hint=f"{error.hint}. Kept too: {listed(more)}", **error.context)


def otherwise(error: AraError, symbol: str, timeframe: Timeframe, lengths: Collection[str]) -> AraError:
    """Name where nobody has bars of a length of which others the same instrument is kept; longest first."""
    there = [str(one) for one in reversed(TIMEFRAMES) if str(one) in lengths]
    if not there or str(timeframe) in there or not isinstance(error, UnknownSymbolError | NoBarsError):
        return error
    words = f"There are no bars of {timeframe} of {symbol}, but of {', '.join(there)}."
    hint = f"Ask for --timeframe {there[0]}, or bring bars of {timeframe}: ara data import"
    return NoBarsError(words, hint=hint, symbol=symbol)


def refusal(attempt: "Attempt", symbol: str) -> AraError:
    """Give the error with which an attempt ended that is not made again yet."""
    hint = f"Ask again at once: ara data update {symbol}"
    if attempt.code == UnknownSymbolError.code:
        return UnknownSymbolError(attempt.words, hint=hint, symbol=symbol)
    return DataProviderError(attempt.words, hint=hint, symbol=symbol)
