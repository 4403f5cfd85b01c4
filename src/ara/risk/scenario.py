"""What markets might do: moves of a few factors, and files that list such."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ara.errors import ConfigurationError, ValidationError
from ara.settings.document import LARGEST, Mapped, Scalar, read

__all__ = ["Scenario", "read_scenarios"]

_MOST: Final = 200
_LIMIT: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Moves of factors from the beginning to the worst of a crisis.

    Parameters
    ----------
    name
        `covid_2020`.
    words
        What happened, and when.
    moves
        Symbol of a factor: its return, above -1; -0.34 is a fall of 34 %.
    first, last
        The days whose closes are compared; None where nobody said.
    sources
        Symbol of a factor: what its return was taken from.
    """

    name: str
    words: str
    moves: Mapping[str, float]
    first: date | None = None
    last: date | None = None
    sources: Mapping[str, str] = field(default_factory=dict)


def read_scenarios(path: Path) -> list[Scenario]:
    """Read scenarios of your own from a YAML or JSON file.

    A mapping from names to `words` and `moves`::

        oil_shock:
          words: Oil doubles, shares fall
          moves: {SPY: -0.2, EURUSD: -0.05}

    Raises
    ------
    ValidationError
        The file can't be read, or says something else; the message names the line.
    """
    if not path.is_file():
        words = f"{path.name!r} is a folder." if path.is_dir() else f"There is no file {path.name!r}."
        raise ValidationError(words, hint="Name a YAML or JSON file of scenarios.")
    if path.stat().st_size > LARGEST:
        raise ValidationError(f"{path.name} is larger than {LARGEST:,} bytes; it lists scenarios.")
    try:
        root = read(path).root
    except ConfigurationError as error:
        raise ValidationError(error.message, hint="Write a name, and below it moves: {SPY: -0.2}") from None
    if root is None or not root.pairs:
        raise ValidationError(f"{path.name} has no scenario.", hint="Write a name, and below it moves: {SPY: -0.2}")
    if len(root.pairs) > _MOST:
        raise ValidationError(f"{path.name} has {len(root.pairs)} scenarios; at most {_MOST} are read.")
    return [_scenario(path, key, value) for key, value in root.pairs]


def _scenario(path: Path, key: Scalar, value: object) -> Scenario:
    where = f"{path.name}, line {key.line}"
    if not isinstance(value, Mapped):
        raise ValidationError(f"{where}: {key.text[:40]!r} has no moves.", hint="Below it: moves: {SPY: -0.2}")
    if wrong := [name.text for name, _ in value.pairs if name.text not in ("words", "moves")]:
        raise ValidationError(f"{where}: {wrong[0][:40]!r} is not known.", hint="There are: words, moves.")
    words, moves = value.pair("words"), value.pair("moves")
    if moves is None or not isinstance(moves[1], Mapped) or not moves[1].pairs:
        raise ValidationError(f"{where}: {key.text[:40]!r} has no moves.", hint="Below it: moves: {SPY: -0.2}")
    said = words[1].text if words is not None and isinstance(words[1], Scalar) else key.text
    found: dict[str, float] = {}
    for symbol, one in moves[1].pairs:
        if (factor := symbol.text.strip().upper()) in found:
            raise ValidationError(f"{where}: {factor[:40]!r} moves twice.", hint="Give each factor one move.")
        found[factor] = _share(where, symbol.text, one)
    return Scenario(name=key.text, words=said, moves=MappingProxyType(found))


def _share(where: str, symbol: str, one: object) -> float:
    text = one.text if isinstance(one, Scalar) else ""
    try:
        value = float(text.removesuffix("%").strip()) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not -1 < value <= _LIMIT:
        raise ValidationError(
            f"{where}: the move of {symbol[:40]!r} is {text[:40]!r}.", hint="Write -0.2, or -20%; it is above -1."
        )
    return value
