"""`ara indicators compute`: one indicator or formula over the bars of an instrument or of a file."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    import polars as pl

    from ara.features.sets import Item
    from ara.market.bars import Bars

    _Given = tuple[Bars, dict[str, Bars], pl.Series]

__all__ = ["also", "compute"]

_PARAMS = "Write a JSON object of numbers: --params '{\"window\": 7}'"


def compute(
    name: Annotated[str, typer.Argument(metavar="INDICATOR", help="An indicator or a formula: rsi, macd@1w, beta:QQQ")],
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Whose bars; of a file with several, which")] = "",
    bars: Annotated[str, typer.Option("--bars", metavar="FILE", help="Bars from a CSV or Parquet file")] = "",
    params: Annotated[str, typer.Option("--params", metavar="JSON", help="Parameters: '{\"window\": 7}'")] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
    count: Annotated[int, typer.Option("--last", "-n", metavar="N", help="Show so many of the last bars", min=1)] = 10,
) -> None:
    """Compute an indicator or a formula over the bars of a file or of an instrument.

    ::

        ara indicators compute rsi AAPL
        ara indicators compute "rsi(window=7)@1w" AAPL --as-of 2020-02-20
        ara indicators compute macd --bars bars.csv --json

    It is written as in a feature set: beta:QQQ compares with QQQ, macd.histogram is one output of macd. A file needs a
    time and a close, as Date,Open,High,Low,Close,Volume; what is needed and isn't there has no value. With --json,
    every bar: `at`, and each output with null where it has no value.
    """
    from ara.cli.commands.viewed import dates
    from ara.cli.render.indicators import Computed, computed
    from ara.features.build import compute as values_of
    from ara.features.described import values_document

    s = screen()
    s.settings()
    item = _item(name, _params(params))
    also(s, name)
    found, others, stamps = (
        _from_file(Path(bars), symbol, item, as_of) if bars else _from_market(s, symbol, item, as_of)
    )
    values, why = values_of(item, found, others=others)
    at = [str(text) for text in stamps.dt.strftime("%Y-%m-%dT%H:%M:%SZ").to_list()]
    data = values_document(at, values, why)
    against = next((one.instrument.symbol for one in others.values()), "")
    seen = Computed(
        item=item, bars=found, dates=dates(found), unit=found.timeframe.word, values=values, why=why, against=against
    )
    s.result(data, lambda: computed(seen, s, count=count))


def also(s: Screen, name: str) -> list[str]:
    """Give what else is called by that name elsewhere, and say so."""
    from ara.features.aliases import SHARED

    called = re.split(r"[^a-z0-9_]", name.strip().lower(), maxsplit=1)[0]
    taken, *others = SHARED.get(called, (called,))
    for other in others:
        s.note(f"{called} is taken for {taken}; others call {other} so: ara indicators show {other}")
    return others


def _item(name: str, params: dict[str, float]) -> "Item":
    """Read what is to be computed."""
    from ara.features.described import item_of

    item = item_of(name)
    if item.crosses:
        raise ValidationError(
            f"{item.label} compares many instruments, so it can't be computed for one.",
            hint="All of that kind: ara features build cross AAPL MSFT QQQ",
        )
    return replace(item, params={**item.params, **params}) if params else item


def _params(text: str) -> dict[str, float]:
    if not text:
        return {}
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except ValidationError:
        raise
    except RecursionError:
        raise ValidationError("--params is nested too deeply.", hint=_PARAMS) from None
    except ValueError as error:
        raise ValidationError(f"--params is no JSON: {error}.", hint=_PARAMS) from None
    if not isinstance(found, dict) or any(type(value) not in {int, float} for value in found.values()):
        raise ValidationError(f"--params is {clean(text)[:60]}; it names each parameter with its number.", hint=_PARAMS)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValidationError(f"--params has {clean(name)[:40]!r} twice.", hint="Leave one of them out.")
    return dict(pairs)


def _from_file(path: Path, symbol: str, item: "Item", as_of: str) -> "_Given":
    from ara.clock import SystemClock
    from ara.data.files import read_panel
    from ara.features.sets import MARKET
    from ara.market.symbols import normalise
    from ara.prediction.features import MARKETS
    from ara.prediction.origin import as_instant

    moment = as_instant(as_of, now=SystemClock().now(), what="--as-of") if as_of else None
    timed = moment is not None or bool(item.timeframe) or "other" in item.spec.inputs
    wanted = normalise(symbol) if symbol else ""
    panel = read_panel(path, symbol=wanted, timed=timed)
    chosen = wanted or (next(iter(panel)) if len(panel) == 1 else "")
    if chosen not in panel:
        named = ", ".join([*panel][:12]) + (f" and {len(panel) - 12:,} more" if len(panel) > 12 else "")
        raise ValidationError(
            f"{path} has the symbols {named}; one is computed.",
            hint=f"Name it after the indicator: ara indicators compute rsi {next(iter(panel))} --bars FILE",
        )
    if moment is not None:
        panel = {name: one.until(moment) for name, one in panel.items()}
    found = panel[chosen]
    other = normalise(item.other) if item.other else str(MARKETS.get(found.bars.instrument.asset_class, ""))
    compares = "other" in item.spec.inputs and other in panel
    others = {item.other or MARKET: panel[other].bars} if compares else {}
    return found.bars, others, found.stamps


def _from_market(s: Screen, symbol: str, item: "Item", as_of: str) -> "_Given":
    from ara.data.feed import MarketData
    from ara.desk import Desk
    from ara.prediction.features import compared
    from ara.prediction.origin import as_instant

    if not symbol:
        raise ValidationError(
            "Whose bars? Neither a symbol nor --bars is given.", hint="Such as: ara indicators compute rsi AAPL"
        )

    async def ask() -> "_Given":
        async with Desk.open(s.settings()) as desk, MarketData(desk) as market:
            moment = as_instant(as_of or None, now=desk.clock.now(), what="--as-of")
            instrument = await market.instrument(symbol)
            found = await market.bars(instrument, as_of=moment)
            others = await compared(market, [item], [instrument], as_of=moment)
            return found, others, found.frame["at"]

    return s.run(ask())
