"""The ledger, one call at a time: `ara.ledger.verify()`, `ara.ledger.report()`, as `ara ledger` does."""

from typing import TYPE_CHECKING

from ara.desk import Desk
from ara.quick.running import run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ara.prediction.accuracy import Report
    from ara.prediction.ledger import Anchor, Kept
    from ara.prediction.receipts import Voucher
    from ara.prediction.verified import Verified

__all__ = ["anchor", "entries", "receipt", "report", "show", "verify"]


def entries(limit: int = 20, symbol: str | None = None) -> "list[Kept]":
    """Give the forecasts that were kept last, newest first; of one instrument if a symbol is named.

    Examples
    --------
    >>> import ara
    >>> kept = ara.predict("AAPL", days=1, as_of="2020-02-20")
    >>> kept.id in [one.id for one in ara.ledger.entries(symbol="aapl")]
    True
    """
    from ara.market import symbols
    from ara.prediction.ledger import Ledger

    chosen = symbols.normalise(symbol) if symbol else None

    async def ask() -> "list[Kept]":
        async with Desk.open() as desk:
            return await Ledger(desk).list(limit, chosen)

    return run(ask())


def show(prefix: str) -> "Kept":
    """Give the kept forecast whose id begins so, with its place in the ledger."""
    from ara.prediction.ledger import Ledger

    async def ask() -> "Kept":
        async with Desk.open() as desk:
            return await Ledger(desk).show(prefix)

    return run(ask())


def verify(anchors: "Iterable[str | Path | Anchor]" = (), *, scores: bool = True, whole: bool = False) -> "Verified":
    """Say whether nothing in the ledger was changed, removed or cut off since it was written: `ok`, and in `words`.

    Parameters
    ----------
    anchors
        What was published of it: digests, files of what `ara ledger anchor` printed, or what `anchor()` gave. Each has
        to be held still.
    scores
        Compute the kept scores again, too: of 500 forecasts, drawn at random where there are more.
    whole
        Of all forecasts, however many there are.
    """
    from ara.prediction.verified import verified

    async def ask() -> "Verified":
        async with Desk.open() as desk:
            return await verified(desk, anchors, scores=scores, whole=whole)

    return run(ask())


def anchor() -> "Anchor":
    """Give a digest of the ledger to publish, so that others can later tell that nothing was left out."""
    from ara.prediction.ledger import Ledger

    async def ask() -> "Anchor":
        async with Desk.open() as desk:
            return await Ledger(desk).anchor()

    return run(ask())


def report(*, replayed: bool = False) -> "Report":
    """Say how forecasts did by instrument, class, horizon, regime, model and month, beside the baseline.

    Parameters
    ----------
    replayed
        Count forecasts of the past too, which were made after their outcome was public.
    """
    from ara.prediction.accuracy import accuracy

    async def ask() -> "Report":
        async with Desk.open() as desk:
            return await accuracy(desk, replayed=replayed)

    return run(ask())


def receipt(prefix: str) -> "list[Voucher]":
    """Say of each day of a kept forecast what past forecasts that were about as sure were worth."""
    from ara.prediction.ledger import Ledger
    from ara.prediction.receipts import vouchers

    async def ask() -> "list[Voucher]":
        async with Desk.open() as desk:
            return await vouchers(desk, await Ledger(desk).show(prefix))

    return run(ask())
