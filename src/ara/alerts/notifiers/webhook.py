"""Webhooks: a signed request to an address that a user registered."""

import asyncio
import logging
import ssl
from contextvars import ContextVar
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

import ara
from ara.alerts.address import Lookup, lookup, networks, place_of, reach
from ara.alerts.notifier import Delivery, Message
from ara.alerts.signature import signed_headers
from ara.errors import ValidationError
from ara.settings import WebhookSettings

if TYPE_CHECKING:
    import httpx

__all__ = ["WebhookNotifier"]

_log = logging.getLogger("httpx")
_sending: Final[ContextVar[bool]] = ContextVar("ara_webhook_sending", default=False)
_GONE: Final = 410
_BUSY: Final = (429, 503)
_LONGEST_WAIT: Final = 3_600.0


class WebhookNotifier:
    """Sends messages over HTTPS and follows no redirect; nothing of what is answered is read but its status.

    Each request has a connection, and a client without a memory, of its own: receivers share neither cookies nor
    sessions, and no variable of the environment leads a request elsewhere.

    Parameters
    ----------
    settings
        How long a receiver may take, and which private networks are allowed.
    ask
        Looks hosts up.
    """

    name: ClassVar[str] = "webhook"

    def __init__(self, settings: WebhookSettings | None = None, *, ask: Lookup = lookup) -> None:
        if not any(isinstance(one, _Silent) for one in _log.filters):
            _log.addFilter(_Silent())
        wanted = settings or WebhookSettings()
        self._seconds = float(wanted.seconds)
        self._extra = networks(wanted.networks)
        self._ask = ask

    async def check(self, url: str) -> None:
        """Refuse an address to which nothing would be sent; ValidationError says why."""
        place = place_of(url)
        try:
            async with asyncio.timeout(self._seconds):
                await reach(place, self._extra, ask=self._ask)
        except TimeoutError:
            raise ValidationError("Nobody said in time where that host is.", hint="Try again.") from None

    async def send(self, message: Message) -> Delivery:
        """Try once; the address is looked up and judged anew each time."""
        import httpx

        mark = _sending.set(True)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._sent(message)
        except (TimeoutError, httpx.TimeoutException):
            return Delivery(delivered=False, words=f"no answer within {self._seconds:g} seconds")
        except ValidationError as error:
            return Delivery(delivered=False, words=error.message.rstrip("."))
        except httpx.ConnectError as error:
            return Delivery(delivered=False, words=_unreached(error))
        except (httpx.HTTPError, OSError, ValueError):
            return Delivery(delivered=False, words="the connection broke, or the answer was no HTTP")
        finally:
            _sending.reset(mark)

    async def close(self) -> None:
        """Do nothing: no connection outlives its message."""

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    async def _sent(self, message: Message) -> Delivery:
        import httpx

        place = place_of(message.to)
        address = await reach(place, self._extra, ask=self._ask)
        headers = {
            "Host": place.authority, "Content-Type": "application/json", "Connection": "close",
            "User-Agent": f"Ara/{ara.__version__}", "Accept": "*/*", "Accept-Encoding": "identity",
            **signed_headers(message.secrets, message.id, message.at, message.body),
        }  # fmt: skip
        async with (
            httpx.AsyncClient(verify=self._trust, trust_env=False, timeout=self._seconds) as client,
            client.stream(
                "POST", place.at(address), content=message.body, headers=headers, follow_redirects=False,
                extensions={"sni_hostname": place.host},
            ) as answer,
        ):  # fmt: skip
            return _judged(answer)


class _Silent(logging.Filter):
    """Keeps addresses of receivers, which may hold secrets, out of the log of requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let pass what is not about a webhook."""
        return not _sending.get()


def _judged(answer: "httpx.Response") -> Delivery:
    status = answer.status_code
    if 200 <= status < 300:
        return Delivery(delivered=True, status=status)
    words = f"it answered {status}"
    if 300 <= status < 400:
        words += ", which leads elsewhere; webhooks follow nobody"
    return Delivery(
        delivered=False, status=status, words=words, gone=status == _GONE,
        wait=_wait(answer.headers.get("retry-after", "")) if status in _BUSY else 0.0,
    )  # fmt: skip


def _wait(text: str) -> float:
    """Read the seconds that a receiver asks for; dates are not heeded."""
    return min(float(text), _LONGEST_WAIT) if text.isascii() and text.isdecimal() and len(text) < 9 else 0.0


def _unreached(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate is not valid for that host"
        if isinstance(cause, ssl.SSLError):
            return "it speaks no TLS that can be trusted"
        cause = cause.__cause__ or cause.__context__
    return "nobody could be reached there"
