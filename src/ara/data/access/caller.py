"""One request after the other to one venue: in its turn, past the breaker, and what came of it noted for all."""

import hashlib
import logging
import math
import time
from asyncio import sleep
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from sqlite3 import Connection
from typing import TYPE_CHECKING, Any, Final

from ara.clock import Clock
from ara.data.access import answers, breaker, health, throttle
from ara.data.access.answers import Kept
from ara.data.access.board import Board
from ara.data.access.breaker import Breaker, State
from ara.data.access.retry import Transient, retry_after, told_time
from ara.data.access.venue import Limit, Payload, Venue
from ara.data.access.wire import quote
from ara.data.waiting import lasting, tell
from ara.errors import DataProviderError, RateLimitError, UnknownSymbolError
from ara.redaction import redact
from ara.settings import Secret

if TYPE_CHECKING:
    import httpx

    from ara.data.access.http import Answer

__all__ = ["Caller", "Request"]

_log: Final = logging.getLogger(__name__)

_PATIENCE: Final = 120.0
_SHORTEST_KEY: Final = 8  # a shorter one may stand in any answer by chance
_KEPT_HEADERS: Final = ("etag", "last-modified", "date", "content-type")
_SKEW: Final = 60.0
_LONG: Final = 600.0
_DIGITS: Final = 12
_TOO_MANY: Final = frozenset({418, 429})
_WORTH_AGAIN: Final = frozenset({408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked; the parameters of `Access.get`."""

    path: str
    params: Mapping[str, str]
    secret: Mapping[str, str]
    headers: Mapping[str, str]
    weight: int
    missing: str
    accept: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leave:
    breaker: Breaker
    paused: float
    wait: float
    at: float
    granted: bool
    kept: Kept | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    url: str
    weight: int
    reserved: float
    answer: "Answer | None"
    error: Exception | None
    seconds: float


class Caller:
    """Makes single requests; the parameters are those of `Access`, `most` its limit of size in bytes."""

    def __init__(
        self,
        venue: Venue,
        board: Board,
        *,
        clock: Clock,
        url: str,
        key: Secret,
        limits: tuple[Limit, ...],
        timeout: float,
        most: int,
    ) -> None:
        self._name = venue.name
        self._counters = venue.counters
        self._board = board
        self._clock = clock
        self._url = url
        self._key = key
        self._limits = limits
        self._timeout = timeout
        self._most = most
        whose = hashlib.sha256(key.reveal().encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self._bucket = f"{venue.name} {whose}"
        self._client: httpx.AsyncClient | None = None
        self._skewed = False

    @property
    def source(self) -> str:
        """What breaker and health are kept under: the provider's name and where it is asked."""
        return f"{self._name} {_bare(self._url)}"

    @property
    def bucket(self) -> str:
        """What its limits and its rests are kept under: the provider's name and the key."""
        return self._bucket

    async def ask(self, request: Request) -> Payload:
        """Make one request.

        Raises
        ------
        Transient
            Around a DataProviderError, where asking again may help.
        DataProviderError, RateLimitError, UnknownSymbolError
            As `Access.get` says.
        """
        from ara.data.access.http import exchange, open_client

        url, whole = self._addresses(request)
        if self._client is None:
            self._client = open_client(self._name, timeout=self._timeout)
        kept, reserved = await self._turn(url, request.weight)
        headers = {**(kept.headers if kept else {}), **request.headers}
        began = time.monotonic()
        answer: Answer | None = None
        error: Exception | None = None
        try:
            answer = await exchange(
                self._client, whole, source=self._name, headers=headers, within=self._timeout, most=self._most
            )
            error = self._refusal(answer, request)
        except (Transient, DataProviderError) as fault:
            error = fault
        outcome = _Outcome(
            url=url,
            weight=request.weight,
            reserved=reserved,
            answer=answer,
            error=error,
            seconds=time.monotonic() - began,
        )
        await self._board.ask(partial(self._note, outcome=outcome))
        if answer is None or error is not None:
            raise error or AssertionError("there is an answer or an error")
        self._look_at_clock(answer)
        body = self._without_key(kept.body if kept and answer.status == 304 else answer.body)
        named = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        return Payload(source=self._name, url=url, at=self._clock.now(), status=answer.status, headers=named, body=body)

    def _without_key(self, body: bytes) -> bytes:
        """Give an answer in which the user's own key, that some venues repeat, is spelled out as stars."""
        key = self._key.reveal().encode("utf-8", "surrogatepass")
        return body.replace(key, b"***") if len(key) >= _SHORTEST_KEY and key in body else body

    async def pause(self, seconds: float) -> None:
        """Leave the venue alone for some seconds, in all processes."""
        await self._board.ask(partial(throttle.pause, bucket=self._bucket, seconds=seconds))

    async def close(self) -> None:
        """Let go of connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _addresses(self, request: Request) -> tuple[str, "httpx.URL"]:
        """Give the address to keep, without secrets, and the one to ask."""
        import httpx

        try:
            url = httpx.URL(f"{self._url}{request.path}")
            url = url.copy_merge_params(request.params) if request.params else url
            whole = url.copy_merge_params(request.secret) if request.secret else url
        except (httpx.InvalidURL, ValueError, TypeError) as error:
            words = f"{self._name} can't be asked for this: {self._quote(str(error))}."
            raise DataProviderError(words, source=self._name) from None
        return _bare(str(url)), whole

    async def _turn(self, url: str, weight: int) -> tuple[Kept | None, float]:
        """Wait until it is this request's turn; give what is kept of its answer, and the time that it reserved."""
        leave = await self._board.ask(lambda connection, now: self._leave(connection, now, url, weight))
        rest = leave.breaker
        if rest.left > 0:
            how = "failed again and again" if rest.state is State.OPEN else "is being tried by another request"
            words = f"{self._name} {how} and is left alone for {math.ceil(rest.left)} s."
            raise DataProviderError(words, source=self._name, state=rest.state.value, retry_after=math.ceil(rest.left))
        if not leave.granted:
            seconds = math.ceil(leave.paused or leave.wait)
            words = "wants to be left alone" if leave.paused else "has given all that its limits allow"
            told = {"source": self._name, "retry_after": seconds}
            raise RateLimitError(f"{self._name} {words} for {lasting(seconds)} more.", hint=_again(seconds), **told)
        waited, wait, reserved = 0.0, leave.wait, leave.at
        while wait > 0 and waited < 2 * _PATIENCE:  # a clock that is set back can't hold it longer
            _log.debug("%s: waits %.2f s for its turn", self._name, wait)
            tell(self._name, wait, leave.why)
            await sleep(wait)
            waited += wait
            wait, reserved = await self._board.ask(partial(self._confirm, reserved=reserved, weight=weight))
        return leave.kept, reserved

    def _leave(self, connection: Connection, now: float, url: str, weight: int) -> _Leave:
        rest = breaker.admit(connection, now, source=self.source, lease=self._timeout + _PATIENCE)
        paused = throttle.paused(connection, now, bucket=self._bucket)
        if rest.left > 0 or paused > self._timeout:
            return _Leave(breaker=rest, paused=paused, wait=0.0, at=now, granted=False, kept=None)
        tight = throttle.tightest(connection, now, bucket=self._bucket, limits=self._limits, weight=weight)
        wait, granted = throttle.reserve(
            connection,
            now,
            bucket=self._bucket,
            limits=self._limits,
            weight=weight,
            earliest=paused,
            patience=_PATIENCE,
        )
        kept = answers.kept(connection, now, address=f"{self._bucket} {url}") if granted else None
        why = "it wants to be left alone" if paused else str(tight)
        return _Leave(breaker=rest, paused=0.0, wait=wait, at=now + wait, granted=granted, kept=kept, why=why)

    def _confirm(self, connection: Connection, now: float, *, reserved: float, weight: int) -> tuple[float, float]:
        wait = throttle.confirm(
            connection, now, bucket=self._bucket, limits=self._limits, weight=weight, reserved=reserved
        )
        return wait, now + wait

    def _note(self, connection: Connection, now: float, *, outcome: _Outcome) -> None:
        """Note what came of a request; for the breaker, a refusal is as good as any answer: the venue lives."""
        throttle.settle(
            connection,
            now,
            bucket=self._bucket,
            limits=self._limits,
            weight=outcome.weight,
            reserved=outcome.reserved,
        )
        answer, error = outcome.answer, outcome.error
        if answer is not None:
            self._adopt(connection, now, answer.headers)
        trouble = isinstance(error, Transient) and not isinstance(error.error, RateLimitError)
        breaker.record(connection, now, source=self.source, ok=not trouble)
        well = error is None or isinstance(error, UnknownSymbolError)
        words = "" if error is None else str(error)
        health.observe(connection, now, self.source, ok=well, seconds=outcome.seconds, error=words)
        if isinstance(error, Transient) and isinstance(error.error, RateLimitError) and error.after:
            throttle.pause(connection, now, bucket=self._bucket, seconds=error.after)
        if answer is not None and answer.status == 200:
            address = f"{self._bucket} {outcome.url}"
            answers.keep(connection, now, address=address, headers=answer.headers, body=self._without_key(answer.body))

    def _adopt(self, connection: Connection, now: float, headers: Mapping[str, str]) -> None:
        """Take over what the venue itself has counted."""
        for header, seconds in self._counters.items():
            told = headers.get(header, "")
            if told.isascii() and told.isdecimal():
                used = int(told[:_DIGITS])
                throttle.adopt(connection, now, bucket=self._bucket, limits=self._limits, seconds=seconds, used=used)

    def _refusal(self, answer: "Answer", request: Request) -> Exception | None:
        """Say what is wrong with a status; None where nothing is."""
        status, name = answer.status, self._name
        if status in request.accept or status < 300 or status == 304:
            return None
        if status == 404 and request.missing:
            return UnknownSymbolError(f"{name} has no {quote(request.missing)}.", symbol=request.missing)
        said = self._quote(answer.body, *request.secret.values())
        words = f'{status}: "{said}"' if said else f"{status}, without a word"
        if status in _TOO_MANY or status in _WORTH_AGAIN:
            after = retry_after(answer.headers, now=self._clock.now())
            context: dict[str, Any] = {"source": name, "status": status}
            if after is not None:
                context["retry_after"] = math.ceil(after)
            if status in _TOO_MANY:
                words = f"{name} was asked too often; it says {words}."
                return Transient(RateLimitError(words, hint=_again(after), **context), after=after)
            return Transient(DataProviderError(f"{name} is in trouble; it says {words}.", **context), after=after)
        if status in {401, 403}:
            hint = f"Look at the key: ara config show data.providers.{name}.key" if self._key else None
            what = "refuses the key" if self._key else "refuses to answer"
            return DataProviderError(f"{name} {what}; it says {words}.", hint=hint, source=name, status=status)
        return DataProviderError(f"{name} says {words}.", source=name, status=status)

    def _quote(self, text: bytes | str, *secrets: str) -> str:
        said = quote(text, *(each for each in (self._key.reveal(), *secrets) if each))
        return redact(said)

    def _look_at_clock(self, answer: "Answer") -> None:
        """Warn once where the venue's clock and ours are far apart: times of open bars would be wrong."""
        told = told_time(answer.headers)
        if told is None or self._skewed:
            return
        ahead = (self._clock.now() - told).total_seconds()
        if abs(ahead) > _SKEW:
            self._skewed = True
            words = "%s: by its clock this machine's is %s %s; bars may be taken for open or closed wrongly"
            how = f"{abs(ahead):.0f} s" if abs(ahead) < _LONG else lasting(abs(ahead))
            _log.warning(words, self._name, how, "ahead" if ahead > 0 else "behind")


def _again(seconds: float | None) -> str | None:
    """Give the hint for a rest that is longer than one waits for; None for one that isn't."""
    if seconds is None or seconds <= _PATIENCE:
        return None
    return f"Ask again in {lasting(seconds)}, or name another source with --provider."


def _bare(url: str) -> str:
    """Cut who logs in out of an address."""
    scheme, mark, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme}{mark}{place.rpartition('@')[2]}{slash}{path}"
