"""The door for users: GET /oauth/authorize shows what a program asks for, POST takes their answer.

Nobody stays logged in here: each answer comes with a password. What was shown is sealed into the form and bound to a
cookie of the same browser, so no other page can send the form, and nothing of it can be changed on the way.
"""

import base64
import hashlib
import hmac
import os
import re
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ara.accounts import Asked
from ara.accounts.app import App
from ara.accounts.oauth import scopes_asked
from ara.accounts.refusal import refusal
from ara.api.asks import address_of, entering, service_of
from ara.api.oauth.described import ASKED, ASKING
from ara.api.oauth.form import fields_of, issuer_of, sent_by
from ara.api.oauth.page import asking, refused
from ara.errors import QuotaError, UnauthenticatedError, VaultError
from ara.logs.context import current
from ara.settings import Secret

__all__ = ["router"]

router = APIRouter(tags=["oauth"])
"""The path that a program sends users to."""

_LIFE: Final = timedelta(minutes=10)
_COOKIE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_STATE: Final = re.compile(r"[\x20-\x7e]{0,1024}")
_STRANGE: Final = "No program that is known here may send you to this place. Nothing was given to anybody."
_OVER: Final = "The page was open for too long, or was not opened by this browser. Begin again from the program."


class _Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a page asked, as it comes back sealed."""

    app: str
    redirect: str
    scopes: tuple[str, ...]
    challenge: str
    state: str
    browser: str
    until: float


@router.get("/oauth/authorize", summary="Ask a user", response_class=HTMLResponse, openapi_extra=ASKED)
async def _show(request: Request) -> Response:
    """Show what a program asks for; what is wrong is told to the program, unless nobody may be sent there."""
    from authlib.oauth2 import OAuth2Error

    if (late := await _too_often(request)) is not None:
        return late
    issuer_of(request)  # whoever is sent back is told it: nobody begins what could not end
    try:
        fields = fields_of(request.url.query)
    except OAuth2Error:
        return refused(_STRANGE)
    state, redirect = fields.get("state", ""), fields.get("redirect_uri", "")
    app = await service_of(request).accounts.oauth.place(fields.get("client_id", ""), redirect)
    if app is None or not _STATE.fullmatch(state):
        return refused(_STRANGE)
    try:
        asked = _asked(app, redirect, fields)
    except OAuth2Error as error:
        return _back(request, redirect, state, dict(error.get_body()))
    browser = request.cookies.get(_cookie(request), "")
    browser = browser if _COOKIE.fullmatch(browser) else base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
    answer = _page(request, asked, _sealed(request, asked, state, browser))
    https = request.url.scheme == "https"
    answer.set_cookie(_cookie(request), browser, path="/", secure=https, httponly=True, samesite="strict")
    return answer


@router.post(
    "/oauth/authorize", summary="Take their answer", status_code=303, response_class=Response, openapi_extra=ASKING
)
async def _answer(request: Request) -> Response:
    """Take the answer of a user and send them back to the program: with a code, or with their no."""
    from authlib.oauth2 import OAuth2Error

    if (late := await _too_often(request)) is not None:
        return late
    try:
        fields = await sent_by(request)
    except OAuth2Error:
        return refused(_OVER)
    shown = _opened(request, fields.get("request", ""))
    oauth = service_of(request).accounts.oauth
    app = await oauth.place(shown.app, shown.redirect) if shown else None
    if shown is None or app is None:
        return refused(_OVER)
    asked = Asked(app=app, redirect=shown.redirect, scopes=shown.scopes, challenge=shown.challenge)
    if fields.get("answer") != "allow":
        return _back(request, shown.redirect, shown.state, {"error": "access_denied"})
    try:
        return await _allowed(request, asked, shown.state, fields)
    except OAuth2Error as error:
        return _back(request, shown.redirect, shown.state, dict(error.get_body()))
    except UnauthenticatedError as error:
        return _page(request, asked, fields["request"], wrong=str(error), status=401)
    except QuotaError as error:
        answer = _page(request, asked, fields["request"], wrong=str(error), status=429)
        answer.headers["Retry-After"] = str(error.context.get("retry_after", 1))
        return answer


async def _allowed(request: Request, asked: Asked, state: str, fields: dict[str, str]) -> Response:
    accounts = service_of(request).accounts
    user = await accounts.recognise(
        fields.get("email", ""),
        Secret(fields.get("password", "")[:1025]),
        address=address_of(request),
        request=current(),
    )
    code = await accounts.oauth.allow(user, asked)
    return _back(request, asked.redirect, state, {"code": code.reveal()})


async def _too_often(request: Request) -> Response | None:
    """Give the page for an address from which too many come; None where it may go on."""
    try:
        await entering(request)
    except QuotaError as error:
        answer = refused(f"{error} {error.hint}", status=429)
        answer.headers.update(error.context["headers"])
        return answer
    return None


def _asked(app: App, redirect: str, fields: dict[str, str]) -> Asked:
    """Read what a program asks for; PKCE's S256 is no choice but the rule."""
    from authlib.oauth2.rfc6749.errors import UnsupportedResponseTypeError

    if fields.get("response_type") != "code":
        raise UnsupportedResponseTypeError("that")
    challenge = fields.get("code_challenge", "")
    if fields.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise refusal("invalid_request", "A code_challenge by the method S256 is needed.")
    if fields.get("response_mode", "query") != "query" or "request" in fields or "request_uri" in fields:
        raise refusal("invalid_request", "The answer is a query, and what is asked for stands in the address.")
    return Asked(app=app, redirect=redirect, scopes=scopes_asked(app, fields.get("scope")), challenge=challenge)


def _page(request: Request, asked: Asked, sealed: str, **more: Any) -> Response:
    return asking(name=asked.app.name, redirect=asked.redirect, scopes=asked.scopes, request=sealed, **more)


def _back(request: Request, redirect: str, state: str, told: dict[str, str]) -> Response:
    """Send a user back, by GET and without a word of the page; `iss` says who answers (RFC 9207)."""
    whole = {**told, **({"state": state} if state else {}), "iss": issuer_of(request)}
    return RedirectResponse(f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(whole)}", status_code=303)


def _sealed(request: Request, asked: Asked, state: str, browser: str) -> str:
    desk = service_of(request).desk
    shown = _Shown(
        app=asked.app.id, redirect=asked.redirect, scopes=asked.scopes, challenge=asked.challenge, state=state,
        browser=_digest(browser), until=(desk.clock.now() + _LIFE).timestamp(),
    )  # fmt: skip
    return base64.urlsafe_b64encode(desk.vault.encrypt(msgspec.json.encode(shown))).decode()


def _opened(request: Request, text: str) -> _Shown | None:
    """Give what a form was shown for; None where it was another browser's, another page's, or too long ago."""
    desk, browser = service_of(request).desk, request.cookies.get(_cookie(request), "")
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return None
    try:
        shown = msgspec.json.decode(desk.vault.decrypt(base64.urlsafe_b64decode(text)), type=_Shown)
    except (VaultError, ValueError, msgspec.DecodeError):
        return None
    same = hmac.compare_digest(shown.browser, _digest(browser))
    return shown if same and desk.clock.now().timestamp() < shown.until else None


def _cookie(request: Request) -> str:
    """Give the cookie's name; over TLS one that no other host can set."""
    return "__Host-ara_oauth" if request.url.scheme == "https" else "ara_oauth"


def _digest(text: str) -> str:
    return hashlib.sha256(b"ara oauth 1\0" + text.encode()).hexdigest()
