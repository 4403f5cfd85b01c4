"""`ara chart trade` and `ara chart walk`: what `ara backtest --out DIR` wrote."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ara.cli.commands.chart.drawing import OUT, SIZE, THEME, asked
from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    import polars as pl

    from ara.performance import RoundTrip
    from ara.reports.charts import Footer, Trip
    from ara.trading import Tape

__all__ = ["trade", "walk"]

_LARGEST = 200_000_000
_FOLDER = Annotated[str, typer.Argument(metavar="DIR", help="What ara backtest --out wrote")]


def trade(
    folder: _FOLDER,
    which: Annotated[
        str, typer.Option("--which", metavar="N", help="Its number by opening, or last, best, worst")
    ] = "last",
    symbol: Annotated[str, typer.Option("--symbol", metavar="SYMBOL", help="Only trades of this")] = "",
    around: Annotated[str, typer.Option("--around", metavar="N", help="Bars before and after it")] = "20",
    stop: Annotated[str, typer.Option("--stop", metavar="PRICE", help="Where its stop stood, on its day")] = "",
    target: Annotated[str, typer.Option("--target", metavar="PRICE", help="Where its target stood")] = "",
    bars: Annotated[str, typer.Option("--bars", metavar="FILE", help="The bars that it was played on, if a file")] = "",
    out: OUT = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Draw one trade of a back-test on the candles of its time: entry, exit, what ended it.

    ::

        ara chart trade result
        ara chart trade result --which worst --out worst.png
        ara chart trade result --which 3 --symbol AAPL --stop 158.85 --around 40

    Prices are in the shares of the last bar: splits since then are undone.
    """
    from ara.cli.commands.data.asked import counted
    from ara.reports import charts

    s, drawing = screen(), asked(out, theme, size)
    wide = counted(around, "--around", most=1000)
    read = _document(folder, "result.json", "walk.json")
    result = read.get("result", read)
    fills = _fills(folder)
    found = _tapes(s, sorted(set(fills["symbol"].to_list())), bars)
    trips = _trips(fills, found, symbol)
    number, one = _chosen(trips, which)
    tape = found[one.instrument]
    drawn = _drawn(tape, one, fills, _price(stop, "--stop"), _price(target, "--target"))
    at, *sides = _columns(tape)
    chart = charts.trade_of(
        at, sides[0], sides[1], sides[2], sides[3], drawn,
        around=wide, symbol=one.instrument, currency=tape.instrument.currency,
        words=f"trade {number} of {len(trips)} of {result.get('strategy', 'the strategy')}; hollow candles rose",
        footer=_footer(result, tape.source),
    )  # fmt: skip
    drawing.show(s, chart)


def walk(folder: _FOLDER, out: OUT = "", theme: THEME = "light", size: SIZE = "") -> None:
    """Draw a walk forward: the account through all steps, and what each choice promised beside what it earned.

    ::

        ara chart walk result
        ara chart walk result --out walk.png --theme dark
        ara chart walk result --json

    The folder is what `ara backtest … --walk-forward N --out DIR` wrote.
    """
    import polars as pl

    from ara.reports import charts

    s, drawing = screen(), asked(out, theme, size)
    read = _document(folder, "walk.json")
    result, folds = read["result"], read.get("folds") or []
    if not folds:
        raise ValidationError("The walk has no step.", hint="Walk over more bars.")
    frame = _table(folder, "equity.csv", ("at", "equity")).with_columns(pl.col("equity").cast(pl.Float64))
    chart = charts.walked_of(
        _stamps(frame), frame["equity"].to_numpy(), firsts=_times([one["first"] for one in folds]),
        lasts=_times([one["last"] for one in folds]), learned=[one["sharpe"] for one in folds],
        cash=float(result["cash"]), per_year=float(result["per_year"]), name=str(result["strategy"]),
        currency=str(result["currency"]),
        footer=_footer(result, f"walk.json and equity.csv of {Path(folder).resolve().name}"),
    )  # fmt: skip
    drawing.show(s, chart)


