"""At which moments the bars of a replay end: where a strategy acted, held most, and at any, drawn by a seed."""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from ara.backtest.engine import Decision, Played

__all__ = ["drawn", "size"]

_TURNS: Final = ("acted", "acted", "largest", "any")
_LARGEST: Final = 0.1
_EARLY: Final = 0.125


def drawn(
    run: Played, count: int, seed: int, *, early: bool = False, since: int = 0, but: Collection[int] = ()
) -> list[int]:
    """Give moments at which to cut, ascending, each once; fewer where there are not so many.

    Half of them are moments at which the strategy acted, whatever it wanted: who lays decoys can't steer them. A
    quarter are among the tenth of its decisions that wanted most, the rest any moments; the last of all is none.

    Parameters
    ----------
    run
        What it did with all bars.
    count
        How many.
    seed
        Of the draw.
    early
        Whether to draw from the first eighth of what follows its first decision: short pasts are cheap to play again.
    since
        The first moment that counts, microseconds since 1970 UTC.
    but
        Moments that are taken already.
    """
    moments = [one for one in run.moments[:-1] if one >= since] or run.moments[:-1]
    decisions = [one for one in run.decisions if moments and moments[0] <= one[0] <= moments[-1]]
    if early and decisions:
        moments = [one for one in moments if one >= decisions[0][0]]
        moments = moments[: max(1, int(len(moments) * _EARLY))]
        decisions = [one for one in decisions if one[0] <= moments[-1]]
    pools = {"acted": _at(decisions), "largest": _largest(decisions), "any": moments}
    random, found = np.random.default_rng([seed, int(early)]), set(but)
    orders = {name: iter(random.permutation(np.array(pool, np.int64)).tolist()) for name, pool in pools.items()}
    for number in range(count):
        for name in (_TURNS[number % len(_TURNS)], "acted", "any"):
            new = next((one for one in orders[name] if one not in found), None)
            if new is not None:
                found.add(new)
                break
    return sorted(found.difference(but))


def size(decision: Decision) -> float:
    """Give the share of the equity that was wanted."""
    value = decision[2][0]
    return value if isinstance(value, float) else float(str(value))


def _at(decisions: Sequence[Decision]) -> list[int]:
    return list(dict.fromkeys(one[0] for one in decisions))


def _largest(decisions: Sequence[Decision]) -> list[int]:
    """Give the moments of the tenth of the decisions that wanted most, long or short; of as many as want alike all."""
    sizes = sorted((abs(size(one)) for one in decisions), reverse=True)
    if not sizes:
        return []
    bound = sizes[int(len(sizes) * _LARGEST)]
    return _at([one for one in decisions if abs(size(one)) >= bound])
