from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from ara.market.bars import SCHEMA, Bars, Basis
from ara.market.instrument import AssetClass, Instrument
from ara.market.timeframe import DAY
from ara.trading import Costs, Exchange, Kind, Order, Side, Tape

SHARE = Instrument(
    symbol="ACME", name="Acme", asset_class=AssetClass.STOCK, venue="NYSE", currency="USD", calendar="24/7",
    timezone="UTC", tick=Decimal("0.01"), lot=Decimal(1),
)  # fmt: skip


def bars_of(rows, *, instrument=SHARE, volume=1e6, begin=datetime(2020, 1, 1, tzinfo=UTC)):
    """Daily bars of (open, high, low, close), or of those and a volume."""
    days = [begin + timedelta(days=day) for day in range(len(rows))]
    frame = pl.DataFrame(
        {
            "at": days,
            "known_at": [day + timedelta(days=1) for day in days],
            "learned_at": [day + timedelta(days=1) for day in days],
            **{
                name: [float(row[place]) for row in rows] for place, name in enumerate(("open", "high", "low", "close"))
            },
            "volume": [float(row[4]) if len(row) > 4 else volume for row in rows],
            "source": "test",
            "quality": 1.0,
            "imputed": False,
            "votes": 1,
        },
        schema=SCHEMA,
    )
    return Bars(instrument=instrument, timeframe=DAY, basis=Basis.RAW, frame=frame)


class Floor:
    """An exchange of one instrument, to whom orders are sent between bars."""

    def __init__(self, rows, *, costs=None, cash=10_000, **more):
        split, dividend = more.pop("split", None), more.pop("dividend", None)
        self.tape = Tape.of(bars_of(rows, **more), split=split, dividend=dividend)
        self.exchange = Exchange({"ACME": self.tape}, Decimal(cash), costs=costs or Costs.none())
        self.count = 0

    @property
    def book(self):
        return self.exchange.book

    @property
    def pit(self):
        return self.exchange.pits["ACME"]

    @property
    def fills(self):
        return [
            (one.why, (1 if one.side is Side.BUY else -1) * int(one.quantity), float(one.price), one.at.day - 1)
            for one in self.exchange.fills
        ]

    @property
    def now(self):
        return self.tape.known[self.pit.place] if self.pit.place >= 0 else self.tape.at[0]

    def bar(self, count=1):
        for _ in range(count):
            self.exchange.charge(self.tape.known[self.pit.place + 1])
            self.pit.play()
            self.exchange.marked(self.now)
        return self

    def order(self, quantity, *, protection=None, **more):
        self.count += 1
        prices = {name: Decimal(str(more.pop(name))) for name in ("limit", "stop", "trail") if name in more}
        order = Order(
            id=f"o{self.count}", symbol="ACME", side=Side.BUY if quantity > 0 else Side.SELL,
            quantity=Decimal(abs(quantity)), kind=Kind(more.pop("kind", "market")), **prices, **more,
        )  # fmt: skip
        self.exchange.send(order, given=self.now, protection=protection)
        return self


@pytest.fixture
def floor():
    return Floor
