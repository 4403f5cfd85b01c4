"""What all requests of a process share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ara.accounts import Accounts
from ara.accounts.limits import Limiter, limiter
from ara.api.answers import Answers
from ara.api.seen import Seen
from ara.api.verifying import Walks
from ara.data.feed import MarketData
from ara.desk import Desk
from ara.portfolio.portfolios import Portfolios
from ara.prediction import PredictionEngine
from ara.prediction.ledger import Kept
from ara.prediction.looking import Looks
from ara.settings import Settings

__all__ = ["Service"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The parts of a running service; all that is kept lies in the store, so any process answers any request.

    Parameters
    ----------
    desk
        The desk of the process.
    market
        Gives bars and instruments.
    engine
        Makes forecasts.
    looks
        Looks at the market.
    portfolios
        Chooses weights, looks back at them, and trades towards them.
    accounts
        Knows who asks.
    limits
        Knows how much they asked for.
    shown
        Kept forecasts that were shown of late, by their whole ids; what the ledger holds never changes.
    answers
        How those are answered.
    seen
        Who asked of late.
    walks
        Over the ledger.
    """

    desk: Desk
    market: MarketData
    engine: PredictionEngine
    looks: Looks
    portfolios: Portfolios
    accounts: Accounts
    limits: Limiter
    shown: dict[str, Kept] = field(default_factory=dict)
    answers: Answers = field(default_factory=Answers)
    seen: Seen = field(default_factory=Seen)
    walks: Walks = field(default_factory=Walks)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator["Service"]:
        """Open a desk and what stands on it, and close both."""
        async with (
            Desk.open(settings) as desk,
            MarketData(desk) as market,
            PredictionEngine(desk, data=market) as engine,
        ):
            limits = limiter(settings.data.cache.redis)
            try:
                yield cls(
                    desk=desk, market=market, engine=engine, looks=Looks(desk, market), accounts=Accounts(desk),
                    limits=limits, portfolios=Portfolios(desk, market, engine),
                )  # fmt: skip
            finally:
                await limits.close()
