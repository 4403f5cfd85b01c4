"""What a decision asks of an exchange: an order, and how the position it makes is protected."""

from dataclasses import dataclass
from decimal import Decimal

from ara.trading.order import Order
from ara.trading.strategy import Signal

__all__ = ["Protection", "Ticket"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Where a position is closed: a bracket, of which what is reached first cancels the rest.

    Parameters
    ----------
    stop, target
        Prices; None for none.
    stop_share, target_share
        Shares of the price of entry; 0 for none.
    trail
        Share of the best price since entry; 0 for none.
    """

    stop: Decimal | None = None
    target: Decimal | None = None
    stop_share: float = 0.0
    target_share: float = 0.0
    trail: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One decision on its way: an order in place of those that are open, and protection of the position.

    Parameters
    ----------
    symbol
        Of which instrument; all its open orders are cancelled first.
    order
        None where enough is held already.
    protection
        Takes effect with the first fill of the order; at once where there is none. None takes away what there was.
    signal
        What was decided.
    """

    symbol: str
    order: Order | None
    protection: Protection | None
    signal: Signal
