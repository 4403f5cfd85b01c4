"""What stands beside a back-test, in words: random entry, a mix, and where its return came from."""

from typing import TYPE_CHECKING

from ara.cli.render.numbers import percent

if TYPE_CHECKING:
    from ara.backtest import Result

__all__ = ["beside_told"]

_PARTS = ("market", "timing", "selection", "sizing", "cost")


def beside_told(found: "Result") -> list[str]:
    """Give a sentence for each of them."""
    return [words for words in (_random(found), _mix(found), _parts(found)) if words]


def _random(found: "Result") -> str:
    entry = found.beside.random
    if entry.p is None or entry.mean is None or entry.low is None or entry.high is None:
        return "It held nothing, or what never moved: there is nothing to compare with random entry."
    return (
        f"Random entry, the same positions at {entry.draws} other times, has a Sharpe ratio of {entry.mean:.2f} "
        f"({entry.low:.2f} to {entry.high:.2f}); {percent(entry.p, 0, signed=False)} of them do as well as its "
        f"{entry.sharpe:.2f} (p {entry.p:.2f})."
    )


def _mix(found: "Result") -> str:
    mix = found.beside.mix
    if mix is None:
        return ""
    parts = ", ".join(f"{one} {percent(share, 0, signed=False)}" for one, share in mix.weights.items())
    ratio = "-" if mix.measures.sharpe is None else f"{mix.measures.sharpe:.2f}"
    total = "-" if mix.measures.total is None else percent(mix.measures.total)
    drop = "-" if mix.measures.drawdown is None else percent(mix.measures.drawdown)
    return f"The mix {parts}, brought back each month: {total}, Sharpe {ratio}, largest drawdown {drop}."


def _parts(found: "Result") -> str:
    told = ", ".join(f"{name} {percent(found.beside.decisions[name])}" for name in _PARTS)
    return f"Where it came from, bars added up: {told}; together {percent(found.beside.decisions['total'])}."
