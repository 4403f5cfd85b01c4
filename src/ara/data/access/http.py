"""One request and its answer: bounded in time and size, unpacked here, faults in words.

Imported when something is asked, not before: httpx is heavy.
"""

import asyncio
import logging
import socket
import ssl
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpx

from ara import __version__
from ara.data.access.retry import Transient
from ara.data.access.wire import quote
from ara.errors import ConfigurationError, DataProviderError

__all__ = ["Answer", "exchange", "open_client"]

_MOST_REDIRECTS: Final = 5
_LONGEST_CONNECT: Final = 10.0
_CONNECTIONS: Final = 8
_MB: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back.

    Parameters
    ----------
    status
        HTTP status.
    headers
        By name in small letters.
    body
        Unpacked.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class _NoSecrets(logging.Filter):
    """Cuts query and user, where keys may stand, off the addresses that httpx logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, its addresses cut."""
        if isinstance(record.args, tuple):
            cut = (
                each.copy_with(query=None, userinfo=b"") if isinstance(each, httpx.URL) else each
                for each in record.args
            )
            record.args = tuple(cut)
        return True


def open_client(source: str, *, timeout: float) -> httpx.AsyncClient:
    """Open the connections to one venue; proxies are taken from the environment."""
    log = logging.getLogger("httpx")
    if not any(isinstance(each, _NoSecrets) for each in log.filters):
        log.addFilter(_NoSecrets())
    try:
        return httpx.AsyncClient(
            headers={"User-Agent": f"ara-ai/{__version__}", "Accept-Encoding": "gzip, deflate"},
            timeout=httpx.Timeout(timeout, connect=min(timeout, _LONGEST_CONNECT)),
            limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
            follow_redirects=False,
        )
    except (ValueError, httpx.InvalidURL, ImportError, OSError) as error:
        raise ConfigurationError(
            f"No connection to {source} can be made: {_said(error)}.",
            hint="Look at HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE in the environment.",
        ) from None


async def exchange(
    client: httpx.AsyncClient, url: httpx.URL, *, source: str, headers: Mapping[str, str], within: float, most: int
) -> Answer:
    """Ask for an address and give the answer.

    Parameters
    ----------
    client
        Of `open_client`.
    url
        The whole address; where it redirects, only to the same host, and never from https to http.
    source
        The provider's name, for messages.
    headers
        To send.
    within
        Seconds from the request to the last byte.
    most
        Bytes that an answer may have, as received and unpacked.

    Raises
    ------
    Transient
        Around a DataProviderError, where the same request may do better later.
    DataProviderError
        Where it won't.
    """
    with _faults(source, url.host, within):
        async with asyncio.timeout(within):
            for _ in range(_MOST_REDIRECTS + 1):
                answer = await _ask(client, url, source=source, headers=headers, most=most)
                if answer.status not in {301, 302, 303, 307, 308} or "location" not in answer.headers:
                    return answer
                url = _elsewhere(url, answer.headers["location"], source)
    raise DataProviderError(f"{source} sends from one address to the next, {_MOST_REDIRECTS} times.", source=source)


async def _ask(
    client: httpx.AsyncClient, url: httpx.URL, *, source: str, headers: Mapping[str, str], most: int
) -> Answer:
    async with client.stream("GET", url, headers=dict(headers)) as answer:
        names = {name.lower(): text for name, text in answer.headers.items()}
        promised = names.get("content-length", "")
        if promised.isdecimal() and int(promised[:18]) > most:
            raise _too_large(source, most)
        unpack = _unpacker(names.get("content-encoding", "").strip().lower(), source, most)
        parts: list[bytes] = []
        received = size = 0
        async for packed in answer.aiter_raw():
            received += len(packed)
            if received > most:
                raise _too_large(source, most)
            for part in unpack.feed(packed):
                size += len(part)
                if size > most:
                    raise _too_large(source, most)
                parts.append(part)
        if received and not unpack.whole:
            raise Transient(DataProviderError(f"{source} hung up in the middle of its answer.", source=source))
        return Answer(status=answer.status_code, headers=names, body=b"".join(parts))


class _Plain:
    whole = True

    def feed(self, packed: bytes) -> Iterator[bytes]:
        yield packed


