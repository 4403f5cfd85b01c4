"""How the description of the service tells of OAuth's paths, whose requests are forms and queries of RFC 6749."""

from typing import Any, Final

from ara.api.oauth.form import MEDIA
from ara.api.problems import MEDIA as PROBLEM
from ara.api.problems import described

__all__ = ["ASKED", "ASKING", "INTROSPECT", "METADATA", "REVOKE", "TOKEN"]

_TEXT: Final = {"type": "string", "maxLength": 2048}
_LIMITS: Final = {"429": described("It was asked too often, or too many wrong secrets came from here.")}
_ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {"type": "string"}, "error_description": {"type": "string"}, "error_uri": {"type": "string"},
    },
}  # fmt: skip
_HTML: Final = {"text/html": {"schema": {"type": "string"}}}
_BACK: Final = {
    "description": "To the program, with a code or with what went wrong.",
    "headers": {"Location": {"schema": {"type": "string"}}},
}
_WRONG: Final = {"description": "Nobody may be sent anywhere.", "content": _HTML}
_FAILED: Final = {"5XX": described("The service failed.")}


def _form(properties: dict[str, str], *, required: tuple[str, ...]) -> dict[str, Any]:
    """Give the body of a request that brings a form, by the names and the meanings of its fields."""
    shape = {
        "type": "object",
        "required": list(required),
        "properties": {name: {**_TEXT, "description": words} for name, words in properties.items()},
    }
    return {"required": True, "content": {MEDIA: {"schema": shape}}}


def _program(properties: dict[str, str], *, required: tuple[str, ...], answer: dict[str, Any]) -> dict[str, Any]:
    """Describe a path that programs ask: they prove who they are in the header or in the form."""
    proof = {"client_id": "Where the header does not say it", "client_secret": "Of a program that can keep one"}
    told = {"type": "object", **answer}
    refusals = {
        "content": {
            "application/json": {"schema": _ERROR},
            PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}},
        }
    }
    return {
        "requestBody": _form({**properties, **proof}, required=required),
        "security": [{"program": []}, {}],
        "responses": {
            "200": {"description": "Done.", "content": {"application/json": {"schema": told}}},
            "4XX": {"description": "Refused, as RFC 6749, 5.2, has it.", **refusals},
            **_LIMITS,
            **_FAILED,
        },
    }


_ASKED: Final = {
    "response_type": ("code", "code"),
    "client_id": ("Of the program", "$CLIENT_ID"),
    "redirect_uri": ("One of those that the program was registered with", "https://desk.example/back"),
    "scope": ("Permissions, with spaces between them; all of the program's if left out", "market:read"),
    "state": ("Comes back as it is", "xyz"),
    "code_challenge": ("SHA-256 of the verifier, base64url (RFC 7636)", "$CODE_CHALLENGE"),
    "code_challenge_method": ("S256", "S256"),
}
_LEFT_OUT: Final = {"scope", "state"}

ASKED: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": name,
            "in": "query",
            "required": name not in _LEFT_OUT,
            "description": words,
            "schema": _TEXT,
            "x-sample": value,
        }
        for name, (words, value) in _ASKED.items()
    ],
    "responses": {
        "200": {"description": "The page that asks the user.", "content": _HTML}, "303": _BACK, "400": _WRONG,
        "4XX": described("The request can't be answered as it is."), **_FAILED,
    },
}  # fmt: skip
"""The page, as it is asked for."""

ASKING: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "Cookie",
            "in": "header",
            "required": False,
            "description": "ara_oauth, or __Host-ara_oauth over TLS: as the page set it",
            "schema": _TEXT,
            "x-sample": "ara_oauth=$COOKIE",
        }
    ],
    "requestBody": _form(
        {
            "request": "As the page had it",
            "email": "Of the user",
            "password": "Of the user",
            "answer": "allow; anything else is a no",
        },
        required=("request", "answer"),
    ),
    "responses": {
        "303": _BACK, "400": _WRONG, "401": {"description": "The password was wrong.", "content": _HTML},
        "429": {"description": "Who guesses has to wait.", "content": _HTML},
        "4XX": described("The request can't be answered as it is."), **_FAILED,
    },
}  # fmt: skip
"""The answer of the user."""

METADATA: Final[dict[str, Any]] = {
    "responses": {"4XX": described("The request can't be answered as it is."), **_FAILED}
}
"""Where what is."""

TOKEN: Final = _program(
    {
        "grant_type": "authorization_code, refresh_token or client_credentials",
        "code": "With authorization_code",
        "redirect_uri": "With authorization_code: as it was asked with",
        "code_verifier": "With authorization_code (RFC 7636)",
        "refresh_token": "With refresh_token",
        "scope": "Permissions, with spaces between them",
    },
    required=("grant_type",),
    answer={
        "required": ["access_token", "token_type", "expires_in", "scope"],
        "properties": {
            "access_token": {"type": "string"}, "token_type": {"type": "string"}, "expires_in": {"type": "integer"},
            "scope": {"type": "string"}, "refresh_token": {"type": "string"},
        },
    },
)  # fmt: skip
"""Tokens for a code, a refresh token, or for the program itself."""

REVOKE: Final = _program({"token": "Of the program that asks"}, required=("token",), answer={})
"""The end of a token."""

INTROSPECT: Final = _program(
    {"token": "Of the program that asks"},
    required=("token",),
    answer={"required": ["active"], "properties": {"active": {"type": "boolean"}}},
)
"""What a token is good for."""
