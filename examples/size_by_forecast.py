"""From forecasts to weights: views as sure as their own width, limits, and what the portfolio may lose.

python examples/size_by_forecast.py
"""

import asyncio
from datetime import UTC, datetime

from ara import Desk, MarketData, PredictionEngine
from ara.portfolio import Limits, Plan, allocate, believed
from ara.risk.moves import aligned
from ara.statistics import covariance

SYMBOLS = ("AAPL", "MSFT", "SPY", "XAUUSD")
AS_OF = datetime(2021, 3, 31, 21, tzinfo=UTC)


async def main() -> None:
    """Forecast a month ahead, let that move what equal parts imply, and hold at most 40 % of each."""
    async with Desk.open() as desk, MarketData(desk) as market:
        engine = PredictionEngine(desk)
        forecasts = [await engine.predict(symbol, days=21, as_of=AS_OF) for symbol in SYMBOLS]
        bars = [await market.bars(await market.instrument(symbol), as_of=AS_OF) for symbol in SYMBOLS]
    moves = aligned(bars).last(750)
    shrunk = covariance(moves.returns, "ledoit_wolf")
    views = believed([one.days[-1] for one in forecasts], shrunk)
    plan = Plan(method="mean_variance")
    chosen = allocate(moves, plan, limits=Limits(highest=0.4), expected=views.expected, covariance=shrunk)
    for forecast, weight in zip(forecasts, chosen.weights.values(), strict=True):
        low, high = forecast.days[-1].band_80
        print(f"{forecast.instrument.symbol:7} {weight:6.1%}   in 21 days {low:,.1f} to {high:,.1f}")
    print(f"varies {chosen.risk:.1%} a year")
    print(f"one day in twenty loses {chosen.var:.1%} or more, {chosen.cvar:.1%} on average")
    for words in (*chosen.binding, *chosen.relaxed):
        print(words)


if __name__ == "__main__":
    asyncio.run(main())
