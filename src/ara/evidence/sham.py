"""A strategy on placebo markets: real bars in another order, in which it must not work."""

import math
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import polars as pl

from ara.backtest.beside import timing
from ara.backtest.engine import Watch, play
from ara.backtest.going_on import Answers, file_of, scene_of
from ara.backtest.holdings import holdings
from ara.backtest.kept import Kept
from ara.backtest.patience import USUAL, waiting
from ara.backtest.result import per_year
from ara.backtest.spreading import HERE, Place, named, parts_of, spread, there
from ara.errors import ValidationError
from ara.evidence.placebo import KINDS, placebo
from ara.market.bars import Bars, Basis
from ara.performance.growth import sharpe
from ara.performance.inputs import returns_of
from ara.trading.costs import Costs
from ara.trading.strategies.making import Made, made
from ara.trading.strategy import Strategy
from ara.trading.tape import Tape

__all__ = ["LEVEL", "MOST", "Sham", "on_placebos", "placebo_tapes", "sham_part"]

LEVEL: Final = 0.05
"""From which chance on a strategy's timing counts as working."""

MOST: Final = 10_000
"""The most placebo markets."""

_DRAWS: Final = 199

_SEVERAL: Final = 2

_Outcomes = list[tuple[float | None, float | None]]
"""The Sharpe ratio on each market, and the chance of the timing by random entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sham:
    """What a strategy did on markets without anything to know.

    Parameters
    ----------
    markets
        How many.
    sharpe
        Its own ratio of a year, on the market that was; None where nothing moved.
    low, median, high
        On placebo markets: the bounds that hold nine in ten, and the middle.
    p
        Share of the markets, its own among them, on which it did as well as on its own: the chance of that without
        anything to know.
    worked
        On how many of them its timing was better than 95 % of random entries.
    flagged
        Whether these are more than chance explains: then it works where nothing can work, and something is wrong with
        it or with the test.
    """

    markets: int
    sharpe: float | None
    low: float | None
    median: float | None
    high: float | None
    p: float | None
    worked: int
    flagged: bool

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return asdict(self)


def on_placebos(
    make: Callable[[], Strategy],
    tapes: Mapping[str, Tape],
    *,
    markets: int = 100,
    cash: Decimal | int = 10_000,
    costs: Costs | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    seed: int = 0,
    patience: float = USUAL,
    workers: int = 1,
    on: str = HERE,
    address: str = "",
    kept: Path | None = None,
    watch: Watch | None = None,
) -> Sham:
    """Play a strategy on placebo markets that keep each instrument's mean return, and on its own.

    By turns the markets have random phases and are drawn by regimes; see `ara.evidence.placebo`. Where bars rise on
    average they do so there too, so that being invested is no skill.

    Parameters
    ----------
    make, tapes, cash, costs, start, end
        As in `ara.backtest.run`.
    markets
        How many.
    seed
        Of them.
    patience
        As in `ara.backtest.run`.
    workers, on, address
        As in `ara.backtest.walk_forward.walk`.
    kept
        As in `ara.backtest.sweep.sweep`: a folder that remembers the markets that were played.
    watch
        Told how many are done; False stops the work.
    """
    if not 2 <= markets <= MOST:
        raise ValidationError(f"{markets} placebo markets can't be made; there are 2 to {MOST:,}")
    paid, money = costs or Costs(), Decimal(cash)
    stop = None if end is None else int(end.timestamp() * 1_000_000)
    real = {symbol: tape if stop is None else tape.until(stop) for symbol, tape in tapes.items()}
    with waiting(patience) as patient:
        own, _ = _played(make if patient is None else patient.watching(make), real, money, paid, start)
    scene: dict[str, Any] = {"tapes": real, "cash": money, "costs": paid, "start": start, "patience": patience}
    played = _on_each(make, list(range(markets)), {**scene, "seed": seed}, (workers, on, address), watch, kept)
    ratios = [0.0 if ratio is None else ratio for ratio, _ in played]
    worked = sum(chance is not None and chance <= LEVEL for _, chance in played)
    low, median, high = np.quantile(ratios, (0.05, 0.5, 0.95)).tolist()
    as_well = None if own is None else sum(one >= own for one in ratios)
    return Sham(
        markets=markets, sharpe=own, low=low, median=median, high=high,
        p=None if as_well is None else (1 + as_well) / (1 + markets), worked=worked, flagged=_beyond(worked, markets),
    )  # fmt: skip


def placebo_tapes(tapes: Mapping[str, Tape], number: int, *, seed: int = 0) -> dict[str, Tape]:
    """Give a placebo market of instruments' bars, with splits and dividends taken up in the prices."""
    frames = {symbol: tape.bars().frame for symbol, tape in tapes.items()}
    columns = ("open", "high", "low", "close", "volume")
    facts = {symbol: tape.instrument.asset_class.value for symbol, tape in tapes.items()}
    bars = pl.concat(
        [
            frame.select(
                pl.lit(symbol).alias("symbol"), pl.col("at").alias("ts"), *columns, asset_class=pl.lit(facts[symbol])
            )
            for symbol, frame in frames.items()
        ]
    )
    made = placebo(bars, KINDS[number % len(KINDS)], seed=seed + number, drift=True)
    found = {}
    for symbol, frame in frames.items():
        own = made.filter(pl.col("symbol") == symbol).sort("ts")
        whole = frame.with_columns(own[name] for name in columns)
        tape = tapes[symbol]
        kept = Bars(instrument=tape.instrument, timeframe=tape.timeframe, basis=Basis.TOTAL, frame=whole)
        found[symbol] = replace(Tape.of(kept, lot=tape.lot), rated=tape.rated)
    return found


