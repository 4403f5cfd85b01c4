"""What commands that judge returns read: files of them, an instrument's closes beside, shares and counts as typed."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ara.cli.screen import Screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ara.data.files.dated import Dated

__all__ = ["alongside", "bars_of", "dated_of", "returns_of_file", "share_of"]

_FILES: Final = (".csv", ".txt", ".tsv", ".parquet", ".pq", ".gz", ".zip")


def share_of(text: str) -> float:
    """Give what cash earns in a year, from `2%` or `0.02`."""
    plain = text.strip()
    try:
        value = float(plain.removesuffix("%")) / (100 if plain.endswith("%") else 1)
    except ValueError:
        value = float("nan")
    if not -1 < value < 10:
        raise ValidationError(f"--free is {text!r:.20}.", hint="Give what cash earns in a year, as 2% or 0.02.")
    return value


def bars_of(text: str) -> float:
    """Give the bars of a year that were typed; 0 where none were."""
    if not text:
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value <= 1e7:
        raise ValidationError(f"--per-year is {text!r:.20}.", hint="Give the bars of a year, as 252.")
    return value


def dated_of(s: Screen, benchmark: str, dates: str) -> "Dated":
    """Give what it is compared with: a file if it is one or is called like one, else an instrument's closes."""
    from ara.cli.commands.viewed import closed_bars
    from ara.cli.commands.viewed import dates as labels
    from ara.data.files.dated import Dated, read_dated

    path = Path(benchmark)
    if path.suffix.lower() in _FILES or path.is_file():
        return read_dated(path, dates=dates)
    from datetime import UTC, datetime, time

    bars = closed_bars(s, benchmark)
    return Dated(
        name=bars.instrument.symbol,
        column="close",
        kind="equity",
        days=tuple(datetime.combine(one, time(), UTC) for one in labels(bars)),
        values=tuple(bars.frame["close"].to_list()),
        missing=0,
        guessed=False,
    )


def _times(series: "Dated") -> "NDArray[np.int64]":
    import numpy as np

    return np.array([round(one.timestamp() * 1e6) for one in series.days], np.int64)


def returns_of_file(series: "Dated") -> "tuple[NDArray[np.int64], NDArray[np.float64]]":
    """Give the times at which returns end, and the returns."""
    import numpy as np

    from ara.performance.inputs import checked, returns_of

    if series.kind == "equity":
        return _times(series)[1:], returns_of(series.values)
    values = np.array(series.values)
    if (values < -1).any():
        day, value = series.days[int(np.argmax(values < -1))], values[values < -1][0]
        raise ValidationError(
            f"{series.name}: {series.column} is {value:g} on {day:%Y-%m-%d}, and nobody loses more than all.",
            hint="Returns are shares: 0.01 is 1 %. Else say --kind percent or --kind equity.",
        )
    return _times(series), checked(values)


def alongside(own: "Dated", other: "Dated") -> "tuple[NDArray[np.bool_], NDArray[np.float64]]":
    """Give which of the own returns have a counterpart, and the counterparts: over the same stretches of time.

    Prices and worths are taken as last known at both ends; returns of a file count at their own dates only.
    """
    import numpy as np

    ends, _ = returns_of_file(own)
    there, values = _times(other), np.array(other.values)
    if other.kind == "returns":
        returns_of_file(other)
        place = np.minimum(np.searchsorted(there, ends), len(there) - 1)
        found = there[place] == ends
        return found, values[place[found]]
    starts = _times(own)[:-1] if own.kind == "equity" else np.concatenate(([ends[0] - 1], ends[:-1]))
    first, last = (np.searchsorted(there, one, side="right") - 1 for one in (starts, ends))
    found = (first >= 0) & (ends <= there[-1] + _most_late(there)) & (values[first] > 0) & (values[last] >= 0)
    return found, values[last[found]] / values[first[found]] - 1


def _most_late(times: "NDArray[np.int64]") -> int:
    """Give how old the last price may be: as long as the longest hole before it."""
    import numpy as np

    return int(np.diff(times).max()) if len(times) > 1 else 0
