"""Who is pressing: volume split into bought and sold by the moves of the bars, and how lopsided it is."""

import math
from typing import Final

import numpy as np

from ara.features.arrays import Array, filled, previous, quotient, rolling, sums, windows
from ara.features.indicator import Param, Scale, indicator
from ara.features.indicators.volatility.terms import returns
from ara.features.loops import joint_moments
from ara.features.microstructure.terms import WINDOW, average, bought, usual, window_of
from ara.features.pieces import in_pieces

__all__ = [
    "bulk_buy_share",
    "flow_foresight",
    "flow_persistence",
    "high_low_imbalance",
    "order_flow_imbalance",
    "vpin",
    "vpt_oscillator",
]

_TRADE: Final = ("close", "volume")
_SPLIT: Final = "D. Easley, M. M. Lopez de Prado, M. O'Hara (2012), Bulk Classification of Trading Activity"
_SIGNED: Final = {"window": WINDOW, "usual": usual()}
_ONE_WAY: Final = (-1.0, 1.0)


@indicator(
    inputs=["close"],
    params={"usual": usual()},
    warmup=lambda usual: usual,
    memory=lambda usual: usual + 1,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="N(r / s), s: standard deviation of the last returns, N: normal distribution function; 0.5 where s is 0",
    reference=_SPLIT,
    words="The share of the bar's volume taken to be bought: near 1 after an unusual rise, near 0 after such a fall.",
)
def bulk_buy_share(close: Array, *, usual: int) -> Array:
    """Give the bought share of each bar's volume by bulk classification."""
    return bought(close, usual)


@indicator(
    inputs=_TRADE,
    params=_SIGNED,
    warmup=lambda window, usual: usual + window - 1,
    memory=lambda window, usual: usual + window,
    scale=Scale.FREE,
    bounds=_ONE_WAY,
    formula="sum of n V (2 b - 1) / sum of n V, b: bulk_buy_share; 0 where nothing was traded",
    reference=_SPLIT,
    words="1: all was bought, -1: all was sold, by the moves of the bars; trades tell it better where there are any.",
)
def order_flow_imbalance(close: Array, volume: Array, *, window: int, usual: int) -> Array:
    """Give the imbalance of bought and sold volume."""
    lean = 2.0 * bought(close, usual) - 1.0
    total = sums(volume + 0.0 * lean, window)
    return np.clip(quotient(sums(lean * volume, window), total, otherwise=0.0), -1.0, 1.0)


@indicator(
    inputs=_TRADE,
    params={
        "window": window_of(50),
        "usual": usual(),
        "buckets": Param(default=25, low=2, high=500, whole=True, words="Equal volumes the window is cut into."),
    },
    warmup=lambda window, usual, buckets: usual + window - 1,
    memory=lambda window, usual, buckets: usual + window,
    scale=Scale.FREE,
    bounds=(0.0, 1.0),
    formula="mean of |bought - sold| / volume over k buckets of equal volume up to the bar; bought by bulk_buy_share",
    reference=(
        "D. Easley, M. M. Lopez de Prado, M. O'Hara (2012), Flow Toxicity and Liquidity in a High-Frequency World, RFS "
        "25:5; buckets counted back from the bar, so that its value is final"
    ),
    words="How one-sided the trade is, whichever side: where it is high makers lose to the informed, and may leave.",
)
def vpin(close: Array, volume: Array, *, window: int, usual: int, buckets: int) -> Array:
    """Give the volume-synchronised probability of informed trading; 0 where nothing was traded."""
    lean = 2.0 * bought(close, usual) - 1.0
    found = in_pieces(
        lambda traded, flow: (_toxicity(traded, flow, window, buckets),),
        volume + 0.0 * lean,
        volume * lean,
        memory=window,
        width=window + buckets,
    )
    return found[0]


def _toxicity(volume: Array, flow: Array, window: int, buckets: int) -> Array:
    traded, leaning = windows(volume, window), windows(flow, window)
    rows = len(traded)
    if not rows:
        return np.full(len(volume), np.nan)
    unknown = np.isnan(traded.sum(axis=1))
    volumes = np.zeros((rows, window + 1))
    flows = np.zeros((rows, window + 1))
    volumes[:, 1:] = np.cumsum(np.where(unknown[:, None], 0.0, traded), axis=1)
    flows[:, 1:] = np.cumsum(np.where(unknown[:, None], 0.0, leaning), axis=1)
    total = volumes[:, -1:]
    share = quotient(volumes, np.broadcast_to(total, volumes.shape), otherwise=0.0)
    share[:, -1] = 1.0
    cuts = np.linspace(0.0, 1.0, buckets + 1)
    # Rows are laid one behind the other, so that one pass cuts them all; only the whole part differs between them.
    row = np.arange(rows)[:, None] * 2.0
    at = np.interp((cuts + row).ravel(), (share + row).ravel(), flows.ravel()).reshape(rows, -1)
    found = quotient(np.abs(np.diff(at, axis=1)).sum(axis=1), total[:, 0], otherwise=0.0)
    return rolling(volume, np.where(unknown, np.nan, np.clip(found, 0.0, 1.0)), window)