def sham_part(
    *,
    name: str,
    parameters: dict[str, Any],
    part: list[int],
    tapes: dict[str, Tape],
    cash: Decimal,
    costs: Costs,
    start: datetime | None,
    patience: float,
    seed: int,
) -> list[tuple[float | None, float | None]]:
    """Play some of the placebo markets; what a process is asked for, the strategy by its name."""
    scene: dict[str, Any] = {"cash": cash, "costs": costs, "start": start, "patience": patience}
    return list(_some(made(name, parameters), part, tapes=tapes, seed=seed, **scene))


def _on_each(
    make: Callable[[], Strategy], numbers: list[int], scene: Mapping[str, Any], place: Place, watch: Watch | None,
    kept: Path | None,
) -> _Outcomes:  # fmt: skip
    """Play all markets, here, in several processes or on a cluster, and give what came of them in their order."""
    if there(place[1]) and not isinstance(make, Made):
        raise ValidationError("only a strategy that was found by its name is tried on a cluster")
    file = file_of(kept, make, {"draws": _DRAWS, "seed": scene["seed"], **scene_of(scene["tapes"], scene)})
    with Kept(file, "markets", most=MOST) as memory:
        words = "the placebos were cancelled after {done} of {total}"
        answers = Answers[list[float | None]](memory, len(numbers), what=words, watch=watch)
        if answers.todo and isinstance(make, Made) and (there(place[1]) or place[0] >= _SEVERAL):
            _in_parts(make, answers, scene, place)
        elif answers.todo:
            with closing(_some(make, answers.todo, glance=answers.glance, **scene)) as outcomes:
                for number, one in zip(answers.todo, outcomes, strict=True):
                    answers.heard([number], [list(one)])
    return [(ratio, chance) for ratio, chance in answers.whole()]


def _in_parts(make: Made, answers: Answers[list[float | None]], scene: Mapping[str, Any], place: Place) -> None:
    """Play what is left in several processes or on a cluster."""
    pieces: list[list[int]] = []

    def parts(count: int) -> list[dict[str, Any]]:
        pieces.extend(parts_of(answers.todo, count))
        given = {"name": named(make), "parameters": dict(make.parameters), **scene}
        return [{**given, "part": part} for part in pieces]

    def heard(number: int, outcomes: _Outcomes) -> None:
        answers.heard(pieces[number], [list(one) for one in outcomes])

    spread(sham_part, parts, place, heard, going=answers.glance.now)


def _some(
    make: Callable[[], Strategy],
    numbers: list[int],
    *,
    tapes: Mapping[str, Tape],
    cash: Decimal,
    costs: Costs,
    start: datetime | None,
    patience: float,
    seed: int,
    glance: Watch | None = None,
) -> Generator[tuple[float | None, float | None]]:
    with waiting(patience) as patient:
        watched = make if patient is None else patient.watching(make)
        for number in numbers:
            yield _played(watched, placebo_tapes(tapes, number, seed=seed), cash, costs, start, glance)


def _played(
    make: Callable[[], Strategy], tapes: Mapping[str, Tape], cash: Decimal, costs: Costs, start: datetime | None,
    watch: Watch | None = None,
) -> tuple[float | None, float | None]:  # fmt: skip
    """Give the Sharpe ratio, and the chance of its timing by random entry."""
    done = play(make(), tapes, cash=cash, costs=costs, start=start, watch=watch)
    if done.failure is not None:
        raise done.failure
    equity = np.maximum(np.array([done.exchange.book.start, *done.equity], np.float64), 0.0)
    yearly = per_year(tapes, done.moments)
    return sharpe(returns_of(equity), per_year=yearly), timing(holdings(done), per_year=yearly, draws=_DRAWS).p


def _beyond(worked: int, markets: int) -> bool:
    """Tell whether so many are more than chance explains, at one in a thousand."""
    spread = math.sqrt(markets * LEVEL * (1 - LEVEL))
    return worked > markets * LEVEL + NormalDist().inv_cdf(0.999) * spread
