"""Why there are no bars: errors that name what was asked and what there is."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import polars as pl

from ara.errors import AraError, DataProviderError, NoBarsError, UnknownSymbolError
from ara.market.instrument import Instrument
from ara.market.symbols import known, listed
from ara.market.timeframe import TIMEFRAMES, Timeframe

if TYPE_CHECKING:
    from ara.data.access.attempts import Attempt

__all__ = ["beside", "nothing", "otherwise", "refusal", "too_early", "worst"]

_SHOWN: Final = 8


def nothing(
    name: str, instrument: Instrument, published: pl.DataFrame, *, moment: datetime, learned: datetime | None
) -> NoBarsError:
    """Make the error for a source that had published nothing by a moment, or nothing that had been received."""
    if published.is_empty():
        words = f"The source {name} has no bar of {instrument.symbol} before {moment:%Y-%m-%d %H:%M} UTC."
        return NoBarsError(words, hint="Ask for a later moment, or name another source with more history.")
    first: datetime = published["known_at"].min()  # type: ignore[assignment]
    if learned is not None and first <= moment:
        got: datetime = published["learned_at"].min()  # type: ignore[assignment]
        words = f"Ara received its first bars of {instrument.symbol} from {name} at {got:%Y-%m-%d %H:%M} UTC."
        return NoBarsError(words, hint="Ask for what was learned by a later moment.")
    words = (
        f"The first bar of {instrument.symbol} in the source {name} was public at {first:%Y-%m-%d %H:%M} UTC,"
        f" after {moment:%Y-%m-%d %H:%M}."
    )
    hint = f"Ask for a later moment: --as-of {first:%Y-%m-%d} or after."
    return NoBarsError(words, hint=hint, symbol=instrument.symbol, begins=first.isoformat())


def too_early(late: Mapping[str, AraError], many: int, *, said: str) -> NoBarsError:
    """Make one error of those of several instruments whose first bars are all later than the moment asked for.

    Parameters
    ----------
    late
        By symbol, what was said of it: with `begins` in its context.
    many
        How many instruments were asked for.
    said
        The moment, as it was asked for.
    """
    begins = {symbol: datetime.fromisoformat(str(error.context["begins"])) for symbol, error in late.items()}
    order = sorted(begins, key=lambda symbol: (begins[symbol], symbol))
    each = [f"{symbol} from {begins[symbol]:%Y-%m-%d}" for symbol in order]
    shown = ", ".join(each if len(each) <= _SHOWN else [*each[: _SHOWN - 1], f"{len(each) - _SHOWN + 1} more"])
    hint = f"All have bars from {begins[order[-1]]:%Y-%m-%d} on: --as-of that day or later."
    if len(late) < many:
        hint += f" Or leave out {listed(order)}."
    which = "None has a bar" if len(late) == many else f"{len(late)} of {many} have no bar"
    words = f"{which} by {said}: {shown}."
    return NoBarsError(words, hint=hint, begins={symbol: begins[symbol].isoformat() for symbol in order})


def worst(failed: Sequence[AraError]) -> AraError:
    """Make one error of several: the only one, or one with a sentence for each."""
    if not failed:
        return DataProviderError("There is no source of data.", hint="Name one in the setting data.providers.")
    if any("begins" in error.context for error in failed):  # who has it later knows more than who has nothing
        plain = (UnknownSymbolError, NoBarsError)
        failed = [error for error in failed if "begins" in error.context or not isinstance(error, plain)]
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
