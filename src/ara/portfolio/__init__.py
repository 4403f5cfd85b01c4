"""What to hold: weights that meet limits, what they cost, and the trades that lead there."""

from ara.portfolio.allocation import AVERSIONS, METHODS, Allocation, Plan, allocate
from ara.portfolio.constraints import constrained
from ara.portfolio.expected import historical_mean, shrunk_mean
from ara.portfolio.factors import FactorModel, factor_model
from ara.portfolio.forecasts import believed, views
from ara.portfolio.kept import RULES, Kept, kept, read_rule
from ara.portfolio.limits import RELAXED, Limits, Sum
from ara.portfolio.lots import LOTS, Account, Entry, Lot, Sold, settle
from ara.portfolio.position import Portfolio, Position
from ara.portfolio.rebalance import Outlook, Rebalanced, Taxes, outlook, rebalance
from ara.portfolio.statement import Statement, read_statement
from ara.portfolio.trades import Trade, Trades, trades
from ara.portfolio.triggers import PERIODS, Due, Triggers
from ara.portfolio.walk import Walked, walk
from ara.renamed import renamed

__all__ = [
    "AVERSIONS",
    "LOTS",
    "METHODS",
    "PERIODS",
    "RELAXED",
    "RULES",
    "Account",
    "Allocation",
    "Due",
    "Entry",
    "FactorModel",
    "Kept",
    "Limits",
    "Lot",
    "Outlook",
    "Plan",
    "Portfolio",
    "Position",
    "Rebalanced",
    "Sold",
    "Statement",
    "Sum",
    "Taxes",
    "Trade",
    "Trades",
    "Triggers",
    "Walked",
    "allocate",
    "believed",
    "constrained",
    "factor_model",
    "historical_mean",
    "kept",
    "outlook",
    "read_rule",
    "read_statement",
    "rebalance",
    "settle",
    "shrunk_mean",
    "trades",
    "views",
    "walk",
]

__getattr__ = renamed(__name__, {"PortfolioOptimization": "Allocation", "PortfolioMetrics": "ara.performance.Measures"})
