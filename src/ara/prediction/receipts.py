"""What stated probabilities were worth: of shipped models on days they did not know, and of this ledger apart."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ara.desk import Desk
from ara.prediction.forecast import Day
from ara.prediction.ledger import Kept, Ledger
from ara.prediction.record import Receipt, wilson

__all__ = ["Voucher", "receipt", "vouchers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """What one stated probability was worth.

    Parameters
    ----------
    day
        Bars ahead.
    stated
        The probability to end within the usual move, as the forecast said it.
    record
        Of shipped models, on days that they did not know, by outcomes known at the forecast's moment; None where the
        model has no record.
    live
        How many forecasts of this ledger that said about as much, over as many bars of the same length, were made
        before their outcome was public and have been scored.
    inside
        How many of those ended within the usual move.
    least, most
        The 95 % interval of their share (Wilson); None without any. It takes each for one throw: where forecasts
        overlap, or are of one day, it is too narrow.
    """

    day: int
    stated: float
    record: Receipt | None
    live: int
    inside: int
    least: float | None
    most: float | None

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        told = None if self.record is None else {**asdict(self.record), "until": self.record.until.isoformat()}
        own = {"forecasts": self.live, "inside": self.inside, "least": self.least, "most": self.most}
        return {"day": self.day, "stated": self.stated, "record": told, "ledger": own}


def receipt(kept: Kept, found: Sequence[Voucher]) -> dict[str, Any]:
    """Give the receipt of a kept forecast as JSON has it."""
    return {"schema": 1, "id": kept.id, "days": [one.as_dict() for one in found]}


async def vouchers(desk: Desk, kept: Kept, *, near: float = 0.025) -> list[Voucher]:
    """Give a voucher for each day of a kept forecast.

    Parameters
    ----------
    desk
        The desk of the process.
    kept
        The forecast.
    near
        How far the probability of another forecast of this ledger may lie away and still be about as much, where the
        forecast itself names no bin of its model's record.
    """
    like = {day.number: _like(day, near) for day in kept.forecast.days}
    rows = await _scored(desk, kept, like)
    found = []
    for day in kept.forecast.days:
        told, (low, high) = day.receipt, like[day.number]
        hits = [bool(r["inside_usual"]) for r in rows if r["horizon"] == day.number and low <= r["confidence"] < high]
        least, most = wilson(sum(hits), len(hits)) if hits else (None, None)
        own = Voucher(
            day=day.number,
            stated=day.confidence,
            record=told,
            live=len(hits),
            inside=sum(hits),
            least=least,
            most=most,
        )
        found.append(own)
    return found


def _like(day: Day, near: float) -> tuple[float, float]:
    """Give the bounds of what is about as much: from the first on, below the second."""
    return (day.receipt.low, day.receipt.high) if day.receipt else (day.confidence - near, day.confidence + near)


async def _scored(desk: Desk, kept: Kept, like: Mapping[int, tuple[float, float]]) -> list[Mapping[str, Any]]:
    """Give the scores of live forecasts that said about as much over as many bars, of bars of the same length."""
    from sqlalchemy import and_, or_, select

    from ara.store.scores import scores

    bins = [
        and_(scores.c.horizon == number, scores.c.confidence >= low, scores.c.confidence < high)
        for number, (low, high) in like.items()
    ]
    chosen = select(scores.c.forecast_id, scores.c.horizon, scores.c.confidence, scores.c.inside_usual)
    rows = await desk.store.tables.execute(chosen.where(scores.c.live, or_(*bins)))
    lengths = await Ledger(desk).lengths({row["forecast_id"] for row in rows} | {kept.id})
    return [row for row in rows if lengths.get(row["forecast_id"]) == lengths[kept.id]]
