"""The application: what a process serves, put together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

import ara
from ara.api import health, pages, problems
from ara.api.answers import LEVEL, SMALL, ShownBefore
from ara.api.description import Described
from ara.api.line import working
from ara.api.oauth import authorize
from ara.api.oauth import router as oauth
from ara.api.service import Service
from ara.api.shell import Shell
from ara.api.sockets import routes as sockets
from ara.api.telling import telling
from ara.api.v1 import (
    admin,
    apps,
    auth,
    backtest,
    bars,
    cache,
    jobs,
    ledger,
    market,
    models,
    portfolio,
    predictions,
    training,
    webhooks,
)
from ara.api.v2 import forecasts, instruments, lists, portfolios, work
from ara.api.v2 import jobs as line
from ara.api.v2 import models as kept_models
from ara.settings import Secret, Settings

__all__ = ["create"]

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_ASKED: Final = ("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-Request-ID")
_TOLD: Final = (
    "ETag", "Idempotency-Replayed", "Link", "RateLimit", "RateLimit-Limit", "RateLimit-Policy", "RateLimit-Remaining",
    "RateLimit-Reset", "Retry-After", "X-Next-Cursor", "X-Request-ID",
)  # fmt: skip
_WORDS: Final = """Forecasts whose intervals hold what they promise, kept before they are answered and scored after.

Send a key or an access token with every request: `Authorization: Bearer ...`. Errors are problem documents
(RFC 9457) that say what is wrong and what to do.

Samples run as they stand. They take from the environment where the service is (`ARA_URL`), your key (`ARA_KEY`), and
what is yours to fill in, such as `JOB_ID` or `PASSWORD`. Those in Python need `httpx`; those in JavaScript run in Node
as modules.
"""


def create(
    settings: Settings,
    *,
    first: Callable[[Secret], None] | None = None,
    ready: Callable[[], None] | None = None,
) -> FastAPI:
    """Make the application of a service.

    Parameters
    ----------
    settings
        The settings of the process.
    first
        Is told the administrator's key where this is the first start of the installation, this once.
    ready
        Is called when requests can be answered.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with Service.open(settings) as service:
            app.state.service = service
            made = await service.accounts.first()
            if made is not None and first is not None:
                first(made[1])
            async with telling(app, service), working(app, service):
                if ready is not None:
                    ready()
                yield

    app = Described(
        title="Ara", version=ara.__version__, description=_WORDS, lifespan=lifespan, docs_url=None, redoc_url=None,
        openapi_url="/openapi.json", redirect_slashes=False, generate_unique_id_function=_named,
    )  # fmt: skip
    problems.install(app)
    _route(app)
    _wrap(app, settings)
    return app


def _route(app: Described) -> None:
    """Give the application its paths."""
    for page in (pages.router, authorize, oauth):
        app.include_router(page)
    app.include_router(sockets.router)
    app.router.default = sockets.elsewhere(app.router.default)
    app.include_router(health.router, responses=problems.RESPONSES)
    app.include_router(health.metrics, responses=problems.RESPONSES)
    rooms = (predictions, market, bars, portfolio, models, training, backtest, jobs, ledger)
    both = (cache, auth, apps, admin, webhooks)
    old = [*(part.lists for part in (auth, apps, admin, webhooks)), ledger.scores, sockets.tickets]
    old += [part.router for part in (*rooms, *both)]
    new = [forecasts.router, instruments.router, portfolios.router, kept_models.router, work.router, line.router]
    new += [lists.router, sockets.tickets]
    new += [part.router for part in both]
    for prefix, routers in (("/api/v1", old), ("/api/v2", new)):
        for router in routers:  # one level deep: each level above looks through all routes of those below it
            app.include_router(router, prefix=prefix, responses=problems.RESPONSES)
    app.keep_apart()


def _wrap(app: FastAPI, settings: Settings) -> None:
    """Put around the application what lies around every request; what is added last lies outermost."""
    app.add_middleware(GZipMiddleware, minimum_size=SMALL, compresslevel=LEVEL)
    app.add_middleware(ShownBefore)
    app.add_middleware(Shell, most=settings.api.body_kb * 1024, seconds=settings.api.seconds)
    if settings.api.origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=settings.api.origins.split(","), allow_methods=_METHODS,
            allow_headers=_ASKED, expose_headers=_TOLD, max_age=600,
        )  # fmt: skip


def _named(route: APIRoute) -> str:
    """Name an operation by its method and path: `post_auth_api_keys_key_id_rotate`."""
    parts = [part.strip("{}.") for part in route.path_format.split("/") if part]
    return "_".join([min(route.methods or {"GET"}).lower(), *parts]).replace("-", "_")
