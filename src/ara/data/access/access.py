"""The one way to a venue."""

from collections.abc import AsyncGenerator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from ara.clock import Clock
from ara.data.access import answers, health
from ara.data.access.board import Board
from ara.data.access.caller import Caller, Request
from ara.data.access.recording import note, recording
from ara.data.access.retry import again
from ara.data.access.socket import Pace, follow
from ara.data.access.venue import Limit, Payload, Venue
from ara.errors import DataProviderError, MissingKeyError
from ara.settings import Secret, Settings
from ara.vault import Vault

__all__ = ["Access"]


class Access:
    """Asks one venue, reliably; one for each provider.

    Parameters
    ----------
    venue
        What is known of it.
    clock
        Gives the time of receipt.
    url, socket
        Addresses to use in the place of the venue's own.
    key
        The user's key at the venue.
    per_minute
        Requests a minute that the user's plan allows, in the place of the venue's limits; 0: those.
    timeout
        Seconds for one answer, from the request to its last byte.
    retries
        How often a request is made again, at most, after faults that may pass.
    max_mb
        The largest answer, unpacked, in MB of 1,048,576 bytes.
    board
        What is shared with other processes; one of its own by default, which is not.
    """

    def __init__(
        self,
        venue: Venue,
        *,
        clock: Clock,
        url: str = "",
        socket: str = "",
        key: Secret | None = None,
        per_minute: int = 0,
        timeout: float = 30.0,
        retries: int = 3,
        max_mb: float = 64,
        board: Board | None = None,
    ) -> None:
        self.venue = venue
        self.clock = clock
        self.url = (url or venue.url).rstrip("/")
        self.socket = (socket or venue.socket).rstrip("/")
        self.key = Secret() if key is None else key
        self._board = Board() if board is None else board
        self._retries = retries
        self._timeout = timeout
        self._caller = Caller(
            venue,
            self._board,
            clock=clock,
            url=self.url,
            key=self.key,
            limits=(Limit(requests=per_minute, seconds=60),) if per_minute else venue.limits,
            timeout=timeout,
            most=int(max_mb * (1 << 20)),
        )

    @classmethod
    def of(
        cls,
        venue: Venue,
        settings: Settings,
        *,
        clock: Clock,
        vault: Vault | None = None,
        board: Board | None = None,
    ) -> "Access":
        """Open the access that these settings describe; nothing is asked yet.

        Parameters
        ----------
        venue
            What is known of the venue; `data.providers.NAME` overrides its addresses and limits.
        settings
            `home` holds the file `venues.db`, through which processes share limits, breakers and health.
        clock
            Gives the time of receipt.
        vault
            Where the key is looked for, under `NAME.key`, when the settings have none.
        board
            What is shared, where it is open already.
        """
        source = settings.data.source(venue.name)
        key = source.key
        if not key and vault is not None and (venue.key or venue.key_words) and f"{venue.name}.key" in vault.names():
            key = vault.get(f"{venue.name}.key")
        return cls(
            venue,
            clock=clock,
            url=source.url,
            socket=source.socket,
            key=key,
            per_minute=source.per_minute,
            timeout=settings.data.timeout,
            retries=settings.data.retries,
            max_mb=settings.data.max_mb,
            board=Board.at(Path(settings.home)) if board is None else board,
        )

    @property
    def board(self) -> Board:
        """What is shared with other processes."""
        return self._board

    async def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        secret: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        weight: int = 1,
        missing: str = "",
        accept: Collection[int] = (),
    ) -> bytes:
        """Ask for something and give the body of the answer.

        Parameters
        ----------
        path
            Below the venue's address, beginning with a slash.
        params
            Of the query.
        secret
            More of the query, which is sent but neither logged nor kept.
        headers
            To send; they are neither logged nor kept.
        weight
            What this counts against the venue's limits.
        missing
            The symbol that was asked for: then a 404 is an UnknownSymbolError that names it.
        accept
            Statuses from 400 on whose body is wanted too, since the venue says in it what was wrong.

        Raises
        ------
        MissingKeyError
            Where the venue wants a key and there is none; nothing was asked.
        RateLimitError
            Where the venue wants to be left alone for longer than the timeout, or its limits are used up for longer
            than two minutes; `context["retry_after"]` holds the seconds.
        UnknownSymbolError
            For a 404 where `missing` is given.
        DataProviderError
            For every other failure; `context["status"]` holds the status where there is one.
        """
        self._need_key()
        request = Request(
            path=path,
            params=dict(params or {}),
            secret=dict(secret or {}),
            headers=dict(headers or {}),
            weight=weight,
            missing=missing,
            accept=frozenset(accept),
        )
        payload = await again(lambda: self._caller.ask(request), retries=self._retries, patience=self._timeout)
        note(payload)
        return payload.body

    @contextmanager
    def recording(self) -> Iterator[list[Payload]]:
        """Give a list that fills with all that `get` gives inside, to this task and those that it starts."""
        with recording(self.venue.name) as received:
            yield received

    def forget(self, received: Iterable[Payload]) -> None:
        """Keep answers no longer, as what they said was refused: they are asked for whole again, not confirmed.

        Parameters
        ----------
        received
            As `recording` gave them; those of other sources are passed over.
        """
        addresses = [f"{self.bucket} {one.url}" for one in received if one.source == self.venue.name]
        if addresses:
            self._board.run(lambda connection, _: answers.forget(connection, addresses))

    async def messages(
        self,
        subscribe: Sequence[bytes],
        *,
        path: str = "",
        silence: float = 30.0,
        ping: bytes | None = None,
        pace: Pace | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """Follow the venue's stream for as long as the caller wants; a line that breaks is opened again.

        `b""` stands once after every line that was opened again: what came in between must be asked for by `get`.

        Parameters
        ----------
        subscribe
            Messages to send on every new line, in order.
        path
            Below the venue's socket address.
        silence
            Seconds without a message after which the line counts as broken.
        ping
            What to send after half of that, where the venue has such a message.
        pace
            How patiently lines are opened again.

        Raises
        ------
        MissingKeyError
            Where the venue wants a key and there is none.
        DataProviderError
            Where there is no stream, or it is refused, or line after line gives nothing.
        """
        self._need_key()
        if not self.socket:
            raise DataProviderError(f"{self.venue.name} has no stream.", source=self.venue.name)
        lines = follow(
            f"{self.socket}{path}",
            subscribe,
            source=self.venue.name,
            silence=silence,
            ping=ping,
            timeout=min(self._timeout, 10.0),
            pace=pace,
        )
        try:
            async for message in lines:
                yield message
        except DataProviderError as error:
            await self._board.ask(partial(_failed, source=self.source, words=error.message))
            raise
        finally:
            await lines.aclose()

    async def pause(self, seconds: float) -> None:
        """Leave the venue alone for some seconds, in all processes: it refused in an answer with status 200."""
        await self._caller.pause(seconds)

    @property
    def source(self) -> str:
        """What breaker and health of the venue stand under on the board."""
        return self._caller.source

    @property
    def bucket(self) -> str:
        """What the venue's limits and its rests are kept under: the provider's name and the key."""
        return self._caller.bucket

    async def close(self) -> None:
        """Let go of connections; closing twice is no fault."""
        await self._caller.close()
        self._board.close()

    def _need_key(self) -> None:
        name = self.venue.name
        if self.venue.key and not self.key:
            raise MissingKeyError(
                f"{name} answers only with a key, and there is none.",
                hint=(
                    f"{self.venue.key_words} Then: ara config set data.providers.{name}.key KEY, or set "
                    f"ARA_DATA_PROVIDERS_{name.upper()}_KEY."
                ).strip(),
                source=name,
            )


def _failed(connection: Connection, now: float, *, source: str, words: str) -> None:
    health.observe(connection, now, source, ok=False, error=words)
