"""A strategy of one's own, tested on the bundled sample: what it earned, what holding did, and how much of it is luck.

python examples/own_strategy.py
"""

from typing import Any

import ara
from ara.trading import Signal


class Dip:
    """Buys a fall of some percent in one bar, sells on the first rise, and gives up after a loss of a tenth."""

    def __init__(self, depth: float = 0.03) -> None:
        self.depth = depth

    def decide(self, view: Any) -> Signal | None:
        """Say what share of the equity to hold, from closed bars alone; None for no change of mind."""
        closes = view.history(2)
        if len(closes) < 2:
            return None
        move = closes[1] / closes[0] - 1
        if move < -self.depth:
            return Signal(symbol=view.symbols[0], size=1.0, stop_share=0.1, why="a dip")
        return Signal(symbol=view.symbols[0], size=0.0, why="it rose") if move > 0 else None


def main() -> None:
    """Try three depths: each try is a look at the same bars, and what is left is judged after all of them."""
    for depth in (0.02, 0.03, 0.04):
        found = ara.backtest("AAPL", Dip, params={"depth": depth}, start="2015-01-01", end="2019-12-31")
        own, hold = found.result.measures, found.result.hold
        print(f"depth {depth:.0%}: {own.total:+.1%} after costs, Sharpe {own.sharpe:.2f}; holding {hold.total:+.1%}")
        print(f"  chance that this is more than luck after {found.luck.trials} looks: {found.luck.deflated:.0%}")


if __name__ == "__main__":
    main()