class _Zipped:
    """Unpacks piece by piece, so that nothing is ever larger in memory than what is allowed."""

    def __init__(self, wbits: int, source: str, most: int) -> None:
        self._wbits, self._source, self._most = wbits, source, most
        self._begun = False
        self._unpacker = zlib.decompressobj(wbits)

    @property
    def whole(self) -> bool:
        return self._unpacker.eof

    def feed(self, packed: bytes) -> Iterator[bytes]:
        while packed:
            if self._unpacker.eof:  # several packed pieces, one behind the other, are one answer
                self._unpacker = zlib.decompressobj(self._wbits)
            piece = self._piece(packed)
            yield piece
            while len(piece) == _MB and not self._unpacker.unconsumed_tail:  # the rest of what it has taken in
                piece = self._unpacker.decompress(b"", _MB)
                yield piece
            packed = self._unpacker.unconsumed_tail or self._unpacker.unused_data

    def _piece(self, packed: bytes) -> bytes:
        begun, self._begun = self._begun, True
        try:
            return self._unpacker.decompress(packed, _MB)
        except zlib.error:
            if begun or self._wbits != zlib.MAX_WBITS:
                words = f"{self._source} answers with something that can't be unpacked."
                raise DataProviderError(words, source=self._source) from None
        self._wbits = -zlib.MAX_WBITS  # "deflate" without its header, as some servers send it
        self._unpacker = zlib.decompressobj(self._wbits)
        return self._piece(packed)


def _unpacker(coding: str, source: str, most: int) -> _Plain | _Zipped:
    if coding in {"", "identity"}:
        return _Plain()
    if coding in {"gzip", "x-gzip"}:
        return _Zipped(16 + zlib.MAX_WBITS, source, most)
    if coding == "deflate":
        return _Zipped(zlib.MAX_WBITS, source, most)
    words = f'{source} answers packed in a way that nobody asked for: "{quote(coding)}".'
    raise DataProviderError(words, source=source)


def _too_large(source: str, most: int) -> DataProviderError:
    return DataProviderError(
        f"{source} answers with more than {most / _MB:g} MB, and was cut off.",
        hint="Ask for less at a time; or raise the limit: ara config set data.max_mb NUMBER",
        source=source,
    )


def _elsewhere(url: httpx.URL, location: str, source: str) -> httpx.URL:
    target = url.join(location)  # httpx has refused what is no address
    same = (target.host, target.scheme) == (url.host, url.scheme) and (target.port == url.port)
    safer = target.host == url.host and (url.scheme, target.scheme) == ("http", "https")
    if same or safer:
        return target
    raise DataProviderError(
        f'{source} sends elsewhere, to "{quote(urlsplit(location).netloc or location)}"; that is not followed.',
        hint=f"If it has moved: ara config set data.providers.{source}.url ADDRESS",
        source=source,
    )


@contextmanager
def _faults(source: str, host: str, timeout: float) -> Iterator[None]:
    """Say in words what is wrong with the network."""
    try:
        yield
    except (TimeoutError, httpx.TimeoutException):
        words = f"{source} didn't answer within {timeout:g} s."
        raise Transient(DataProviderError(words, source=source)) from None
    except (httpx.ConnectError, httpx.ProxyError) as error:
        raise _unreachable(source, host, error) from None
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
        raise DataProviderError(f"{source} can't be asked: {_said(error)}.", source=source) from None
    except httpx.HTTPError as error:
        words = f"{source} hung up in the middle of its answer: {_said(error)}."
        raise Transient(DataProviderError(words, source=source)) from None


def _unreachable(source: str, host: str, error: Exception) -> Exception:
    causes: list[BaseException] = [error]
    while (behind := causes[-1].__cause__ or causes[-1].__context__) is not None and behind not in causes:
        causes.append(behind)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        words = f"{source} can't be trusted: the certificate of {host} isn't valid."
        return DataProviderError(words, hint="Look at the clock of this machine and at its proxy.", source=source)
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        words = f"no network: the name {host} can't be found."
    elif any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        words = f"{host} refuses connections."
    else:
        words = f"{host} can't be reached: {_said(error)}."
    return Transient(DataProviderError(f"{source}: {words}", source=source))


def _said(error: Exception) -> str:
    return quote(str(error)).rstrip(".") or type(error).__name__
