"""From prices as published to prices that can be compared, seen from the last bar.

Two ways lead there. Where splits and dividends are known as facts, prices are first brought back to what was traded
(`as_traded`) and then scaled by the facts that had taken effect by the last bar (`seen_from_last`): a split of n new
shares for one old divides earlier prices by n and multiplies earlier volume by n; a dividend D multiplies earlier
prices by `1 - D / c`, c the last close before it. Where there are no facts but adjusted closes, `adjusted` takes the
factor of a bar, `f = adjusted / close`, and each price becomes `price * f / f_last`.

Either way the last bar stands as traded, and no event after it can have an effect.
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara.data.actions import Action
from ara.market.bars import SCHEMA, Basis

__all__ = ["adjusted", "as_traded", "quality", "seen_from_last"]

_PRICES: Final = ("open", "high", "low", "close")


def adjusted(published: pl.DataFrame, source: str) -> tuple[pl.DataFrame, Basis]:
    """Adjust bars to their last one by the adjusted closes that their source gives.

    Parameters
    ----------
    published
        Columns as in `ara.data.provider.BARS`, already cut to what was known. A factor that is missing is that of the
        bar before it. Where there are columns of `ara.market.bars.SCHEMA` beside them, these stand.
    source
        Whose they are.

    Returns
    -------
    pl.DataFrame
        Columns as in `ara.market.bars.SCHEMA`. Volume stands as traded.
    Basis
        Total where the source gives adjusted closes, else split: nobody publishes daily prices for less.
    """
    if published["adjusted"].null_count() == published.height:
        return _finished(published, None, source=source), Basis.SPLIT
    factor = _factors(published)
    # by numpy, because polars divides by a single number as it multiplies by its inverse: the last bar must be times 1
    return _finished(published, pl.Series(factor / factor[-1]), source=source), Basis.TOTAL


def _factors(published: pl.DataFrame) -> NDArray[np.float64]:
    """Give each bar's adjusted close over its close; where there is none, that of the bar before, else the first."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found: NDArray[np.float64] = published["adjusted"].to_numpy() / published["close"].to_numpy()
    if ((found > 0) & (found < np.inf)).all():  # as of most that is published; filling what is missing takes longer
        return found
    raw = pl.col("adjusted") / pl.col("close")
    known = pl.when(raw.is_finite() & (raw > 0)).then(raw).forward_fill().backward_fill().fill_null(1.0)
    return published.select(known).to_series().to_numpy()


def as_traded(published: pl.DataFrame, splits: list[Action]) -> pl.DataFrame:
    """Undo what a source did to bars whose basis is `split`: give prices and volumes as they were traded.

    Parameters
    ----------
    published
        Columns as in `ara.data.provider.BARS`. A source had divided a bar by every split that took effect between the
        bar and the moment at which the bar was received.
    splits
        The splits that this source states, later ones too: they are only taken out, so nothing of them remains.
    """
    if not splits:
        return published
    at = published["at"].dt.epoch("us").to_numpy()
    learned = published["learned_at"].dt.epoch("us").to_numpy()
    factor = np.ones(len(at))
    for split in splits:
        factor[(at < split.effective) & (split.effective < learned)] *= split.value
    by = pl.Series(factor)
    return published.with_columns(pl.col(_PRICES) * by, pl.col("volume") / by)


def seen_from_last(traded: pl.DataFrame, actions: list[Action], source: str) -> pl.DataFrame:
    """Scale prices as traded to the last bar by splits and dividends.

    Parameters
    ----------
    traded
        Columns as in `ara.data.provider.BARS`, ascending, in the basis `raw`.
    actions
        What may be applied; what takes effect after the last bar's open is passed over.
    source
        Whose the bars are; the column `source` stands where there is one.

    Returns
    -------
    pl.DataFrame
        Columns as in `ara.market.bars.SCHEMA`; the last bar is the one that came in, bit by bit.
    """
    if not actions:
        return _finished(traded, None, source=source)
    at = traded["at"].dt.epoch("us").to_numpy()
    prices, shares = _steps(at, traded["close"].to_numpy(), actions)
    frame = traded.with_columns(pl.col("volume") * pl.Series(_before(shares)))
    return _finished(frame, pl.Series(_before(prices)), source=source)


def _steps(
    at: NDArray[np.int64], close: NDArray[np.float64], actions: list[Action]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give, for each bar, the factors of what took effect with it: of the prices and of the volumes before it."""
    prices, shares = np.ones(len(at)), np.ones(len(at))
    for action in actions:
        place = int(np.searchsorted(at, action.effective))
        if not 0 < place < len(at):
            continue
        if action.split:
            prices[place] /= action.value
            shares[place] *= action.value
        elif 0 < action.value < close[place - 1]:
            prices[place] *= 1 - action.value / close[place - 1]
    return prices, shares


def _before(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give each bar the product of all steps after it; 1 for the last."""
    later: NDArray[np.float64] = np.append(np.cumprod(steps[:0:-1])[::-1], 1.0)
    return later


def _finished(frame: pl.DataFrame, scale: pl.Series | None, *, source: str) -> pl.DataFrame:
    told = {"source": source, "imputed": False, "votes": 1}
    new = {name: pl.Series(name, [value]).new_from_index(0, frame.height) for name, value in told.items()}
    if "quality" not in frame.columns:
        new["quality"] = quality(frame)
    columns = [frame[name] if name in frame.columns else new[name] for name in SCHEMA.names()]
    scaled = [one * scale if scale is not None and one.name in _PRICES else one for one in columns]
    return pl.DataFrame(scaled)  # column by column: what polars plans and spreads takes longer than it spares


def quality(frame: pl.DataFrame) -> pl.Series:
    """Score each bar as published: 1 where it is possible, 0.5 where open, high or low can't be, 0 where close can't.

    A price is possible if it is a positive number; a bar, if no price lies above its high or below its low.
    """
    prices = np.stack([frame[name].to_numpy() for name in _PRICES])  # what is missing is NaN
    possible = (prices > 0) & (prices < np.inf)
    _, high, low, _ = prices
    whole = possible.all(axis=0) & (high >= prices.max(axis=0)) & (low <= prices.min(axis=0))
    return pl.Series("quality", np.where(possible[3], np.where(whole, 1.0, 0.5), 0.0))
