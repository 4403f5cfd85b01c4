"""What markets did in their worst times, and what they might do: moves of a few factors."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ara.errors import ConfigurationError, ValidationError
from ara.settings.document import LARGEST, Mapped, Scalar, read

__all__ = ["FACTORS", "SCENARIOS", "Scenario", "read_scenarios"]

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
    """

    name: str
    words: str
    moves: Mapping[str, float]


def _known(name: str, words: str, **moves: float) -> Scenario:
    spelled = {one.replace("_", "-"): value for one, value in moves.items()}
    return Scenario(name=name, words=words, moves=MappingProxyType(spelled))


SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType(
    {
        one.name: one
        for one in (
            _known("crash_1987", "the crash of 19 October 1987, one day", SPY=-0.205, XAUUSD=0.035),
            _known(
                "dotcom_2000",
                "the end of the internet boom, 24 March 2000 to 9 October 2002",
                SPY=-0.475, QQQ=-0.83, IWM=-0.43, XAUUSD=0.12,
            ),
            _known(
                "crisis_2008",
                "the financial crisis, 9 October 2007 to 9 March 2009",
                SPY=-0.55, QQQ=-0.52, IWM=-0.59, EEM=-0.60, XAUUSD=0.25, EURUSD=-0.105, USDJPY=-0.16,
            ),
            _known(
                "covid_2020",
                "the pandemic, 19 February to 23 March 2020",
                SPY=-0.34, QQQ=-0.28, IWM=-0.41, EEM=-0.31, XAUUSD=-0.037, EURUSD=-0.007, BTC_USD=-0.33,
            ),
            _known(
                "rates_2022",
                "the rise of interest rates, 3 January to 12 October 2022",
                SPY=-0.25, QQQ=-0.35, IWM=-0.26, EEM=-0.29, XAUUSD=-0.07, EURUSD=-0.14, USDJPY=0.27, BTC_USD=-0.59,
            ),
            _known(
                "crypto_2022",
                "Terra, Celsius and what followed, 5 April to 18 June 2022",
                BTC_USD=-0.58, ETH_USD=-0.71, SPY=-0.19, QQQ=-0.25,
            ),
            _known(
                "franc_2015",
                "the franc let go of the euro, 15 January 2015, one day",
                USDCHF=-0.13, EURUSD=-0.013, XAUUSD=0.027, SPY=-0.01,
            ),
        )
    }
)  # fmt: skip
"""Crises by name: rounded returns of broad funds, gold, coins and currencies between the days that are named."""

FACTORS: Final = tuple(dict.fromkeys(symbol for one in SCENARIOS.values() for symbol in one.moves))
"""Symbols that the crises move."""


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
    found = {symbol.text.strip().upper(): _share(where, symbol.text, one) for symbol, one in moves[1].pairs}
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
