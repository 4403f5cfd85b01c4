"""One back-test from the strategy to the result."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.backtest.abroad import brought, gains, told
from ara.backtest.asking import made_anew
from ara.backtest.beside import Beside, beside, mixed, usual_mix
from ara.backtest.engine import Played, Watch, barless, play, rules
from ara.backtest.idle import held_back, idle
from ara.backtest.oddities import oddities
from ara.backtest.patience import USUAL, waiting
from ara.backtest.replay import Replay, replayed
from ara.backtest.result import Result, curve, measured, per_year, trips
from ara.errors import StrategyError, ValidationError
from ara.lineage import Lineage, digest
from ara.performance.trades import measure_trades
from ara.trading.costs import Costs
from ara.trading.strategy import Planned, Strategy
from ara.trading.tape import Tape, instant

__all__ = ["CUTS", "Partial", "run"]

CUTS: Final = 3
"""How often a back-test is replayed on shorter bars, by default."""

Partial = Callable[[Result], None]
"""Told what came of a back-test until its strategy failed."""

_AWARE: Final = "a date of a back-test needs its zone"


class _Hold(Planned):
    """Buys at the first open and keeps it: what every strategy is compared with."""

    def plan(self, tape: Tape) -> NDArray[np.float64]:
        return np.ones(len(tape))


def run(
    make: Callable[[], Strategy],
    tapes: Mapping[str, Tape],
    *,
    name: str = "",
    parameters: Mapping[str, Any] | None = None,
    cash: Decimal | int = 10_000,
    costs: Costs | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    cuts: int = CUTS,
    seed: int = 0,
    mix: Mapping[str, float] | None = None,
    mix_tapes: Mapping[str, Tape] | None = None,
    patience: float = USUAL,
    partial: Partial | None = None,
    watch: Watch | None = None,
) -> Result:
    """Test a strategy on the past, beside buy and hold, and replay it on shorter bars to show that it saw no future.

    Parameters
    ----------
    make
        Makes the strategy anew: its class, or a function.
    tapes
        The instruments by symbol, with history before `start` where the strategy needs some.
    name, parameters
        What it is called, and with what it was made; both are part of the lineage.
    cash
        What the account begins with.
    costs
        What trading costs; the defaults of `Costs` if None.
    start, end
        The first and the last moment at which it may decide; all if None.
    cuts
        How often it is replayed on bars that end at random moments; 0 switches that off, and the result says so.
    seed
        Of those moments, and of the other times at which the same positions are tried.
    mix, mix_tapes
        Shares by symbol that stand beside it, such as 60/40, and bars of those that aren't traded; if None, 60/40 where
        a bond fund is traded beside others.
    patience
        Seconds that the strategy has for one decision, or to prepare; 0 for no limit. Only the main thread of a program
        can be called back, and not on Windows; elsewhere there is no limit.
    partial
        Told what came of it until the strategy failed, if any bar was played, before that is raised.
    watch
        Told how many bars of how many are played; False stops the work.

    Raises
    ------
    BacktestError
        There is nothing to play.
    StrategyError
        The strategy failed; the error's `context` says where, and what was owned then.
    ForesightError
        The strategy decided otherwise on shorter bars.
    """
    paid, money = costs or Costs(), Decimal(cash)
    played = _until(tapes, end)
    _aware(start)
    called = name or getattr(make, "__name__", type(make).__name__)
    replay = None
    with waiting(patience) as patient:

        def watched() -> Strategy:
            strategy: Strategy = made_anew(make if patient is None or not callable(make) else patient.watching(make))
            return strategy

        done = play(watched(), played, cash=money, costs=paid, start=start, watch=watch)
        if cuts and done.failure is None:
            replay = replayed(
                watched, played, done, name=called, cash=money, costs=paid, start=start, cuts=cuts, seed=seed
            )
    absent = [symbol for symbol in tapes if symbol not in played]
    if done.failure is not None and (partial is None or not done.moments):
        raise _partial(done, done.failure, absent)
    hold = play(_Hold(), played, cash=money, costs=paid, start=start)
    lineage = _lineage(called, parameters or {}, played, money, paid, start, seed)
    yearly, there = per_year(played, done.moments), {**_until(mix_tapes or {}, end, least=0), **played}
    shares = usual_mix(played) if mix is None else mix
    mixture = mixed(shares, there, done.moments, cash=money, costs=paid, per_year=yearly) if shares else None
    others = beside(done, per_year=yearly, seed=seed, mix=mixture)
    result = _result(
        done, hold, played, replay, others, absent={one: tapes[one] for one in absent}, name=called,
        parameters=parameters or {}, costs=paid, lineage=lineage,
    )  # fmt: skip
    if done.failure is not None and partial is not None:
        partial(result)
        raise _partial(done, done.failure, absent)
    return result


def _result(
    done: Played,
    hold: Played,
    tapes: Mapping[str, Tape],
    replay: Replay | None,
    others: Beside,
    *,
    absent: Mapping[str, Tape],
    name: str,
    parameters: Mapping[str, Any],
    costs: Costs,
    lineage: Lineage,
) -> Result:
    book, frame, yearly = done.exchange.book, curve(done, hold), per_year(tapes, done.moments)
    cash = book.start * book.unit
    own, held = measured(frame, cash, yearly)
    trades = trips(done)
    notes = [note for tape in tapes.values() for note in tape.notes]
    notes += oddities({**tapes, **absent}, done.moments[0], done.moments[-1])
    notes = [*idle(done, tapes, costs), *held_back(done, tapes, costs), *told(done), *notes]
    if done.failure is not None:
        notes.append(f"partial: {done.failure.message}; this is what came of it until then")
    elif replay is None:
        notes.append("not replayed on shorter bars: nothing shows that the strategy saw no future")
    return Result(
        strategy=name, parameters=parameters, symbols=tuple(tapes), currency=book.currency, cash=cash, costs=costs,
        frame=frame, fills=tuple(done.exchange.fills), entries=tuple(book.entries), positions=book.positions,
        fees=book.fees, brought=brought(done), gains=gains(done), per_year=yearly, measures=own, hold=held,
        trades=measure_trades(trades), trips=trades,
        beside=others, replay=replay, cut=done.exchange.cut, calls=tuple(map(instant, done.exchange.calls)),
        lineage=lineage, sources={symbol: tape.source for symbol, tape in tapes.items()},
        notes=tuple(dict.fromkeys(notes)),
    )  # fmt: skip


def _until(tapes: Mapping[str, Tape], end: datetime | None, *, least: int = 1) -> dict[str, Tape]:
    if len(tapes) < least:
        raise ValidationError("a back-test needs an instrument to trade")
    _aware(end)
    if end is None:
        return dict(tapes)
    moment = int(end.timestamp() * 1_000_000)
    found = {symbol: part for symbol, tape in tapes.items() if len(part := tape.until(moment))}
    if len(found) < least:
        raise barless(tapes, f"by {end:%Y-%m-%d}")
    return found


def _aware(moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise ValidationError(f"{moment.isoformat()} has no time zone; {_AWARE}")


def _partial(done: Played, error: StrategyError, absent: Sequence[str]) -> StrategyError:
    """Give the strategy's failure with what was done until then, and which instruments it was not shown."""
    book = done.exchange.book
    bars, fills, equity = len(done.moments), len(done.exchange.fills), str(book.equity)
    error.context.update(bars=bars, fills=fills, equity=equity)
    hint = f"{error.hint}." if error.hint[-1:].isalnum() else error.hint  # a hint may end in a command
    until = f"{bars} {'bar' if bars == 1 else 'bars'}, {fills} {'fill' if fills == 1 else 'fills'}"
    error.hint = f"{hint} Until then: {until}, {equity} {book.currency}.".strip()
    if absent:
        error.hint += f" No bar by the end of that range: {', '.join(absent)}."
    return error


def _counts(name: str, value: Any, tapes: Mapping[str, Tape]) -> bool:
    """Say whether a cost can have changed a back-test, so that ids don't change with costs that came later."""
    if name == "conversion":
        return any(tape.rated is not None for tape in tapes.values())
    return name != "funding" or bool(value)


def _lineage(
    name: str,
    parameters: Mapping[str, Any],
    tapes: Mapping[str, Tape],
    cash: Decimal,
    costs: Costs,
    start: datetime | None,
    seed: int,
) -> Lineage:
    from ara.prediction.compute import platform_facts

    paid = {name: value for name, value in costs.as_dict().items() if _counts(name, value, tapes)}
    settings = {"cash": str(cash), "costs": paid, "start": None if start is None else start.isoformat()}
    return Lineage(
        data=digest({symbol: tape.digest() for symbol, tape in tapes.items()}),
        models={"strategy": {"name": name, "parameters": dict(parameters)}},
        settings=settings,
        seed=seed,
        engine=f"backtest {rules(tapes)}",
        platform=platform_facts(),
    )
