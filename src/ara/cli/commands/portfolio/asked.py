"""What the commands of `ara portfolio` are asked for, read and checked."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ara.cli.commands.holdings import parsed, twice
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.cli.screen import Screen
    from ara.data.feed import MarketData
    from ara.market.bars import Bars
    from ara.portfolio import FactorModel, Limits, Plan
    from ara.risk import Moves

__all__ = [
    "chosen",
    "document",
    "fetched_once",
    "limits",
    "named",
    "planned",
    "ratio",
    "sectors_of",
    "shared",
    "weights_of",
]

_LARGEST = 1_000_000
_CLASSES = ("stock", "etf", "index", "crypto", "forex", "option")


def named(symbols: Sequence[str]) -> list[str]:
    """Give the symbols, each once, written apart or with commas."""
    found = list(dict.fromkeys(part.strip() for one in symbols for part in one.split(",") if part.strip()))
    if not found:
        raise ValidationError("No instrument is named.", hint="Name some: AAPL MSFT SPY")
    return found


def shared(names: Sequence[str], text: str, flag: str) -> str:
    """Give shares as `AAPL=0.5,MSFT=0.5`, from numbers in the order of the names, or from a JSON object by name."""
    if text.lstrip().startswith("{"):
        return ",".join(f"{name}={share}" for name, share in document(text, flag).items())
    if not names or "=" in text:
        return text
    shares = [one.strip() for one in text.split(",") if one.strip()]
    if len(names) != len(shares):
        raise ValidationError(f"There are {len(shares)} weights of {len(names)} instruments.", hint="One for each.")
    return ",".join(f"{name}={share}" for name, share in zip(names, shares, strict=True))


def fetched_once(
    s: "Screen", symbols: Sequence[str], *, as_of: str, beside: Sequence[str] = ()
) -> "tuple[list[Bars], list[Bars], list[str]]":
    """Give the bars of the instruments that are named, each once, those of others in the same money, and what is said.

    Of instruments that are named again, and of bars that were converted or couldn't be.
    """
    from ara.cli.commands.holdings import fetched
    from ara.data.dollars import told_in
    from ara.portfolio.chosen import named_again

    typed = [part.strip() for one in symbols for part in one.split(",") if part.strip()]
    wanted = named(symbols)
    found = fetched(s, [*wanted, *beside], as_of=as_of)
    bars = {one.instrument.symbol: one for one in found[: len(wanted)]}
    others = {one.instrument.symbol: one for one in found[len(wanted) :]}
    again = named_again(typed, list(bars)) if len(typed) > len(bars) else []
    notes = [*again, *told_in(list((others | bars).values()))]
    for note in notes:
        s.warn(note)
    return list(bars.values()), list(others.values()), notes


def chosen(text: str, flag: str = "--methods") -> list[str]:
    """Give the methods that are named, each once; all of them for `all`."""
    from ara.portfolio import METHODS
    from ara.portfolio.chosen import OLD_METHODS

    typed = (one.strip().lower().replace("-", "_") for one in text.split(",") if one.strip())
    names = list(dict.fromkeys(OLD_METHODS.get(one, one) for one in typed))
    if names == ["all"]:
        return list(METHODS)
    unknown = [one for one in names if one not in METHODS]
    if not names or unknown:
        said = clean(unknown[0])[:40] if unknown else ""
        there = [*METHODS, "black_litterman"]  # which is mean_variance with forecasts as views
        raise ValidationError(f"{flag} is {said!r}.", hint=f"There are: {', '.join(there)}.")
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
    method: str,
    *,
    risk: str = "moderate",
    covariance: str = "ledoit_wolf",
    expected: str = "shrunk",
    cost: str = "0",
    fraction: str = "50%",
    free: str = "0",
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
        fraction=ratio(fraction, "--fraction", least=0.01),
        free=ratio(free, "--free"),
        cost=ratio(cost, "--cost"),
    )


def limits(
    bars: "Sequence[Bars]",
    *,
    least: str = "0",
    most: str = "1",
    count: str = "",
    classes: str = "",
    sectors: str = "",
    said: Mapping[str, Any] | None = None,
    sector_of: Mapping[str, str] | None = None,
    factors: "FactorModel | None" = None,
    held: Mapping[str, float] | None = None,
    turnover: str = "",
) -> "Limits":
    """Give the limits that were asked for: by a document, and by flags that go before it."""
    import numpy as np

    from ara.cli.commands.data.asked import counted
    from ara.market.symbols import normalise
    from ara.portfolio import constrained

    document = dict(said or {})
    if least != "0":
        document["min"] = ratio(least, "--min", least=-1.0)
    if most != "1":
        document["max"] = ratio(most, "--max", most=10.0)
    if count:
        document["most"] = counted(count, "--most", most=2000)
    if turnover:
        document["turnover"] = ratio(turnover, "--turnover", most=2.0)
    if caps := _caps(classes, "--class", _CLASSES):
        document["classes"] = {**(document.get("classes") or {}), **caps}
    if caps := _caps(sectors, "--sector"):
        document["sectors"] = {**(document.get("sectors") or {}), **caps}
    if document.get("turnover") is not None and held is None:
        raise ValidationError("--turnover needs what is held now.", hint="Add --held AAPL=0.5,MSFT=0.5")
    now = None if held is None else np.array([held.get(one.instrument.symbol, 0.0) for one in bars])
    return constrained(
        document,
        [one.instrument.symbol for one in bars],
        classes={one.instrument.symbol: str(one.instrument.asset_class) for one in bars},
        sectors=sector_of,
        factors=factors,
        held=now,
        spelled=normalise,
    )


def document(text: str, flag: str = "--constraints") -> dict[str, Any]:
    """Give a JSON object that was typed, or stands in a file; nothing for an empty text."""
    import json
    from pathlib import Path

    words = text.strip()
    if not words:
        return {}
    if not words.startswith(("{", "[")):
        path = Path(words.removeprefix("@"))
        if not path.is_file() or path.stat().st_size > _LARGEST:
            raise ValidationError(
                f"{flag}: there is no file {clean(words)[:40]!r}, or it is too large.",
                hint=f"""Write {flag} '{{"max": 0.4}}', or name a file that holds such a JSON object.""",
            )
        words = path.read_text("utf-8", errors="replace")
    try:
        found = json.loads(words, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ValidationError(f"{flag} is no JSON: {clean(str(error))[:80]}.", hint='Write {"max": 0.4}') from None
    if not isinstance(found, dict):
        raise ValidationError(f"{flag} is no JSON object.", hint='Write {"max": 0.4}')
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Give an object of JSON whose names stand once; of two, the first would be lost without a word."""
    names = [name for name, _ in pairs]
    if again := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{again[0]} stands twice")
    return dict(pairs)


def sectors_of(s: "Screen", bars: "Sequence[Bars]", as_of: str) -> dict[str, str]:
    """Give the sector of each that was known at the moment, by what its sources said of it last."""
    from ara.cli.commands.data.asked import with_market
    from ara.portfolio.sectors import sectors_of as known
    from ara.prediction.origin import as_instant

    async def ask(market: "MarketData") -> dict[str, str]:
        from datetime import UTC, datetime

        return known(market, bars, as_instant(as_of or None, now=datetime.now(UTC), what="--as-of"))

    return with_market(s, ask)


def _caps(text: str, flag: str, allowed: Sequence[str] = ()) -> dict[str, float]:
    found = {}
    for part in (one.strip() for one in text.split(",") if one.strip()):
        name, sign, words = part.partition("=")
        if not sign or (allowed and name.strip() not in allowed):
            told = f"crypto=20%; of {', '.join(allowed)}." if allowed else "Write Technology=30%,Energy=10%"
            raise ValidationError(f"{flag} is {clean(part)[:40]!r}.", hint=told)
        found[name.strip()] = ratio(words, f"{flag} {clean(name.strip())[:40]}")
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
        if symbol in found:
            raise twice(symbol, flag)
        found[symbol] = weight
    return found
