"""The service, asked in this process: what a request costs beside one to a bare application.

`service_kept_over_bare` is a kept forecast for a key that is known, counted against its limits;
`service_unchanged_over_bare` the same for who has it already (304); `service_health_over_bare` a path that asks
nothing. `service_predict_adds_ms` is what a forecast over HTTP costs on top of the engine's own work at the least,
`service_predict_adds_p95_ms` the difference of what 95 of 100 stay below. No socket is part of it: `rates` has one.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from ara.api import create
from ara.settings import Secret, Settings
from benchmarks.measure import show

__all__ = ["figures"]

_RUNS = 7
_ASKS = 100
_FORECASTS = 60
_BODY = b'{"symbol": "AAPL", "days": 5, "as_of": "2020-02-20", "model": "ewma_t"}'
_HUGE = "1000000"


def figures() -> dict[str, float]:
    """Measure: ratios, and milliseconds of processor time."""
    return asyncio.run(_measured())


async def _measured() -> dict[str, float]:
    bare, keys = FastAPI(), list[Secret]()

    @bare.get("/j")
    async def _j() -> dict[str, Any]:
        return {"symbol": "AAPL", "p": [{"day": day, "price": 100.0 + day} for day in range(5)]}

    with tempfile.TemporaryDirectory() as home:
        rich = {f"accounts.enterprise.{one}": _HUGE for one in ("burst", "per_minute", "per_day")}
        settings = Settings.load({"home": home, "log.level": "error", **rich}, environ={}, folder=Path(home))
        app = create(settings, first=keys.append)
        async with app.router.lifespan_context(app):
            asked = [(b"authorization", f"Bearer {keys[0].reveal()}".encode()), (b"content-type", b"application/json")]
            made = await _ask(app, "/api/v1/predict", asked, body=_BODY)
            place = f"/api/v1/predictions/{made['id']}"
            kept = await _ask(app, place, asked)
            me = "/api/v1/auth/me"
            known = [*asked, (b"if-none-match", kept["etag"])]
            sides: dict[str, Callable[[], Awaitable[Any]]] = {
                "bare": lambda: _ask(bare, "/j", []),
                "health": lambda: _ask(app, "/health", []),
                "me": lambda: _ask(app, me, asked),
                "kept": lambda: _ask(app, place, asked),
                "unchanged": lambda: _ask(app, place, known),
            }
            spent = {name: float("inf") for name in sides}
            for _ in range(_RUNS):
                for name, side in sides.items():
                    spent[name] = min(spent[name], await _spent(side, _ASKS))
            engine = app.state.service.engine
            alone, over = list[float](), list[float]()
            for _ in range(_FORECASTS):
                alone.append(await _spent(lambda: engine.predict("AAPL", 5, as_of="2020-02-20", model="ewma_t"), 1))
                over.append(await _spent(lambda: _ask(app, "/api/v1/predict", asked, body=_BODY), 1))
    ratios = {f"service_{name}_over_bare": spent[name] / spent["bare"] for name in spent if name != "bare"}
    return {
        **ratios,
        "service_predict_adds_ms": 1000 * (min(over) - min(alone)),
        "service_predict_adds_p95_ms": 1000 * (_p95(over) - _p95(alone)),
    }


def _p95(spent: list[float]) -> float:
    return sorted(spent)[int(0.95 * len(spent))]


async def _spent(side: Callable[[], Awaitable[Any]], count: int) -> float:
    begin = time.process_time()
    for _ in range(count):
        await side()
    return (time.process_time() - begin) / count


async def _ask(app: Any, path: str, headers: list[tuple[bytes, bytes]], *, body: bytes = b"") -> dict[str, Any]:
    """Ask an application and give its answer's tag and, where it is a forecast, its id."""
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST" if body else "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", b"ara"), *headers], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    assert said[0]["status"] in {200, 304}, said
    answered = dict(said[0]["headers"])
    text = b"".join(one.get("body", b"") for one in said[1:])
    id = text.partition(b'"prediction_id":"')[2][:64].decode() if body else ""
    return {"etag": answered.get(b"etag", b""), "id": id}


if __name__ == "__main__":
    show(figures())
