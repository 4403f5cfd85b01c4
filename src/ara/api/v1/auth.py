"""Log-in and keys: POST /auth/login, /auth/refresh, /auth/logout, GET /auth/me, /auth/usage, and /auth/api-keys."""

from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from ara.accounts import Key, Pair, User
from ara.api.asks import Asker, address_of, asker, entering, service_of
from ara.api.queries import plainly
from ara.api.v1.words import Lifetime
from ara.errors import ForbiddenError
from ara.logs.context import current
from ara.settings import Secret

__all__ = [
    "KeyFacts", "KeyMade", "KeyRequest", "LogIn", "Me", "RefreshToken", "Share", "TokenPair", "Usage", "facts", "lists",
    "router",
]  # fmt: skip

router = APIRouter(prefix="/auth", tags=["accounts"])
"""The paths of accounts."""

lists = APIRouter(prefix="/auth", tags=["accounts"])
"""Those that list, in the shape of the first version."""

_Self = Annotated[Asker, Depends(asker("market:read"))]
_Keys = Annotated[Asker, Depends(asker("keys:write"))]
_DOOR: Final = [Depends(entering), Depends(plainly)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class LogIn(_Sent):
    """Who logs in."""

    email: str = Field(min_length=3, max_length=254, examples=["ada@example.org"])
    password: str = Field(min_length=1, max_length=1024, examples=["correct horse battery"])


class RefreshToken(_Sent):
    """The token that a log-in or the refresh before gave."""

    refresh_token: str = Field(min_length=1, max_length=128)


class TokenPair(BaseModel):
    """Tokens: one to send with each request, one that is good once for the next pair."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the name of a scheme
    expires_at: datetime


class Me(BaseModel):
    """Who asks, and what they may do."""

    id: str
    email: str
    name: str
    role: str
    tier: str
    permissions: list[str]


class Share(BaseModel):
    """What may be asked for in a day of UTC, and what was."""

    most: int
    used: int
    left: int
    resets_at: datetime


class Usage(BaseModel):
    """What the tier of who asks allows, and how much of it is used."""

    tier: str
    per_minute: int = Field(description="Requests a minute in the long run")
    burst: int = Field(description="Requests at once after a rest")
    days: dict[str, Share] = Field(description="Of forecasts and of jobs")
    jobs_at_once: int = Field(description="Jobs that may wait or run")
    sockets: int = Field(description="Sockets that may be open at once")


class KeyRequest(_Sent):
    """A key to be made."""

    name: str = Field(min_length=1, max_length=100, examples=["trading desk"])
    scopes: list[str] | None = Field(default=None, max_length=50, description="Permissions; all if left out")
    days: Lifetime | None = Field(default=None, description="Until it expires; never if left out")


class KeyFacts(BaseModel):
    """A key without its secret."""

    id: str
    name: str
    scopes: list[str] | None
    made_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    seen_at: datetime | None
    remind_at: datetime


class KeyMade(KeyFacts):
    """A key with its secret, which is shown this once."""

    key: str


@router.post("/login", summary="Log in by a password", dependencies=_DOOR)
async def _login(asked: LogIn, request: Request) -> TokenPair:
    """Give tokens for a password; who guesses has to wait."""
    service = service_of(request)
    _, pair = await service.accounts.log_in(
        asked.email, Secret(asked.password), address=address_of(request), request=current()
    )
    return _pair(pair)


@router.post("/refresh", summary="Exchange a refresh token", dependencies=_DOOR)
async def _refresh(asked: RefreshToken, request: Request) -> TokenPair:
    """Give the next tokens; a refresh token that comes a second time ends its session."""
    _, pair = await service_of(request).accounts.refresh(asked.refresh_token)
    return _pair(pair)


@router.post("/logout", summary="Log out everywhere", status_code=204)
async def _logout(request: Request, who: _Self) -> None:
    """Make every token of who asks void; keys stay valid. A program revokes its own: POST /oauth/revoke."""
    if who.app:
        raise ForbiddenError("A program can't log its user out.", hint="Revoke its own token: POST /oauth/revoke")
    await service_of(request).accounts.log_out(who.user.id, by=who.user.id)


@router.get("/me", summary="Who asks")
async def _me(who: _Self) -> Me:
    """Say who asks, by the key or token that was sent."""
    user: User = who.user
    return Me(
        id=user.id, email=user.email, name=user.name, role=user.role.value, tier=user.tier,
        permissions=sorted(who.permissions),
    )  # fmt: skip


@router.get("/usage", summary="What may be asked for, and what was")
async def _usage(request: Request, who: _Self) -> Usage:
    """Say what the tier allows, and how much of the day's shares is used."""
    service = service_of(request)
    settings, tier = service.desk.settings, who.user.tier
    days = {
        str(one.what): Share(most=one.most, used=one.used, left=one.left, resets_at=one.resets_at)
        for one in await service.accounts.quota.of(who.user)
    }
    allowed = getattr(settings.accounts, tier)
    return Usage(
        tier=tier, per_minute=allowed.per_minute, burst=allowed.burst, days=days,
        jobs_at_once=getattr(settings.jobs, tier), sockets=getattr(settings.sockets, tier),
    )  # fmt: skip


@lists.get("/api-keys", summary="One's keys")
async def _keys(request: Request, who: _Keys) -> list[KeyFacts]:
    """List the keys of who asks."""
    return [facts(one) async for one in service_of(request).accounts.keys.of(who.user.id)]


@router.post("/api-keys", summary="Make a key", status_code=201)
async def _make(asked: KeyRequest, request: Request, who: _Keys) -> KeyMade:
    """Make a key and show it, this once; it opens no more than what was sent to make it."""
    wanted = asked.scopes
    if wanted is None and who.permissions != _all_of(who):
        wanted = sorted(who.permissions)
    for scope in wanted or ():
        who.need(scope.strip().lower())
    key, secret = await service_of(request).accounts.keys.make(
        who.user, name=asked.name, scopes=wanted, days=asked.days, by=who.user.id
    )
    return KeyMade(**facts(key).model_dump(), key=secret.reveal())


@router.post("/api-keys/{key_id}/rotate", summary="Rotate a key", status_code=201)
async def _rotate(key_id: str, request: Request, who: _Keys, overlap_days: int = 7) -> KeyMade:
    """Make a key like another, which stays valid for some days more."""
    all_ = service_of(request).accounts.keys
    key, secret = await all_.rotate(
        await all_.get(key_id[:64], user=who.user.id), who.user, overlap=overlap_days, by=who.user.id
    )
    return KeyMade(**facts(key).model_dump(), key=secret.reveal())


@router.post("/api-keys/{key_id}/revoke", summary="Revoke a key")
@router.delete("/api-keys/{key_id}", summary="Revoke a key")
async def _revoke(key_id: str, request: Request, who: _Keys) -> KeyFacts:
    """Make a key void at once, for good."""
    all_ = service_of(request).accounts.keys
    return facts(await all_.revoke(await all_.get(key_id[:64], user=who.user.id), by=who.user.id))


def _all_of(who: Asker) -> frozenset[str]:
    from ara.accounts import ROLES

    return ROLES[who.user.role]


def _pair(pair: Pair) -> TokenPair:
    return TokenPair(access_token=pair.access.reveal(), refresh_token=pair.refresh.reveal(), expires_at=pair.expires_at)


def facts(key: Key) -> KeyFacts:
    """Tell a key without its secret."""
    return KeyFacts(
        id=key.id, name=key.name, scopes=None if key.scopes is None else list(key.scopes), made_at=key.made_at,
        expires_at=key.expires_at, revoked_at=key.revoked_at, seen_at=key.seen_at, remind_at=key.remind_at,
    )  # fmt: skip
