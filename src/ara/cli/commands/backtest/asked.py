"""What `ara backtest` is asked for, read and checked: bars, dates, costs, parameters."""

import dataclasses
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ara.cli.screen import Screen
from ara.cli.words import clean
from ara.errors import ValidationError
from ara.market.span import span

if TYPE_CHECKING:
    from ara.market.bars import Bars
    from ara.trading import Costs, Tape
    from ara.trading.strategies import Made

__all__ = [
    "MOST_WORKERS",
    "amount",
    "apart",
    "costs",
    "dates",
    "day",
    "folder",
    "grid",
    "length",
    "mix",
    "pairs",
    "strategy",
    "tapes",
    "whole",
]

MOST_WORKERS = 256
"""The most processes that work at once."""

_WEIGHED: Final = re.compile(r"=[-+]?[0-9.]+%?$")
_MOST_INSTRUMENTS = 200
_MOST_VALUES = 10_000
_FINEST = Decimal("0.000000001")


def day(text: str, flag: str, *, last: bool = False) -> datetime | None:
    """Read a date: its first instant, UTC, or its last; None where none is given."""
    if not text:
        return None
    try:
        label = date.fromisoformat(text.strip())
        begin = datetime.combine(label, time(), UTC)
        return begin + timedelta(days=1) - timedelta.resolution if last else begin
    except (ValueError, OverflowError):
        raise ValidationError(f"{flag} is {clean(text)[:40]!r}, which is no date.", hint="Write 2018-03-20.") from None


def length(period: str, start: str) -> timedelta | None:
    """Read how much of the past is to be played; None for all of it."""
    if period and start:
        raise ValidationError("--period and --start both say where it begins.", hint="Leave one of them out.")
    return span(period)


def amount(text: str, flag: str, *, such: str = "10000") -> Decimal:
    """Read an amount above 0."""
    try:
        found = Decimal(text.strip().replace("_", "").replace(",", ""))
    except InvalidOperation:
        found = Decimal(0)
    if not (found.is_finite() and 0 < found < 10**12):
        most = "" if not found.is_finite() or found <= 0 else ", below a million million"
        words = f"{flag} is {clean(text)[:40]!r}; it is an amount above 0{most}."
        raise ValidationError(words, hint=f"Write {flag} {such}.")
    return found


def dates(start: str, end: str) -> "dict[str, datetime | None]":
    """Read the first and the last day, in this order."""
    first, last = day(start, "--start"), day(end, "--end", last=True)
    if first is not None and last is not None and first >= last:
        raise ValidationError(
            f"The back-test begins on {clean(start)[:40]}, after its end, {clean(end)[:40]}.", hint="Swap them."
        )
    return {"start": first, "end": last}


def whole(text: str, flag: str, *, most: int) -> int:
    """Read a whole number from 0 to a bound."""
    if not (text.isascii() and text.isdigit() and int(text[:9]) <= most):
        raise ValidationError(f"{flag} is {clean(text)[:40] or 'empty'}; it is a whole number from 0 to {most}.")
    return int(text)


def pairs(given: Sequence[str], flag: str) -> dict[str, str]:
    """Read `name=value` words; each name stands once."""
    found: dict[str, str] = {}
    for word in given:
        name, equals, value = word.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name or name in found:
            words = "is given twice" if name in found else "is not NAME=VALUE"
            raise ValidationError(f"{flag} {clean(word)[:40]!r} {words}.", hint=f"Write {flag} window=60.")
        found[name] = value.strip()
    return found


def costs(given: Sequence[str]) -> "Costs":
    """Read costs: `none`, or `name=value` words that differ from the defaults."""
    from ara.trading import Costs

    words = [word for word in given if word.strip().lower() != "none"]
    begin = Costs.none() if len(words) < len(given) else Costs()
    known = {one.name for one in dataclasses.fields(Costs)}
    changed: dict[str, Any] = {}
    for name, value in pairs(words, "--cost").items():
        if name not in known:
            raise ValidationError(f"--cost has no {clean(name)[:40]!r}; it has {', '.join(sorted(known))}.")
        try:
            changed[name] = value if name == "slippage" else float(value)
        except ValueError:
            raise ValidationError(f"--cost {name} is {clean(value)[:40]!r}, which is no number.") from None
    return dataclasses.replace(begin, **changed)


