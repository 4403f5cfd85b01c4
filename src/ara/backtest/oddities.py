"""What is odd about the bars that were played, in words: a reader should know it before trusting the result."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from ara.trading.tape import Tape, instant

__all__ = ["oddities"]

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
