"""A file of what was held in segments and what the benchmark held: the tables that `brinson` divides."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ValidationError
from ara.performance.attribution import Brinson, brinson

__all__ = ["Segments", "read_segments"]

_Array = NDArray[np.float64]

_NUMBERS: Final = ("weight", "return", "benchmark_weight", "benchmark_return")
_NEEDED: Final = ("segment", *_NUMBERS)
_LARGEST: Final = 20_000_000
_MOST: Final = 200_000
_ROUNDED: Final = 0.002
_EXACT: Final = 1e-9
_HINT: Final = (
    "Its first line: date,segment,weight,return,benchmark_weight,benchmark_return (date for several periods)."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segments:
    """What was held in each segment, and what the benchmark held.

    Parameters
    ----------
    names
        Of the segments, in the order in which the file has them first.
    periods
        Of each bar, as the file writes it, ascending as text; one empty text where it has no dates.
    weights, returns, benchmark_weights, benchmark_returns
        `[bar, segment]`. The weights of a bar sum to 1.
    scaled
        Periods whose weights were rounded in the file, and were brought back to a sum of 1.
    """

    names: tuple[str, ...]
    periods: tuple[str, ...]
    weights: _Array
    returns: _Array
    benchmark_weights: _Array
    benchmark_returns: _Array
    scaled: tuple[str, ...] = ()

    @property
    def earned(self) -> tuple[float, float]:
        """What the portfolio and the benchmark came to, compounded over all bars."""
        mine = (self.weights * self.returns).sum(axis=1)
        other = (self.benchmark_weights * self.benchmark_returns).sum(axis=1)
        return float(np.prod(1 + mine) - 1), float(np.prod(1 + other) - 1)

    def divided(self, *, fachler: bool = True, interaction: bool = True) -> Brinson:
        """Divide the difference; see `brinson`."""
        return brinson(
            self.weights, self.returns, benchmark_weights=self.benchmark_weights,
            benchmark_returns=self.benchmark_returns, fachler=fachler, interaction=interaction,
        )  # fmt: skip


def read_segments(path: Path) -> Segments:
    """Read a CSV of segments: `segment,weight,return,benchmark_weight,benchmark_return`, and `date` for several bars.

    Shares are written as 0.4 or 40%. A segment that a bar doesn't name has no weight in it; one without weight needs
    no return, and is taken to have earned what the other side did there. Weights that miss 1 by 0.2 % at the most are
    taken to be rounded, and brought back to it.

    Raises
    ------
    ValidationError
        The file can't be read, a segment stands twice in a bar, weights don't sum to 1; the message says where.
    """
    found: dict[str, dict[str, tuple[float, ...]]] = {}
    for where, cells in _rows(path):
        period, name = cells.get("date", ""), cells["segment"]
        if not name:
            raise ValidationError(f"{where}: the segment has no name.", hint=_HINT)
        if name in found.setdefault(period, {}):
            again = f" in {period[:40]}" if period else ""
            raise ValidationError(
                f"{where}: {name[:40]!r} stands twice{again}.", hint="Give each segment once a period."
            )
        found[period][name] = _numbers(where, cells)
    if not found:
        raise ValidationError(f"{path.name} has no line below the first.", hint=_HINT)
    return _together(path, found)


def _rows(path: Path) -> "Sequence[tuple[str, dict[str, str]]]":
    if not path.is_file():
        words = f"{path.name!r} is a folder." if path.is_dir() else f"There is no file {path.name!r}."
        raise ValidationError(words, hint="Name a CSV file of segments.")
    if path.stat().st_size > _LARGEST:
        raise ValidationError(f"{path.name} is larger than {_LARGEST:,} bytes.")
    try:
        rows = csv.reader(io.StringIO(path.read_text("utf-8-sig")), skipinitialspace=True)
        head = [one.strip().lower() for one in next(rows, [])]
        lines = [(rows.line_num, row) for row in rows if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValidationError(f"{path.name} can't be read as text.", hint="Save it as CSV, in UTF-8.") from error
    if missing := [one for one in _NEEDED if one not in head]:
        raise ValidationError(f"{path.name} has no column {missing[0]}.", hint=_HINT)
    if twice := [one for one in head if one and head.count(one) > 1]:
        raise ValidationError(f"{path.name} has the column {twice[0][:40]!r} twice.", hint=_HINT)
    if len(lines) > _MOST:
        raise ValidationError(f"{path.name} has more than {_MOST:,} lines.")
    for number, row in lines:
        if len(row) != len(head):
            words = f"{path.name}, line {number}: there are {len(row)} cells, and {len(head)} columns."
            raise ValidationError(words, hint=_HINT)
    return [
        (f"{path.name}, line {number}", {key: cell.strip() for key, cell in zip(head, row, strict=True)})
        for number, row in lines
    ]


def _numbers(where: str, cells: dict[str, str]) -> tuple[float, ...]:
    """Give weight, return and those of the benchmark; a return that is missing and not needed is the other's."""
    weight, other = (_share(where, cells, name) for name in ("weight", "benchmark_weight"))
    earned = _share(where, cells, "return", needed=weight != 0)
    theirs = _share(where, cells, "benchmark_return", needed=other != 0)
    if math.isnan(earned) or math.isnan(theirs):
        known = [one for one in (earned, theirs) if not math.isnan(one)]
        earned = theirs = known[0] if known else 0.0
    return weight, earned, other, theirs


def _share(where: str, cells: dict[str, str], name: str, *, needed: bool = True) -> float:
    text = cells[name]
    if not text and not needed:
        return math.nan
    if not text and "weight" in name:
        return 0.0
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = math.inf
    if not abs(value) <= 100:
        raise ValidationError(f"{where}: {name} is {text[:40]!r}.", hint="Write shares as 0.4 or 40%.")
    return value


def _together(path: Path, found: dict[str, dict[str, tuple[float, ...]]]) -> Segments:
    names = tuple(dict.fromkeys(name for rows in found.values() for name in rows))
    periods = tuple(sorted(found))
    if "" in found and len(found) > 1:
        raise ValidationError(f"{path.name} has lines without a date beside others that have one.", hint=_HINT)
    table = np.array([[found[period].get(name, (0.0,) * 4) for name in names] for period in periods])
    scaled = []
    for place, told in ((0, "weights"), (2, "benchmark's weights")):
        for row, period in enumerate(periods):
            whole = math.fsum(table[row, :, place])
            if abs(whole - 1) > _ROUNDED:
                at = f" of {period[:40]}" if period else ""
                words = f"{path.name}: the {told}{at} sum to {whole * 100:.4g} %, not to 100 %."
                raise ValidationError(words, hint="Give cash a segment of its own; what is borrowed is below 0.")
            if abs(whole - 1) > _EXACT:
                scaled.append(period)
            table[row, :, place] /= whole
    w, r, v, s = (table[:, :, place] for place in range(4))
    return Segments(
        names=names, periods=periods, weights=w, returns=r, benchmark_weights=v, benchmark_returns=s,
        scaled=tuple(dict.fromkeys(scaled)),
    )  # fmt: skip
