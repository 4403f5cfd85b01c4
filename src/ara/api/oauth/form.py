"""What programs and pages send to OAuth's paths, each field once, and how a program proves who it is."""

from typing import Final
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request

from ara.accounts import App, Principal
from ara.accounts.refusal import refusal
from ara.api.asks import address_of, counted, service_of, strange
from ara.api.shell import route_of
from ara.errors import NotFoundError

__all__ = ["MEDIA", "client_of", "fields_of", "issuer_of", "sent_by"]

MEDIA = "application/x-www-form-urlencoded"
"""The media type of forms."""

_MOST = 32
_OWN: Final = ("localhost", "127.0.0.1", "::1")


def fields_of(text: str) -> dict[str, str]:
    """Read a query or a form (RFC 6749, 3.1): what is empty counts as left out, what stands twice is refused."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST, errors="strict")
    except ValueError:
        raise refusal("invalid_request", "The request can't be read.") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise refusal("invalid_request", "A parameter stands twice.")
    return {name: value for name, value in found.items() if value}


async def sent_by(request: Request) -> dict[str, str]:
    """Read the form that a request brings."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA:
        raise refusal("invalid_request", f"What a request brings here is {MEDIA}.")
    try:
        return fields_of((await request.body()).decode("ascii"))
    except UnicodeDecodeError:
        raise refusal("invalid_request", "The request can't be read.") from None


async def client_of(request: Request, fields: dict[str, str]) -> App:
    """Give the program that asks, counted against the limits of its owner; who is wrong is counted by address."""
    from authlib.oauth2.rfc6749.errors import InvalidClientError

    service = service_of(request)
    id, secret = _proof(request, fields)
    try:
        app = await service.accounts.oauth.client(id, secret)
    except InvalidClientError:
        await strange(service, address_of(request))
        raise
    owner = await service.accounts.users.get(app.user)
    itself = Principal(user=owner, via="token", credential=app.id, permissions=frozenset(), app=app.id)
    await counted(service, itself, route_of(request.scope))
    return app


def issuer_of(request: Request) -> str:
    """Give the name by which programs know this service: the setting `api.url`.

    Where it is empty, the address as it was asked at, if it is the machine's own: any other stands in `Host` because
    somebody wrote it there, and a program that believed it would send its secrets there.
    """
    service = service_of(request)
    if service.desk.settings.api.url:
        return service.desk.settings.api.url
    try:
        asked = urlsplit(f"//{request.headers.get('host', '')}")
        name, port = asked.hostname or "", asked.port
    except ValueError:
        name, port = "", None
    if name not in (*_OWN, (request.scope.get("server") or ("",))[0]) or not name:
        raise NotFoundError(
            "This service was not told by which address programs reach it.",
            hint="Who runs it sets api.url, as https://ara.example.org.",
        )
    return f"{request.url.scheme}://{f'[{name}]' if ':' in name else name}{'' if port is None else f':{port}'}"


def _proof(request: Request, fields: dict[str, str]) -> tuple[str, str | None]:
    """Give id and secret as they were sent, in the header or in the form, never in both."""
    from authlib.oauth2.rfc6749.util import extract_basic_authorization

    asked, secret = fields.get("client_id", ""), fields.get("client_secret")
    if "authorization" not in request.headers:
        return asked, secret
    try:
        name, word = extract_basic_authorization(request.headers)
    except ValueError:
        name = word = None
    if not name or not word:
        raise refusal("invalid_client", "The header of the program can't be read.", status=401)
    if secret is not None or asked not in ("", name):
        raise refusal("invalid_request", "The program says in two ways who it is.")
    return str(name), str(word)
