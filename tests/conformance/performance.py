"""Ara under the references' names: no arithmetic, only which measure answers to which name, and in which sign.

Where a reference has another definition than Ara's, its parameter is asked for; nothing that is missing is handed on.
"""

import math

import numpy as np

from ara.performance import against, breakdown, downside, drawdown, growth, rivals, tails
from ara.performance import scores as distributions
from ara.performance.forecasts import pinball
from ara.performance.inputs import present, returns_of

YEAR = {"daily": 252, "weekly": 52, "monthly": 12, "yearly": 1}


def told(value):
    return math.nan if value is None else value


def paired(args, name):
    """Give returns and the other series over the bars that have both; a number stands for every bar."""
    mine = args["returns"].to_numpy()
    return present(mine, np.broadcast_to(np.asarray(args[name], float), mine.shape))


def metrics(metric, args):
    year = YEAR[args.get("period", "daily")]
    if metric == "simple_returns":
        return returns_of(args["prices"].to_numpy())
    if metric == "aggregate_returns":
        days = args["returns"].index.to_numpy().astype("datetime64[D]")
        return [one.value for one in breakdown.by_period(args["returns"].to_numpy(), days, args["convert_to"])]
    if metric == "cum_returns":
        filled = args["returns"].fillna(0.0).to_numpy()
        return (
            growth.wealth(filled, start=args["starting_value"]) if args["starting_value"] else growth.cumulative(filled)
        )
    if metric == "downside_risk" and args["returns"].ndim == 2:
        return [metrics(metric, {**args, "returns": args["returns"][name]}) for name in args["returns"]]
    if metric in ("sharpe_ratio", "downside_risk"):
        returns, wanted = paired(args, {"sharpe_ratio": "risk_free", "downside_risk": "required_return"}[metric])
        if metric == "sharpe_ratio":
            return told(growth.sharpe(returns, per_year=year, cash=wanted))
        return told(downside.downside_deviation(returns, target=wanted, per_year=year))
    if metric in ("alpha", "beta", "excess_sharpe"):
        if metric != "excess_sharpe" and len(args["returns"]) != len(args["benchmark"]):
            return math.nan
        both = paired(args, "factor_returns" if metric == "excess_sharpe" else "benchmark")
        if metric == "excess_sharpe":
            return told(against.information_ratio(*both, per_year=1))
        return told(against.beta(*both) if metric == "beta" else against.alpha(*both, per_year=year, compounded=True))
    if metric in ("annual_return", "cagr"):  # a bar without a return counts among those of the time
        return told(growth.cagr(args["returns"].fillna(0.0).to_numpy(), per_year=year))
    (returns,) = present(args["returns"].to_numpy())
    if metric == "cum_returns_final":
        found = growth.wealth(returns, start=args["starting_value"])[-1:] if args["starting_value"] else []
        return found[0] if len(found) else told(growth.total(returns))
    return {
        "max_drawdown": lambda: told(drawdown.max_drawdown(returns)),
        "annual_volatility": lambda: told(growth.volatility(returns, per_year=year)),
        "roll_max_drawdown": lambda: drawdown.rolling_drawdown(returns, args["window"]),
    }[metric]()


