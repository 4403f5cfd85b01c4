"""The paths of sockets: /ws/predictions/{symbol}, /ws/market-data/{symbol}, /ws/alerts, and tickets for them."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, WebSocket
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

from ara.accounts import Principal
from ara.accounts.ticket import Tickets
from ara.api.asks import Asker, a_days, asker, service_of
from ara.api.service import Service
from ara.api.sockets import feeds
from ara.api.sockets.session import Stream, attend, nowhere
from ara.data.live import MINUTE
from ara.errors import NotFoundError, ValidationError
from ara.lineage import digest
from ara.market.timeframe import DAY, Timeframe
from ara.plugins import names

__all__ = ["Ticket", "elsewhere", "router", "tickets"]

router = APIRouter()
"""The paths of sockets."""

tickets = APIRouter(prefix="/ws", tags=["sockets"])
"""The path of tickets."""

_Self = Annotated[Asker, Depends(asker("market:read"))]
_MOST: Final = 30


class Ticket(BaseModel):
    """What opens one socket, once: `wss://HOST/ws/alerts?ticket=...`."""

    ticket: str
    expires_at: datetime


@tickets.post("/ticket", summary="A ticket for a socket", status_code=201)
async def _ticket(request: Request, who: _Self) -> Ticket:
    """Give a ticket that opens one socket within 30 seconds: pages in a browser can send no header there."""
    credential = request.headers["authorization"].partition(" ")[2].strip()
    text, until = await Tickets(service_of(request).desk).issue(credential)
    return Ticket(ticket=text.reveal(), expires_at=until)


@router.websocket("/ws/predictions/{symbol}")
async def _predictions(socket: WebSocket, symbol: str) -> None:
    """Tell an instrument's forecast, and another at each closed bar; `days`, `model`, `timeframe`."""
    service: Service = socket.app.state.service

    async def prepare(principal: Principal) -> Stream:
        asked = socket.query_params
        days, model = _days(asked.get("days", "5")), asked.get("model") or None
        timeframe = _timeframe(asked.get("timeframe", ""), DAY)
        if model is not None and model.partition("@")[0] not in names("models"):
            raise NotFoundError(f"There is no model {model[:40]!r}.", hint=f"There are: {', '.join(names('models'))}")
        instrument = await service.market.instrument(symbol[:64])
        async with a_days(service, principal, 1):
            pass
        name = f"predictions:{instrument.symbol}:{digest([days, model, str(timeframe)])[:16]}"
        return Stream(name=name, feed=feeds.forecasts(service, instrument.symbol, days, model, timeframe))

    await attend(socket, "predictions:write", prepare, takes=("days", "model", "timeframe"))


@router.websocket("/ws/market-data/{symbol}")
async def _market_data(socket: WebSocket, symbol: str) -> None:
    """Tell an instrument's bars, as they run and when they have closed; `timeframe`, a minute if it is left out."""
    service: Service = socket.app.state.service

    async def prepare(_: Principal) -> Stream:
        timeframe = _timeframe(socket.query_params.get("timeframe", ""), MINUTE)
        instrument = await service.market.instrument(symbol[:64])
        name = f"market:{instrument.symbol}:{timeframe}"
        return Stream(name=name, feed=feeds.bars(service, instrument, timeframe))

    await attend(socket, "market:read", prepare, takes=("timeframe",))


@router.websocket("/ws/alerts")
async def _alerts(socket: WebSocket) -> None:
    """Tell what concerns a user: alerts, jobs that ended, models, faults; the types that webhooks have."""
    service: Service = socket.app.state.service

    async def prepare(principal: Principal) -> Stream:
        user = principal.user.id
        return Stream(name=f"alerts:{user}", feed=feeds.alerts(service, user))

    await attend(socket, "alerts:read", prepare)


def elsewhere(app: ASGIApp) -> ASGIApp:
    """Give what answers by paths that there are not: sockets are refused as a problem, all else is left to `app`."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await nowhere(WebSocket(scope, receive, send))
        else:
            await app(scope, receive, send)

    return answered


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 2 and 1 <= int(text) <= _MOST):
        raise ValidationError(f"days is {text[:20]!r}; allowed is 1 to {_MOST}.")
    return int(text)


def _timeframe(text: str, usual: Timeframe) -> Timeframe:
    return Timeframe.parse(text[:8]) if text else usual
