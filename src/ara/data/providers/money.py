"""The unit in which a venue quotes an instrument, held against the instrument's own currency."""

from ara.data.access.wire import quote
from ara.errors import DataProviderError
from ara.market.codes import MINOR
from ara.market.instrument import Instrument

__all__ = ["parts"]


def parts(code: str | None, instrument: Instrument, *, source: str) -> int:
    """Give how many of a venue's units make one of the instrument's currency: 100 for pence, 1 for the currency itself.

    Parameters
    ----------
    code
        As the venue writes it: `GBP` is a pound, `GBp` and `GBX` are pence. None where it says nothing: 1.
    instrument
        Whose prices.
    source
        The venue's name.

    Raises
    ------
    DataProviderError
        It is another currency; `context["currency"]` holds it.
    """
    if not code:
        return 1
    currency, count = MINOR.get(code, (code, 1))
    if currency == instrument.currency:
        return count
    shown = quote(code)
    raise DataProviderError(
        f"{source} gives {instrument.symbol} in {shown}, and here {instrument.symbol} is in {instrument.currency};"
        " nothing of the answer is used.",
        hint="Name another source with --provider, or the symbol of the listing that you mean.",
        symbol=instrument.symbol,
        currency=currency,
        expected=instrument.currency,
    )
