"""Models: GET /models/status, /models/compare, POST /models/deploy, DELETE /models/{model_id}."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from ara.accounts import Act
from ara.alerts.news import deployed as tell
from ara.api.asks import Asker, asker, service_of
from ara.api.v1.words import Absent, Symbol
from ara.logs.context import current
from ara.market import symbols
from ara.models.registry import Registry
from ara.models.registry.comparing import compared, listed
from ara.models.registry.stages import delete, deploy, shadow

__all__ = ["DeployRequest", "ModelName", "compared_by", "deployed", "listing", "removed", "router"]

router = APIRouter(prefix="/models", tags=["models"])
"""The paths of models."""

_Reads = Annotated[Asker, Depends(asker("models:read"))]
_Deploys = Annotated[Asker, Depends(asker("models:deploy"))]
ModelName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=128,
        pattern=r"^[a-z0-9_]+(@[0-9]+)?$",
        description="har_t@1, the first characters of an id, or a family",
        examples=["har_t@1"],
    ),
]
"""A model."""
_Metric = Literal["skill", "coverage", "speed", "accuracy"]
_About = Annotated[Symbol | Absent, Query(description="Only what learned from this instrument")]


class DeployRequest(BaseModel):
    """Which model is to answer."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model_id: ModelName
    environment: Literal["production", "shadow", "staging"] = Field(
        default="production", description="shadow, or staging: only beside the champion"
    )
    force: bool = Field(default=False, description="Also if it does not surely beat the baseline")


@router.get("/status", summary="The models there are")
async def _status(request: Request, who: _Reads, symbol: _About = None) -> dict[str, Any]:
    """List the models that were trained, with scores, and those that came with Ara: as `ara models list --json`."""
    return await listing(request, about=symbol)


@router.get("/compare", summary="Models beside each other")
async def _compare(
    request: Request,
    who: _Reads,
    models: Annotated[
        str,
        Query(
            max_length=1000,
            description="Models or instruments, with commas between them; all where it is left out",
        ),
    ] = "",
    metric: Annotated[
        _Metric, Query(description="By what they are sorted; accuracy is an old word for skill")
    ] = "skill",
    symbol: _About = None,
) -> dict[str, Any]:
    """Compare models on bars that they did not know: as `ara models compare --json`."""
    return await compared_by(request, ",".join(filter(None, (models, symbol))), metric)


@router.post("/deploy", summary="Have a model answer")
async def _deploy(asked: DeployRequest, request: Request, who: _Deploys) -> dict[str, Any]:
    """Make a model the champion of its family, or put it into the champion's shadow: as `ara models deploy --json`."""
    return await deployed(request, who, asked.model_id, beside=asked.environment != "production", force=asked.force)


@router.delete("/{model_id}", summary="Remove a model")
async def _delete(model_id: ModelName, request: Request, who: _Deploys) -> dict[str, Any]:
    """Remove a model for good; never a champion, nor one that a kept forecast was made with."""
    return await removed(request, who, model_id)


async def listing(request: Request, *, about: str | None = None) -> dict[str, Any]:
    """List the models that were trained, of one instrument where it is named, and those that came with Ara."""
    registry = Registry(service_of(request).desk)
    own = await registry.all()
    if about is not None:
        wanted = symbols.normalise(about)
        own = [one for one in own if wanted in one.card.symbols]
    return listed(own, registry.shipped())


async def compared_by(request: Request, models: str, metric: str) -> dict[str, Any]:
    """Compare models that are named with commas between them, or all."""
    names = [one.strip() for one in models.split(",") if one.strip()]
    return (await compared(Registry(service_of(request).desk), names, metric=metric)).as_dict()


async def deployed(request: Request, who: Asker, name: str, *, beside: bool, force: bool) -> dict[str, Any]:
    """Make a model the champion of its family, or put it `beside` the champion; the audit log says who did."""
    registry = Registry(service_of(request).desk)
    kept = await registry.find(name)
    if beside:
        told = {"schema": 1, "model": (await shadow(registry, kept)).as_dict()}
        await _noted(request, who, "model.shadow", kept.id)
        return told
    change = await deploy(registry, kept, force=force)
    await _noted(request, who, "model.deploy", kept.id)
    said = {**change.as_dict(), "forced": not change.verdict.beats}
    await tell(service_of(request).desk, said)
    return said


async def removed(request: Request, who: Asker, name: str) -> dict[str, Any]:
    """Remove a model for good; the audit log says who did."""
    registry = Registry(service_of(request).desk)
    kept = await registry.find(name)
    await delete(registry, kept)
    await _noted(request, who, "model.delete", kept.id)
    return {"schema": 1, "removed": [kept.as_dict()], "needed": [], "leftovers": 0}


async def _noted(request: Request, who: Asker, action: str, model: str) -> None:
    await service_of(request).accounts.audit.note(
        Act(actor=who.user.id, action=action, about=f"model:{model}", request=current())
    )
