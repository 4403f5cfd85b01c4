"""Does a strategy know the future: replays on shorter bars, and a market in which nothing can be known."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.backtest.engine import Played, play
from ara.backtest.replay import replayed
from ara.errors import AraError, ForesightError, StrategyError
from ara.trading.costs import Costs
from ara.trading.strategy import Strategy
from ara.trading.tape import Tape

__all__ = ["STRATEGY_RULES", "Broken", "StrategyAudit", "audit_strategy"]

STRATEGY_RULES: Final[Mapping[str, tuple[str, str]]] = {
    "prefix": (
        "on bars that end earlier it decides otherwise",
        "Compute what it looks at from the bars up to each decision; scale and fill by the past alone.",
    ),
    "permuted": (
        "it gains where bars come in another order, and nothing can be known",
        "Look for any way to the next bar; nothing else can gain there.",
    ),
    "same": ("on the same bars it decides otherwise each time", "Seed what is random in it."),
    "fails": ("it fails", "Decide at every bar, from however few bars there are."),
}
"""What each rule says of a strategy that breaks it, and what to do."""

_CUTS: Final = 64
_COSTLY_CUTS: Final = 12
_CASH: Final = Decimal(10_000_000)
_ERRORS: Final = 5.0
_OPEN: Final = frozenset({"same", "fails"})
_FEWEST: Final = 30

_Parts = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One rule that a strategy breaks, and how that showed."""

    rule: str
    words: str

    @property
    def leak(self) -> bool:
        """Whether it knows what nobody knew then."""
        return self.rule not in _OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyAudit:
    """What was tried of a strategy, and what it showed.

    Parameters
    ----------
    subject
        What it is called.
    symbols
        On whose bars.
    moments, cuts, decisions
        How many were played, on how many shorter pasts it did alike, and what it decided.
    findings
        The rules it breaks.
    """

    subject: str
    symbols: tuple[str, ...]
    moments: int
    cuts: int
    decisions: int
    findings: tuple[Broken, ...]

    @property
    def verdict(self) -> str:
        """`leaks`; `unknown` where it failed, differs each time or never decided; else `clear`."""
        if any(one.leak for one in self.findings):
            return "leaks"
        return "unknown" if self.findings or not self.decisions else "clear"

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "subject": self.subject,
            "kind": "strategy",
            "verdict": self.verdict,
            "symbols": list(self.symbols),
            "moments": self.moments,
            "cuts": self.cuts,
            "decisions": self.decisions,
            "findings": [
                {
                    "rule": one.rule,
                    "leak": one.leak,
                    "words": f"{STRATEGY_RULES[one.rule][0]}: {one.words}",
                    "advice": STRATEGY_RULES[one.rule][1],
                }
                for one in self.findings
            ],
        }


def audit_strategy(
    make: Callable[[], Strategy], tapes: Mapping[str, Tape], *, name: str, cuts: int | None = None, seed: int = 1
) -> StrategyAudit:
    """Look for what a strategy can't know.

    Parameters
    ----------
    make
        Makes it anew.
    tapes
        The instruments by symbol.
    name
        What it is called.
    cuts
        As in `ara.backtest.replay.replayed`; if None 64, of a plan that is costly 12: some twenty times those of a
        back-test.
    seed
        Of the cuts and of the order of the permuted bars.
    """
    found: list[Broken] = []
    moments = decisions = done = 0
    try:
        many = _usual(make()) if cuts is None else cuts
        run = play(make(), tapes, cash=_CASH, costs=Costs.none())
        if run.failure is not None:
            raise run.failure
        moments, decisions = len(run.moments), len(run.decisions)
        try:
            done = _replayed(make, tapes, run, name=name, cuts=many, seed=seed)
        except ForesightError as error:
            found.append(Broken(rule="prefix", words=error.message))
        except StrategyError as error:
            found.append(Broken(rule="same", words=error.message))
        gain = _gain(make, tapes, seed)
        if gain > _ERRORS:
            words = f"its mean return there lies {gain:.1f} standard errors above 0"
            found.append(Broken(rule="permuted", words=words))
    except AraError as error:
        found.append(Broken(rule="fails", words=error.message))
    return StrategyAudit(
        subject=name, symbols=tuple(tapes), moments=moments, cuts=done, decisions=decisions, findings=tuple(found)
    )


def _usual(strategy: Strategy) -> int:
    return _COSTLY_CUTS if getattr(strategy, "costly", False) else _CUTS


def _replayed(
    make: Callable[[], Strategy], tapes: Mapping[str, Tape], run: Played, *, name: str, cuts: int, seed: int
) -> int:
    """Give on how many shorter pasts it planned or decided alike."""
    found = replayed(make, tapes, run, name=name, cash=_CASH, costs=Costs.none(), start=None, cuts=cuts, seed=seed)
    return len(found.cuts)


def _gain(make: Callable[[], Strategy], tapes: Mapping[str, Tape], seed: int) -> float:
    """Give how many standard errors above 0 a strategy's mean return lies where bars come in another order.

    The mean of the bars' own moves is taken out, so that to hold what rose is no gain.
    """
    shuffled = {symbol: _permuted(tape, seed) for symbol, tape in tapes.items()}
    run = play(make(), shuffled, cash=_CASH, costs=Costs.none())
    owned = np.maximum(np.array(run.equity, np.float64), 1.0)
    moves = np.diff(np.log(owned))
    if len(moves) < _FEWEST or not moves.std() > 0:
        return 0.0
    return float(moves.mean() / (moves.std(ddof=1) / math.sqrt(len(moves))))


def _permuted(tape: Tape, seed: int) -> Tape:
    """Give a tape whose bars come in another order, each with its own moves; their mean is taken out."""
    random = np.random.default_rng(seed)
    opens, highs, lows, closes = (np.array(one, np.float64) for one in (tape.opens, tape.highs, tape.lows, tape.closes))
    close = np.maximum(tape.close, 1e-300)
    moves = np.concatenate(([0.0], np.diff(np.log(close))))
    order = np.concatenate(([0], 1 + random.permutation(len(tape) - 1)))
    path = np.cumsum((moves - moves[1:].mean() if len(tape) > 1 else moves)[order])
    level = max(float(closes[0]), 1e5) * np.exp(path)
    inside = [one[order] / np.where(closes == 0, 1.0, closes)[order] * level for one in (opens, highs, lows)]
    counted = [np.maximum(np.rint(one), 1).astype(np.int64).tolist() for one in (*inside, level)]
    prices = np.array(counted, np.float64) * float(tape.tick)
    return replace(
        tape, opens=counted[0], highs=counted[1], lows=counted[2], closes=counted[3], prices=prices,
        split=np.ones(len(tape)), dividend=np.zeros(len(tape)), volume=[-1] * len(tape),
    )  # fmt: skip
