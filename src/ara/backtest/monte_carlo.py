"""Other pasts of the same back-test: returns or trades in another order, other parameters, late fills."""

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.backtest.engine import Watch, play
from ara.backtest.going_on import Answers, file_of, scene_of
from ara.backtest.kept import Kept
from ara.backtest.patience import USUAL, waiting
from ara.backtest.result import Result
from ara.backtest.spreading import HERE, Place, named, parts_of, spread, there
from ara.errors import ValidationError
from ara.performance.bootstrap import drawn, usual_block
from ara.performance.inputs import returns_of
from ara.trading.costs import Costs
from ara.trading.strategies.making import Made, made
from ara.trading.strategy import Signal, Strategy, View
from ara.trading.tape import Tape

__all__ = ["KINDS", "MOST", "MonteCarlo", "Spread", "Worlds", "late", "live_part", "monte_carlo", "shaken"]

KINDS: Final[Mapping[str, str]] = {
    "returns": "its returns drawn anew in blocks",
    "trades": "its round trips in another order",
    "parameters": "its parameters shaken by a fifth",
    "delays": "its orders one to three bars late",
}
"""Ways to live the past again, each in a few words."""

MOST: Final = 100_000
"""The most worlds of each kind."""

_PLAYED: Final = 50
_SHAKE: Final = 0.2
_LATEST: Final = 3
_LEVELS: Final = (0.05, 0.25, 0.5, 0.75, 0.95)

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """One figure over all worlds.

    Parameters
    ----------
    own
        Of the back-test itself; None where it is not defined.
    quantiles
        By level, 0.05 to 0.95; empty where no world has it.
    beyond
        Share of the worlds in which it is as good as the back-test's own, or better.
    """

    own: float | None
    quantiles: Mapping[float, float]
    beyond: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worlds:
    """One way of living the past again.

    Parameters
    ----------
    kind
        One of `KINDS`.
    draws
        How many worlds.
    equity, drawdown, sharpe
        What was owned at the end, the largest drawdown (at most 0), the Sharpe ratio of a year.
    lost
        Share of the worlds that end with less than they began with.
    """

    kind: str
    draws: int
    equity: Spread
    drawdown: Spread
    sharpe: Spread
    lost: float

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        found = asdict(self)
        for name in ("equity", "drawdown", "sharpe"):
            found[name]["quantiles"] = {f"{level:g}": value for level, value in found[name]["quantiles"].items()}
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class MonteCarlo:
    """All ways together, those that apply, and why others don't."""

    worlds: tuple[Worlds, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {"worlds": [one.as_dict() for one in self.worlds], "notes": list(self.notes)}


def monte_carlo(
    found: Result,
    make: Callable[..., Strategy],
    tapes: Mapping[str, Tape],
    *,
    draws: int = 1000,
    played: int = _PLAYED,
    seed: int = 0,
    patience: float = USUAL,
    workers: int = 1,
    on: str = HERE,
    address: str = "",
    kept: Path | None = None,
    watch: Watch | None = None,
) -> MonteCarlo:
    """Live a back-test's past again in four ways.

    Returns are drawn by the stationary bootstrap. Round trips come in random order, each with what it brought by what
    was owned when it was opened; what is open at the end is left out, the end stays and the drawdown does not. The
    strategy is played again with parameters that are each multiplied by 1 ± 0.2 (normal), and with each new wish
    arriving 1 to 3 bars late.

    Parameters
    ----------
    found
        The back-test.
    make
        Makes its strategy from parameters; one that `ara.trading.strategies.made` gave can be played in processes.
    tapes
        What it was played on.
    draws
        Worlds of returns and of trades.
    played
        Worlds that are played again, which takes long; at most `draws`.
    seed
        Of all that is random.
    patience
        As in `ara.backtest.run`.
    workers, on, address
        As in `ara.backtest.walk_forward.walk`.
    kept
        As in `ara.backtest.sweep.sweep`: a folder that remembers the worlds that were played.
    watch
        Told how many worlds of how many are done; False stops the work.

    Raises
    ------
    StrategyError
        A world took longer than it may.

    References
    ----------
    Politis and Romano (1994), The Stationary Bootstrap, Journal of the American Statistical Association 89.
    """
    if not 1 <= draws <= MOST or played < 0:
        raise ValidationError(f"{draws} worlds can't be drawn; there are 1 to {MOST:,}")
    cash, again = float(found.cash), min(played, draws)
    own, notes = _own(found), []
    worlds = [_of("returns", _redrawn(found, draws, seed), own, cash)]
    if len(found.trips) > 1:
        order, moved = _reordered(found, draws, seed)
        worlds.append(_of("trades", moved, order, cash))
    else:
        notes.append("two round trips are the least that can be put in another order")
    asked = shaken(found.parameters, again, seed)
    jobs: list[dict[str, Any]] = [{"parameters": one, "seed": None} for one in asked]
    jobs += [{"parameters": dict(found.parameters), "seed": seed + number} for number in range(again)]
    lived = _replayed(make, jobs, _scene(found, tapes, patience), (workers, on, address), watch, kept)
    tried = [one for one in lived[: len(asked)] if one is not None]
    if not asked:
        notes.append("it has no parameter that could be shaken")
    elif len(tried) < len(asked):
        notes.append(f"{len(asked) - len(tried)} of {len(asked)} shaken sets of parameters are none that it takes")
    tardy = [one for one in lived[len(asked) :] if one is not None]
    for kind, figures in (("parameters", tried), ("delays", tardy)):
        if figures:
            worlds.append(_of(kind, np.array(figures, np.float64), own, cash))
    return MonteCarlo(worlds=tuple(worlds), notes=tuple(notes))


def _scene(found: Result, tapes: Mapping[str, Tape], patience: float) -> dict[str, Any]:
    last = int(found.frame["at"][-1].timestamp() * 1_000_000)
    return {
        "tapes": {symbol: cut for symbol, tape in tapes.items() if len(cut := tape.until(last))},
        "cash": found.cash, "costs": found.costs, "start": found.frame["at"][0], "per_year": found.per_year,
        "patience": patience,
    }  # fmt: skip


def shaken(parameters: Mapping[str, Any], count: int, seed: int) -> list[dict[str, Any]]:
    """Give parameters each multiplied by 1 ± 0.2; whole ones stay whole and at least 1, words and 0 as they are."""
    random = np.random.default_rng([seed, 7])
    moving = [name for name, value in parameters.items() if not isinstance(value, bool | str) and value]
    found = []
    for _ in range(count if moving else 0):
        one = dict(parameters)
        for name in moving:
            value = one[name] * (1 + _SHAKE * float(random.standard_normal()))
            one[name] = max(round(value), 1) if isinstance(one[name], int) else value
        found.append(one)
    return found


class _Late:
    """Hands on each new wish of a strategy some bars late."""

    def __init__(self, inner: Strategy, seed: int) -> None:
        self._inner, self._random = inner, np.random.default_rng([seed, 11])
        self._due: dict[str, tuple[int, Signal]] = {}

    def prepare(self, tapes: Mapping[str, Tape]) -> None:
        if hasattr(self._inner, "prepare"):
            self._inner.prepare(tapes)

    def decide(self, view: View) -> list[Signal]:
        said = self._inner.decide(view)
        for signal in (said,) if isinstance(said, Signal) else tuple(said or ()):
            before = self._due.get(signal.symbol)
            if before is None or before[1].wish != signal.wish:
                wait = 1 + int(self._random.integers(_LATEST))
                self._due[signal.symbol] = (view.index(signal.symbol) + wait, signal)
        ready = [one for one, (due, _) in self._due.items() if view.index(one) >= due]
        return [self._due.pop(one)[1] for one in ready]


def late(strategy: Strategy, *, seed: int = 0) -> Strategy:
    """Give a strategy whose wishes arrive 1 to 3 bars late; a newer one takes the place of one on its way."""
    return _Late(strategy, seed)


def live_part(
    *,
    name: str,
    parameters: dict[str, Any],
    part: list[dict[str, Any]],
    tapes: dict[str, Tape],
    cash: Decimal,
    costs: Costs,
    start: datetime,
    per_year: float,
    patience: float,
) -> list[list[float] | None]:
    """Play some worlds again; what a process is asked for, the strategy by its name."""
    scene: dict[str, Any] = {"cash": cash, "costs": costs, "start": start, "per_year": per_year, "patience": patience}
    return list(_lived(_anew(made(name, parameters)), part, tapes=tapes, **scene))


def _anew(make: Callable[..., Any]) -> Callable[..., Any]:
    """Give what makes a strategy from all of its parameters."""
    return (lambda **chosen: replace(make, parameters=chosen)()) if isinstance(make, Made) else make


def _replayed(
    make: Callable[..., Any], jobs: Sequence[Mapping[str, Any]], scene: Mapping[str, Any], place: Place,
    watch: Watch | None, kept: Path | None,
) -> list[list[float] | None]:  # fmt: skip
    """Play all worlds again, here, in several processes or on a cluster, and give them in their order."""
    if there(place[1]) and not isinstance(make, Made):
        raise ValidationError("only a strategy that was found by its name is tried on a cluster")
    told = [repr(sorted(one["parameters"].items())) + str(one["seed"]) for one in jobs]
    file = file_of(kept, make, {"worlds": told, "per_year": scene["per_year"], **scene_of(scene["tapes"], scene)})
    with Kept(file, "worlds", most=2 * MOST) as memory:
        words = "the worlds were cancelled after {done} of {total}"
        answers = Answers[list[float]](memory, len(jobs), what=words, watch=watch)
        if answers.todo and isinstance(make, Made) and (there(place[1]) or place[0] > 1):
            _in_parts(make, jobs, answers, scene, place)
        elif answers.todo:
            left = [jobs[number] for number in answers.todo]
            with closing(_lived(_anew(make), left, glance=answers.glance, **scene)) as lives:
                for number, one in zip(answers.todo, lives, strict=True):
                    answers.heard([number], [one or []])
    return [one or None for one in answers.whole()]


def _in_parts(
    make: Made, jobs: Sequence[Mapping[str, Any]], answers: Answers[list[float]], scene: Mapping[str, Any], place: Place
) -> None:
    """Play what is left in several processes or on a cluster."""
    pieces: list[list[int]] = []

    def parts(count: int) -> list[dict[str, Any]]:
        pieces.extend(parts_of(answers.todo, count))
        given = {"name": named(make), "parameters": dict(make.parameters), **scene}
        return [{**given, "part": [jobs[number] for number in part]} for part in pieces]

    def heard(number: int, lives: list[list[float] | None]) -> None:
        answers.heard(pieces[number], [one or [] for one in lives])

    spread(live_part, parts, place, heard, going=answers.glance.now)


def _lived(
    make: Callable[..., Any],
    part: Sequence[Mapping[str, Any]],
    *,
    tapes: Mapping[str, Tape],
    cash: Decimal,
    costs: Costs,
    start: datetime,
    per_year: float,
    patience: float,
    glance: Watch | None = None,
) -> Generator[list[float] | None]:
    """Give end, drawdown and Sharpe ratio of each; None where the strategy takes no such parameters or fails."""
    with waiting(patience) as patient:
        watched = make if patient is None else patient.watching(make)
        for one in part:
            try:
                strategy = watched(**one["parameters"])
            except ValidationError:
                yield None
                continue
            strategy = strategy if one["seed"] is None else late(strategy, seed=one["seed"])
            done = play(strategy, tapes, cash=cash, costs=costs, start=start, watch=glance)
            if done.failure is not None:
                if patient is not None and patient.struck:
                    raise done.failure
                yield None
                continue
            equity = np.array([done.exchange.book.start, *done.equity], np.float64) * float(done.exchange.book.unit)
            yield _figures(returns_of(equity)[None, :], float(cash), per_year)[0].tolist()


def _figures(returns: _Array, cash: float, per_year: float | None) -> _Array:
    """Give end, largest drawdown and Sharpe ratio of each row of returns; NaN where there is none."""
    grown = np.cumprod(1 + returns, axis=1)
    peak = np.maximum(np.maximum.accumulate(grown, axis=1), 1.0)
    deepest = np.divide(grown, peak, out=np.zeros_like(grown), where=peak > 0).min(axis=1) - 1
    ratio = np.full(len(returns), np.nan)
    if per_year is not None and returns.shape[1] > 1:
        spread = returns.std(axis=1, ddof=1)
        moves = spread > 1e-13 * np.abs(returns).max(axis=1)
        ratio[moves] = returns.mean(axis=1)[moves] / spread[moves] * math.sqrt(per_year)
    return np.column_stack((grown[:, -1] * cash, np.minimum(deepest, 0.0), ratio))


def _redrawn(found: Result, draws: int, seed: int) -> _Array:
    returns = _returns(found)
    block = usual_block(returns)
    parts = drawn(len(returns), draws, block=block, seed=seed)
    return np.concatenate([_figures(returns[places], float(found.cash), found.per_year) for places in parts])


def _reordered(found: Result, draws: int, seed: int) -> tuple[_Array, _Array]:
    """Give the figures of the round trips in their own order, and in others."""
    equity = np.concatenate(([float(found.cash)], found.frame["equity"].to_numpy()))
    trips = sorted(found.trips, key=lambda one: one.closed)
    before = np.array([equity[int(one.opened)] for one in trips])
    gains = np.array([one.gain for one in trips])
    shares = np.maximum(np.divide(gains, before, out=np.zeros_like(gains), where=before > 0), -1.0)
    random, cash = np.random.default_rng([seed, 3]), float(found.cash)
    orders = random.permuted(np.tile(shares, (draws, 1)), axis=1)
    return _figures(shares[None, :], cash, None)[0], _figures(orders, cash, None)


def _own(found: Result) -> _Array:
    own: _Array = _figures(_returns(found)[None, :], float(found.cash), found.per_year)[0]
    return own


def _returns(found: Result) -> _Array:
    return returns_of(np.concatenate(([float(found.cash)], found.frame["equity"].to_numpy())))


def _of(kind: str, figures: _Array, own: _Array, cash: float) -> Worlds:
    equity, drawdown, ratio = (_spread(figures[:, place], float(own[place])) for place in range(3))
    return Worlds(
        kind=kind, draws=len(figures), equity=equity, drawdown=drawdown, sharpe=ratio,
        lost=float((figures[:, 0] < cash).mean()),
    )  # fmt: skip


def _spread(values: _Array, own: float) -> Spread:
    known = values[np.isfinite(values)]
    if not len(known) or not math.isfinite(own):
        return Spread(own=own if math.isfinite(own) else None, quantiles={}, beyond=None)
    levels = dict(zip(_LEVELS, np.quantile(known, _LEVELS).tolist(), strict=True))
    return Spread(own=own, quantiles=levels, beyond=float((known >= own - 1e-12 * abs(own)).mean()))
