"""Trades towards weights, with what is now and what comes of it, as every door tells them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ara.portfolio.past import borrowed
from ara.portfolio.rebalance import Outlook, Rebalanced
from ara.portfolio.triggers import Triggers

__all__ = ["Traded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """Trades, the weights now and wanted, what makes them due, the day, that of each close, the risk of both.

    Parameters
    ----------
    found
        The trades.
    now, wanted
        Weights of each symbol.
    currency
        In which values are.
    triggers
        What makes trading due.
    today, closes
        The day, and that of each last close.
    outlooks
        What the weights now and those after the trades would have been like; None where nobody asked.
    notes
        What else is to be minded, such as prices in coins.
    """

    found: Rebalanced
    now: Mapping[str, float]
    wanted: Mapping[str, float]
    currency: str
    triggers: Triggers
    today: date
    closes: Mapping[str, date]
    outlooks: tuple[Outlook, Outlook] | None = None
    notes: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values; amounts are texts, exactly."""
        found, due = self.found, self.found.due.due
        return {
            "schema": 1,
            "value": f"{found.before.value(self.currency):f}",
            "date": self.today.isoformat(),
            "warnings": [*borrowed(self.wanted), *self.notes],
            "closes": {name: day.isoformat() for name, day in self.closes.items()},
            "off": found.off,
            "threshold": self.triggers.threshold or 0.0,
            "due": due,
            "reasons": list(found.due.reasons),
            "now": dict(self.now),
            "wanted": dict(self.wanted),
            "after": dict(found.trades.weights) if due else dict(self.now),
            "trades": [one.as_dict() for one in found.trades.orders],
            "costs": str(found.trades.costs) if due else "0",
            "left": str(found.trades.cash) if due else None,
            **found.as_dict(),
            "what_if": {"before": self.outlooks[0].as_dict(), "after": self.outlooks[1].as_dict()}
            if self.outlooks
            else None,
        }
