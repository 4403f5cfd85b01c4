"""What a function gave for a series, found again for the series or for its beginning."""

from collections.abc import Callable, Hashable
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Prefixes"]

_Array = NDArray[np.float64]
_Key: TypeAlias = tuple[bytes, tuple[Hashable, ...]]

_HEAD: Final = 64
_ALIKE: Final = 4


class Prefixes:
    """Keeps the last answers of a function whose value at each place follows from the values up to that place.

    So what was given for a series holds for each of its beginnings: for what was known of it some bars before.

    Parameters
    ----------
    function
        Takes a series `[bar]` or `[bar, column]` and settings, gives as many values or rows.
    most
        How many different beginnings are kept; of series that begin alike the last few are.
    """

    def __init__(self, function: Callable[..., _Array], *, most: int = 256) -> None:
        self._function, self._most = function, most
        self._kept: dict[_Key, tuple[tuple[bytes, _Array], ...]] = {}

    def __call__(self, values: _Array, *settings: Hashable) -> _Array:
        """Give what the function gives for the values, to the byte; nobody can change the answer."""
        data = np.ascontiguousarray(values, np.float64).tobytes()
        key = data[:_HEAD], settings
        alike = self._kept.pop(key, ())
        found = next((one for one in alike if one[0].startswith(data)), None)
        if found is None:
            made = self._function(np.frombuffer(data).reshape(values.shape), *settings)
            made.setflags(write=False)
            found = data, made
            alike = (found, *(one for one in alike if not data.startswith(one[0])))[:_ALIKE]
        self._kept[key] = alike
        if len(self._kept) > self._most:
            self._kept.pop(next(iter(tuple(self._kept)), key), None)
        return found[1][: len(values)]
