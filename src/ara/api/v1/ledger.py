"""The ledger: GET /ledger, /ledger/verify, /ledger/report, /ledger/{id}/receipt, /evaluation."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from ara.api.asks import asker, service_of
from ara.api.cursors import placed
from ara.api.v1.words import Absent, Place, PredictionId, Symbol
from ara.api.verifying import Anchored
from ara.market import symbols
from ara.prediction.accuracy import accuracy
from ara.prediction.ledger import Ledger
from ara.prediction.receipts import receipt, vouchers

__all__ = ["kept_page", "router", "scores"]

router = APIRouter(prefix="/ledger", tags=["ledger"], dependencies=[Depends(asker("predictions:read"))])
"""The paths of the ledger."""

scores = APIRouter(tags=["ledger"], dependencies=[Depends(asker("predictions:read"))])
"""The path of scores."""

_MOST = 200


@router.get("", summary="Kept forecasts")
async def _list(
    request: Request,
    symbol: Symbol | Absent = None,
    limit: Annotated[int, Query(ge=1, le=_MOST, description="At most so many")] = 20,
    cursor: Annotated[Place | Absent, Query(description="The `next` of the answer before")] = None,
) -> dict[str, Any]:
    """List kept forecasts, the newest first; `next` is the cursor of those before them, null where there are none."""
    shown, further = await kept_page(request, symbol, limit, cursor)
    return {"schema": 1, "forecasts": shown, "next": further}


@router.get("/verify", summary="Whether the ledger is as it was written")
async def _verify(request: Request, anchor: Anchored = None) -> dict[str, Any]:
    """Walk the whole ledger and compute its scores again; `ok` is false where it was changed.

    As `ara ledger verify --json`: scores of at most 500 forecasts, drawn anew each time where there are more.
    """
    service = service_of(request)
    return await service.walks.walk(service.desk, anchor)


@scores.get("/evaluation", summary="How forecasts did")
@router.get("/report", summary="How forecasts did")
async def _report(request: Request, replayed: bool = False) -> dict[str, Any]:
    """Tell how scored forecasts did, by instrument, class, horizon, model and month.

    As `ara ledger report --json`, but for `challengers`, which asks models anew for each forecast.
    """
    return (await accuracy(service_of(request).desk, replayed=replayed)).as_dict()


@router.get("/{prediction_id}/receipt", summary="What such forecasts were worth")
async def _receipt(prediction_id: PredictionId, request: Request) -> dict[str, Any]:
    """Tell what past forecasts that were about as sure were worth: as `ara ledger receipt --json`."""
    desk = service_of(request).desk
    kept = await Ledger(desk).show(prediction_id)
    return receipt(kept, await vouchers(desk, kept))


async def kept_page(
    request: Request, symbol: str | None, limit: int, cursor: int | None
) -> tuple[list[dict[str, Any]], int | None]:
    """Give kept forecasts, the newest first, and the cursor of those before them; None where there are none."""
    wanted = None if symbol is None else symbols.normalise(symbol)
    ledger = Ledger(service_of(request).desk)
    if cursor is not None:
        await placed(cursor, ledger.all(after=cursor - 1))
    found = await ledger.list(limit + 1, wanted, before=cursor)
    shown = found[:limit]
    return [one.as_dict() for one in shown], shown[-1].sequence if len(found) > limit else None
