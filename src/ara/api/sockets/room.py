"""Who has sockets open in this process, and for how long they may."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

from ara.accounts import Accounts, Principal
from ara.api.sockets.channel import Outbox, packed
from ara.api.sockets.seats import RENEWED, Seats
from ara.clock import Clock
from ara.errors import APIError, AraError, QuotaError, UnauthenticatedError
from ara.settings import SocketSettings

__all__ = ["Guest", "Room"]

_LOOK = 5.0
_STRANGERS = 200
_EACH = 20
_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Guest:
    """Somebody with an open socket.

    Parameters
    ----------
    principal
        Who it is.
    credential
        What was sent to open it: as long as it is valid, the socket stays open.
    permission
        What the stream needs.
    outbox
        What waits for them.
    end
        The code and the words with which the socket is to be closed.
    """

    principal: Principal
    credential: str
    permission: str
    outbox: Outbox
    end: tuple[int, str] | None = None
    strikes: int = field(default=0)

    def leave(self, code: int, words: str) -> None:
        """Have the socket closed."""
        if self.end is None:
            self.end = (code, words)
            self.outbox.first([])


class Room:
    """The open sockets of a process.

    Parameters
    ----------
    accounts
        Knows whether keys and tokens are still valid.
    settings
        How many there may be.
    clock
        Of the process.
    seats
        How many each user has open in all processes; None where this one counts alone.
    """

    def __init__(self, accounts: Accounts, settings: SocketSettings, clock: Clock, seats: Seats | None = None) -> None:
        self._accounts = accounts
        self._settings = settings
        self._clock = clock
        self._seats = seats
        self._stirred = asyncio.Event()
        self._guests: set[Guest] = set()
        self._users: Counter[str] = Counter()
        self._strangers: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How many sockets are open, those of strangers too."""
        return sum(self._users.values()) + self._strangers.total()

    @contextmanager
    def stranger(self, address: str) -> Iterator[None]:
        """Count a socket of somebody who has not yet said who they are."""
        if self._strangers[address] >= _EACH or self._strangers.total() >= _STRANGERS:
            raise QuotaError("Too many sockets wait for somebody to say who they are.", retry_after=10)
        with _counted(self._strangers, address):
            yield

    @asynccontextmanager
    async def seat(self, principal: Principal) -> AsyncIterator[None]:
        """Count a socket of a user; QuotaError where they have as many as they may, in all processes together."""
        user, most = principal.user.id, getattr(self._settings, principal.user.tier)
        if self._users[user] >= most:
            raise _taken(principal.user.tier, most)
        if self.count >= self._settings.most:
            raise _FullError("This process has as many sockets open as it may.", hint="Try again in a moment.")
        with _counted(self._users, user):
            if self._seats is None:
                yield
                return
            taken = await self._seats.take(user, most)
            if taken is None:
                raise _taken(principal.user.tier, most)
            try:
                yield
            finally:
                await self._seats.free(user, taken)

    async def renew(self) -> None:
        """Say again and again that the sockets of this process are open, for ever."""
        while self._seats is not None:
            await asyncio.sleep(RENEWED)
            await self._seats.renew()

    @contextmanager
    def open(self, guest: Guest) -> Iterator[None]:
        """Watch over an open socket."""
        self._guests.add(guest)
        try:
            yield
        finally:
            self._guests.discard(guest)

    async def beat(self) -> None:
        """Give every listener a sign of life, for ever."""
        while True:
            await asyncio.sleep(self._settings.beat)
            text = packed("beat", self._clock.now(), {})
            for one in tuple(self._guests):
                one.outbox.beat(text)

    def stir(self) -> None:
        """Have keys and tokens looked at now: another process changed some."""
        self._stirred.set()

    async def watch(self) -> None:
        """Close the sockets of those whose key or token ended or was revoked, within seconds, for ever."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stirred.wait(), _LOOK)
            self._stirred.clear()
            try:
                await self.look()
            except AraError as error:
                _log.warning("keys and tokens of open sockets can't be looked at: %s", error.message)

    async def look(self) -> None:
        """Look once at every key and token that a socket was opened by."""
        for credential in {one.credential for one in self._guests}:
            mine = [one for one in self._guests if one.credential == credential]
            try:
                principal = await self._accounts.authenticate(credential)
            except UnauthenticatedError as error:
                for one in mine:
                    one.leave(4000 + error.http_status, error.message)
                continue
            for one in mine:
                if one.permission not in principal.permissions:
                    one.leave(4403, f"This needs the permission {one.permission}.")


def _taken(tier: str, most: int) -> QuotaError:
    return QuotaError(
        f"The tier {tier} may have {most} sockets open at once.",
        hint="Close one: one socket serves all windows of a page.", retry_after=10,
    )  # fmt: skip


class _FullError(APIError):
    """The process has no room for another socket."""

    code = "full"
    http_status = 503


@contextmanager
def _counted(counter: "Counter[str]", name: str) -> Iterator[None]:
    counter[name] += 1
    try:
        yield
    finally:
        counter[name] -= 1
        if not counter[name]:
            del counter[name]
