"""The reference of indicators: a page for each family, made from the registry, and a picture for each indicator.

`--write` makes them anew; without it a page that is stale is found, a picture that is missing, and one of nothing.
Pictures are drawn from bars of the bundled sample. They are not compared: their last digit may differ by machine.
"""

import asyncio
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

import ara
from ara.data.feed import MarketData
from ara.features import Indicator, IndicatorSpec, catalogue, cross, sets
from ara.features.build import build_panel
from ara.features.indicator import INPUTS
from ara.testing import desk
from tools.findings import Finding, main
from tools.indicator_bars import stretches, textbook

__all__ = ["candle_picture", "check", "index_page", "page", "picture", "write"]

_FOLDER: Final = Path("docs/reference/indicators")
_SHOWN: Final = 160
_TITLE: Final = 14
_GREY: Final = "#8a8f98"
_WIDE, _HIGH, _EDGE = 480, 84, 4
_COLOURS: Final = ("#3b6fb6", "#d9822b", "#3d9970", "#b04a5a", "#8661c1")
_SCALES: Final = {
    "free": "neither price nor volume",
    "price": "the price",
    "volume": "the volume",
    "mixed": "prices or volumes, but in step with neither",
}
_PANEL: Final = {
    "AAPL": "technology",
    "AMZN": "retail",
    "BAC": "banks",
    "IBM": "technology",
    "JNJ": "health",
    "JPM": "banks",
    "KO": "food",
    "MSFT": "technology",
    "XOM": "energy",
}
_GROUPED: Final = ("sector_momentum", "sector_relative", "sector_strength")
_CANDLES: Final = "candles"
_BEFORE, _AFTER = 22, 9
_RISE, _FALL, _MARK = "#3d9970", "#b04a5a", "#3b6fb6"
_PRICES: Final = ("open", "high", "low", "close")
_Array = NDArray[np.float64]
_Bars = Mapping[str, _Array]
_Member = Indicator | cross.PanelFeature


def index_page() -> str:
    """Write the list of families with the number of their indicators."""
    families = _families()
    shapes, across = len(families["candles"]), len(families["cross"])
    figures = sum(map(len, families.values())) - shapes - across
    told = (
        f"{figures} figures in {len(families) - 2} families, {across} of many instruments, and {shapes} candlesticks."
    )
    lines = ["# Indicators", "", told, ""]
    lines += ["All of them: `ara indicators list`. One of them on your bars: `ara indicators compute NAME SYMBOL`.", ""]
    lines += ["| family | indicators | |", "|---|---|---|"]
    for name, members in families.items():
        told = ", ".join(f"[{one}]({name}.md#{one})" for one in members)
        lines.append(f"| [{name}]({name}.md) | {len(members)} | {told} |")
    return "\n".join(lines) + "\n"


def page(family: str, members: Mapping[str, _Member]) -> str:
    """Write one family: what each indicator says, its formula, parameters, range, warm-up and reference."""
    lines = [f"# {family.capitalize()}", ""]
    if family == _CANDLES:
        lines += [
            "Each is drawn where it last occurred in the bundled sample, in AAPL if it did there: the triangle marks"
        ]
        lines += ["the bar at whose close it was known, below it where it points up, above where down."]
    else:
        lines += [
            "Drawn over the last bars of AAPL in the bundled sample, or over others there where those show nothing of"
        ]
        lines += ["its own: the closes above, in grey, the indicator below, or over the closes where it is a price."]
    if family == "cross":
        names = ", ".join(f"{symbol} ({sector})" for symbol, sector in list(_PANEL.items())[1:])
        lines += [
            "",
            f"Each sees a panel of instruments; here AAPL (technology) among {names}, and ^GSPC as the other.",
        ]
    lines += [""]
    for name, one in members.items():
        lines += [f"## {name}", "", escape(one.spec.words, quote=False), "", f"![{name}](pictures/{name}.svg)", ""]
        lines += [f"- {label}: {text}" for label, text in _facts(one.spec)]
        lines += [_parameter(key, one.spec) for key in one.spec.params] + [""]
    return "\n".join(lines)


