"""What being wrong costs, in words: for a screen and for a report."""

from collections.abc import Callable

from ara.performance.wrong import Wrong
from ara.reports.numbers import percent

__all__ = ["wrong_words"]

_FEW = 20


def wrong_words(found: Wrong, size: Callable[[float], str], *, one: str = "trade", many: str = "trades") -> str:
    """Give the cost of being wrong in sentences; empty where nothing won or lost.

    Parameters
    ----------
    found
        What was found.
    size
        Writes a gain or a loss without its sign: in money, or in percent.
    one, many
        What each is called.
    """
    if found.win_rate is None:
        return ""
    if found.break_even is None or found.average_win is None or found.average_loss is None:
        way = "won" if found.win_rate else "lost"
        who = f"All {found.count:,} {many}" if found.count > 1 else f"The only {one}"
        return f"{who} {way}: nothing says how often one may be wrong."
    words = f"A {one} that lost took {size(-found.average_loss)} on average, one that won brought "
    words += f"{size(found.average_win)}: {_share(found.break_even)} have to win to break even, and "
    words += f"{_share(found.win_rate)} of {found.count:,} did"
    if found.count < _FEW:
        words += "; so few say little of either"
    words += "."
    if found.cost and found.free_break_even is not None:
        words += f" Commission is {size(found.cost)} a {one}; without any, {_share(found.free_break_even)} would do."
    return words


def _share(value: float) -> str:
    return percent(value, 1 if 0.01 < value < 0.99 else 2, signed=False)
