"""What programs ask: POST /oauth/token, /oauth/revoke, /oauth/introspect, and where all of it is (RFC 8414)."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from ara.accounts import App, Given
from ara.accounts.app import LENDABLE
from ara.accounts.oauth import scopes_asked
from ara.accounts.refusal import refusal
from ara.api.asks import entering, service_of
from ara.api.oauth.described import INTROSPECT, METADATA, REVOKE, TOKEN
from ara.api.oauth.form import client_of, issuer_of, sent_by

__all__ = ["router"]

router = APIRouter(tags=["oauth"])
"""The paths that programs ask; RFC 8414's document says where they are."""

_SECRETS: Final = ["client_secret_basic", "client_secret_post"]


@router.post("/oauth/token", summary="Tokens for a program", response_class=Response, openapi_extra=TOKEN)
async def _token(request: Request) -> Response:
    """Give tokens for a code, a refresh token, or to a program for itself."""
    await entering(request)

    async def given(app: App, fields: dict[str, str]) -> dict[str, Any]:
        return _told(await _granted(request, app, fields), request)

    return await _answered(request, given)


@router.post("/oauth/revoke", summary="Make a token void", response_class=Response, openapi_extra=REVOKE)
async def _revoke(request: Request) -> Response:
    """Make a token of the program that asks void; the same answer for one that is not there."""

    async def revoked(app: App, fields: dict[str, str]) -> dict[str, Any]:
        await service_of(request).accounts.oauth.revoke(app, _of(fields, "token"))
        return {}

    return await _answered(request, revoked)


@router.post("/oauth/introspect", summary="What a token is good for", response_class=Response, openapi_extra=INTROSPECT)
async def _introspect(request: Request) -> Response:
    """Tell a program of a token of its own."""

    async def told(app: App, fields: dict[str, str]) -> dict[str, Any]:
        return await service_of(request).accounts.oauth.told(app, _of(fields, "token"))

    return await _answered(request, told)


@router.get("/.well-known/oauth-authorization-server", summary="Where what is", openapi_extra=METADATA)
async def _metadata(request: Request) -> dict[str, Any]:
    """Say where what is, and what is taken (RFC 8414, RFC 9207)."""
    issuer = issuer_of(request)
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "scopes_supported": sorted(LENDABLE),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "token_endpoint_auth_methods_supported": [*_SECRETS, "none"],
        "revocation_endpoint_auth_methods_supported": [*_SECRETS, "none"],
        "introspection_endpoint_auth_methods_supported": _SECRETS,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }


async def _granted(request: Request, app: App, fields: dict[str, str]) -> Given:
    from authlib.oauth2.rfc6749.errors import UnsupportedGrantTypeError

    oauth, kind = service_of(request).accounts.oauth, _of(fields, "grant_type")
    if kind == "authorization_code":
        return await oauth.exchange(
            app, _of(fields, "code"), redirect=_of(fields, "redirect_uri"), verifier=_of(fields, "code_verifier")
        )
    scopes = scopes_asked(app, fields["scope"]) if "scope" in fields else None
    if kind == "refresh_token":
        return await oauth.refresh(app, _of(fields, "refresh_token"), scopes=scopes)
    if kind == "client_credentials":
        return await oauth.for_itself(app, scopes=scopes)
    raise UnsupportedGrantTypeError("that")


async def _answered(request: Request, work: Callable[[App, dict[str, str]], Awaitable[dict[str, Any]]]) -> Response:
    """Answer a program that proves who it is; refusals as RFC 6749, section 5.2, has them."""
    from authlib.oauth2 import OAuth2Error

    try:
        fields = await sent_by(request)
        body, status, headers = await work(await client_of(request, fields), fields), 200, {"Pragma": "no-cache"}
    except OAuth2Error as error:
        status, body, pairs = error()
        headers = {name: value for name, value in pairs if name.lower() != "content-type"}
    return Response(msgspec.json.encode(body), status, headers, "application/json")


def _told(given: Given, request: Request) -> dict[str, Any]:
    left = (given.expires_at - service_of(request).accounts.now()).total_seconds()
    told = {
        "access_token": given.access.reveal(), "token_type": "Bearer", "expires_in": max(int(left), 0),
        "scope": " ".join(given.scopes),
    }  # fmt: skip
    return told if given.refresh is None else {**told, "refresh_token": given.refresh.reveal()}


def _of(fields: dict[str, str], name: str) -> str:
    if name not in fields:
        raise refusal("invalid_request", f"The parameter {name} is missing.")
    return fields[name]
