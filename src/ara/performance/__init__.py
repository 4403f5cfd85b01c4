"""Measures of forecasts and returns, on plain arrays; and how often hold-outs were looked at.

What measures returns is loaded when it is first used: forecasts need none of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from ara.performance.forecasts import crps, inside, pinball
from ara.performance.significance import Comparison, compared

if TYPE_CHECKING:
    from ara.performance.attribution import Brinson, Decisions, Factors, brinson, by_decision, by_factor
    from ara.performance.benchmarks import RandomEntry, mix, random_entry
    from ara.performance.bootstrap import Interval, interval, usual_block
    from ara.performance.breakdown import Period, Table, bars_a_year, by_group, by_period, monthly_table
    from ara.performance.drawdown import Drawdown, Drawdowns, drawdowns
    from ara.performance.inputs import present, returns_of
    from ara.performance.luck import (
        Overfitting,
        Significance,
        deflated_sharpe,
        expected_best,
        minimum_track_record,
        pbo,
        probabilistic_sharpe,
    )
    from ara.performance.picked import Beating, beating
    from ara.performance.returns import Measures, measure
    from ara.performance.rivals import Verdict, clark_west, equal_accuracy
    from ara.performance.snooping import BestOfMany, ConfidenceSet, model_confidence_set, reality_check, spa
    from ara.performance.splits import Combinations, Split, combinatorial, hold_out, purged_folds, walk_forward
    from ara.performance.trades import (
        Deal,
        Exposure,
        RoundTrip,
        TradeMeasures,
        exposure,
        measure_trades,
        round_trips,
        turnover,
    )

__all__ = [
    "Beating",
    "BestOfMany",
    "Brinson",
    "Combinations",
    "Comparison",
    "ConfidenceSet",
    "Deal",
    "Decisions",
    "Drawdown",
    "Drawdowns",
    "Exposure",
    "Factors",
    "Interval",
    "Measures",
    "Overfitting",
    "Period",
    "RandomEntry",
    "RoundTrip",
    "Significance",
    "Split",
    "Table",
    "TradeMeasures",
    "Verdict",
    "bars_a_year",
    "beating",
    "brinson",
    "by_decision",
    "by_factor",
    "by_group",
    "by_period",
    "clark_west",
    "combinatorial",
    "compared",
    "crps",
    "deflated_sharpe",
    "drawdowns",
    "equal_accuracy",
    "expected_best",
    "exposure",
    "hold_out",
    "inside",
    "interval",
    "measure",
    "measure_trades",
    "minimum_track_record",
    "mix",
    "model_confidence_set",
    "monthly_table",
    "pbo",
    "pinball",
    "present",
    "probabilistic_sharpe",
    "purged_folds",
    "random_entry",
    "reality_check",
    "returns_of",
    "round_trips",
    "spa",
    "turnover",
    "usual_block",
    "walk_forward",
]

_ROOMS: Final = {
    "attribution": ("Brinson", "Decisions", "Factors", "brinson", "by_decision", "by_factor"),
    "benchmarks": ("RandomEntry", "mix", "random_entry"),
    "bootstrap": ("Interval", "interval", "usual_block"),
    "breakdown": ("Period", "Table", "bars_a_year", "by_group", "by_period", "monthly_table"),
    "drawdown": ("Drawdown", "Drawdowns", "drawdowns"),
    "inputs": ("present", "returns_of"),
    "luck": (
        "Overfitting",
        "Significance",
        "deflated_sharpe",
        "expected_best",
        "minimum_track_record",
        "pbo",
        "probabilistic_sharpe",
    ),
    "picked": ("Beating", "beating"),
    "returns": ("Measures", "measure"),
    "rivals": ("Verdict", "clark_west", "equal_accuracy"),
    "snooping": ("BestOfMany", "ConfidenceSet", "model_confidence_set", "reality_check", "spa"),
    "splits": ("Combinations", "Split", "combinatorial", "hold_out", "purged_folds", "walk_forward"),
    "trades": (
        "Deal",
        "Exposure",
        "RoundTrip",
        "TradeMeasures",
        "exposure",
        "measure_trades",
        "round_trips",
        "turnover",
    ),
}
_HOME: Final = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
