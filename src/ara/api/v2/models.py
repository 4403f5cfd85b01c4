"""Models: GET /models, /models/compare, POST /models/{model}/deploy, DELETE /models/{model}."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from ara.api.asks import Asker, asker
from ara.api.v1.models import ModelName, compared_by, deployed, listing, removed

__all__ = ["DeployAsked", "router"]

router = APIRouter(prefix="/models", tags=["models"])
"""The paths of models."""

_Reads = Annotated[Asker, Depends(asker("models:read"))]
_Deploys = Annotated[Asker, Depends(asker("models:deploy"))]


class DeployAsked(BaseModel):
    """Where a model is to stand."""

    model_config = ConfigDict(extra="forbid", strict=True)

    stage: Literal["champion", "shadow"] = "champion"
    force: bool = Field(default=False, description="Also if it does not surely beat the baseline")


@router.get("", summary="The models there are")
async def _list(request: Request, who: _Reads) -> dict[str, Any]:
    """List the models that were trained, with scores, and those that came with Ara: as `ara models list --json`."""
    return await listing(request)


@router.get("/compare", summary="Models beside each other")
async def _compare(
    request: Request,
    who: _Reads,
    models: Annotated[str, Query(max_length=1000, description="With commas between them; all if left out")] = "",
    metric: Annotated[Literal["skill", "coverage", "speed"], Query(description="By what they are sorted")] = "skill",
) -> dict[str, Any]:
    """Compare models on bars that they did not know: as `ara models compare --json`."""
    return await compared_by(request, models, metric)


@router.post("/{model}/deploy", summary="Have a model answer")
async def _deploy(model: ModelName, asked: DeployAsked, request: Request, who: _Deploys) -> dict[str, Any]:
    """Make a model the champion of its family, or put it into the champion's shadow: as `ara models deploy --json`."""
    return await deployed(request, who, model, beside=asked.stage == "shadow", force=asked.force)


@router.delete("/{model}", summary="Remove a model")
async def _delete(model: ModelName, request: Request, who: _Deploys) -> dict[str, Any]:
    """Remove a model for good; never a champion, nor one that a kept forecast was made with."""
    return await removed(request, who, model)
