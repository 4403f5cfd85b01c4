"""`ara indicators`."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from ara.features import Indicator
    from ara.features.cross import PanelFeature

__all__ = ["command"]

command = typer.Typer(
    help="""List, explain and compute indicators.

    ara indicators list momentum

    ara indicators show rsi

    ara indicators compute rsi AAPL
    """,
    add_completion=False,
    rich_markup_mode=None,
)
"""`ara indicators`: the group of `list`, `show` and `compute`."""


@command.command("list")
def _list(
    family: Annotated[str, typer.Argument(metavar="FAMILY", help="Only one family, such as trend")] = "",
    search: Annotated[
        str, typer.Option("--search", metavar="TEXT", help="Only those that have it in name or words")
    ] = "",
) -> None:
    """List the indicators by family, each with what it says.

    ::

        ara indicators list
        ara indicators list momentum
        ara indicators list cross
        ara indicators list --search volume --json

    Those of the family cross compare many instruments: ara features build cross AAPL MSFT QQQ
    """
    from ara.cli.render.indicators import listed
    from ara.features import catalogue

    s = screen()
    families: Mapping[str, Mapping[str, Indicator | PanelFeature]] = {**catalogue.families(), **_crossed()}
    if family and family not in families:
        raise ValidationError(f"There is no family {family!r:.40}.", hint=f"There are: {', '.join(families)}.")
    wanted = search.casefold()
    chosen = {
        name: [one for one in members.values() if wanted in f"{one.spec.name} {one.spec.words}".casefold()]
        for name, members in families.items()
        if not family or name == family
    }
    data = {
        "schema": 1,
        "count": sum(map(len, chosen.values())),
        "families": {name: [_facts(one) for one in members] for name, members in chosen.items() if members},
    }
    s.result(data, lambda: listed(chosen, s))


@command.command("show")
def _show(name: Annotated[str, typer.Argument(metavar="INDICATOR", help="What the indicator is called")]) -> None:
    """Explain one indicator: what it says, formula, parameters, range, warm-up, reference.

    ::

        ara indicators show rsi
        ara indicators show macd --width 100
        ara indicators show supertrend --json
    """
    from ara.cli.render.indicators import shown
    from ara.features import catalogue

    s = screen()
    wanted = name.strip().lower()
    crossed = _crossed()["cross"]
    found = crossed[wanted] if wanted in crossed else catalogue.get(wanted)
    s.result({"schema": 1, **_facts(found)}, lambda: shown(found.spec, s))


@command.command("compute")
def _compute(
    name: Annotated[str, typer.Argument(metavar="INDICATOR", help="What the indicator is called")],
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Whose bars; of a file with several, which")] = "",
    bars: Annotated[str, typer.Option("--bars", metavar="FILE", help="Bars from a Parquet or CSV file")] = "",
    params: Annotated[str, typer.Option("--params", metavar="JSON", help="Parameters: '{\"window\": 7}'")] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
    count: Annotated[int, typer.Option("--last", "-n", metavar="N", help="Show so many of the last bars", min=1)] = 10,
) -> None:
    """Compute an indicator over the bars of a file or of an instrument.

    ::

        ara indicators compute rsi AAPL
        ara indicators compute rsi AAPL --params '{"window": 7}' --as-of 2020-02-20
        ara indicators compute macd --bars bars.parquet --json

    With --json, every bar: `at`, and each output with null where it has no value.
    """
    from ara.cli.render.indicators import computed
    from ara.features import catalogue

    s = screen()
    wanted = name.strip().lower()
    if wanted in _crossed()["cross"]:
        raise ValidationError(
            f"{wanted} compares many instruments, so it can't be computed for one.",
            hint="All of that kind: ara features build cross AAPL MSFT QQQ",
        )
    found = catalogue.get(wanted)
    chosen = _params(params)
    at, columns = _from_file(Path(bars), symbol, found) if bars else _from_market(s, symbol, found, as_of or None)
    values = found.compute(columns, **chosen)
    outputs = dict(zip(found.spec.outputs, values, strict=True))
    data = {"at": at, **{key: [_number(value) for value in one.tolist()] for key, one in outputs.items()}}
    s.result(data, lambda: computed(found.spec, at, outputs, s, count=count))


def _crossed() -> "Mapping[str, Mapping[str, PanelFeature]]":
    """Give the features of many instruments, as a family beside those of one."""
    from ara.features import cross

    return {"cross": {name: cross.get(name) for name in cross.names()}}


def _facts(found: "Indicator | PanelFeature") -> dict[str, Any]:
    spec = found.spec
    chosen = spec.resolve({})
    return {
        "name": spec.name,
        "words": spec.words,
        "formula": spec.formula,
        "reference": spec.reference,
        "inputs": list(spec.inputs),
        "outputs": {name: [_number(value) for value in spec.bounds[name]] for name in spec.outputs},
        "scale": spec.scale.value,
        "warmup": spec.warmup(**chosen),
        "memory": found.memory(**chosen),
        "params": {
            name: {
                "default": one.default,
                "low": one.low,
                "high": _number(one.high),
                "whole": one.whole,
                "words": one.words,
            }
            for name, one in spec.params.items()
        },
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _params(text: str) -> dict[str, float]:
    if not text:
        return {}
    hint = "Write a JSON object of numbers: --params '{\"window\": 7}'"
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValidationError("--params is nested too deeply.", hint=hint) from None
    except ValueError as error:
        raise ValidationError(f"--params is no JSON: {error}.", hint=hint) from None
    if not isinstance(found, dict) or any(type(value) not in {int, float} for value in found.values()):
        raise ValidationError(f"--params is {clean(text)[:60]}; it names each parameter with its number.", hint=hint)
    return found


def _from_file(path: Path, symbol: str, found: "Indicator") -> "tuple[list[str], Mapping[str, NDArray[np.float64]]]":
    import polars as pl

    from ara.data.files import read_bars
    from ara.market.symbols import normalise

    frame = read_bars(path)
    there = frame["symbol"].unique(maintain_order=True).to_list()
    if symbol:
        wanted = normalise(symbol)
        frame = frame.filter(pl.col("symbol").map_elements(normalise, pl.String) == wanted)
    if frame["symbol"].n_unique() != 1:
        named = ", ".join(map(str, there[:12]))
        raise ValidationError(f"{path} has the symbols {named}; one is computed.", hint="Name it after the indicator.")
    if "session" in found.spec.inputs:
        frame = frame.with_columns(session=pl.col("ts").dt.date().to_physical().cast(pl.Float64))
    return _stamps(frame["ts"]), _columns(frame, found)


def _from_market(
    s: Screen, symbol: str, found: "Indicator", as_of: str | None
) -> "tuple[list[str], Mapping[str, NDArray[np.float64]]]":
    from ara.data.feed import MarketData
    from ara.desk import Desk
    from ara.features.catalogue import columns
    from ara.market.bars import Bars
    from ara.prediction.origin import as_instant

    if not symbol:
        raise ValidationError(
            "Whose bars? Neither a symbol nor --bars is given.", hint="Such as: ara indicators compute rsi AAPL"
        )

    async def ask() -> Bars:
        async with Desk.open(s.settings()) as desk, MarketData(desk) as market:
            moment = as_instant(as_of, now=desk.clock.now())
            return await market.bars(await market.instrument(symbol), as_of=moment)

    bars = s.run(ask())
    return _stamps(bars.frame["at"]), columns(bars, found.spec.inputs)


def _columns(frame: Any, found: "Indicator") -> "Mapping[str, NDArray[np.float64]]":
    missing = [name for name in found.spec.inputs if name not in frame.columns]
    if missing:
        raise ValidationError(f"{found.spec.name} needs {', '.join(missing)}, which bars of one instrument don't have.")
    return {name: frame[name].cast(float).to_numpy() for name in found.spec.inputs}


def _stamps(column: Any) -> list[str]:
    return [str(text) for text in column.dt.strftime("%Y-%m-%dT%H:%M:%SZ").to_list()]
