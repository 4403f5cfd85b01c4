"""What every strategy must keep to, run on ours and on strangers' alike."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np
import polars as pl

from ara.backtest.engine import Played, play
from ara.backtest.replay import replayed
from ara.errors import AraError
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.instrument import AssetClass, Instrument
from ara.market.timeframe import DAY
from ara.plugins import Check
from ara.trading.costs import Costs
from ara.trading.strategy import Strategy
from ara.trading.tape import Tape

__all__ = ["check_strategy", "made_up"]

_BARS: Final = 420
_CASH: Final = Decimal(100_000)
_CUTS: Final = 6

_SHARE: Final = Instrument(
    symbol="ONE", name="Made up", asset_class=AssetClass.STOCK, venue="NYSE", currency="USD", calendar="24/7",
    timezone="UTC", tick=Decimal("0.01"), lot=Decimal(1),
)  # fmt: skip


def check_strategy(make: Callable[[], Strategy]) -> list[Check]:
    """Run all checks on a strategy, on two made-up instruments; no exception of the strategy's leaves it.

    Parameters
    ----------
    make
        Its class, or a function that makes it anew.
    """
    tapes = made_up()
    try:
        run = play(make(), tapes, cash=_CASH, costs=Costs())
        if run.failure is not None:
            raise run.failure
    except (Exception, SystemExit) as error:  # noqa: BLE001 (a stranger's code: any failure is the finding)
        return [Check("decides at every bar", ok=False, words=_words(error))]
    found = [Check("decides at every bar", ok=True, words=f"{len(run.decisions)} decisions in {len(run.moments)} bars")]
    for name, check in (("sees no future", _blind), ("decides alike with one bar alone", _few)):
        try:
            words = check(make, tapes, run)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (see above)
            words = _words(error)
        found.append(Check(name, ok=not words, words=words or "as it should be"))
    return found


def made_up(count: int = _BARS, *, seed: int = 7) -> dict[str, Tape]:
    """Give two random walks that move together, for checks and tests: made up, not a market."""
    random = np.random.default_rng(seed)
    shared = random.normal(0.0003, 0.012, count)
    found = {}
    for name in ("ONE", "TWO"):
        close = 50 * np.exp(np.cumsum(shared + random.normal(0, 0.006, count)))
        opened = np.concatenate(([50.0], close[:-1])) * np.exp(random.normal(0, 0.002, count))
        span = 1 + np.abs(random.normal(0, 0.004, count))
        at = [datetime(2018, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(count)]
        known = [moment + timedelta(days=1) for moment in at]
        prices = {
            "open": opened, "high": np.maximum(opened, close) * span, "low": np.minimum(opened, close) / span,
            "close": close,
        }  # fmt: skip
        frame = pl.DataFrame(
            {
                "at": at, "known_at": known, "learned_at": known,
                **{one: np.round(values, 2) for one, values in prices.items()},
                "volume": random.integers(200_000, 800_000, count).astype(float), "source": "made up", "quality": 1.0,
                "imputed": False, "votes": 1,
            },
            schema=SCHEMA,
        )  # fmt: skip
        instrument = replace(_SHARE, symbol=name)
        found[name] = Tape.of(Bars(instrument=instrument, timeframe=DAY, basis=Basis.RAW, frame=frame))
    return found


def _blind(make: Callable[[], Strategy], tapes: dict[str, Tape], run: Played) -> str:
    replayed(make, tapes, run, name="strategy", cash=_CASH, costs=Costs(), start=None, cuts=_CUTS, seed=0)
    return ""


def _few(make: Callable[[], Strategy], tapes: dict[str, Tape], run: Played) -> str:
    first = {symbol: tape.until(run.moments[0]) for symbol, tape in tapes.items()}
    alone = play(make(), first, cash=_CASH, costs=Costs())
    if alone.failure is not None:
        return alone.failure.message
    before: list[Any] = [one for one in run.decisions if one[0] == run.moments[0]]
    return "" if alone.decisions == before else "with one bar it decides otherwise than with many"


def _words(error: BaseException) -> str:
    return error.message if isinstance(error, AraError) else f"raised {type(error).__name__}: {error}"
