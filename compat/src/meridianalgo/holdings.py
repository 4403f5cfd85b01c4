"""The old fronts of portfolios, risk and back-tests, answered by Ara's rooms of that kind."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import ara
from ara.errors import ValidationError
from meridianalgo._warning import warn

if TYPE_CHECKING:
    from ara.performance import Measures
    from ara.risk import Moves, Tail

__all__ = ["PerformanceTracker", "PortfolioAnalyzer", "RiskManager", "backtest_strategy", "optimize_portfolio"]

_DAYS: Final = 1000
_YEAR: Final = 252.0


def optimize_portfolio(
    symbols: Sequence[str], risk_tolerance: str = "moderate", method: str = "mpt", constraints: Any = None
) -> dict[str, Any]:
    """Choose weights as `ara portfolio optimize` does, from the last 1,000 days that all have.

    Parameters
    ----------
    symbols
        What may be held.
    risk_tolerance
        `conservative`, `moderate` or `aggressive`; for `mpt`.
    method
        `mpt`, `risk_parity`, `kelly`, or any of `ara.portfolio.METHODS`.
    constraints
        Limits as `ara.portfolio.constrained` reads them, such as `{"max": 0.4}`; none if None.

    Returns
    -------
    dict
        `weights, expected_return, volatility, sharpe_ratio, method, cash`; what is of a year is a fraction.
    """
    warn("optimize_portfolio", "ara portfolio optimize AAPL MSFT, or ara.portfolio.allocate")
    return _optimized(symbols, risk_tolerance, method, constraints)


def backtest_strategy(
    symbol: str,
    strategy: str = "buy_hold",
    start_date: Any = None,
    end_date: Any = None,
    initial_capital: float = 10_000,
) -> dict[str, Any]:
    """Test a strategy on the past as `ara.backtest` does, after costs.

    Returns
    -------
    dict
        `symbol, strategy, initial_capital, final_value, total_return, annual_return, volatility, sharpe_ratio,
        max_drawdown, win_rate, total_trades, buy_hold_return`; fractions, not percent; None for what has no value.
    """
    warn("backtest_strategy", 'ara.backtest("AAPL", "momentum")')
    found = ara.backtest(symbol, strategy, start=start_date, end=end_date, cash=str(initial_capital)).result
    whole = found.measures
    return {
        "symbol": found.symbols[0],
        "strategy": found.strategy,
        "initial_capital": float(found.cash),
        "final_value": found.equity,
        "total_return": whole.total,
        "annual_return": whole.cagr,
        "volatility": whole.volatility,
        "sharpe_ratio": whole.sharpe,
        "max_drawdown": whole.drawdown,
        "win_rate": found.trades.win_rate,
        "total_trades": found.trades.count,
        "buy_hold_return": found.hold.total,
    }


class PortfolioAnalyzer:
    """The old front of portfolios; `verbose` has no effect."""

    def __init__(self, verbose: bool = False) -> None:
        warn("PortfolioAnalyzer", "ara portfolio analyze, optimize")
        self.verbose = verbose

    def analyze(self, symbols: Sequence[str], weights: Any = None) -> dict[str, Any]:
        """Look back at weights, by symbol or in the order of the symbols; in equal parts if None.

        Gives what `ara portfolio analyze --json` prints.
        """
        from ara.portfolio.past import past

        moves = _moves(symbols)
        return past(_weights(moves.symbols, weights), moves).as_dict()

    def optimize(
        self, symbols: Sequence[str], risk_tolerance: str = "moderate", method: str = "mpt", constraints: Any = None
    ) -> dict[str, Any]:
        """Choose weights as `optimize_portfolio` does."""
        return _optimized(symbols, risk_tolerance, method, constraints)

    def correlation_matrix(self, symbols: Sequence[str]) -> dict[str, dict[str, float]]:
        """Give the correlation of daily returns of each with each, over the last 1,000 days that all have."""
        import numpy as np

        moves = _moves(symbols)
        found = np.atleast_2d(np.corrcoef(moves.returns, rowvar=False))
        return {
            one: {other: float(found[row, column]) for column, other in enumerate(moves.symbols)}
            for row, one in enumerate(moves.symbols)
        }


class RiskManager:
    """The old front of risk: of simple returns, a bar each; `verbose` has no effect."""

    def __init__(self, verbose: bool = False) -> None:
        warn("RiskManager", "ara risk var, or ara.risk.tail")
        self.verbose = verbose

    def calculate_var(self, returns: Any, confidence: float = 0.95) -> float:
        """Give the loss of a bar that is exceeded with probability 1 - confidence; a loss is above 0."""
        return _tail(returns, confidence).var

    def calculate_cvar(self, returns: Any, confidence: float = 0.95) -> float:
        """Give the mean loss of the bars that are worse than the value at risk; a loss is above 0."""
        return _tail(returns, confidence).cvar

    def calculate_volatility(self, returns: Any, periods: float = _YEAR) -> float | None:
        """Give the volatility of a year of so many bars; None for fewer than two returns."""
        return _measured(returns, periods).volatility

    def calculate_max_drawdown(self, returns: Any) -> float | None:
        """Give the deepest fall from a high, as a share of it."""
        return _measured(returns, _YEAR).drawdown


class PerformanceTracker:
    """The old front of measures: of simple returns, a bar each; `verbose` has no effect."""

    def __init__(self, verbose: bool = False) -> None:
        warn("PerformanceTracker", "ara performance, or ara.performance.measure")
        self.verbose = verbose

    def calculate_metrics(self, returns: Any, benchmark: Any = None, periods: float = _YEAR) -> dict[str, Any]:
        """Give all that Ara measures of returns, under its own names, with `sharpe_ratio` and `max_drawdown` beside."""
        found = _measured(returns, periods, benchmark)
        return {**found.as_dict(), "sharpe_ratio": found.sharpe, "max_drawdown": found.drawdown}


def _optimized(symbols: Sequence[str], risk: str, method: str, constraints: Any) -> dict[str, Any]:
    from ara.portfolio import AVERSIONS, Plan, allocate, constrained
    from ara.portfolio.chosen import OLD_METHODS

    if risk not in AVERSIONS:
        raise ValidationError(f"The risk is {str(risk)[:40]!r}.", hint=f"There are: {', '.join(AVERSIONS)}.")
    moves = _moves(symbols)
    plan = Plan(method=OLD_METHODS.get(method, method), aversion=AVERSIONS[risk])
    found = allocate(moves, plan, limits=constrained(dict(constraints or {}), list(moves.symbols)))
    return {
        "weights": dict(found.weights),
        "cash": found.cash,
        "expected_return": found.expected_return,
        "volatility": found.risk,
        "sharpe_ratio": found.sharpe,
        "method": found.method,
    }


def _moves(symbols: Sequence[str]) -> "Moves":
    """Give the daily returns of instruments on the last days that all have."""
    from ara.quick.running import run
    from ara.risk import aligned

    async def ask() -> Any:
        async with ara.Desk.open() as desk, ara.MarketData(desk) as market:
            return [await market.bars(await market.instrument(one)) for one in symbols]

    if isinstance(symbols, str):
        raise ValidationError("The symbols are one text.", hint='Give a list: ["AAPL", "MSFT"]')
    return aligned(run(ask())).last(_DAYS)


def _weights(symbols: Sequence[str], weights: Any) -> dict[str, float]:
    from ara.market.symbols import normalise

    if weights is None:
        return dict.fromkeys(symbols, 1 / len(symbols))
    if isinstance(weights, Mapping):
        found = {normalise(str(name)): float(weight) for name, weight in weights.items()}
    elif len(weights) == len(symbols):
        found = dict(zip(symbols, map(float, weights), strict=True))
    else:
        found = {}
    if set(found) != set(symbols):
        raise ValidationError("The weights are not those of the symbols.", hint="One for each.")
    return found


def _tail(returns: Any, confidence: float) -> "Tail":
    import numpy as np

    from ara.risk import tail

    return tail(np.asarray(returns, dtype=np.float64), level=confidence)


def _measured(returns: Any, periods: float, benchmark: Any = None) -> "Measures":
    from ara.performance import measure

    return measure(returns, per_year=periods, benchmark=benchmark)
