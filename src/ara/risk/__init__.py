"""Risk of any returns: what may be lost, what brings it, what a crisis would do, whether the numbers were right."""

from ara.renamed import renamed
from ara.risk.breaches import Breaches, breaches, foreseen
from ara.risk.contributions import Contributions, Spread, contributions, spread
from ara.risk.crises import FACTORS, SCENARIOS
from ara.risk.currency import CurrencyRisk, currency_risk
from ara.risk.deviation import VOLATILITIES, Volatility, volatility
from ara.risk.excess import fit_excess
from ara.risk.gaps import Gap, gaps
from ara.risk.liquidity import Liquidity, liquidity
from ara.risk.moves import Moves, aligned, days_a_year
from ara.risk.pairs import Pair, cointegrated, pairs
from ara.risk.scenario import Scenario, read_scenarios
from ara.risk.stress import Reverse, Stressed, StressedHolding, reverse_stress, stress
from ara.risk.tail import METHODS, Tail, over_horizon, tail
from ara.risk.ties import Change, Lead, changed, clusters, interval, lead, rolling_correlation
from ara.risk.together import WINDOW, Ties, together

__all__ = [
    "FACTORS",
    "METHODS",
    "SCENARIOS",
    "VOLATILITIES",
    "WINDOW",
    "Breaches",
    "Change",
    "Contributions",
    "CurrencyRisk",
    "Gap",
    "Lead",
    "Liquidity",
    "Moves",
    "Pair",
    "Reverse",
    "Scenario",
    "Spread",
    "Stressed",
    "StressedHolding",
    "Tail",
    "Ties",
    "Volatility",
    "aligned",
    "breaches",
    "changed",
    "clusters",
    "cointegrated",
    "contributions",
    "currency_risk",
    "days_a_year",
    "fit_excess",
    "foreseen",
    "gaps",
    "interval",
    "lead",
    "liquidity",
    "over_horizon",
    "pairs",
    "read_scenarios",
    "reverse_stress",
    "rolling_correlation",
    "spread",
    "stress",
    "tail",
    "together",
    "volatility",
]

__getattr__ = renamed(
    __name__,
    {"CurrencyRiskAnalyzer": "currency_risk", "RiskCalculator": "tail", "PortfolioMetrics": "ara.performance.Measures"},
)
