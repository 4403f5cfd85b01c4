"""Back-tests as JSON says them, whoever asks: their figures, how often their bars were looked at, what that proves."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ara.backtest.result import Result
from ara.performance.luck import Significance, significance
from ara.performance.trials import Look
from ara.performance.wrong import Wrong, wrong

if TYPE_CHECKING:
    from ara.backtest.walk_forward import Walk

__all__ = ["beyond", "look_document", "proof_document", "proven", "to_document", "walk_document", "wrong_of"]


def proven(found: Result, trials: int) -> Significance:
    """Give what the strategy's Sharpe ratio proves after so many trials on these bars."""
    equity = found.frame["equity"].to_numpy()
    before = np.concatenate(([float(found.cash)], equity[:-1]))
    returns = np.where(before > 0, np.maximum(equity / np.where(before > 0, before, 1.0) - 1, -1.0), 0.0)
    return significance(returns, per_year=found.per_year, trials=trials)


def beyond(found: Result, trials: int) -> Significance:
    """Give what the returns beyond being in the market as much as on average prove after so many trials."""
    active = np.maximum(np.nan_to_num(found.beside.active), -1.0)
    return significance(active, per_year=found.per_year, trials=trials, draws=0)


def wrong_of(found: Result) -> Wrong:
    """Give what being wrong costs, by round trips after their commission, in the account's currency."""
    return wrong([trip.gain for trip in found.trips], [trip.cost for trip in found.trips])


def look_document(look: Look) -> dict[str, Any]:
    """Give the JSON of a look."""
    return {"number": look.number, "limit": look.limit, "burnt": look.burnt}


def proof_document(proof: Significance) -> dict[str, Any]:
    """Give the JSON of what a Sharpe ratio proves."""
    return {
        "trials": proof.trials,
        "probabilistic": proof.probabilistic,
        "best_by_luck": proof.best,
        "deflated": proof.deflated,
        "bars_needed": proof.bars_needed,
    }


def to_document(found: Result, look: Look) -> dict[str, Any]:
    """Give the JSON of a back-test, as `ara backtest --json` prints it."""
    return {
        "schema": 1,
        **found.as_dict(),
        "wrong": wrong_of(found).as_dict(),
        "look": look_document(look),
        "significance": proof_document(proven(found, look.number)),
        "beyond_market": proof_document(beyond(found, look.number)),
    }


def walk_document(found: "Walk", look: Look, held: Look | None = None) -> dict[str, Any]:
    """Give the JSON of a walk, as `ara backtest --walk-forward --json` prints it; `held` is the hold-out's look."""
    data = {
        "schema": 1, **found.as_dict(), "look": look_document(look),
        "significance": proof_document(proven(found.result, look.number)),
    }  # fmt: skip
    if held is not None and found.opened is not None:
        data["hold_out"]["look"] = look_document(held)
        data["hold_out"]["significance"] = proof_document(proven(found.opened, held.number))
    return data
