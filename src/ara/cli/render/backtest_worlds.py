"""Other pasts of a back-test on a terminal: Monte Carlo, and cross-validation of a grid."""

from typing import TYPE_CHECKING

from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import grouped, percent
from ara.cli.screen import Screen
from ara.cli.words import wrapped

if TYPE_CHECKING:
    from ara.backtest import Result
    from ara.backtest.cross import Crossed
    from ara.backtest.monte_carlo import MonteCarlo, Spread
    from ara.evidence.sham import Sham

__all__ = ["crossed_told", "sham_told", "worlds_told"]

_LOW, _HIGH = 0.05, 0.95


def worlds_told(carlo: "MonteCarlo", found: "Result", s: Screen) -> list[str]:
    """Give each way to live it again: the bounds of nine in ten worlds, and how many lose."""
    from ara.backtest.monte_carlo import KINDS

    rows = carlo.worlds
    columns = [
        Column(head=f"other pasts, 90 % of them; {found.currency}", cells=[KINDS[one.kind] for one in rows]),
        Column(head="worlds", cells=[grouped(one.draws, 0) for one in rows], right=True, leave=2),
        Column(head="end", cells=[_between(one.equity, 0) for one in rows], right=True),
        Column(head="drawdown", cells=[_shares(one.drawdown) for one in rows], right=True),
        Column(head="Sharpe", cells=[_between(one.sharpe, 2) for one in rows], right=True, leave=1),
        Column(head="lose", cells=[percent(one.lost, 0, signed=False) for one in rows], right=True),
    ]
    lines = table(columns, s)
    for words in carlo.notes:
        lines += wrapped(f"Not all was lived again: {words}.", s.width)
    return lines


def _between(spread: "Spread", digits: int) -> str:
    if not spread.quantiles:
        return "-"
    return " to ".join(grouped(spread.quantiles[level], digits) for level in (_LOW, _HIGH))


def _shares(spread: "Spread") -> str:
    if not spread.quantiles:
        return "-"
    return " to ".join(percent(spread.quantiles[level], 0) for level in (_LOW, _HIGH))


def crossed_told(found: "Crossed", s: Screen) -> list[str]:
    """Say what choosing was worth over many pasts."""
    paths = sorted(found.paths)
    words = (
        f"Cross-validated: {found.splits} splits of {found.groups} stretches, {found.judged} judged at once. What was "
        f"chosen had a Sharpe ratio of {found.learned:.2f} where it was chosen, and {sum(paths) / len(paths):.2f} in "
        f"the {len(paths)} pasts made of what was judged ({paths[0]:.2f} to {paths[-1]:.2f})."
    )
    lines = wrapped(words, s.width)
    if (over := found.overfitting) is not None:
        chance = percent(over.chance, 0, signed=False)
        lines += wrapped(
            f"The best of one half of the bars was below the median in the other in {chance} of {over.divisions:,} "
            "halvings: the probability that choosing here is overfitting; chance alone gives 50 %.",
            s.width,
        )
    if (held := found.held) is not None:
        shown = "The best" if held.told else "It is not shown that the best"
        lines += wrapped(
            f"{shown} of all {held.trials} earned more than holding, though picked: p {held.p:.3f} by the test of "
            f"superior predictive ability, {held.reality_check:.3f} by White's reality check.",
            s.width,
        )
    return lines


def sham_told(found: "Sham", s: Screen) -> list[str]:
    """Say what the strategy did where nothing can work."""
    if found.sharpe is None or found.p is None:
        return wrapped("Nothing moved: there is nothing to hold against placebo markets.", s.width)
    words = (
        f"On {found.markets} placebo markets, the same bars in another order, its Sharpe ratio is {found.median:.2f} "
        f"({found.low:.2f} to {found.high:.2f}); on as many as {percent(found.p, 0, signed=False)} it does as well as "
        f"its {found.sharpe:.2f} (p {found.p:.2f}). Its timing works on {found.worked} of them"
    )
    if found.flagged:
        return wrapped(f"{words}, more than chance explains: it works where nothing can. Don't trust it.", s.width)
    return wrapped(f"{words}, no more than chance explains.", s.width)
