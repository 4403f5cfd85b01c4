"""The one way to a venue."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ara.clock import Clock
from ara.data.access.recording import note, recording
from ara.data.access.venue import Payload, Venue
from ara.data.access.wire import quote
from ara.errors import DataProviderError, MissingKeyError, RateLimitError, UnknownSymbolError
from ara.settings import Secret, Settings
from ara.vault import Vault

if TYPE_CHECKING:
    import httpx

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
    timeout
        Seconds for one answer, from the request to its last byte.
    """

    def __init__(
        self,
        venue: Venue,
        *,
        clock: Clock,
        url: str = "",
        socket: str = "",
        key: Secret | None = None,
        timeout: float = 30.0,
    ) -> None:
        self.venue = venue
        self.clock = clock
        self.url = (url or venue.url).rstrip("/")
        self.socket = (socket or venue.socket).rstrip("/")
        self.key = Secret() if key is None else key
        self._timeout = timeout
        self._client: httpx.AsyncClient | None = None

    @classmethod
    def of(cls, venue: Venue, settings: Settings, *, clock: Clock, vault: Vault | None = None) -> "Access":
        """Open the access that these settings describe; nothing is asked yet."""
        source = settings.data.source(venue.name)
        key = source.key
        if not key and vault is not None and f"{venue.name}.key" in vault.names():
            key = vault.get(f"{venue.name}.key")
        return cls(venue, clock=clock, url=source.url, socket=source.socket, key=key, timeout=settings.data.timeout)

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
            Where it, or its limits as Ara counts them, ask for more patience than the timeout.
        UnknownSymbolError
            For a 404 where `missing` is given.
        DataProviderError
            For every other failure; `context["status"]` holds the status where there is one.
        """
        import httpx

        if self.venue.key and not self.key:
            raise MissingKeyError(f"{self.venue.name} needs a key.", hint=self.venue.key_words)
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._timeout)
        asked = httpx.URL(f"{self.url}{path}", params=dict(params or {}))
        try:
            answer = await self._client.get(
                asked.copy_merge_params(dict(secret or {})), headers=dict(headers or {}), follow_redirects=False
            )
        except httpx.HTTPError as error:
            raise DataProviderError(f"{self.venue.name} can't be reached: {quote(str(error))}.") from None
        body = answer.content
        kept = {k: answer.headers[k] for k in ("etag", "last-modified", "date", "content-type") if k in answer.headers}
        note(
            Payload(
                source=self.venue.name,
                url=str(asked),
                at=self.clock.now(),
                status=answer.status_code,
                headers=kept,
                body=body,
            )
        )
        status = answer.status_code
        if status < 400 or status in accept:
            return body
        if status == 404 and missing:
            raise UnknownSymbolError(f"{self.venue.name} has no {missing}.", symbol=missing)
        words = f'{self.venue.name} answers {status}: "{quote(body)}".'
        if status in {418, 429}:
            raise RateLimitError(words, status=status)
        raise DataProviderError(words, status=status)

    @contextmanager
    def recording(self) -> Iterator[list[Payload]]:
        """Give a list that fills with all that this access receives inside, by this task and those it starts."""
        with recording(self.venue.name) as received:
            yield received

    async def messages(
        self, subscribe: Sequence[bytes], *, path: str = "", silence: float = 30.0, ping: bytes | None = None
    ) -> AsyncIterator[bytes]:
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
        """
        import websockets

        first = True
        while True:
            async with websockets.connect(f"{self.socket}{path}") as line:
                for message in subscribe:
                    await line.send(message, text=True)
                if not first:
                    yield b""
                first = False
                try:
                    while True:
                        async with asyncio.timeout(silence):
                            yield await line.recv(decode=False)
                except (websockets.ConnectionClosed, TimeoutError):
                    await asyncio.sleep(0.2)

    async def close(self) -> None:
        """Let go of connections; closing twice is no fault."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()
