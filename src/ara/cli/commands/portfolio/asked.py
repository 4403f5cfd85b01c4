"""What the commands of `ara portfolio` are asked for, read and checked."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ara.cli.commands.holdings import parsed
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.market.bars import Bars
    from ara.portfolio import Limits, Plan
    from ara.risk import Moves

__all__ = ["chosen", "limits", "named", "planned", "ratio", "weights_of"]

_CLASSES = ("stock", "etf", "index", "crypto", "forex", "option")


def named(symbols: Sequence[str]) -> list[str]:
    """Give the symbols, each once, written apart or with commas."""
    found = list(dict.fromkeys(part.strip() for one in symbols for part in one.split(",") if part.strip()))
    if not found:
        raise ValidationError("No instrument is named.", hint="Name some: AAPL MSFT SPY")
    return found


def chosen(text: str, flag: str = "--methods") -> list[str]:
    """Give the methods that are named, each once; all of them for `all`."""
    from ara.portfolio import METHODS

    names = list(dict.fromkeys(one.strip().lower().replace("-", "_") for one in text.split(",") if one.strip()))
    if names == ["all"]:
        return list(METHODS)
    unknown = [one for one in names if one not in METHODS]
    if not names or unknown:
        said = clean(unknown[0])[:40] if unknown else ""
        raise ValidationError(f"{flag} is {said!r}.", hint=f"There are: {', '.join(METHODS)}.")
    return names


def ratio(text: str, flag: str, *, least: float = 0.0, most: float = 1.0) -> float:
    """Give a share from `0.2` or `20%`, between bounds."""
    words = text.strip()
    try:
        value = float(words.removesuffix("%")) / (100 if words.endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise ValidationError(f"{flag} is {clean(text)[:40]}; it is from {least:g} to {most:g}.", hint="0.2 is 20%.")
    return value


def planned(
    method: str, *, risk: str = "moderate", covariance: str = "ledoit_wolf", expected: str = "shrunk", cost: str = "0"
) -> "Plan":
    """Give the plan that was asked for."""
    from ara.portfolio import AVERSIONS, Plan
    from ara.statistics.covariance import METHODS

    (name,) = chosen(method, "--method") if "," not in method and method != "all" else ("",)
    if not name:
        raise ValidationError(
            f"--method is {clean(method)[:40]!r}; it is one.", hint="ara portfolio compare takes more."
        )
    for flag, given, allowed in (
        ("--risk", risk, tuple(AVERSIONS)),
        ("--covariance", covariance, METHODS),
        ("--expected", expected, ("shrunk", "historical", "forecast")),
    ):
        if given not in allowed:
            raise ValidationError(f"{flag} is {clean(given)[:40]!r}.", hint=f"There are: {', '.join(allowed)}.")
    return Plan(
        method=name,
        covariance=covariance,
        expected="shrunk" if expected == "forecast" else expected,
        aversion=AVERSIONS[risk],
        cost=ratio(cost, "--cost"),
    )


def limits(
    bars: "Sequence[Bars]",
    *,
    least: str = "0",
    most: str = "1",
    count: str = "",
    classes: str = "",
    held: Mapping[str, float] | None = None,
    turnover: str = "",
) -> "Limits":
    """Give the limits that were asked for."""
    import numpy as np

    from ara.cli.commands.data.asked import counted
    from ara.portfolio import Limits

    caps = {name: (0.0, top) for name, top in _caps(classes).items()}
    now = None
    if held is not None:
        now = np.array([held.get(one.instrument.symbol, 0.0) for one in bars])
    if turnover and now is None:
        raise ValidationError("--turnover needs what is held now.", hint="Add --held AAPL=0.5,MSFT=0.5")
    return Limits(
        lowest=ratio(least, "--min", least=-1.0),
        highest=ratio(most, "--max", most=10.0),
        most=counted(count, "--most", most=2000) if count else None,
        group=tuple(str(one.instrument.asset_class) for one in bars) if caps else (),
        groups=caps,
        held=now,
        turnover=ratio(turnover, "--turnover", most=2.0) if turnover else None,
    )


def _caps(text: str) -> dict[str, float]:
    found = {}
    for part in (one.strip() for one in text.split(",") if one.strip()):
        name, _, words = part.partition("=")
        if name.strip() not in _CLASSES:
            raise ValidationError(f"--class is {clean(part)[:40]!r}.", hint=f"crypto=20%; of {', '.join(_CLASSES)}.")
        found[name.strip()] = ratio(words, f"--class {name.strip()}")
    return found


def weights_of(text: str, moves: "Moves", flag: str) -> dict[str, float]:
    """Give weights of some of the instruments, by Ara's own spelling of each."""
    from ara.market.symbols import normalise

    typed = parsed(text, flag)
    found: dict[str, float] = {}
    for name, weight in typed.items():
        symbol = normalise(name)
        if symbol not in moves.symbols:
            raise ValidationError(f"{flag}: {clean(name)[:40]} is not among the instruments.", hint="Name it too.")
        found[symbol] = found.get(symbol, 0.0) + weight
    return found
