"""What weights cost to find, alone and beside scipy's SLSQP on the same problem.

`mean_variance_500_s`: best weights of 500 instruments, long only. `hrp_1000_s`: hierarchical risk parity of 1,000.
`parity_2000_s`: risk parity of 2,000, with their covariance; `parity_over_hrp_1000`: of 1,000, over the hierarchical.
`frontier_50_of_100_s`: 50 points of 100 instruments. `sharpe_100_over_slsqp`: the best Sharpe ratio of 100, over SLSQP
that is given the slope and stops at a millionth. Processor time, the least of three, imports left out.
"""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ara.portfolio import optimise
from benchmarks.measure import show

__all__ = ["figures"]

_RUNS = 3
_BARS = 1500


def figures() -> dict[str, float]:
    """Measure each once its parts are imported."""
    optimise.minimum_volatility(np.eye(2))
    mean, covariance = _market(100)
    own = _least(lambda: optimise.maximum_sharpe(mean, covariance))
    theirs = _least(lambda: _slsqp(mean, covariance))
    wide_mean, wide = _market(500)
    _, wider = _market(1000)
    return {
        "mean_variance_500_s": _least(lambda: optimise.mean_variance(wide_mean, wide, aversion=5.0)),
        "hrp_1000_s": _least(lambda: optimise.hrp(wider)),
        "parity_2000_s": _least(lambda: optimise.risk_parity(_market(2000)[1]), runs=1),
        "parity_over_hrp_1000": _least(lambda: optimise.risk_parity(wider)) / _least(lambda: optimise.hrp(wider)),
        "frontier_50_of_100_s": _least(lambda: optimise.frontier(mean, covariance, points=50)),
        "sharpe_100_over_slsqp": own / theirs,
    }


def _least(work: Callable[[], object], *, runs: int = _RUNS) -> float:
    found = []
    for _ in range(runs):
        before = time.process_time()
        work()
        found.append(time.process_time() - before)
    return min(found)


def _market(width: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give means and covariance of returns with eight common factors."""
    dice = np.random.default_rng(0)
    factors = dice.standard_normal((_BARS, 8)) @ dice.standard_normal((8, width))
    returns = (0.3 * factors + dice.standard_normal((_BARS, width))) * 0.01
    return dice.standard_normal(width) * 5e-4, np.asarray(np.cov(returns, rowvar=False))


def _slsqp(mean: NDArray[np.float64], covariance: NDArray[np.float64]) -> None:
    from scipy.optimize import minimize

    def goal(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        pull = covariance @ weights
        risk, earned = float(np.sqrt(weights @ pull)), float(weights @ mean)
        return -earned / risk, -(mean / risk - earned * pull / risk**3)

    count = len(mean)
    whole = {"type": "eq", "fun": lambda weights: weights.sum() - 1, "jac": lambda _: np.ones(count)}
    minimize(
        goal,
        np.full(count, 1 / count),
        jac=True,
        bounds=[(0.0, 1.0)] * count,
        constraints=[whole],
        method="SLSQP",
        options={"ftol": 1e-6, "maxiter": 500},
    )


if __name__ == "__main__":
    show(figures())