def grid(maker: "Made", given: Sequence[str]) -> "dict[str, list[Any]]":
    """Read a grid's values: `5,10,20` or `20:200:10`, first, last and step; each as its parameter is read."""
    from ara.backtest.spreading import named
    from ara.trading.strategies import made

    found: dict[str, list[Any]] = {}
    strategy = maker.name if maker.name not in ("portfolio", "optimised") else named(maker)
    for name, text in pairs(given, "--grid").items():
        words = _range(text) if text.count(":") == 2 else [one.strip() for one in text.split(",")]
        if len(words) > _MOST_VALUES or not all(words):
            said = (
                f"has {len(words):,} values; at most {_MOST_VALUES:,} are tried" if all(words) else "has an empty value"
            )
            hint = f"Write --grid {clean(name)[:40]}=10,20 or {clean(name)[:40]}=20:200:10."
            raise ValidationError(f"--grid {clean(name)[:40]} {said}.", hint=hint)
        found[name] = list(dict.fromkeys(made(strategy, {name: word}).parameters[name] for word in words))
    if not found:
        raise ValidationError("--grid is missing: what is to be tried?", hint="--grid window=20:200:10")
    return found


def _range(text: str) -> list[str]:
    try:
        first, last, step = (Decimal(part.strip()) for part in text.split(":"))
        steps = (last - first) / step
        told = steps >= 0
    except ArithmeticError:
        told = False
    if not told:
        raise ValidationError(f"--grid {clean(text)[:40]!r} is no FIRST:LAST:STEP.", hint="Write 20:200:10.")
    if steps >= _MOST_VALUES:
        raise ValidationError(f"--grid {clean(text)[:40]!r} has more than {_MOST_VALUES:,} values.", hint="20:200:10")
    return [str(first + number * step) for number in range(int(steps) + 1)]


def mix(given: Sequence[str]) -> dict[str, float]:
    """Read the shares of a mix, `SPY=60`: in percent or in parts, they are brought to a sum of 1."""
    found: dict[str, float] = {}
    for word in given:
        name, _, value = word.rpartition("=")
        share = amount(value, "--mix", such="SPY=60") if name.strip() else Decimal(0)
        if not share or name.strip().upper() in found:
            raise ValidationError(f"--mix {clean(word)[:40]!r} is not SYMBOL=SHARE, or comes twice.", hint="SPY=60")
        found[name.strip().upper()] = float(share)
    return {name: share / sum(found.values()) for name, share in found.items()}


def strategy(name: str, params: Sequence[str], portfolio: str, *, optimize: bool) -> "tuple[Made, list[str]]":
    """Find the strategy, and the symbols of a portfolio where one is asked for."""
    from ara.trading.strategies import made

    given = pairs(params, "--param")
    symbols = [one for part in portfolio.split(",") if (one := part.strip())]
    if not symbols and not optimize:
        return made(name, given), []
    weighed = next((one for one in symbols if _WEIGHED.search(one)), None)
    if weighed is not None:
        raise ValidationError(
            f"--portfolio holds its instruments alike; {weighed[:40]!r} is no symbol.",
            hint="--portfolio AAPL,MSFT; how given weights did: ara portfolio analyze --portfolio AAPL=0.5,MSFT=0.5",
        )
    if len(set(symbols)) < 2:
        raise ValidationError("--portfolio names two instruments or more.", hint="--portfolio AAPL,MSFT,SPY --optimize")
    if name != "buy_and_hold":
        raise ValidationError("--portfolio is a strategy of its own; --strategy does not go with it.")
    kind = "Optimised" if optimize else "Portfolio"
    found = made(f"ara.backtest.allocated:{kind}", given)
    return dataclasses.replace(found, name=found.kind.name), symbols


