"""What a long run of forecasts has answered so far: one that was stopped or killed goes on from there."""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ara.whole import write

__all__ = ["Parts"]

_RUNS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The answers of single refits, each in a file of its own, until their run has ended.

    A refit knows nothing of the others, so its answer is the same whichever run made it. Where a part can't be written
    or read, it is computed: the run itself never fails for its parts.

    Parameters
    ----------
    folder
        Of this run alone: its name is that of all that the answers follow from.
    """

    folder: Path

    @classmethod
    def opened(cls, place: Path, run: str) -> Self:
        """Give the parts of a run, begun or not; of the others that were given up only the newest few are left."""
        mine = place / run
        with suppress(OSError):
            others = sorted((one for one in place.iterdir() if one != mine), key=lambda one: one.stat().st_mtime_ns)
            for old in others[: 1 - _RUNS]:
                shutil.rmtree(old, ignore_errors=True)
        return cls(folder=mine)

    def of(self, moment: int, shape: tuple[int, ...]) -> NDArray[np.float64] | None:
        """Give what was answered at the refit of a moment; None where that is not whole."""
        try:
            values = np.load(self._file(moment), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        whole = values.dtype == np.float64 and values.shape == shape and np.isfinite(values).all()
        return np.asarray(values) if whole else None

    def keep(self, moment: int, values: NDArray[np.float64]) -> None:
        """Keep what was answered at the refit of a moment."""
        content = BytesIO()
        np.save(content, values, allow_pickle=False)
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            write(self._file(moment), content.getbuffer())

    def drop(self) -> None:
        """Remove all of them: the run has ended, or must not go on."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, moment: int) -> Path:
        return self.folder / f"{moment}.npy"