def _facts(spec: IndicatorSpec) -> list[tuple[str, str]]:
    chosen = spec.resolve({})
    memory = spec.memory(**chosen)
    ranges = "; ".join(f"`{name}` {_range(*spec.bounds[name])}" for name in spec.outputs)
    return [
        ("Formula", f"`{spec.formula}`" if "`" not in spec.formula else f"`` {spec.formula} ``"),
        ("Inputs", ", ".join(f"`{name}`" for name in spec.inputs)),
        ("Outputs", ranges),
        ("Moves with", _SCALES[spec.scale] + ("; its parameters change that" if spec.scales else "")),
        ("Warm-up", f"{spec.warmup(**chosen)} bars; memory: {'all bars' if memory is None else f'{memory:,} bars'}"),
        ("Reference", escape(spec.reference, quote=False)),
    ]


def _parameter(name: str, spec: IndicatorSpec) -> str:
    one = spec.params[name]
    return f"- `{name}` = {one.default:g}, from {one.low:g} to {one.high:g}: {escape(one.words, quote=False)}"


def _range(low: float, high: float) -> str:
    if math.isfinite(low) and math.isfinite(high):
        return f"from {low:g} to {high:g}"
    return f"from {low:g} up" if math.isfinite(low) else f"up to {high:g}" if math.isfinite(high) else "of any size"


def picture(outputs: Sequence[_Array], close: _Array, *, caption: str = "") -> str:
    """Draw what an indicator gives beside the closes, as SVG, under a caption that says whose."""
    found = [values[-_SHOWN:] for values in outputs]
    close = close[-_SHOWN:]
    over = [values for values in found if _is_price(values, close)]
    apart = [values for values in found if not _is_price(values, close)]
    colours = {id(values): _COLOURS[place % len(_COLOURS)] for place, values in enumerate(found)}
    top = _TITLE if caption else 0
    body = _lines([(close, "#8a8f98"), *((values, colours[id(values)]) for values in over)], top=top)
    if apart:
        body += _lines([(values, colours[id(values)]) for values in apart], top=top + _HIGH, zero=True)
    high = top + (2 * _HIGH if apart else _HIGH)
    if caption:
        ranges = ", ".join(dict.fromkeys(map(_ranged, found)))
        words = escape(f"{caption}: {ranges}", quote=False)
        look = f'x="2" y="11" font-size="11" font-family="sans-serif" fill="{_GREY}" stroke="none"'
        body = f"<text {look}>{words}</text>\n{body}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {high}" width="{_WIDE}" height="{high}"'
    return f'{head} fill="none" stroke-width="1.4" stroke-linejoin="round">\n{body}</svg>\n'


def _ranged(values: _Array) -> str:
    """Say between what an output moves in the bars that are drawn."""
    known = values[-_SHOWN:][np.isfinite(values[-_SHOWN:])]
    if not len(known):
        return "no value"
    low, high = float(known.min()), float(known.max())
    return f"{low:.4g} to {high:.4g}" if high > low else f"{low:.4g} throughout"


def _moves(outputs: Sequence[_Array]) -> bool:
    """Tell whether all of the outputs move in the bars that are drawn."""
    return not any(told.endswith(("throughout", "no value")) for told in map(_ranged, outputs))


def _drawn(one: Indicator, series: Mapping[str, _Bars], seen: set[str]) -> str:
    """Draw an indicator where it moves and looks as no other one does, on AAPL if it does there."""
    first = ""
    for words, bars in stretches(one, series, _SHOWN):
        found = one.compute(bars)
        drawn = picture(found, bars["close"], caption=f"{one.spec.name} of {words}")
        shape = picture(found, bars["close"])
        if _moves(found) and shape not in seen:
            seen.add(shape)
            return drawn
        first = first or drawn
    return first