def bacon(metric, params, portfolio, benchmark):
    target = params.get("mar", 0.0)
    year = {"per_year": 12}
    return {
        "adjusted_sharpe": lambda: growth.adjusted_sharpe(portfolio, **year),
        "bernardo_ledoit": lambda: downside.omega(portfolio),
        "capm_epsilon": lambda: against.capm_epsilon(portfolio, benchmark, **year, yearly_alpha=False),
        "d_ratio": lambda: downside.d_ratio(portfolio),
        "downside_deviation": lambda: downside.downside_deviation(portfolio, target=target),
        "downside_potential": lambda: downside.downside_potential(portfolio, target=target),
        "downside_frequency": lambda: downside.downside_frequency(portfolio, target=target),
        "m2_sortino": lambda: against.m2_sortino(portfolio, benchmark, **year, target=target, yearly_ratio=False),
        "m_squared": lambda: against.m_squared(portfolio, benchmark, **year),
        "martin_ratio": lambda: drawdown.martin(portfolio, **year),
        "mean_absolute_deviation": lambda: tails.mean_absolute_deviation(portfolio),
        "omega_excess_return": lambda: against.omega_excess_return(portfolio, benchmark, **year, target=target),
        "pain_index": lambda: drawdown.pain(portfolio),
        "selectivity": lambda: against.jensen_alpha(portfolio, benchmark, **year),
        "skewness_kurtosis_ratio": lambda: tails.skewness_kurtosis_ratio(portfolio),
        "systematic_risk": lambda: against.systematic_risk(portfolio, benchmark, **year),
        "total_risk": lambda: against.total_risk(portfolio, benchmark, **year),
        "upside_frequency": lambda: downside.upside_frequency(portfolio, target=target),
        "upside_risk": lambda: downside.upside_deviation(portfolio, target=target),
        "volatility_skewness": lambda: downside.volatility_skewness(portfolio, target=target),
        "kurtosis": lambda: tails.kurtosis(portfolio, sample=True, excess=False),
    }[metric]()


def skfolio(measure, args, returns):
    """Losses are positive numbers there, and below 0 here."""
    if measure == "correlation":
        return tails.correlation(returns[:, 0], returns[:, 1])
    (kept,) = present(returns)
    curve = {"compounded": args.get("compounded", True)}
    level = {"level": args.get("beta", 0.95)}
    gains = {
        "mean": lambda: growth.mean(kept, per_year=1),
        "variance": lambda: tails.variance(kept, ddof=args["ddof"]),
        "mean_absolute_deviation": lambda: tails.mean_absolute_deviation(kept),
        "gini_mean_difference": lambda: tails.gini_mean_difference(kept),
        "ulcer_index": lambda: drawdown.ulcer(kept, **curve),
    }
    losses = {
        "value_at_risk": lambda: tails.value_at_risk(kept, **level, quantile="order"),
        "cvar": lambda: tails.conditional_value_at_risk(kept, **level, quantile="order"),
        "worst_return": lambda: tails.worst(kept),
        "max_drawdown": lambda: drawdown.max_drawdown(kept, **curve),
        "average_drawdown": lambda: drawdown.average_drawdown(kept, **curve),
        "drawdown_at_risk": lambda: drawdown.drawdown_at_risk(kept, **level, **curve),
    }
    return gains[measure]() if measure in gains else -losses[measure]()


def scores(score, args):
    outcome = args["obs"]
    return {
        "crps_ensemble": lambda: distributions.crps_ensemble(outcome, args["ensemble"]),
        "crps_student_t": lambda: distributions.crps_student_t(
            outcome, degrees=args["df"], mean=args["loc"], scale=args["scale"]
        ),
        "crps_laplace": lambda: distributions.crps_laplace(outcome, mean=args["loc"], scale=args["scale"]),
        "crps_poisson": lambda: distributions.crps_poisson(outcome, mean=args["mean"]),
        "crps_mixture_normal": lambda: distributions.crps_mixture(
            outcome, means=args["mean"], sds=args["sd"], weights=args["weights"]
        ),
        "pinball": lambda: pinball(np.array([[args["forecast"]]]), np.array([outcome]), [args["alpha"]])[0, 0],
        "brier": lambda: distributions.brier(args["forecast"], outcome),
        "log_score_ensemble_kde": lambda: distributions.log_score_ensemble(outcome, args["ensemble"]),
        "energy_score": lambda: distributions.energy_score(outcome, args["ensemble"]),
        "interval_score": lambda: distributions.interval_score(
            outcome, args["lower"], args["upper"], alpha=args["alpha"]
        ),
    }[score]()


def diebold_mariano(test, e1, e2, h, loss, variance):
    if test == "clark_west":
        found = rivals.clark_west(e1, e2, ahead=h, variance=variance)
        return {"stat": found.stat, "p": found.p_greater, "p_greater": found.p_greater}
    found = rivals.equal_accuracy(e1, e2, ahead=h, loss=loss, variance=variance)
    return {"stat": found.stat, "p": found.p, "p_less": found.p_less, "p_greater": found.p_greater}
