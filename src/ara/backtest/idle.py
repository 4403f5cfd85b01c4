"""Why a strategy traded nothing: said in words, so that an empty result is no riddle."""

from collections.abc import Iterator, Mapping

from ara.backtest.engine import Decision, Played
from ara.backtest.moments import size
from ara.trading.arithmetic import UNLIMITED, wanted
from ara.trading.book import Holding
from ara.trading.costs import Costs
from ara.trading.tape import Tape, instant

__all__ = ["held_back", "idle"]

_LIMIT, _TRIGGER = 1, 2  # where a wish holds its prices


def idle(run: Played, tapes: Mapping[str, Tape], costs: Costs) -> Iterator[str]:
    """Say why nothing was filled; nothing where something was.

    Parameters
    ----------
    run
        What was played.
    tapes
        The instruments.
    costs
        Of which the largest part of a bar's volume counts.
    """
    if run.exchange.fills:
        return
    if not run.decisions:
        yield (
            f"nothing was traded: the strategy gave no signal in {_times(len(run.moments), '1 bar', 'bars')}; a window "
            "may be longer than the bars, or its plan NaN throughout"
        )
        return
    wishes = [one for one in run.decisions if size(one)]
    if not wishes:
        signals = _times(len(run.decisions), "its one signal", "signals")
        yield f"nothing was traded: {signals} wanted to hold nothing"
        return
    reasons = dict.fromkeys(_why(one, run, tapes[one[1]], costs) for one in wishes)
    yield f"nothing was traded, though it asked {_times(len(wishes), 'once', 'times')}: {'; '.join(list(reasons)[:3])}"


def held_back(run: Played, tapes: Mapping[str, Tape], costs: Costs) -> Iterator[str]:
    """Say of each instrument how often a bar's volume filled less of an order than was wanted."""
    for symbol, pit in run.exchange.pits.items():
        if pit.waited and run.exchange.fills:
            often, bars = _times(pit.waited, "once", "times"), _times(len(tapes[symbol]), "1 bar", "bars")
            yield (
                f"{symbol}: an order was filled in part {often} in {bars}: it may take {costs.volume:.3g} of a bar's "
                "volume; --cost volume=0 lifts that, less --cash needs less"
            )


def _times(count: int, one: str, many: str) -> str:
    """Give a count in words that fit it."""
    return one if count == 1 else f"{count:,} {many}"


def _why(one: Decision, run: Played, tape: Tape, costs: Costs) -> str:
    """Say why a wish came to nothing."""
    moment, symbol, wish = one
    line: Holding = run.exchange.pits[symbol]
    place = tape.known.index(moment) if moment in tape.known else len(tape) - 1
    price = tape.closes[place]
    owned = run.exchange.book.start
    if line.purse is not None:
        owned = int(owned / (line.purse.factor or 1.0))
    lots = wanted(owned, size(one), price, line.worth)
    if not lots:
        has, costing = run.exchange.book.start * run.exchange.book.unit, price * tape.tick * tape.lot
        return (
            f"{abs(size(one)):.4g} of {has:,.2f} buys less than one lot of {tape.lot} {symbol} at {costing:,.2f}; "
            "begin with more --cash or a smaller --lot"
        )
    later = [bar for bar in range(place + 1, len(tape)) if tape.at[bar] >= moment]
    if not later:
        return f"the signal of {instant(moment):%Y-%m-%d} for {symbol} came at the last bar: none is left to fill it"
    if all(tape.volume[bar] == 0 for bar in later):
        return f"no later bar of {symbol} has any volume"
    if costs.volume and all(0 <= tape.volume[bar] * costs.volume < 1 for bar in later if tape.volume[bar] != UNLIMITED):
        return f"{costs.volume:.0%} of each bar's volume of {symbol} is less than one lot; --cost volume=1 allows all"
    if wish[_LIMIT] is not None or wish[_TRIGGER] is not None:
        return f"no later bar of {symbol} reached the price that it asked for"
    if run.exchange.cut:
        return f"the order for {symbol} could not be afforded, fees and leverage counted"
    return f"the order for {symbol} was taken back before it could be filled"
