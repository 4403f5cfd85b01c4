import asyncio
from datetime import UTC, datetime

import polars as pl
import pytest

from ara.market import symbols
from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.timeframe import DAY
from ara.prediction.remembered import Remembered, key_of


async def test_an_answer_is_made_once_however_many_ask():
    made, go = [], asyncio.Event()

    async def make() -> str:
        made.append(1)
        await go.wait()
        return "answer"

    kept = Remembered(most=2)
    first, second = (asyncio.create_task(kept.of("a", make)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    go.set()
    assert await second == await kept.of("a", make) == "answer"
    assert first.cancelled()
    assert len(made) == 1
    await kept.of("b", make)
    await kept.of("c", make)
    await kept.of("a", make)
    assert len(made) == 4


async def test_what_failed_is_asked_again():
    async def fail() -> str:
        raise OSError("away")

    async def make() -> str:
        return "there"

    kept = Remembered()
    with pytest.raises(OSError, match="away"):
        await kept.of("a", fail)
    assert await kept.of("a", make) == "there"


def bars_of(*closes: float) -> Bars:
    days = [datetime(2024, 1, 2 + n, tzinfo=UTC) for n in range(len(closes))]
    plain = {"source": "test", "votes": 1, "quality": 1.0, "imputed": False}
    columns: dict[str, object] = {name: list(closes) for name in ("open", "high", "low", "close", "volume")}
    columns |= dict.fromkeys(("at", "known_at", "learned_at"), days)
    columns |= {name: [value] * len(closes) for name, value in plain.items()}
    frame = pl.DataFrame({name: pl.Series(columns[name], dtype=kind) for name, kind in SCHEMA.items()})
    return Bars(instrument=symbols.resolve("AAPL"), timeframe=DAY, basis=Basis.TOTAL, frame=frame)


def test_a_key_is_that_of_the_figures_and_of_what_is_asked():
    bars, other = bars_of(1.0, 2.0, 3.0), bars_of(1.0, 2.0, 3.5)
    keys = [
        key_of("regime", [bars], 5), key_of("regime", [bars], 21), key_of("look", [bars], 5),
        key_of("regime", [other], 5), key_of("regime", [bars, other], 5),
    ]  # fmt: skip
    assert len(set(keys)) == 5
    assert keys[0] == key_of("regime", [bars_of(1.0, 2.0, 3.0)], 5)
