"""Everybody's accounts, for administrators: /auth/admin/users and what is done to them, and the audit log."""

from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from ara.accounts import User
from ara.api.asks import Asker, asker, service_of
from ara.api.cursors import placed
from ara.api.v1.words import Absent
from ara.settings import Secret

__all__ = ["NewUser", "RoleChange", "RoleName", "TierChange", "UserFacts", "facts", "lists", "router"]

router = APIRouter(prefix="/auth/admin", tags=["administration"])
"""The paths of administrators."""

lists = APIRouter(prefix="/auth/admin", tags=["administration"])
"""Those that list, in the shape of the first version."""

_Admin = Annotated[Asker, Depends(asker("users:admin"))]
_Auditor = Annotated[Asker, Depends(asker("audit:read"))]
RoleName = Literal["viewer", "trader", "analyst", "admin", "service"]
"""A role."""
_Tier = Literal["free", "pro", "enterprise"]
_Who = Annotated[
    str, Path(min_length=3, max_length=254, pattern="^[^/ ]+$", description="Id or address of mail of a user")
]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewUser(_Sent):
    """A user to be made."""

    email: str = Field(
        min_length=3,
        max_length=254,
        examples=["ada@example.org"],
        json_schema_extra={"pattern": r"^[a-z0-9]{1,30}@[a-z]{1,20}\.[a-z]{2,10}$"},
    )
    name: str = Field(default="", max_length=100)
    role: RoleName = "viewer"
    tier: _Tier = "free"
    password: str | None = Field(default=None, min_length=12, max_length=256)


class RoleChange(_Sent):
    """What a user is to be."""

    role: RoleName


class TierChange(_Sent):
    """What a user is to pay for."""

    tier: _Tier


class UserFacts(BaseModel):
    """A user."""

    id: str
    email: str
    name: str
    role: str
    tier: str
    made_at: datetime
    disabled_at: datetime | None


@lists.get("/users", summary="All users")
async def _users(
    request: Request,
    who: _Admin,
    role: Annotated[RoleName | Absent, Query(description="Only these")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many")] = 1000,
) -> list[UserFacts]:
    """List the users."""
    return [facts(one) async for one in service_of(request).accounts.users.all(role=role, limit=limit)]


@router.post("/users", summary="Make a user", status_code=201)
async def _make(asked: NewUser, request: Request, who: _Admin) -> UserFacts:
    """Make a user; refused where the address has an account."""
    made = await service_of(request).accounts.users.add(
        asked.email, name=asked.name, role=asked.role, tier=asked.tier, by=who.user.id,
        password=None if asked.password is None else Secret(asked.password),
    )  # fmt: skip
    return facts(made)


@router.get("/users/{user_id}", summary="A user")
async def _user(user_id: _Who, request: Request, who: _Admin) -> UserFacts:
    """Show a user."""
    return facts(await service_of(request).accounts.users.get(user_id))


@router.put("/users/{user_id}/role", summary="What a user may do")
async def _role(user_id: _Who, asked: RoleChange, request: Request, who: _Admin) -> UserFacts:
    """Give a user another role; keys that opened more open less at once. The last administrator stays one."""
    return facts(await service_of(request).accounts.users.change(user_id, role=asked.role, by=who.user.id))


@router.put("/users/{user_id}/tier", summary="How much a user may ask")
async def _tier(user_id: _Who, asked: TierChange, request: Request, who: _Admin) -> UserFacts:
    """Give a user another tier."""
    return facts(await service_of(request).accounts.users.change(user_id, tier=asked.tier, by=who.user.id))


@router.post("/users/{user_id}/disable", summary="Shut an account")
async def _disable(user_id: _Who, request: Request, who: _Admin) -> UserFacts:
    """Shut an account at once, its tokens and keys too; it can be opened again."""
    return facts(await service_of(request).accounts.users.disable(user_id, by=who.user.id))


@router.post("/users/{user_id}/enable", summary="Open an account")
async def _enable(user_id: _Who, request: Request, who: _Admin) -> UserFacts:
    """Open an account again; tokens from before stay void, keys are valid again."""
    return facts(await service_of(request).accounts.users.enable(user_id, by=who.user.id))


@router.delete("/users/{user_id}", summary="Erase a user")
async def _erase(user_id: _Who, request: Request, who: _Admin) -> UserFacts:
    """Forget a user with keys and tokens; the audit log stays whole, without saying who it was."""
    return facts(await service_of(request).accounts.erase(user_id, by=who.user.id))


@router.get("/audit", summary="The audit log")
async def _audit(
    request: Request,
    who: _Auditor,
    cursor: Annotated[int, Query(ge=0, le=2**53 - 1, description="The `next` of the answer before")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many")] = 200,
    person: Annotated[str | Absent, Query(max_length=64, description="Id of a user: only what concerns them")] = None,
) -> dict[str, Any]:
    """Tell who did what, the oldest first, with the hashes that chain the entries; what points to an erased person
    is null. `next` is the cursor of those after them, null where there are none.
    """
    items: list[dict[str, Any]] = []
    audit = service_of(request).accounts.audit
    if cursor:
        async with aclosing(audit.read(after=cursor - 1)) as rest:
            await placed(cursor, rest)
    async with aclosing(audit.read(after=cursor, person=person)) as acts:
        async for one in acts:
            if len(items) == limit:
                return {"items": items, "next": items[-1]["sequence"]}
            items.append(one.as_dict())
    return {"items": items, "next": None}


@router.get("/audit/verify", summary="Whether the audit log is as it was written")
async def _verify(request: Request, who: _Auditor) -> dict[str, Any]:
    """Walk the whole audit log and say whether anything was changed or taken out."""
    return (await service_of(request).accounts.audit.verify()).as_dict()


def facts(user: User) -> UserFacts:
    """Tell a user without what proves who they are."""
    return UserFacts(
        id=user.id, email=user.email, name=user.name, role=user.role.value, tier=user.tier, made_at=user.made_at,
        disabled_at=user.disabled_at,
    )  # fmt: skip
