"""Regimes: the state of a market by hidden states, each bar by what was known then."""

from ara.models.regimes.breaks import WILDNESS, Break, break_test, volatility_states
from ara.models.regimes.fit import FEWEST, StateFit, fit_states
from ara.models.regimes.history import ALERT, Change, Regimes, regimes
from ara.models.regimes.inputs import INPUTS, Inputs, measured
from ara.models.regimes.regime import STATES, Regime
from ara.models.regimes.standing import Standing, standing
from ara.renamed import renamed

__all__ = [
    "ALERT",
    "FEWEST",
    "INPUTS",
    "STATES",
    "WILDNESS",
    "Break",
    "Change",
    "Inputs",
    "Regime",
    "Regimes",
    "Standing",
    "StateFit",
    "break_test",
    "fit_states",
    "measured",
    "regimes",
    "standing",
    "volatility_states",
]

__getattr__ = renamed(__name__, {"MarketRegime": "Regime"})