def _across(outputs: Sequence[_Array], close: _Array, name: str) -> str:
    """Draw a figure of many instruments, at an earlier time where it stands still in the last bars."""
    for back in range(0, len(close) - _SHOWN, _SHOWN // 4):
        found = [values[: len(close) - back] for values in outputs]
        if _moves(found):
            break
    else:
        back, found = 0, list(outputs)
    told = f"{name} of AAPL{f', {back} bars ago' if back else ''}"
    return picture(found, close[: len(close) - back], caption=told)


def candle_picture(bars: _Bars, place: int, sign: float, caption: str) -> str:
    """Draw the candlesticks around one bar, with a triangle at it that points where the shape does, as SVG."""
    start = max(place - _BEFORE, 0)
    shown = {name: bars[name][start : place + _AFTER + 1] for name in _PRICES}
    high, wide = 2 * _HIGH, _WIDE / len(shown["close"])
    top, bottom = float(shown["high"].max()), float(shown["low"].min())

    def y(value: float) -> float:
        return 20 + (high - 40) * (1.0 - (value - bottom) / ((top - bottom) or 1.0))

    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {high}" width="{_WIDE}" height="{high}"'
    body = f'{head}>\n<text x="2" y="11" font-size="11" font-family="sans-serif" fill="#8a8f98">{caption}</text>\n'
    for number, (opened, most, least, close) in enumerate(
        zip(*(shown[name].tolist() for name in _PRICES), strict=True)
    ):
        middle, colour = wide * (number + 0.5), _RISE if close >= opened else _FALL
        body += f'<path stroke="{colour}" d="M{middle:.1f} {y(most):.1f}V{y(least):.1f}"/>\n'
        size = max(abs(y(opened) - y(close)), 1.0)
        corner = f'x="{middle - 0.32 * wide:.1f}" y="{min(y(opened), y(close)):.1f}"'
        body += f'<rect {corner} width="{0.64 * wide:.1f}" height="{size:.1f}" fill="{colour}"/>\n'
    if sign:
        at = wide * (place - start + 0.5)
        edge = y(bars["low"][place]) + 4 if sign > 0 else y(bars["high"][place]) - 4
        far = edge + math.copysign(8, sign)
        body += f'<path fill="{_MARK}" d="M{at:.1f} {edge:.1f}L{at - 5:.1f} {far:.1f}H{at + 5:.1f}Z"/>\n'
    return body + "</svg>\n"


def _last_seen(one: Indicator, sample: Mapping[str, tuple[_Bars, Sequence[str]]], taken: set[tuple[str, int]]) -> str:
    """Draw a candlestick where it last occurred and no other one is drawn, in the first of the series where it did."""
    found: list[tuple[str, int, float]] = []
    for symbol, (bars, _) in sample.items():
        (values,) = one.compute(bars)
        found += [(symbol, int(place), float(values[place])) for place in np.flatnonzero(np.nan_to_num(values))[::-1]]
    if not found:
        bars = textbook(one.spec.name)
        (values,) = one.compute(bars)
        place = int(np.flatnonzero(np.nan_to_num(values))[-1])
        told = f"{one.spec.name}: made up, no series of the sample has it."
        return candle_picture(bars, place, float(values[place]), told)
    symbol, place, sign = next((hit for hit in found if hit[:2] not in taken), found[0])
    taken.add((symbol, place))
    bars, days = sample[symbol]
    return candle_picture(bars, place, sign, f"{one.spec.name}: {symbol}, {days[place]}")


async def _every_series() -> dict[str, tuple[_Bars, list[str]]]:
    """Give the bars of the whole sample and their days, AAPL first."""
    from ara.data.files import read_bars

    path = Path(ara.__file__).parent / "data" / "sample" / "sample.parquet"
    symbols = sorted(set(read_bars(path)["symbol"]), key=lambda symbol: (symbol != "AAPL", symbol))
    async with desk() as opened, MarketData(opened) as market:
        panel = {symbol: await market.bars(await market.instrument(symbol)) for symbol in symbols}
    return {
        symbol: (
            catalogue.columns(bars, (*_PRICES, "volume", "session")),
            bars.frame["at"].dt.strftime("%d %b %Y").to_list(),
        )
        for symbol, bars in panel.items()
    }


def _is_price(values: _Array, close: _Array) -> bool:
    """Tell whether values lie where the closes do."""
    known = np.isfinite(values)
    return bool(known.any()) and bool((np.abs(values[known] / close[known] - 1.0) < 0.5).all())


def _lines(drawn: list[tuple[_Array, str]], *, top: int, zero: bool = False) -> str:
    known = np.concatenate([values[np.isfinite(values)] for values, _ in drawn])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    span = (high - low) or 1.0

    def y(value: float) -> float:
        return top + _EDGE + (_HIGH - 2 * _EDGE) * (1.0 - (value - low) / span if high > low else 0.5)

    body = ""
    if zero and low < 0.0 < high:
        body += f'<path stroke="#8a8f98" stroke-dasharray="2 4" d="M0 {y(0.0):.0f}H{_WIDE}"/>\n'
    for values, colour in drawn:
        body += f'<path stroke="{colour}" d="{_path(values, y)}"/>\n'
    return body


def _path(values: _Array, y: Callable[[float], float]) -> str:
    steps, pen = [], "M"
    for place, value in enumerate(values.tolist()):
        if not math.isfinite(value):
            pen = "M"
            continue
        steps.append(f"{pen}{_WIDE * place / (len(values) - 1):.0f} {y(value):.1f}")
        pen = "L"
    return "".join(steps)


async def _sample() -> tuple[_Bars, Mapping[str, Sequence[_Array]]]:
    """Give AAPL's bars of the sample with the closes of the S&P 500 beside them, and its figures among others."""
    async with desk() as opened, MarketData(opened) as market:
        panel = {symbol: await market.bars(await market.instrument(symbol)) for symbol in (*_PANEL, "^GSPC")}
    apple, other = panel["AAPL"], panel.pop("^GSPC")
    found = dict(catalogue.columns(apple, [*INPUTS]))
    beside = apple.frame.select("at").join_asof(other.frame.select("at", "close"), on="at")
    block = next(build_panel(sets.get("cross"), panel, others={"market": other}))
    across: dict[str, list[_Array]] = {}
    for item in sets.get("cross").items:
        places = [block.names.index(column.name) for column in item.columns]
        across[item.indicator] = [block.x[:, place].astype(np.float64) for place in places]
    days = apple.frame.select("at")
    beside_it = (days.join(bars.frame.select("at", "close"), on="at", how="left") for bars in panel.values())
    closes = np.stack([frame["close"].to_numpy() for frame in beside_it], axis=1)
    for name in _GROUPED:
        told = cross.get(name).compute_panel({"close": closes}, groups=tuple(_PANEL.values()))
        across[name] = [one[:, 0] for one in told]
    return {**found, "other": beside["close"].to_numpy()}, across


def write(root: Path) -> None:
    """Write the pages and draw the pictures."""
    pages = _pages(root)
    pictures = root / _FOLDER / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for path in [*pictures.glob("*.svg"), *(root / _FOLDER).glob("*.md")]:
        path.unlink()
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    bars, across = asyncio.run(_sample())
    sample = asyncio.run(_every_series())
    series = {symbol: bars if symbol == "AAPL" else columns for symbol, (columns, _) in sample.items()}
    seen: set[str] = set()
    taken: set[tuple[str, int]] = set()
    for members in _families().values():
        for name, one in members.items():
            if not isinstance(one, Indicator):
                drawn = _across(across[name], bars["close"], name)
            elif name.startswith("cdl_"):
                drawn = _last_seen(one, sample, taken)
            else:
                drawn = _drawn(one, series, seen)
            (pictures / f"{name}.svg").write_text(drawn, encoding="utf-8")


def check(root: Path) -> Iterator[Finding]:
    """Compare every page with what would be written now, and the pictures there with the indicators."""
    for path, text in _pages(root).items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            yield Finding(path=path, line=1, words="the page no longer says what the registry says")
    wanted = {root / _FOLDER / "pictures" / f"{name}.svg" for members in _families().values() for name in members}
    there = set((root / _FOLDER / "pictures").glob("*.svg"))
    seen: dict[str, str] = {}
    for path in sorted(wanted & there):
        twin = seen.setdefault(_unnamed(path.read_text(encoding="utf-8")), path.stem)
        if twin != path.stem:
            yield Finding(path=path, line=1, words=f"the picture is that of {twin}")
    for path in wanted ^ there:
        yield Finding(path=path, line=1, words="no such picture" if path in wanted else "a picture of no indicator")


def _unnamed(drawn: str) -> str:
    """Give a picture without its caption, which alone tells apart what looks the same."""
    return re.sub("<text.*?</text>", "", drawn)


def _families() -> dict[str, Mapping[str, _Member]]:
    """Give every family that has members, and the figures of many instruments as one."""
    families: dict[str, Mapping[str, _Member]] = {name: one for name, one in catalogue.families().items() if one}
    return {**families, "cross": {name: cross.get(name) for name in cross.names()}}


def _pages(root: Path) -> dict[Path, str]:
    folder = root / _FOLDER
    pages = {folder / f"{name}.md": page(name, members) for name, members in _families().items()}
    return {folder / "index.md": index_page(), **pages}


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write(Path.cwd())
    else:
        sys.exit(main(check, advice="Write the pages again: make reference"))
