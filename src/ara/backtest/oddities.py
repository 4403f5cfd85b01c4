"""What is odd about the bars that were played, in words: a reader should know it before trusting the result."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.trading.tape import Tape, instant

__all__ = ["GONE", "oddities"]

GONE: Final = 30 * 86_400_000_000
"""Microseconds without a bar after which an instrument was delisted, or might as well be: what is held is sold."""

_REST: Final = 10 * 86_400_000_000
_LONG: Final = 8
_FEW: Final = 3

_FINDINGS: Final = (
    ("has a high below its low", "have a high below their low", "what was filled within such a bar can't be trusted"),
    ("closes or opens outside its range", "close or open outside their range", "stops and limits may not be reached"),
    ("has no volume", "have no volume", "nothing was filled there"),
    ("has a price of 0 or less", "have a price of 0 or less", "what such a bar returned means little"),
)


def oddities(tapes: Mapping[str, Tape], first: int, last: int) -> Iterator[str]:
    """Say of each instrument what is odd about its bars that closed between two moments.

    Parameters
    ----------
    tapes
        The instruments.
    first, last
        The moments, microseconds since 1970 UTC.
    """
    for symbol, tape in tapes.items():
        known = np.array(tape.known, np.int64)
        played = (known >= first) & (known <= last)
        if not played.any():
            begin, end = instant(first), instant(last)
            yield f"{symbol}: no bar from {begin:%Y-%m-%d} to {end:%Y-%m-%d}; it was not traded"
            continue
        prices = (tape.opens, tape.highs, tape.lows, tape.closes, tape.volume)
        opens, highs, lows, closes, volume = (np.array(one, np.int64)[played] for one in prices)
        crossed = highs < lows
        outside = ~crossed & ((np.maximum(opens, closes) > highs) | (np.minimum(opens, closes) < lows))
        below = np.minimum.reduce((opens, highs, lows, closes)) <= 0
        for found, (one, many, so) in zip((crossed, outside, volume == 0, below), _FINDINGS, strict=True):
            if found.any():
                count, at = int(found.sum()), instant(int(known[played][int(found.argmax())]))
                words = f"1 bar {one}" if count == 1 else f"{count:,} bars {many}"
                yield f"{symbol}: {words}, first on {at:%Y-%m-%d}; {so}"
        if known[played][0] - first > GONE:
            begin = instant(int(known[played][0]))
            yield f"{symbol}: its bars begin on {begin:%Y-%m-%d}; before that it was not traded"
        yield from _holes(symbol, known[played], last)
        yield from _breaks(symbol, known[played], opens * tape.split[played], closes)


def _holes(symbol: str, known: NDArray[np.int64], last: int) -> Iterator[str]:
    """Say where bars are missing for long, and where they end before the others'."""
    if len(known) < _FEW:
        return
    pauses = np.diff(known)
    widest = int(pauses.argmax())
    if pauses[widest] > max(_LONG * int(np.median(pauses)), _REST):
        begin, end = instant(int(known[widest])), instant(int(known[widest + 1]))
        yield f"{symbol}: no bar from {begin:%Y-%m-%d} to {end:%Y-%m-%d}; what was held went through it unseen"
    if last - int(known[-1]) > GONE:
        at = instant(int(known[-1]))
        yield (
            f"{symbol}: its bars end on {at:%Y-%m-%d}; what was held was sold at the last close, "
            "more than a delisting often pays"
        )


def _breaks(
    symbol: str, known: NDArray[np.int64], opens: NDArray[np.float64], closes: NDArray[np.int64]
) -> Iterator[str]:
    """Say where the price, splits that are known undone, opens below half or above twice the close before."""
    before, after = closes[:-1], opens[1:]
    sound = (before > 0) & (after > 0)
    broken = sound & ((after > 2 * before) | (2 * after < before))
    if broken.any():
        first = int(broken.argmax())
        ratio, at = after[first] / before[first], instant(int(known[first + 1]))
        count = f"{int(broken.sum())} times, first" if broken.sum() > 1 else "once,"
        yield (
            f"{symbol}: it opened at {ratio:.3g} times the close before {count} on {at:%Y-%m-%d}; "
            "if that was a split, these bars were not adjusted for it"
        )