@indicator(
    inputs=_TRADE,
    params={"window": window_of(60), "usual": usual()},
    warmup=lambda window, usual: usual + window,
    memory=lambda window, usual: usual + window + 1,
    scale=Scale.FREE,
    bounds=_ONE_WAY,
    formula="correlation over n bars of V (2 b - 1) with that of the bar before, b: bulk_buy_share",
    reference="F. Lillo, J. D. Farmer (2004), The Long Memory of the Efficient Market, SNDE 8:3; of bars as in Ara",
    words="Above 0 buying follows buying: large orders are worked off in pieces; below 0 it flips to and fro.",
)
def flow_persistence(close: Array, volume: Array, *, window: int, usual: int) -> Array:
    """Give the autocorrelation of the order flow; 0 where it does not vary."""
    flow = volume * (2.0 * bought(close, usual) - 1.0)
    return _correlation(previous(flow), flow, window)


@indicator(
    inputs=_TRADE,
    params={"window": window_of(60), "usual": usual()},
    warmup=lambda window, usual: usual + window,
    memory=lambda window, usual: usual + window + 1,
    scale=Scale.FREE,
    bounds=_ONE_WAY,
    formula="correlation over n bars of r with V (2 b - 1) of the bar before, b: bulk_buy_share",
    reference="T. Chordia, A. Subrahmanyam (2004), Order Imbalance and Individual Stock Returns, JFE 72:3; of bars",
    words="Above 0 the price went on after pressure, below 0 it came back: pressure that only moved the quotes.",
)
def flow_foresight(close: Array, volume: Array, *, window: int, usual: int) -> Array:
    """Give the correlation of returns with the order flow before; 0 where one of them does not vary."""
    flow = volume * (2.0 * bought(close, usual) - 1.0)
    return _correlation(previous(flow), returns(close), window)


def _correlation(x: Array, y: Array, window: int) -> Array:
    _, _, one, other, together = joint_moments(x, y, window)
    return np.clip(quotient(together, np.sqrt(one) * np.sqrt(other), otherwise=0.0), -1.0, 1.0)


@indicator(
    inputs=["open", "high", "low"],
    params={"window": WINDOW},
    warmup=lambda window: window - 1,
    memory=lambda window: window,
    scale=Scale.FREE,
    bounds=_ONE_WAY,
    formula="sum of n ((H - O) - (O - L)) / sum of n (H - L); 0 without a range",
    reference="Ara, of the extreme-value signs of trade direction in bars",
    words="1: the bars only went up from their open, -1: only down, whatever they closed at.",
)
def high_low_imbalance(open: Array, high: Array, low: Array, *, window: int) -> Array:
    """Give how much farther the bars went up from their open than down."""
    found = quotient(sums((high - open) - (open - low), window), sums(high - low, window), otherwise=0.0)
    return np.clip(found, -1.0, 1.0)


@indicator(
    inputs=_TRADE,
    params={"window": WINDOW},
    warmup=lambda window: window,
    memory=lambda window: window + 1,
    scale=Scale.FREE,
    bounds=(-math.inf, math.inf),
    formula="(T - mean of n T) / mean of n V, T: volume-price trend, the running sum of V (C / C[t-1] - 1)",
    reference="M. Widner, in Technical Analysis of Stocks & Commodities; against its own mean so that it compares",
    words="Above 0 volume has come in on rises lately, below 0 on falls; it crosses 0 as the trend of money turns.",
)
def vpt_oscillator(close: Array, volume: Array, *, window: int) -> Array:
    """Give the volume-price trend less its mean, in units of the mean volume; 0 where nothing was traded."""
    before = previous(close)
    steps = volume * quotient(close - before, before)
    # T less its mean needs the last steps only, each by the share of the window's T that it is newer than.
    whole = windows(steps, window)
    weights = np.arange(window) / window
    lean = rolling(close, whole @ weights, window)
    return filled(quotient(lean, average(volume, window), otherwise=0.0), window)
