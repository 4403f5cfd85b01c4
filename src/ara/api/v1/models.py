"""Models: GET /models/status, /models/compare."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request

from ara.api.asks import asker, service_of
from ara.models.registry import Registry
from ara.models.registry.comparing import compared, listed

__all__ = ["router"]

router = APIRouter(prefix="/models", tags=["models"], dependencies=[Depends(asker("models:read"))])
"""The paths of models."""

_Metric = Literal["skill", "coverage", "speed", "accuracy"]


@router.get("/status", summary="The models there are")
async def _status(request: Request) -> dict[str, Any]:
    """List the models that were trained, with scores, and those that came with Ara: as `ara models list --json`."""
    registry = Registry(service_of(request).desk)
    return listed(await registry.all(), registry.shipped())


@router.get("/compare", summary="Models beside each other")
async def _compare(
    request: Request,
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
) -> dict[str, Any]:
    """Compare models on bars that they did not know: as `ara models compare --json`."""
    names = [one.strip() for one in models.split(",") if one.strip()]
    found = await compared(Registry(service_of(request).desk), names, metric=metric)
    return found.as_dict()
