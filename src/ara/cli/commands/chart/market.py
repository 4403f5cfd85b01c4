"""`ara chart candles`, `ara chart forecast` and `ara chart regimes`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ara.cli.commands.chart.drawing import OUT, SIZE, THEME, asked, source_of
from ara.cli.screen import Screen, screen
from ara.cli.words import clean
from ara.errors import ValidationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ara.features.patterns.pattern import Pattern
    from ara.market.bars import Bars
    from ara.prediction.forecast import Forecast

    _Series = dict[str, NDArray[np.float64]]

__all__ = ["candles", "forecast", "regimes"]

_MOST = 1_000_000
_LINES = 8
_FAR = 3.0
_SIDES = 2


def candles(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Whose bars")],
    last: Annotated[str, typer.Option("--last", "-n", metavar="N", help="So many of the last bars")] = "120",
    timeframe: Annotated[str, typer.Option("--timeframe", metavar="STEP", help="Length of a bar")] = "1d",
    indicator: Annotated[
        list[str] | None, typer.Option("--indicator", "-i", metavar="ITEM", help="sma, rsi, bollinger; repeatable")
    ] = None,
    patterns: Annotated[
        str, typer.Option("--patterns", metavar="FAMILY", help="Also candle, chart, harmonic or elliott, or all")
    ] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
    out: OUT = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Draw candles with volume, indicators and patterns.

    ::

        ara chart candles AAPL
        ara chart candles BTC-USD --last 250 --indicator "sma(window=50)" --indicator rsi --out btc.html
        ara chart candles EURUSD --patterns chart --as-of 2020-02-20 --out eurusd.pdf

    An indicator that lies among the prices, as an average does, is drawn on them, any other below.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.viewed import closed_bars, dates
    from ara.reports import charts

    s, drawing = screen(), asked(out, theme, size)
    many = counted(last, "--last", most=_MOST)
    bars = closed_bars(s, symbol, as_of=as_of, step=timeframe)
    on, below, levels = _indicators(bars, indicator or [])
    daily = str(bars.timeframe) in {"1d", "1w"}
    chart = charts.candles(
        bars,
        at=dates(bars) if daily else None,
        last=many,
        overlays=on,
        below=below,
        levels=levels,
        patterns=_patterns(s, bars, patterns, many),
    )
    drawing.show(s, chart)


def _indicators(bars: "Bars", names: list[str]) -> "tuple[_Series, dict[str, _Series], dict[str, tuple[float, ...]]]":
    """Give each output's values: of those among the prices, and of the others by their indicator; and their levels."""
    from ara.features.build import compute
    from ara.features.described import item_of
    from ara.features.indicator import Scale

    on: _Series = {}
    below: dict[str, _Series] = {}
    levels: dict[str, tuple[float, ...]] = {}
    closes = bars.frame["close"].to_numpy()
    for name in names:
        item = item_of(name)
        if item.crosses or "other" in item.spec.inputs:
            raise ValidationError(
                f"{clean(name)[:40]} looks at other instruments; a chart has one.", hint="Such as: --indicator sma"
            )
        values, why = compute(item, bars)
        if why:
            raise ValidationError(f"{clean(name)[:40]} has no value: {why}.", hint="Choose another, or more bars.")
        outputs = {name if len(values) == 1 else f"{name}.{output}": column for output, column in values.items()}
        if item.spec.scale_of(item.params) is Scale.PRICE and _among(outputs, closes):
            on |= outputs
        else:
            below[name], levels[name] = outputs, _levels(item.spec.name)
    many = len(on) + sum(map(len, below.values()))
    if many > _LINES:
        raise ValidationError(f"{many} lines are too many for one chart.", hint=f"At most {_LINES} can be told apart.")
    return on, below, levels


def _levels(indicator: str) -> tuple[float, ...]:
    """Give the values at which an indicator is usually read otherwise: 30 and 70 of RSI."""
    from ara.features.readings import READINGS

    own = [one for one in READINGS if one.indicator == indicator and len(one.bands) > _SIDES]
    return tuple(band.low for one in own for band in one.bands[1:])


def _among(outputs: "_Series", closes: "NDArray[np.float64]") -> bool:
    """Whether an indicator in the unit of the price is a level, as an average is, and no distance, as MACD and ATR."""
    import numpy as np

    for column in outputs.values():
        known = np.isfinite(column) & (closes != 0)
        if known.any() and not 1 / _FAR < float(np.median(column[known] / closes[known])) < _FAR:
            return False
    return True


