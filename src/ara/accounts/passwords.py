"""Passwords: argon2id at rest, and the same time for users that exist and those that don't."""

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ara.errors import PluginError, ValidationError
from ara.settings import Secret

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["check_password", "hashed", "matches", "stale"]

_SHORTEST: Final = 12
_LONGEST: Final = 256
_DIFFERENT: Final = 5


def check_password(password: Secret, *, email: str) -> None:
    """Refuse what is guessed first: short ones, few different characters, the address itself."""
    text = _plain(password)
    if not _SHORTEST <= len(text) <= _LONGEST:
        raise ValidationError(
            f"A password has {_SHORTEST} to {_LONGEST} characters; this one has {len(text)}.",
            hint="A few unrelated words are long enough and easy to keep in mind.",
        )
    if len(set(text)) < _DIFFERENT or text.casefold() in {email, email.partition("@")[0] * 2}:
        raise ValidationError("The password is guessed too easily.", hint="Take a few unrelated words.")


def hashed(password: Secret) -> str:
    """Give the hash to keep: argon2id of RFC 9106's second choice (3 passes over 64 MiB), with a salt of its own."""
    return _hasher().hash(_plain(password))


def matches(kept: str, password: Secret) -> bool:
    """Tell whether a password is the one that was hashed; an empty hash takes as long and matches nothing."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        _hasher().verify(kept or _nobody(), _plain(password)[:_LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return bool(kept)


def stale(kept: str) -> bool:
    """Tell whether a hash was made by weaker parameters than today's, and should be made anew at the next log-in."""
    return _hasher().check_needs_rehash(kept)


def _plain(password: Secret) -> str:
    return unicodedata.normalize("NFKC", password.reveal())


@lru_cache(maxsize=1)
def _hasher() -> "PasswordHasher":
    try:
        from argon2 import PasswordHasher
        from argon2.profiles import RFC_9106_LOW_MEMORY
    except ImportError as error:
        raise PluginError(
            "Accounts need packages that are not installed.", hint='Install them: pip install "ara-ai[api]"'
        ) from error
    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher().hash("nobody has this password")
