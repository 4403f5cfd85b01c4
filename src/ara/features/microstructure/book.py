"""What an order book says: who is pressing at the best prices, how deep it is, what a size would pay.

All functions take columns in the order of time, one row per state of the book. Sizes are in units of what is traded.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features.arrays import Array, numbers, quotient

__all__ = [
    "Walk",
    "book_imbalance",
    "depth",
    "levels_of",
    "microprice",
    "quote_flow",
    "quoted_spread",
    "walk",
]

_Sizes = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What one order would pay, walked through the book as it stands.

    Parameters
    ----------
    filled
        The size that the book holds for it, all of it where the book is deep enough.
    price
        The mean price of what is filled; NaN where nothing is.
    worst
        The price of its last part.
    cost
        The mean price against the best one, as a share of it; above 0 is worse.
    levels
        How many prices it takes from.
    """

    filled: float
    price: float
    worst: float
    cost: float
    levels: int


def quote_flow(bid: Array, bid_size: Array, ask: Array, ask_size: Array) -> Array:
    """Give the order flow at the best quotes, state by state: above 0 where bids grew or asks gave way; 0 at first.

    A bid that rises or stays adds its size, one that falls or stays takes away the size there was before; asks alike
    with the other sign. The sum over a bar is the order flow imbalance of that bar.

    References
    ----------
    R. Cont, A. Kukanov, S. Stoikov, The Price Impact of Order Book Events, J. Financial Econometrics 12:1, 2014.
    """
    bid, bid_size, ask, ask_size = _quotes(bid=bid, bid_size=bid_size, ask=ask, ask_size=ask_size)
    if len({one.shape for one in (bid, bid_size, ask, ask_size)}) > 1:
        raise FeatureEngineeringError("The columns of the quotes differ in length.")
    out = np.zeros(len(bid))
    now, was = slice(1, None), slice(None, -1)
    out[1:] = (
        (bid[now] >= bid[was]) * bid_size[now]
        - (bid[now] <= bid[was]) * bid_size[was]
        - (ask[now] <= ask[was]) * ask_size[now]
        + (ask[now] >= ask[was]) * ask_size[was]
    )
    unknown = ~np.isfinite(bid + bid_size + ask + ask_size)
    out[unknown] = np.nan
    out[1:][unknown[:-1]] = np.nan
    return out


def quoted_spread(bid: Array, ask: Array) -> Array:
    """Give ask less bid as a share of their middle."""
    bid, ask = _quotes(bid=bid, ask=ask)
    return quotient(ask - bid, (ask + bid) / 2.0)


def microprice(bid: Array, bid_size: Array, ask: Array, ask_size: Array) -> Array:
    """Give the middle weighted by the size on the other side: where the price is drawn to.

    `(ask * bid_size + bid * ask_size) / (bid_size + ask_size)`; the plain middle where no size is shown.

    References
    ----------
    J. Gatheral, R. C. A. Oomen, Zero-Intelligence Realized Variance Estimation, Finance and Stochastics 14:2, 2010.
    """
    bid, bid_size, ask, ask_size = _quotes(bid=bid, bid_size=bid_size, ask=ask, ask_size=ask_size)
    return bid + (ask - bid) * quotient(bid_size, bid_size + ask_size, otherwise=0.5)


def book_imbalance(bid_sizes: _Sizes, ask_sizes: _Sizes, *, decay: Any = 1.0) -> Array:
    """Give how much more is bid than asked: -1 to 1; 0 where nothing is shown.

    Parameters
    ----------
    bid_sizes, ask_sizes
        `[state, level]`, the best first, or one column for the best alone; NaN counts as nothing.
    decay
        Weight of each level against the one before it, 0 to 1: 0 takes the best alone.

    References
    ----------
    R. Cont, A. Kukanov, S. Stoikov, The Price Impact of Order Book Events, J. Financial Econometrics 12:1, 2014.
    """
    if not isinstance(decay, int | float | np.integer | np.floating) or not 0.0 <= decay <= 1.0:
        raise FeatureEngineeringError(f"decay is {decay!r:.40}; it must be from 0 to 1.")
    bids, asks = (depth(one, decay=float(decay)) for one in (bid_sizes, ask_sizes))
    return quotient(bids - asks, bids + asks, otherwise=0.0)


def depth(sizes: _Sizes, *, decay: float = 1.0) -> Array:
    """Give the size on one side of the book, each level weighing `decay` times the one before it."""
    shown = np.nan_to_num(numbers("sizes", sizes), nan=0.0)
    if (shown < 0).any():
        raise FeatureEngineeringError(f"A size of the book is {shown[shown < 0][0]:g}; it is 0 or more.")
    shown = shown[:, None] if shown.ndim == 1 else shown
    return np.asarray(shown @ np.power(decay, np.arange(shown.shape[1])))


def walk(prices: Array, sizes: Array, quantity: Any) -> Walk:
    """Give what an order would pay if it took from one side of the book until it is filled.

    Parameters
    ----------
    prices, sizes
        Of that side, the best first: asks for an order that buys, bids for one that sells.
    quantity
        The size of the order, above 0.
    """
    prices, sizes = numbers("prices", prices), numbers("sizes", sizes)
    if prices.shape != sizes.shape or prices.ndim != 1:
        raise FeatureEngineeringError(f"prices {prices.shape} and sizes {sizes.shape} differ in shape.")
    if not isinstance(quantity, int | float | np.number) or not (np.isfinite(quantity) and quantity > 0):
        raise FeatureEngineeringError(f"quantity is {quantity!r:.40}; it is a number above 0.")
    shown = np.isfinite(prices) & (prices > 0) & (sizes > 0)
    prices, sizes = prices[shown], sizes[shown]
    steps = np.diff(prices)
    if (steps > 0).any() and (steps < 0).any():
        raise FeatureEngineeringError("The prices of one side must rise or fall, the best first.")
    taken = np.clip(quantity - (np.cumsum(sizes) - sizes), 0.0, sizes)
    filled, used = float(taken.sum()), int(np.count_nonzero(taken))
    if not used:
        return Walk(filled=0.0, price=np.nan, worst=np.nan, cost=np.nan, levels=0)
    best, worst = float(prices[0]), float(prices[used - 1])
    price = best + float(taken @ (prices - best)) / filled
    return Walk(filled=filled, price=price, worst=worst, cost=abs(price - best) / best, levels=used)


def _quotes(**given: object) -> tuple[NDArray[np.float64], ...]:
    found = tuple(numbers(name, one) for name, one in given.items())
    if any(np.nanmin(one, initial=0.0) < 0 for name, one in zip(given, found, strict=True) if name.endswith("size")):
        raise FeatureEngineeringError("A size of the quotes is below 0.")
    return found


def levels_of(book: pl.DataFrame, side: Literal["bid", "ask"]) -> tuple[Array, Array]:
    """Give prices and sizes of one side of a book, the best first.

    Parameters
    ----------
    book
        Rows of one state: columns `side`, `level` (1 the best), `price`, `size`.
    side
        `bid` or `ask`.
    """
    missing = [name for name in ("side", "level", "price", "size") if name not in book.columns]
    if missing:
        raise FeatureEngineeringError(f"The book lacks {', '.join(missing)}.")
    rows = book.filter(pl.col("side") == side).sort("level")
    if rows["level"].is_duplicated().any():
        raise FeatureEngineeringError("The book has a level twice; give the rows of one state.")
    return rows["price"].cast(pl.Float64).to_numpy(), rows["size"].cast(pl.Float64).to_numpy()
