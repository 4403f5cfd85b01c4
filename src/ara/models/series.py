"""What families share that look at one series at a time: its bars, fitting each, answering, keeping."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar
from weakref import ReferenceType, ref

import msgspec
import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.families.ewma_t import EwmaT, FittedEwmaT, Shape
from ara.models.head import Head, read_head, write_head
from ara.models.model import described
from ara.models.panel import Panel, Rows, united
from ara.models.quantiles import LEVELS, Quantiles
from ara.statistics.distributions import summed_t_quantiles
from ara.workers import Progress

__all__ = ["FittedSeries", "Line", "SeriesModel", "spread_t"]

_Array = NDArray[np.float64]
_PARAMS = "params.json"
_LATELY = 2

_LearnedT = TypeVar("_LearnedT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series of a panel, without the bars that have no return; so the bars of a line follow each other.

    Parameters
    ----------
    rows
        Where each bar stands in the panel.
    at, known_at
        When each bar opened and when its close was public, microseconds since 1970 UTC.
    bars
        `[n, 4]`: logs of open, high, low and close over the previous close.
    """

    rows: Rows
    at: NDArray[np.int64]
    known_at: NDArray[np.int64]
    bars: _Array

    @classmethod
    def of(cls, panel: Panel, code: int) -> "Line":
        """Give the series with this index; the members of an ensemble ask for the same one in turn."""
        for known, place, line in tuple(_lately):
            if known() is panel and place == code:
                return line
        first, end = panel.span(code)
        rows = first + np.flatnonzero(~np.isnan(panel.bars[first:end, 3]))
        line = cls(rows=rows, at=panel.at[rows], known_at=panel.known_at[rows], bars=panel.bars[rows])
        _lately.insert(0, (ref(panel), code, line))
        del _lately[_LATELY:]
        return line

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def returns(self) -> _Array:
        """Log returns from close to close."""
        return self.bars[:, 3]

    def places(self, rows: Rows) -> Rows:
        """Give, for rows of the panel, the newest bar of the line up to each; -1 where there is none yet."""
        return np.asarray(np.searchsorted(self.rows, rows, side="right") - 1, np.int64)


_lately: list[tuple[ReferenceType[Panel], int, Line]] = []


def spread_t(sigma: _Array, degrees: float, horizons: Sequence[int]) -> _Array:
    """Give `[row, horizon, level]`: Student-t quantiles around 0 with this standard deviation `[row, horizon]`.

    The tails are thinned with the horizon, as those of a sum of independent steps are.
    """
    return np.asarray(sigma[:, :, None] * summed_t_quantiles(LEVELS, degrees, tuple(horizons)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedSeries(Generic[_LearnedT]):
    """What a family learned of each series.

    Parameters
    ----------
    model
        The family with its parameters.
    learned
        By symbol.
    plain
        The `ewma_t` that answers where the family can't: a series it has not met, or too little of one.
    """

    model: "SeriesModel[_LearnedT]"
    learned: Mapping[str, _LearnedT]
    plain: FittedEwmaT

    def predict(self, panel: Panel, rows: Rows) -> Quantiles:
        """Give the quantiles; each series' from its own bars up to the row."""
        values = np.full((len(rows), len(panel.horizons), len(LEVELS)), np.nan)
        for code, mine in panel.by_series(rows):
            line = Line.of(panel, code)
            places = line.places(rows[mine])
            known = places >= 0
            if known.any():
                own = self.learned.get(panel.symbols[code])
                values[mine[known]] = self.model.answer(own, line, places[known], panel.horizons)
        told = np.isfinite(values)
        if not told.all():
            left = np.flatnonzero(~told.all(axis=(1, 2)))
            values[left] = self.plain.predict(panel, rows[left]).values
        return Quantiles(horizons=panel.horizons, values=values)

    def save(self, folder: Path) -> None:
        """Write `params.json` and `head.json`."""
        body = {
            "settings": described(self.model)["params"],
            "learned": dict(self.learned),
            "decay": self.plain.decay,
            "shapes": dict(self.plain.shapes),
        }
        (folder / _PARAMS).write_bytes(msgspec.json.encode(body, order="deterministic"))
        write_head(folder, Head(family=self.model.family, levels=LEVELS))


class SeriesModel(Generic[_LearnedT]):
    """A family that learns of each series from that series alone; a subclass says how it learns and answers."""

    __slots__ = ()

    family: ClassVar[str]
    kept: ClassVar[type[Any]]

    @abstractmethod
    def learn(self, line: Line, train: Rows, horizons: Sequence[int]) -> _LearnedT | None:
        """Learn from a series' bars at the places `train`, all of them known; None where there are too few of them."""

    @abstractmethod
    def answer(self, learned: _LearnedT | None, line: Line, places: Rows, horizons: Sequence[int]) -> _Array:
        """Give `[place, horizon, level]`; NaN where it has none. A place may look at itself and at earlier ones."""

    def fit(
        self,
        panel: Panel,
        train: Rows,
        valid: Rows,
        *,
        seed: int,
        start: object | None = None,
        watch: Callable[[Progress], bool],
    ) -> FittedSeries[_LearnedT]:
        """Learn of each series. There is nothing random in it and nothing to stop early: `valid` only adds rows."""
        rows = united(train, valid)
        learned: dict[str, _LearnedT] = {}
        left: list[Rows] = []
        parts = list(panel.by_series(rows))
        for done, (code, mine) in enumerate(parts, 1):
            line = Line.of(panel, code)
            first, end = panel.span(code)
            whole = len(mine) == end - first  # as it is wherever a refit learns from all that was known
            places = np.arange(len(line)) if whole else np.flatnonzero(np.isin(line.rows, rows[mine]))
            own = self.learn(line, places, panel.horizons)
            if own is None:
                left.append(rows[mine])
            else:
                learned[panel.symbols[code]] = own
            if not watch(Progress(done=done, total=len(parts), words=f"fitting {self.family}")):
                break
        plain = _plain(panel, left, seed)
        return FittedSeries(model=self, learned=learned, plain=plain)

    @classmethod
    def load(cls, folder: Path) -> FittedSeries[_LearnedT]:
        """Read what `FittedSeries.save` wrote."""
        read_head(folder, cls.family)
        try:
            body = msgspec.json.decode((folder / _PARAMS).read_bytes(), type=_Kept)
            model: SeriesModel[_LearnedT] = msgspec.json.decode(body.settings, type=cls)
            learned = {symbol: msgspec.json.decode(raw, type=cls.kept) for symbol, raw in body.learned.items()}
        except OSError as error:
            raise ModelError(f"{folder / _PARAMS} can't be read: {error.strerror}") from error
        except msgspec.MsgspecError as error:
            raise ModelError(f"{folder / _PARAMS} is damaged: {error}") from error
        return FittedSeries(model=model, learned=learned, plain=FittedEwmaT(decay=body.decay, shapes=body.shapes))


class _Kept(msgspec.Struct, frozen=True):
    settings: msgspec.Raw
    learned: dict[str, msgspec.Raw]
    decay: float
    shapes: dict[str, Shape]


def _plain(panel: Panel, left: Sequence[Rows], seed: int) -> FittedEwmaT:
    """Fit `ewma_t` on the rows of the series that the family learned nothing of."""
    rows = np.concatenate([np.empty(0, np.int64), *left])
    return EwmaT().fit(panel, rows, rows[:0], seed=seed, watch=lambda _: True)