def apart(kind: str, given: Mapping[str, object]) -> None:
    """Refuse options that mean nothing for a kind of back-test."""
    for flag, value in given.items():
        if value and value != "0":
            raise ValidationError(f"{flag} does not go with {kind}.", hint="Leave one of them out.")


def folder(text: str) -> Path | None:
    """Give the folder to write into; None where none is named."""
    path = Path(text)
    if not text:
        return None
    there = next(one for one in (path, *path.absolute().parents) if one.exists())
    if not there.is_dir():
        said = "is no folder" if there == path else f"can't be made: {clean(str(there))!r} is no folder"
        raise ValidationError(f"--out: {clean(text)!r} {said}.", hint="Name a folder, new or to be written into.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ValidationError(f"--out: nothing can be written into {clean(str(there))!r}.", hint="Name another folder.")
    return path


def tapes(s: Screen, symbols: Sequence[str], file: str, lot: str) -> "dict[str, Tape]":
    """Give the past of the instruments, from a file or from what the sources have."""
    step = None if not lot else amount(lot, "--lot", such="0.001")
    if step is not None and step < _FINEST:
        raise ValidationError(f"--lot is {clean(lot)[:40]}; it is {_FINEST:f} or more.", hint="Write --lot 0.001.")
    if file:
        return _read(file, symbols, step)
    if not symbols:
        raise ValidationError("SYMBOL… or --bars is missing.", hint="ara backtest AAPL --strategy momentum")
    if len(symbols) > _MOST_INSTRUMENTS:
        raise ValidationError(f"{len(symbols)} symbols are named; at most {_MOST_INSTRUMENTS} are tested together.")
    return s.run(_fetched(s, symbols, step))


def _read(file: str, symbols: Sequence[str], lot: Decimal | None) -> "dict[str, Tape]":
    from ara.backtest.taping import named_once
    from ara.data.files import read_bars
    from ara.prediction.bulk import series
    from ara.trading import Tape

    path = Path(file)
    if not path.is_file():
        raise ValidationError(f"--bars: there is no file {clean(file)!r}.", hint="Check the path.")
    found = {one.instrument.symbol: one for one in series(read_bars(path))}
    if missing := [name for name in symbols if name not in found]:
        raise ValidationError(f"the file has no bars of {clean(missing[0])}", hint="Name symbols as the file does.")
    if not symbols and len(found) > _MOST_INSTRUMENTS:
        raise ValidationError(f"the file holds {len(found)} symbols; name at most {_MOST_INSTRUMENTS} of them.")
    made = {name: Tape.of(found[name], lot=lot) for name in dict.fromkeys(symbols or found)}
    told = {name: dataclasses.replace(tape, notes=(*tape.notes, *_to_come(found[name]))) for name, tape in made.items()}
    return named_once(told, symbols)


def _to_come(bars: "Bars") -> list[str]:
    """Say which bars of a file end after now: nobody can have seen them."""
    closes = bars.frame["known_at"]
    later = int((closes > datetime.now(UTC) + timedelta(days=1)).sum())
    if not later:
        return []
    count, first = "1 bar ends" if later == 1 else f"{later:,} bars end", bars.frame["at"][len(closes) - later]
    return [f"{bars.instrument.symbol}: {count} after now, first that of {first:%Y-%m-%d}: nobody can have seen that"]


async def _fetched(s: Screen, symbols: Sequence[str], lot: Decimal | None) -> "dict[str, Tape]":
    from ara.backtest.taping import tapes_of
    from ara.data.feed import MarketData
    from ara.desk import Desk

    async with Desk.open(s.settings()) as desk, MarketData(desk) as market:
        return await tapes_of(market, symbols, lot=lot)
