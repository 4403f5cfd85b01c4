"""Programs of third parties: /auth/apps for who answers for one, /auth/consents for who lends them something."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from ara.accounts import App
from ara.api.asks import Asker, asker, service_of

__all__ = ["AppFacts", "AppMade", "AppRequest", "ConsentFacts", "facts", "lent", "lists", "router"]

router = APIRouter(prefix="/auth", tags=["accounts"])
"""The paths of programs and of what is lent to them."""

lists = APIRouter(prefix="/auth", tags=["accounts"])
"""Those that list, in the shape of the first version."""

_Own = Annotated[Asker, Depends(asker("keys:write"))]
_Id = Annotated[str, Path(min_length=1, max_length=64, pattern="^[a-z2-7]+$", description="The client_id of a program")]
_PATH = r"(/[A-Za-z0-9._~-]{1,20}){0,5}"
_PLACES = rf"^(https://[a-z]{{1,20}}(\.[a-z]{{2,10}}){{1,3}}{_PATH}|http://127\.0\.0\.1:8[0-9]{{3}}{_PATH})$"
_Place = Annotated[str, Field(json_schema_extra={"pattern": _PLACES})]
"""The room takes more than the description names."""


class AppRequest(BaseModel):
    """A program to be registered."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=100, description="As users are shown it", examples=["Morning Desk"])
    redirects: list[_Place] = Field(
        default=[],
        max_length=10,
        description="Where users may be sent back to",
        examples=[["https://example.org/back"]],
    )
    scopes: list[str] = Field(
        min_length=1, max_length=50, description="All that it may ask for", examples=[["market:read"]]
    )
    public: bool = Field(default=False, description="It can keep no secret, and gets none")


class AppFacts(BaseModel):
    """A program without its secret."""

    client_id: str
    name: str
    redirects: list[str]
    scopes: list[str]
    public: bool
    made_at: datetime


class AppMade(AppFacts):
    """A program with its secret, which is shown this once; none where it can keep none."""

    client_secret: str | None


class ConsentFacts(BaseModel):
    """What is lent to a program."""

    client_id: str
    name: str
    scopes: list[str]
    made_at: datetime
    renewed_at: datetime


@lists.get("/apps", summary="One's programs")
async def _apps(request: Request, who: _Own) -> list[AppFacts]:
    """List the programs that who asks answers for."""
    return [facts(one) async for one in service_of(request).accounts.apps.of(who.user.id)]


@router.post("/apps", summary="Register a program", status_code=201)
async def _add(asked: AppRequest, request: Request, who: _Own) -> AppMade:
    """Register a program and show its secret, this once; it may ask for no more than what was sent to register it."""
    for scope in asked.scopes:
        who.need(scope.strip().lower())
    app, secret = await service_of(request).accounts.apps.add(
        who.user, name=asked.name, scopes=asked.scopes, redirects=asked.redirects, public=asked.public, by=who.user.id
    )
    return AppMade(**facts(app).model_dump(), client_secret=secret.reveal() if secret else None)


@router.get("/apps/{client_id}", summary="A program")
async def _app(client_id: _Id, request: Request, who: _Own) -> AppFacts:
    """Give a program that who asks answers for."""
    return facts(await service_of(request).accounts.apps.get(client_id, user=who.user.id))


@router.delete("/apps/{client_id}", summary="Remove a program", status_code=204)
async def _remove(client_id: _Id, request: Request, who: _Own) -> None:
    """Forget a program; all that users lent to it is void at once."""
    accounts = service_of(request).accounts
    await accounts.oauth.remove(await accounts.apps.get(client_id, user=who.user.id), by=who.user.id)


@lists.get("/consents", summary="What one lends to programs")
async def _consents(request: Request, who: _Own) -> list[ConsentFacts]:
    """List the programs to which who asks lends something."""
    return await lent(request, who)


async def lent(request: Request, who: Asker) -> list[ConsentFacts]:
    """Tell what who asks lends to programs."""
    accounts = service_of(request).accounts
    found = []
    async for one in accounts.consents.of(who.user.id):
        app = await accounts.apps.find(one.app)
        if app is not None:
            found.append(
                ConsentFacts(
                    client_id=app.id, name=app.name, scopes=list(one.scopes), made_at=one.made_at,
                    renewed_at=one.renewed_at,
                )
            )  # fmt: skip
    return found


@router.delete("/consents/{client_id}", summary="Take back what one lends", status_code=204)
async def _take_back(client_id: _Id, request: Request, who: _Own) -> None:
    """Take back what who asks lends to a program: its tokens are void at once."""
    await service_of(request).accounts.consents.take_back(who.user.id, client_id, by=who.user.id)


def facts(app: App) -> AppFacts:
    """Tell a program without its secret."""
    return AppFacts(
        client_id=app.id, name=app.name, redirects=list(app.redirects), scopes=list(app.scopes), public=not app.hash,
        made_at=app.made_at,
    )  # fmt: skip
