"""What the command line costs beside the work: completing a word, drawing a screen, writing a document."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import NormalDist
from typing import Any

from benchmarks.measure import cpu_seconds, show

__all__ = ["figures"]

_RUNS = 12
_TIMES = 30
_DAYS = 30
_TYPER = """
import sys
import typer
app = typer.Typer()
@app.command()
def predict(symbol: str, days: int = 5) -> None:
    print(symbol, days)
@app.command()
def score() -> None:
    print()
app()
"""


def figures() -> dict[str, float]:
    """Measure: completion over a small Typer app's help; a screen of 30 days over rich's table of the same cells.

    And the document with its JSON over the JSON alone: what the mapping adds.
    """
    python = sys.executable
    least = cpu_seconds(
        {
            "command": (python, "-m", "ara", "__complete", "1", "pre"),
            "symbol": (python, "-m", "ara", "__complete", "2", "predict", "AA"),
            "typer": (python, "-c", _TYPER, "--help"),
        },
        runs=_RUNS,
    )
    return {
        "complete_command_over_typer": least["command"] / least["typer"],
        "complete_symbol_over_typer": least["symbol"] / least["typer"],
        **_drawing(),
    }


def _drawing() -> dict[str, float]:
    import json

    from ara.cli.render.forecast import View, show
    from ara.prediction.document import to_document

    forecast = _forecast()
    view = View(width=120, today=date(2021, 4, 1), kept=True)
    document = to_document(forecast)
    written = _least(lambda: json.dumps(document, indent=2))
    return {
        "screen_over_rich_table": _least(lambda: show(forecast, view)) / _least(lambda: _rich(document)),
        "document_over_json": _least(lambda: json.dumps(to_document(forecast), indent=2)) / written,
    }


def _least(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_TIMES):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def _rich(document: dict[str, object]) -> None:
    import io

    from rich.console import Console
    from rich.table import Table

    table = Table()
    for name in ("date", "median", "change", "80 %", "95 %", "P(up)", "sure"):
        table.add_column(name, justify="right")
    days = document["days"]
    assert isinstance(days, list)
    for day in days:
        low, high = day["band_80"]
        lowest, highest = day["band_95"]
        table.add_row(
            day["date"],
            f"{day['price']:.1f}",
            f"{day['return']:+.1%}",
            f"{low:.1f} to {high:.1f}",
            f"{lowest:.1f} to {highest:.1f}",
            f"{day['p_up']:.2f}",
            f"{day['confidence']:.2f}",
        )
    Console(file=io.StringIO(), width=120).print(table)


def _forecast() -> Any:
    from ara.lineage import Lineage
    from ara.market.instrument import AssetClass, Instrument
    from ara.models.quantiles import LEVELS
    from ara.prediction.forecast import Day, Forecast

    instrument = Instrument(
        symbol="AAPL",
        name="Apple Inc.",
        asset_class=AssetClass.STOCK,
        venue="NASDAQ",
        currency="USD",
        calendar="XNYS",
        timezone="America/New_York",
        tick=Decimal("0.01"),
        lot=Decimal(1),
    )
    origin = datetime(2021, 3, 31, 20, tzinfo=UTC)
    days = []
    for number in range(1, _DAYS + 1):
        returns = NormalDist(0, 0.015 * number**0.5)
        days.append(
            Day(
                number=number,
                date=(origin + timedelta(days=number)).date(),
                at=origin + timedelta(days=number),
                close=122.15,
                quantiles=tuple(returns.inv_cdf(level) for level in LEVELS),
                p_up=0.5,
                confidence=0.8,
                usual_move=0.03,
            )
        )
    return Forecast(
        instrument=instrument,
        as_of=origin,
        last=origin.date(),
        close=122.15,
        model="ewma_t",
        days=tuple(days),
        source="sample",
        quality=1.0,
        lineage=Lineage(data="0" * 64, engine="1"),
    )


if __name__ == "__main__":
    show(figures())
