"""Crises of the past as moves of factors, each with the closes that it comes from."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from ara.risk.scenario import Scenario

__all__ = ["FACTORS", "SCENARIOS"]

_FUND: Final = "closes of the fund, dividends included"
_BARE: Final = "closes of the fund, dividends left out"
_ECB: Final = "reference rates of the European Central Bank"
_SPOT: Final = "spot, closes of the day in New York"
_COIN: Final = "closes at midnight UTC"

_Said = dict[str, tuple[float, str]]


def _known(name: str, words: str, days: tuple[date, date], moves: _Said) -> Scenario:
    return Scenario(
        name=name,
        words=words,
        first=days[0],
        last=days[1],
        moves=MappingProxyType({symbol: move for symbol, (move, _) in moves.items()}),
        sources=MappingProxyType({symbol: source for symbol, (_, source) in moves.items()}),
    )


_CRISES: Final = (
    _known(
        "crash_1987",
        "the crash of 19 October 1987, one day",
        (date(1987, 10, 16), date(1987, 10, 19)),
        {
            "SPY": (-0.205, "closes of the S&P 500: 282.70 and 224.84"),
            "XAUUSD": (0.035, "London fixings: 481.00 on the 19th in the afternoon, some 16 dollars up"),
        },
    ),
    _known(
        "dotcom_2000",
        "the end of the internet boom, 24 March 2000 to 9 October 2002",
        (date(2000, 3, 24), date(2002, 10, 9)),
        {
            "SPY": (-0.475, _FUND),
            "QQQ": (-0.829, _FUND),
            "XAUUSD": (0.108, "London, means of the months: 286 in March 2000, 317 in October 2002"),
        },
    ),
    _known(
        "crisis_2008",
        "the financial crisis, 9 October 2007 to 9 March 2009",
        (date(2007, 10, 9), date(2009, 3, 9)),
        {
            "SPY": (-0.552, _FUND), "QQQ": (-0.516, _FUND), "IWM": (-0.592, _BARE), "XAUUSD": (0.248, _SPOT),
            "EURUSD": (-0.105, _ECB), "USDJPY": (-0.155, _ECB),
        },
    ),
    _known(
        "covid_2020",
        "the pandemic, 19 February to 23 March 2020",
        (date(2020, 2, 19), date(2020, 3, 23)),
        {
            "SPY": (-0.337, _FUND), "QQQ": (-0.279, _FUND), "IWM": (-0.407, _BARE), "EEM": (-0.308, _BARE),
            "XAUUSD": (-0.037, _SPOT), "EURUSD": (-0.007, _SPOT), "BTC-USD": (-0.334, _COIN),
        },
    ),
    _known(
        "rates_2022",
        "the rise of interest rates, 3 January to 12 October 2022",
        (date(2022, 1, 3), date(2022, 10, 12)),
        {
            "SPY": (-0.245, _FUND), "QQQ": (-0.343, _FUND), "IWM": (-0.258, _BARE),
            "XAUUSD": (-0.073, "closes of the fund GLD, which holds it"), "EURUSD": (-0.145, _ECB),
            "USDJPY": (0.276, _ECB), "BTC-USD": (-0.588, _COIN),
        },
    ),
    _known(
        "crypto_2022",
        "Terra, Celsius and what followed, 5 April to 18 June 2022",
        (date(2022, 4, 5), date(2022, 6, 18)),
        {
            "BTC-USD": (-0.583, _COIN), "ETH-USD": (-0.709, _COIN), "SPY": (-0.185, f"{_FUND}, to 17 June"),
            "QQQ": (-0.239, f"{_FUND}, to 17 June"),
        },
    ),
    _known(
        "franc_2015",
        "the franc let go of the euro, 15 January 2015, one day",
        (date(2015, 1, 14), date(2015, 1, 15)),
        {
            "USDCHF": (-0.126, _SPOT), "EURUSD": (-0.013, _SPOT), "XAUUSD": (0.027, _SPOT), "SPY": (-0.009, _FUND),
        },
    ),
)  # fmt: skip

SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType({one.name: one for one in _CRISES})
"""Crises by name: returns of broad funds, gold, coins and currencies between the days that are named."""

FACTORS: Final = tuple(dict.fromkeys(symbol for one in SCENARIOS.values() for symbol in one.moves))
"""Symbols that the crises move."""
