"""Prices, sizes and fees on whole numbers: the one arithmetic of both back-test engines.

Prices are counted in ticks, quantities in lots and money in units, `worth` units for one tick of one lot. Every
function is plain arithmetic, so that the event engine runs it as it stands and the sweep as machine code, with the same
result.
"""

import math
from typing import Final

__all__ = [
    "AT_OPEN",
    "LIMIT",
    "MARKET",
    "NEVER",
    "STOP",
    "STOP_LIMIT",
    "UNLIMITED",
    "WITHIN",
    "affordable",
    "carried",
    "fee",
    "level",
    "reached",
    "wanted",
    "worse",
]

MARKET: Final = 0
"""Filled at the open."""
LIMIT: Final = 1
"""Filled at its price or better."""
STOP: Final = 2
"""Filled at the market once its price is reached; a trailing stop too."""
STOP_LIMIT: Final = 3
"""Becomes a limit order once its stop is reached."""

NEVER: Final = 0
"""Not reached in a bar."""
AT_OPEN: Final = 1
"""Reached when the bar opened."""
WITHIN: Final = 2
"""Reached later in the bar."""

UNLIMITED: Final = -1
"""Of a volume: nobody knows it, and it limits nothing."""


def reached(kind: int, side: int, limit: int, stop: int, opened: int, high: int, low: int) -> tuple[int, int]:
    """Give when in a bar an order is filled, and at which price in ticks, before spread and slippage.

    A gap fills at the open: a stop worse than its price, a limit better. A stop that is reached within the bar fills at
    its price. A stop-limit that is gapped is a limit order from the open on; one that is reached within the bar fills
    at its stop if its limit allows that, and else waits for the next bar as a limit order.

    Parameters
    ----------
    kind
        `MARKET`, `LIMIT`, `STOP` or `STOP_LIMIT`.
    side
        1 to buy, -1 to sell.
    limit, stop
        Its prices in ticks; 0 where it has none.
    opened, high, low
        Of the bar, in ticks.
    """
    if kind == MARKET:
        return AT_OPEN, opened
    if kind == LIMIT or (kind == STOP_LIMIT and side * (opened - stop) >= 0):
        if side * (limit - opened) >= 0:
            return AT_OPEN, opened
        extreme = low if side > 0 else high
        return (WITHIN, limit) if side * (limit - extreme) >= 0 else (NEVER, 0)
    extreme = high if side > 0 else low
    if side * (extreme - stop) < 0:
        return NEVER, 0
    if side * (opened - stop) >= 0:
        return AT_OPEN, opened
    if kind == STOP_LIMIT and side * (limit - stop) < 0:
        return NEVER, 0
    return WITHIN, stop


def worse(price: int, side: int, spread: float, slip: float) -> int:
    """Give a price in ticks after half the spread and slippage, both shares of it, rounded against the trader."""
    return price + side * math.ceil(abs(price) * (0.5 * spread + slip))


def fee(lots: int, price: int, worth: int, share: float, each: float, least: float, step: int) -> int:
    """Give the commission for a fill in units: a share of its value, so much a lot, at least so much.

    It is rounded up to a multiple of `step` units, the smallest coin. `lots` and `price` count without their signs.
    """
    size = abs(lots)
    if size == 0:
        return 0
    raw = math.ceil(max(float(size) * abs(price) * worth * share + size * each, least))
    return -(-raw // step) * step


def wanted(equity: int, share: float, price: int, worth: int) -> int:
    """Give how many lots a share of the equity buys at a price, rounded towards zero; 0 where nothing is owned."""
    if price <= 0 or equity <= 0:
        return 0
    return int(float(equity) * share / (float(price) * worth))


def affordable(lots: int, held: int, price: int, worth: int, equity: int, others: int, leverage: int, cost: int) -> int:
    """Give how many of the lots to trade can be afforded: what lessens a position always can.

    Parameters
    ----------
    lots
        To trade; below 0 to sell.
    held
        What is held before, in lots.
    price, worth
        Of the fill, in ticks; units for a tick of a lot.
    equity
        All that is owned, in units, at this price.
    others
        Value of the other positions without their signs, in units.
    leverage
        How much may be held for 100 of equity.
    cost
        Fees of the trade, in units.
    """
    after = held + lots
    value = max(abs(price), 1) * worth
    room = max((leverage * (equity - cost)) // 100 - others, 0) // value
    same = held * after >= 0
    keeps = abs(held) if same else 0
    most = max(room, keeps)
    if abs(after) <= most:
        return lots
    bounded = most if after > 0 else -most
    return bounded - held


def level(price: int, share: float) -> int:
    """Give the price, in ticks, that lies a share away: below 0 is lower."""
    return math.floor(price * (1.0 + share) + 0.5)


def carried(amount: int, rate: float, days: float, step: int) -> int:
    """Give what borrowing an amount costs for some days at a rate a year (of 365 days), rounded up to `step` units."""
    if amount <= 0 or rate <= 0.0:
        return 0
    raw = math.ceil(float(amount) * rate * days / 365.0)
    return -(-raw // step) * step