def _patterns(s: Screen, bars: "Bars", families: str, last: int) -> "list[Pattern]":
    from ara.features.patterns.recent import FAMILIES, recent

    chosen = families.strip().lower()
    if not chosen:
        return []
    if chosen not in (*FAMILIES, "all"):
        raise ValidationError(
            f"There is no family {clean(families)[:40]!r}.", hint=f"There are: {', '.join(FAMILIES)}, all."
        )
    columns = {name: bars.frame[name].to_numpy() for name in ("open", "high", "low", "close")}
    with s.progress("Looking for patterns"):
        found = recent(
            columns,
            last=min(last, len(bars)),
            families=FAMILIES if chosen == "all" else [chosen],
            horizon=5,
            unit="bar",
        )
    return [one.pattern for one in found]


def forecast(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="AAPL, BTC-USD, EURUSD and so on")],
    days: Annotated[str, typer.Option("--days", "-d", metavar="N", help="Bars ahead, 1 to 30")] = "20",
    last: Annotated[str, typer.Option("--last", "-n", metavar="N", help="So many closes before it")] = "60",
    model: Annotated[str, typer.Option("--model", metavar="MODEL", help="As for ara predict")] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
    out: OUT = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Draw a forecast as a fan behind its past; where days have passed since, with what came.

    ::

        ara chart forecast AAPL
        ara chart forecast BTC-USD --days 30 --out fan.svg --theme dark
        ara chart forecast AAPL --as-of 2020-02-20 --days 10 --out crash.png

    The forecast is kept in the ledger as every one.
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.viewed import closed_bars, dates
    from ara.desk import Desk
    from ara.prediction import PredictionEngine
    from ara.reports import charts

    s, drawing = screen(), asked(out, theme, size)
    ahead, many = counted(days, "--days", most=30), counted(last, "--last", most=_MOST)

    async def ask() -> "Forecast":
        async with Desk.open(s.settings()) as desk, PredictionEngine(desk) as engine:
            return await engine.predict(symbol, ahead, as_of=as_of or None, model=model or None, why=False)

    found = s.run(ask())
    bars = closed_bars(s, symbol)
    labels = dates(bars)
    closes = bars.frame["close"].to_numpy()
    origin = sum(label <= found.last for label in labels)
    scale = found.close / closes[origin - 1] if origin else 1.0  # a split since has changed the older prices
    came = {label: float(close) for label, close in zip(labels[origin:], scale * closes[origin:], strict=True)}
    chart = charts.forecast(
        found,
        at=labels[:origin],
        closes=scale * closes[:origin],
        actual=[came.get(day.date) for day in found.days],
        last=many,
    )
    drawing.show(s, chart)


def regimes(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Whose bars")],
    last: Annotated[str, typer.Option("--last", "-n", metavar="N", help="So many of the last bars")] = "750",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Use only what was public then")] = "",
    out: OUT = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Draw the state of the market at each close, as it was told then.

    ::

        ara chart regimes SPY
        ara chart regimes AAPL --last 1500 --out regimes.png
        ara chart regimes EURUSD --as-of 2020-02-20 --json
    """
    from ara.cli.commands.data.asked import counted
    from ara.cli.commands.viewed import closed_bars, dates, looked
    from ara.models.regimes import FEWEST, measured
    from ara.models.regimes import regimes as told
    from ara.reports import charts

    s, drawing = screen(), asked(out, theme, size)
    many = counted(last, "--last", most=_MOST)
    bars = closed_bars(s, symbol, as_of=as_of)
    implied = looked(s, as_of, lambda looks, moment: looks.fear(bars, as_of=moment))
    with s.progress("Telling the states"):
        history = told(measured(bars, implied=implied))
    if not len(history) or history.which[-1] < 0:
        raise ValidationError(
            f"{bars.instrument.symbol} has {len(bars)} bars; states need {FEWEST} that move before the month begins.",
            hint="Other dates may have more: --as-of",
        )
    chart = charts.regimes(
        history,
        dates(bars),
        bars.frame["close"].to_numpy(),
        symbol=bars.instrument.symbol,
        currency=bars.instrument.currency,
        source=source_of([str(bars.frame["source"][-1])]),
        last=many,
    )
    drawing.show(s, chart)
