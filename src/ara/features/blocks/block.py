"""The features of one instrument, as one block of numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Block"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The features of one instrument, a row for each bar.

    Parameters
    ----------
    symbol, timeframe
        Whose bars, and how long they are.
    names
        Of the columns.
    at, known_at
        When each bar opened, and when its close was public, which is when its features are known; `datetime64[us]`,
        UTC.
    x
        `[bar, feature]`, float32; NaN where a feature has no value.
    set
        Id of the feature set.
    missing
        The columns that have no value at all because an input is missing, each with the reason.
    """

    symbol: str
    timeframe: str
    names: tuple[str, ...]
    at: NDArray[Any]
    known_at: NDArray[Any]
    x: NDArray[np.float32]
    set: str
    missing: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.x)

    def frame(self) -> pl.DataFrame:
        """Give `symbol`, `at`, `known_at` and a column for each feature, float32."""
        head = {"symbol": pl.Series([self.symbol], dtype=pl.String).new_from_index(0, len(self))}
        times = {name: pl.Series(values).dt.replace_time_zone("UTC") for name, values in self._times().items()}
        columns = {name: self.x[:, place] for place, name in enumerate(self.names)}
        return pl.DataFrame({**head, **times, **columns})

    def _times(self) -> dict[str, NDArray[Any]]:
        return {"at": self.at.astype("datetime64[us]"), "known_at": self.known_at.astype("datetime64[us]")}