def _document(folder: str, *names: str) -> dict[str, Any]:
    """Give the document that is there, the first of some names."""
    import json

    place = Path(folder)
    path = next((place / name for name in names if (place / name).is_file()), None)
    if path is None or path.stat().st_size > _LARGEST:
        walking = " --strategy momentum --walk-forward 252" if names == ("walk.json",) else ""
        raise ValidationError(
            f"{clean(folder)[:80]} has no {' or '.join(names)}.",
            hint=f"Write one: ara backtest AAPL{walking} --out result",
        )
    try:
        read = json.loads(path.read_text("utf-8"))
        result = read.get("result", read)
        (result["strategy"], float(result["cash"]), float(result["per_year"]), result["currency"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValidationError(f"{path.name} is not what ara backtest writes.", hint="Write it again.") from None
    return dict(read)


def _table(folder: str, name: str, needed: tuple[str, ...]) -> "pl.DataFrame":
    import polars as pl

    path = Path(folder) / name
    if not path.is_file() or path.stat().st_size > _LARGEST:
        raise ValidationError(f"{clean(folder)[:80]} has no {name}.", hint="Write one: ara backtest AAPL --out result")
    try:
        found = pl.read_csv(path, infer_schema=False)
        at = pl.col("at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_zone="UTC", time_unit="us")
        return found.select(at, *(pl.col(one) for one in needed if one != "at"))
    except pl.exceptions.PolarsError:
        raise ValidationError(f"{name} is not what ara backtest writes.", hint="Write it again.") from None


def _fills(folder: str) -> "pl.DataFrame":
    import polars as pl

    names = ("at", "symbol", "side", "quantity", "price", "fee", "why")
    found = _table(folder, "fills.csv", names)
    try:
        found = found.with_columns(pl.col("quantity", "price", "fee").cast(pl.Float64), pl.col("why").fill_null(""))
    except pl.exceptions.PolarsError:
        raise ValidationError("fills.csv is not what ara backtest writes.", hint="Write it again.") from None
    if not len(found):
        raise ValidationError("Nothing was traded.", hint="A strategy that trades has trades to draw.")
    return found


def _tapes(s: Screen, symbols: list[str], bars: str) -> "dict[str, Tape]":
    from ara.cli.commands.backtest.asked import tapes

    found = tapes(s, symbols, bars, "")
    if missing := [one for one in symbols if one not in found]:
        raise ValidationError(f"There are no bars of {clean(missing[0])[:40]}.", hint="Name them: --bars FILE")
    return found


def _later(tape: "Tape", at: int) -> float:
    """Give how many shares one share of then has become."""
    import numpy as np

    return float(np.prod(tape.split[int(np.searchsorted(np.array(tape.at), at, side="right")) :]))


def _micros(at: Any) -> int:
    return round(float(at.timestamp()) * 1_000_000)


def _trips(fills: "pl.DataFrame", tapes: "dict[str, Tape]", symbol: str) -> "list[RoundTrip]":
    """Give the round trips by opening, times in microseconds, in the shares of the last bar."""
    from ara.market.symbols import normalise
    from ara.performance import Deal, round_trips

    deals = []
    for row in fills.sort("at", maintain_order=True).iter_rows(named=True):
        at = _micros(row["at"])
        later = _later(tapes[row["symbol"]], at)
        signed = row["quantity"] * later * (1 if row["side"] == "buy" else -1)
        deals.append(
            Deal(instrument=row["symbol"], at=at, quantity=signed, price=row["price"] / later, fee=row["fee"])
        )  # fmt: skip
    wanted = normalise(symbol) if symbol else ""
    found = [one for one in round_trips(deals) if wanted in ("", one.instrument)]
    if not found:
        told = f"of {clean(wanted)}" if wanted else "that was closed"
        raise ValidationError(f"There is no trade {told}.", hint="What is still open at the end is no trade yet.")
    return sorted(found, key=lambda one: one.opened)


def _chosen(trips: "list[RoundTrip]", which: str) -> "tuple[int, RoundTrip]":
    word = which.strip().lower()
    places = {
        "last": max(range(len(trips)), key=lambda place: trips[place].closed),
        "best": max(range(len(trips)), key=lambda place: trips[place].gain),
        "worst": min(range(len(trips)), key=lambda place: trips[place].gain),
    }
    place = places.get(word, int(word) - 1 if word.isascii() and word.isdecimal() and len(word) < 9 else -1)
    if not 0 <= place < len(trips):
        raise ValidationError(
            f"--which is {clean(which)[:40]!r}; there are {len(trips)} trades.",
            hint="1 is the first; last, best, worst.",
        )
    return place + 1, trips[place]


def _drawn(tape: "Tape", trip: "RoundTrip", fills: "pl.DataFrame", stop: float | None, target: float | None) -> "Trip":
    """Give the trip to be drawn; prices of its day in the shares of the last bar."""
    import polars as pl

    from ara.reports.charts import Trip

    later = _later(tape, int(trip.opened))
    ended = fills.filter((pl.col("symbol") == trip.instrument) & (pl.col("at").dt.epoch("us") == int(trip.closed)))
    reasons = [why for why in ended["why"].to_list() if why]
    return Trip(
        opened=_moment(trip.opened), closed=_moment(trip.closed), entry=trip.entry, exit=trip.exit,
        quantity=trip.quantity, gain=trip.gain, why=reasons[0] if reasons else "",
        stop=None if stop is None else stop / later, target=None if target is None else target / later,
    )  # fmt: skip


def _columns(tape: "Tape") -> list[Any]:
    """Give when each bar opened, and its prices in the shares of the last bar."""
    import numpy as np

    later = np.concatenate([np.cumprod(np.asarray(tape.split)[::-1])[::-1][1:], [1.0]])
    tick = float(tape.tick)
    sides = (tape.opens, tape.highs, tape.lows, tape.closes)
    return [
        np.array(tape.at, "datetime64[us]"), *(np.array(one, np.float64) * tick / later for one in sides),
    ]  # fmt: skip


def _moment(micros: float) -> Any:
    import numpy as np

    return np.datetime64(int(micros), "us")


def _stamps(frame: "pl.DataFrame") -> Any:
    return frame["at"].dt.replace_time_zone(None).to_numpy()


def _times(texts: list[str]) -> list[Any]:
    from datetime import UTC, datetime

    return [datetime.fromisoformat(one).astimezone(UTC).replace(tzinfo=None) for one in texts]


def _price(text: str, flag: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e15:
        raise ValidationError(f"{flag} is {clean(text)[:40]!r}; it is a price.", hint="Write 158.85")
    return value


def _footer(result: dict[str, Any], source: str) -> "Footer":
    from ara.reports.charts import Footer

    return Footer(source=source, data_to=str(result.get("to", ""))[:10], lineage=str(result.get("id", "")))
