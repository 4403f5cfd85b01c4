"""The keys by which tokens are signed, and what a signed token may be.

Signing keys are made when they are first needed, kept in the store encrypted by the vault, and rotated: an older one
signs nothing more, but what it signed stays valid to its end.
"""

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

import msgspec
from msgspec.structs import replace

from ara.accounts.credential import fresh_id
from ara.desk import Desk
from ara.errors import PluginError, UnauthenticatedError
from ara.store import Record, changed

__all__ = ["ALGORITHM", "AUDIENCE", "SigningKey", "SigningKeys", "checked", "signed"]

ALGORITHM: Final = "EdDSA"
"""Ed25519: the one algorithm that is taken, whatever a token asks for."""

AUDIENCE: Final = "ara"
"""For whom Ara's tokens are, and by whom."""

_LONGEST: Final = 4_096
_CLAIMS: Final = ("exp", "iat", "sub", "jti", "aud", "iss")
_INVALID: Final = "The token is not valid."
_FRESH: Final = 60.0
_AHEAD: Final = 5.0


class SigningKey(Record, frozen=True, kw_only=True):
    """An Ed25519 key; its id is the `kid` of tokens."""

    kind: ClassVar[str] = "signing_key"
    sealed: str
    public: str
    made_at: datetime
    retired_at: datetime | None = None


class SigningKeys:
    """The signing keys in a desk's store; those that were read are kept in mind for a minute.

    Parameters
    ----------
    desk
        The desk of the process.
    life
        How long a token lives, and with it a retired key.
    """

    def __init__(self, desk: Desk, *, life: timedelta) -> None:
        self._desk = desk
        self._life = life
        self._known: dict[str, SigningKey] = {}
        self._read_at: datetime | None = None

    async def current(self) -> SigningKey:
        """Give the key that signs: the newest that is not retired; made now if there is none."""
        await self._look()
        alive = [one for one in self._known.values() if one.retired_at is None]
        if not alive:
            return await self._make()
        return max(alive, key=lambda one: (one.made_at, one.id))

    async def sign(self, claims: Mapping[str, Any]) -> str:
        """Give a token of these claims."""
        key = await self.current()
        private = (
            _jwt()
            .algorithms.OKPAlgorithm()
            .prepare_key(_private(self._desk.vault.decrypt(base64.b64decode(key.sealed))))
        )
        return str(_jwt().encode(dict(claims), private, ALGORITHM, headers={"kid": key.id, "typ": "at+jwt"}))

    async def open(self, token: str) -> dict[str, Any]:
        """Give the claims of a token that one of these keys signed and that is valid now."""
        if len(token) > _LONGEST:
            raise UnauthenticatedError(_INVALID)
        try:
            kid = _jwt().get_unverified_header(token).get("kid")
        except _jwt().PyJWTError:
            raise UnauthenticatedError(_INVALID) from None
        key = await self._find(kid) if isinstance(kid, str) else None
        if key is None or (key.retired_at is not None and self._desk.clock.now() > key.retired_at + self._life):
            raise UnauthenticatedError(_INVALID)
        return checked(token, _public(base64.b64decode(key.public)), ALGORITHM, now=self._desk.clock.now())

    async def rotate(self) -> SigningKey:
        """Make another key that signs from now on; retire the others, and forget those whose tokens have all ended."""
        self._read_at = None
        await self._look()
        before, now = list(self._known.values()), self._desk.clock.now()
        made = await self._make()
        for one in before:
            if one.retired_at is None:
                await changed(self._desk.store, SigningKey, one.id, lambda old: replace(old, retired_at=now))
            elif now > one.retired_at + self._life:
                await self._desk.store.remove(SigningKey, one.id)
        self._read_at = None
        return made

    async def published(self) -> dict[str, Any]:
        """Give the public halves as a JSON Web Key Set (RFC 7517), for those who check tokens themselves."""
        self._read_at = None
        await self._look()
        keys = sorted(self._known.values(), key=lambda one: (one.made_at, one.id))
        return {"keys": [_jwk(one) for one in keys]}

    async def _make(self) -> SigningKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        private = Ed25519PrivateKey.generate()
        sealed = self._desk.vault.encrypt(private.private_bytes_raw())
        key = SigningKey(
            id=fresh_id(), sealed=base64.b64encode(sealed).decode(), made_at=self._desk.clock.now(),
            public=base64.b64encode(private.public_key().public_bytes_raw()).decode(),
        )  # fmt: skip
        await self._desk.store.add(key)
        self._known[key.id] = key
        return key

    async def _find(self, kid: str) -> SigningKey | None:
        await self._look()
        if kid not in self._known and len(kid) == len(fresh_id()) and kid.isalnum():
            found = await self._desk.store.get(SigningKey, kid)
            if found is not None:
                self._known[kid] = found
        return self._known.get(kid)

    async def _look(self) -> None:
        now = self._desk.clock.now()
        if self._read_at is None or not 0 <= (now - self._read_at).total_seconds() < _FRESH:
            self._known = {one.id: one async for one in self._desk.store.find(SigningKey)}
            self._read_at = now


def signed(token: str, key: Any, algorithm: str) -> bytes:
    """Give what a token carries where this key signed it by this very algorithm; UnauthenticatedError otherwise.

    What the token says of its algorithm counts for nothing but agreement; headers that claim to be critical are not
    understood, so refused.
    """
    jwt = _jwt()
    try:
        if "crit" in jwt.get_unverified_header(token):
            raise UnauthenticatedError(_INVALID)
        payload: bytes = jwt.PyJWS().decode(token, key, algorithms=[algorithm])
    except (jwt.PyJWTError, ValueError, TypeError):
        raise UnauthenticatedError(_INVALID) from None
    return payload


def checked(token: str, key: Any, algorithm: str, *, now: datetime) -> dict[str, Any]:
    """Give the claims of a signed token that is Ara's, for Ara, and valid at a moment.

    `exp`, `iat`, `sub`, `jti`, `aud` and `iss` have to be there; a clock may be five seconds ahead of ours.
    """
    try:
        claims: dict[str, Any] = msgspec.json.decode(signed(token, key, algorithm), type=dict[str, Any])
    except msgspec.DecodeError:
        raise UnauthenticatedError(_INVALID) from None
    there = all(claims.get(name) is not None for name in _CLAIMS)
    if not there or claims["aud"] != AUDIENCE or claims["iss"] != AUDIENCE:
        raise UnauthenticatedError(_INVALID)
    made, begins, ends = claims["iat"], claims.get("nbf", claims["iat"]), claims["exp"]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in (made, begins, ends)):
        raise UnauthenticatedError(_INVALID)
    if not max(made, begins) <= now.timestamp() + _AHEAD or not now.timestamp() < ends:
        raise UnauthenticatedError(_INVALID, hint="Log in again, or use the refresh token.")
    return claims


def _jwt() -> Any:
    try:
        import jwt
    except ImportError as error:
        raise PluginError(
            "Accounts need packages that are not installed.", hint='Install them: pip install "ara-ai[api]"'
        ) from error
    return jwt


def _private(raw: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(raw)


def _public(raw: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(raw)


def _jwk(key: SigningKey) -> dict[str, str]:
    raw = base64.urlsafe_b64encode(base64.b64decode(key.public)).decode().rstrip("=")
    return {"kty": "OKP", "crv": "Ed25519", "x": raw, "kid": key.id, "use": "sig", "alg": ALGORITHM}
