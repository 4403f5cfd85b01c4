"""Charts in the currency of their instrument, of a kind that Ara knows."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from ara.data.access.wire import quote
from ara.data.providers.money import parts
from ara.data.providers.yahoo.messages import AdjustedCloses, Chart, Prices
from ara.errors import ShapeError
from ara.market.instrument import Instrument

__all__ = ["checked"]

_TYPES: Final = frozenset({"EQUITY", "ETF", "INDEX", "CRYPTOCURRENCY", "CURRENCY", "FUTURE", "MUTUALFUND", "OPTION"})
"""What Yahoo says that an instrument is."""

_FIELD: Final = "$.chart.result[0].meta.instrumentType"


def checked(chart: Chart, instrument: Instrument) -> Chart:
    """Give a chart with prices and dividends in the instrument's currency.

    Yahoo quotes London's shares in pence (`GBp`), Tel Aviv's in agorot (`ILA`), Johannesburg's in cents (`ZAc`): these
    are divided by 100, exactly.

    Raises
    ------
    ShapeError
        The instrument is of a type that Yahoo didn't have before.
    DataProviderError
        Its prices are in another currency than the instrument's.
    """
    kind = chart.meta.instrument_type
    if kind is not None and kind not in _TYPES:
        known = ", ".join(sorted(_TYPES))
        raise ShapeError(f"yahoo sends {quote(kind)!r} in {_FIELD}; known are {known}.", source="yahoo", field=_FIELD)
    count = parts(chart.meta.currency, instrument, source="yahoo")
    return chart if count == 1 else _divided(chart, count, instrument.currency)


def _divided(chart: Chart, count: int, currency: str) -> Chart:
    def over(values: Sequence[float | None]) -> list[float | None]:
        # By the digits that Yahoo wrote, not by their float: so the quotient is rounded once.
        return [None if value is None else float(Decimal(repr(value)) / count) for value in values]

    prices = [
        Prices(open=over(one.open), high=over(one.high), low=over(one.low), close=over(one.close), volume=one.volume)
        for one in chart.indicators.quote
    ]
    adjusted = [AdjustedCloses(adjclose=over(one.adjclose)) for one in chart.indicators.adjclose]
    paid = {day: replace(one, amount=one.amount / count) for day, one in chart.events.dividends.items()}
    last = chart.meta.regular_market_price
    return replace(
        chart,
        meta=replace(chart.meta, currency=currency, regular_market_price=None if last is None else last / count),
        indicators=replace(chart.indicators, quote=prices, adjclose=adjusted),
        events=replace(chart.events, dividends=paid),
    )
