"""The synchronous front: one call, one answer, in scripts, at the prompt and in notebooks."""

from ara.quick import ledger as _ledger
from ara.quick.asked import basket, history, predict, predict_many, rank, score
from ara.quick.judged import audit, crash, evaluate, forecast
from ara.quick.kept import attention, diff, replay
from ara.quick.tested import Tested, backtest

__all__ = [
    "Tested",
    "attention",
    "audit",
    "backtest",
    "basket",
    "crash",
    "diff",
    "evaluate",
    "forecast",
    "history",
    "ledger",
    "predict",
    "predict_many",
    "rank",
    "replay",
    "score",
]

ledger = _ledger
"""The ledger, one call at a time: `ara.ledger.verify()`."""
