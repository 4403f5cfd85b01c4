"""The cache: DELETE /cache."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from ara.api.asks import Asker, asker, service_of
from ara.api.v1.words import Absent, Symbol
from ara.market.symbols import normalise

__all__ = ["router"]

router = APIRouter(tags=["cache"])
"""The paths of the cache."""


@router.delete("/cache", summary="Drop what is cached")
async def _clear(
    request: Request, who: Annotated[Asker, Depends(asker("cache:write"))], symbol: Symbol | Absent = None
) -> dict[str, Any]:
    """Drop what is kept of a symbol, or everything, wherever it is shared: as `ara data cache clear --json`."""
    name = None if symbol is None else normalise(symbol)
    return {"schema": 1, "symbol": name, "dropped": await service_of(request).market.cache.drop(name)}
