"""Order flow and costs from single trades, for where they are given: who took them, what they cost, what they moved.

All functions take columns in the order of time; a value uses its own trade and earlier ones, but for `realised_spread`,
which measures what came after and says so.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import FeatureEngineeringError
from ara.features.arrays import Array, numbers, quotient, sums, texts

__all__ = [
    "Buckets",
    "Slope",
    "effective_spread",
    "effective_tick",
    "kyle_lambda_of_trades",
    "lee_ready",
    "prevailing",
    "realised_spread",
    "signs_of",
    "tick_rule",
    "trade_imbalance",
    "volume_of_bars",
    "vpin_of_trades",
]


_SIDES: Final = {"buy": 1.0, "b": 1.0, "sell": -1.0, "s": -1.0, "unknown": 0.0, "nan": 0.0, "none": 0.0, "": 0.0}
_MOST: Final = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """A line through points, and how sure it is.

    Parameters
    ----------
    value
        The slope.
    error
        Its standard error, robust to moves whose size differs (White).
    share
        Of the variance, what the line explains: 0 to 1.
    count
        Points.
    """

    value: float
    error: float
    share: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Buckets:
    """Equal volumes of trade, one after the other, as columns.

    Parameters
    ----------
    at
        The trade that filled each bucket.
    imbalance
        Bought less sold, as a share of the bucket: -1 to 1.
    vpin
        The mean size of the imbalance of the last buckets; NaN before there are enough.
    """

    at: NDArray[np.int64]
    imbalance: Array
    vpin: Array


def signs_of(side: Sequence[Any]) -> Array:
    """Give 1 for `buy`, -1 for `sell`, in any letters, of who took each trade; 0 where that is unknown.

    Unknown is what is missing, empty or called so. FeatureEngineeringError for any other word, which would be flow that
    goes unseen.
    """
    words = [str("" if one is None else one).strip().lower() for one in side]
    strange = [one for one in words if one not in _SIDES]
    if strange:
        told = f"A side is {strange[0]!r:.40}; it is buy or sell, or where nobody knows, unknown or empty."
        raise FeatureEngineeringError(told, hint="Map what the feed calls it to these words.")
    return np.array([_SIDES[one] for one in words])


def tick_rule(price: Array) -> Array:
    """Give 1 for a trade above the last other price, -1 below it; 0 before there was one.

    References
    ----------
    C. M. C. Lee, M. J. Ready, Inferring Trade Direction from Intraday Data, J. Finance 46:2, 1991.
    """
    price = numbers("price", price)
    step = np.sign(np.diff(price, prepend=price[:1]))
    known = np.where(step != 0.0, np.arange(len(price)), -1)
    last = np.maximum.accumulate(known)
    return np.where(last >= 0, step[np.maximum(last, 0)], 0.0)


def lee_ready(price: Array, bid: Array, ask: Array) -> Array:
    """Give 1 for trades above the middle of the quotes before them, -1 below; by the tick rule in the middle.

    Parameters
    ----------
    price
        Of each trade.
    bid, ask
        The best quotes that stood when the trade came, as `prevailing` gives them; without them the tick rule decides.

    References
    ----------
    C. M. C. Lee, M. J. Ready, Inferring Trade Direction from Intraday Data, J. Finance 46:2, 1991.
    """
    price, bid, ask = _columns(price=price, bid=bid, ask=ask)
    middle = (bid + ask) / 2.0
    side = np.sign(price - middle)
    return np.where(np.isfinite(side) & (side != 0.0), side, tick_rule(price))


def prevailing(trade_at: Any, quote_at: Any, *columns: Array, later: Any = 0) -> tuple[Array, ...]:
    """Give, for each trade, the quote that stood strictly before it; NaN where there was none.

    Parameters
    ----------
    trade_at, quote_at
        Times in one unit; those of the quotes not falling.
    *columns
        Of the quotes: bid, ask, sizes.
    later
        Added to the times of the trades: the quotes of so much later, for what came after.

    Raises
    ------
    FeatureEngineeringError
        The times of the quotes fall, or a column is as long as they are not.
    """
    times, trades = _rising(quote_at, "quote_at"), _times(trade_at, "trade_at")
    odd = next((np.shape(one) for one in columns if np.shape(one) != times.shape), None)
    if odd is not None:
        raise FeatureEngineeringError(f"A column of the quotes has shape {odd}, their times {times.shape}.")
    with _one_kind("trade_at, quote_at and later"):
        place = np.searchsorted(times, trades + later, side="left") - 1
    there, quotes = place >= 0, [numbers("A column of the quotes", one) for one in columns]
    return tuple(
        np.where(there, one[np.maximum(place, 0)], np.nan) if len(one) else np.full(len(place), np.nan)
        for one in quotes
    )


def trade_imbalance(signs: Array, size: Array, *, window: Any) -> Array:
    """Give bought less sold over all of the last `window` trades: -1 to 1; 0 where nothing was traded."""
    signs, size = _columns(signs=signs, size=size)
    span = _whole(window, "window")
    return quotient(sums(signs * size, span), sums(size, span), otherwise=0.0)


def volume_of_bars(trade_at: Any, signs: Array, size: Array, *, opens: Any, end: Any) -> tuple[Array, Array, Array]:
    """Give what was bought, sold and of unknown side in each bar.

    Parameters
    ----------
    trade_at
        Times of the trades.
    signs, size
        Of the trades.
    opens
        When each bar opens, rising; a trade at that very time belongs to the bar.
    end
        When the last bar closes; later trades belong to none.
    """
    signs, size = _columns(signs=signs, size=size)
    times, begins = _times(trade_at, "trade_at"), _rising(opens, "opens")
    if times.shape != size.shape:
        raise FeatureEngineeringError(f"The times of the trades have shape {times.shape}, their sizes {size.shape}.")
    if np.ndim(end):
        raise FeatureEngineeringError(f"end is one time, when the last bar closes, not {np.size(end)} of them.")
    with _one_kind("trade_at, opens and end"):
        place = np.searchsorted(begins, times, side="right") - 1
        inside = (place >= 0) & (times < _times(end, "end"))
    count = len(begins)
    bought, sold, other = (
        np.asarray(np.bincount(place[chosen], size[chosen], count), np.float64)
        for chosen in (inside & (signs > 0), inside & (signs < 0), inside & (signs == 0))
    )
    return bought, sold, other


def vpin_of_trades(signs: Array, size: Array, *, bucket: Any, buckets: Any = 50) -> Buckets:
    """Give the volume-synchronised probability of informed trading of trades.

    Trades are poured into buckets of equal volume, cut where a bucket is full; of each the imbalance is taken, and of
    the sizes of the last `buckets` imbalances the mean. A bucket counts once it is full.

    Parameters
    ----------
    signs, size
        Of the trades.
    bucket
        Volume of a bucket: a fiftieth of a usual day's is what the authors take.
    buckets
        How many of them the mean is of.

    References
    ----------
    D. Easley, M. M. Lopez de Prado, M. O'Hara, Flow Toxicity and Liquidity in a High-Frequency World, RFS 25:5, 2012.
    """
    signs, size = _columns(signs=signs, size=size)
    buckets = _whole(buckets, "buckets")
    if not isinstance(bucket, int | float | np.integer | np.floating) or not (np.isfinite(bucket) and bucket > 0):
        raise FeatureEngineeringError(f"bucket is {bucket!r:.40}; give a number above 0.")
    bucket = float(bucket)
    kept = np.flatnonzero(np.isfinite(size * signs) & (size > 0))
    volumes, flows = np.cumsum(size[kept]), np.cumsum((size * signs)[kept])
    count = int(volumes[-1] / bucket + 1e-9) if len(volumes) else 0
    if count > _MOST:
        words = f"bucket is {bucket:g}, which makes {count:,} of {volumes[-1]:g} traded; at most {_MOST:,} are made"
        raise FeatureEngineeringError(f"{words}.", hint="A fiftieth of a day's volume is usual.")
    edges = bucket * np.arange(count + 1)
    if not count:
        return Buckets(at=np.empty(0, np.int64), imbalance=np.empty(0), vpin=np.empty(0))
    flow = np.interp(edges, np.append(0.0, volumes), np.append(0.0, flows))
    lean = np.clip(np.diff(flow) / bucket, -1.0, 1.0)
    filled = np.minimum(np.searchsorted(volumes, edges[1:] * (1.0 - 1e-12)), len(volumes) - 1)
    return Buckets(at=kept[filled], imbalance=lean, vpin=sums(np.abs(lean), buckets) / buckets)


def kyle_lambda_of_trades(price: Array, signs: Array, size: Array, *, every: int = 50) -> Slope:
    """Give Kyle's lambda: how much the price moves for one unit of net buying.

    The least-squares slope, over intervals of `every` trades, of the change of the price on bought less sold volume.

    Parameters
    ----------
    price, signs, size
        Of the trades.
    every
        Trades in an interval; a few make it a measure of bounce rather than of impact.

    References
    ----------
    A. S. Kyle, Continuous Auctions and Insider Trading, Econometrica 53:6, 1985.
    """
    price, signs, size = _columns(price=price, signs=signs, size=size)
    every = _whole(every, "every")
    known = np.isfinite(price * signs * size)
    price, flow = price[known], (signs * size)[known]
    count = (len(price) - 1) // every
    if count < 3:
        raise FeatureEngineeringError(
            f"{len(price)} trades make {max(count, 0)} intervals of {every}; a slope takes 3 or more."
        )
    moved = np.diff(price[: count * every + 1 : every])
    pressed = flow[1 : count * every + 1].reshape(count, every).sum(axis=1)
    x, y = pressed - pressed.mean(), moved - moved.mean()
    spread = float(x @ x)
    if spread == 0.0:
        return Slope(value=0.0, error=float("nan"), share=0.0, count=count)
    value = float(x @ y) / spread
    rest = y - value * x
    error = float(np.sqrt((x * x) @ (rest * rest) * count / (count - 2))) / spread
    total = float(y @ y)
    return Slope(value=value, error=error, share=1.0 - float(rest @ rest) / total if total else 0.0, count=count)


def effective_spread(price: Array, middle: Array, signs: Array) -> Array:
    """Give what each trade paid for a round trip: `2 * sign * (price - middle) / middle`, a share of the price.

    References
    ----------
    R. D. Huang, H. R. Stoll, Dealer versus Auction Markets, J. Financial Economics 41:3, 1996.
    """
    price, middle, signs = _columns(price=price, middle=middle, signs=signs)
    return 2.0 * signs * quotient(price - middle, middle)


def realised_spread(price: Array, middle: Array, later: Array, signs: Array) -> tuple[Array, Array]:
    """Give what the other side earned of each trade, and what the trade moved: they add up to the effective spread.

    Looks ahead: it is known once the later quotes are, and belongs to that time.

    Parameters
    ----------
    price
        Of each trade.
    middle
        Of the quotes that stood when it came.
    later
        Middle of the quotes some time after, as `prevailing(..., later=...)` gives them.
    signs
        Of who took the trade.

    References
    ----------
    R. D. Huang, H. R. Stoll, Dealer versus Auction Markets, J. Financial Economics 41:3, 1996.
    """
    price, middle, later, signs = _columns(price=price, middle=middle, later=later, signs=signs)
    return 2.0 * signs * quotient(price - later, middle), 2.0 * signs * quotient(later - middle, middle)


def effective_tick(price: Array, *, increments: Sequence[float]) -> float:
    """Give the spread that the clustering of prices on round numbers tells, as a share of the mean price.

    Wide spreads leave prices on coarse grids only. Prices are counted by the coarsest increment that they are a
    multiple of; what a grid has beyond chance is the probability of a spread of its size.

    Parameters
    ----------
    price
        Trades or closes.
    increments
        Possible spreads, rising, each a multiple of the one before: `(0.01, 0.05, 0.25, 1.0)`.

    References
    ----------
    C. W. Holden, New Low-Frequency Spread Measures, J. Financial Markets 12:4, 2009.
    """
    sizes = np.array(increments, np.float64)
    if not _nested(sizes):
        raise FeatureEngineeringError(f"increments are {tuple(increments)}; each must be a multiple of the one before.")
    values = np.asarray(price, np.float64)
    values = values[np.isfinite(values) & (values > 0)]
    if not len(values):
        raise FeatureEngineeringError("There is no price; it takes one or more.")
    multiples = values[:, None] / sizes
    on = np.abs(multiples - np.round(multiples)) < 1e-6 * np.maximum(multiples, 1.0)
    coarsest = np.where(on.any(axis=1), len(sizes) - 1 - on[:, ::-1].argmax(axis=1), 0)
    share = np.bincount(coarsest, minlength=len(sizes)) / len(values)
    excess = 2.0 * share
    excess[1:] -= share[:-1]
    if len(sizes) > 1:
        excess[-1] = share[-1] - share[-2]
    chances: list[float] = []
    for one in excess.tolist():
        chances.append(min(max(one, 0.0), 1.0 - sum(chances)))
    return float(np.array(chances) @ sizes / values.mean())


def _nested(sizes: Array) -> bool:
    """Say whether sizes rise from above 0, each a multiple of the one before."""
    if not len(sizes) or not (np.isfinite(sizes) & (sizes > 0)).all():
        return False
    parts = sizes[1:] / sizes[:-1]
    return bool((parts > 1.5).all() and np.abs(parts - np.round(parts)).max(initial=0.0) < 1e-6)


def _rising(times: Any, name: str) -> NDArray[Any]:
    """Give times that don't fall."""
    found = _times(times, name)
    if found.ndim != 1 or (found[1:] < found[:-1]).any():
        raise FeatureEngineeringError(f"{name} falls somewhere; give it in the order of time.")
    return found


def _times(values: Any, name: str) -> NDArray[Any]:
    """Give times, as numbers or dates; texts, which would be put into the order of their letters, are none."""
    found = np.asarray(values)
    if found.dtype.kind not in "fiuMmO" or texts(found):
        raise FeatureEngineeringError(f"{name} is made of {values!r:.40}; give times as numbers or dates.")
    return found


@contextmanager
def _one_kind(names: str) -> Iterator[None]:
    try:
        yield
    except TypeError:
        raise FeatureEngineeringError(f"{names} are times of different kinds; give all in one.") from None


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise FeatureEngineeringError(f"{name} is {value!r:.40}; give a whole number, 1 or more.")
    return int(value)


def _columns(**given: Array) -> tuple[Array, ...]:
    found = tuple(numbers(name, one) for name, one in given.items())
    if len({one.shape for one in found}) > 1 or found[0].ndim != 1:
        shapes = ", ".join(f"{name} {one.shape}" for name, one in zip(given, found, strict=True))
        raise FeatureEngineeringError(f"The columns differ in shape: {shapes}.")
    return found
