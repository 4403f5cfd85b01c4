"""Why a program is refused, in the words of OAuth 2.0 (RFC 6749, sections 4.1.2.1 and 5.2), as Authlib has them."""

from typing import Any

from ara.errors import PluginError

__all__ = ["challenge_of", "refusal"]

_CLASSES = {
    "access_denied": "AccessDeniedError",
    "invalid_client": "InvalidClientError",
    "invalid_grant": "InvalidGrantError",
    "invalid_request": "InvalidRequestError",
    "invalid_scope": "InvalidScopeError",
    "unauthorized_client": "UnauthorizedClientError",
}


def refusal(code: str, words: str, *, status: int = 400) -> Exception:
    """Make the error that a program is told by its code; Authlib refuses words that an answer can't carry."""
    try:
        from authlib.oauth2.rfc6749 import errors
    except ImportError as error:
        raise _absent() from error
    made: Exception = getattr(errors, _CLASSES[code])(description=words, status_code=status)
    return made


def challenge_of(verifier: str) -> str | None:
    """Give what a verifier of PKCE was announced by (S256 of RFC 7636); None where it can't be a verifier."""
    try:
        from authlib.oauth2.rfc7636 import challenge
    except ImportError as error:
        raise _absent() from error
    pattern: Any = challenge.CODE_VERIFIER_PATTERN
    if not pattern.fullmatch(verifier):
        return None
    return str(challenge.create_s256_code_challenge(verifier))


def _absent() -> PluginError:
    return PluginError(
        "Programs of others need packages that are not installed.", hint='Install them: pip install "ara-ai[api]"'
    )
