"""The application: what a process serves, put together."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipMiddleware

import ara
from ara.api import health, problems
from ara.api.service import Service
from ara.api.shell import Shell
from ara.api.v1 import auth, ledger, market, models, predictions
from ara.settings import Secret, Settings

__all__ = ["create"]

_SMALL: Final = 2048
_LEVEL: Final = 5
_WORDS: Final = """Forecasts whose intervals hold what they promise, kept before they are answered and scored after.

Send a key or an access token with every request: `Authorization: Bearer ...`. Errors are problem documents
(RFC 9457) that say what is wrong and what to do.
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
            if ready is not None:
                ready()
            yield

    app = FastAPI(
        title="Ara", version=ara.__version__, description=_WORDS, lifespan=lifespan, docs_url=None, redoc_url=None,
        openapi_url="/openapi.json", redirect_slashes=False, generate_unique_id_function=_named,
    )  # fmt: skip
    problems.install(app)
    app.include_router(health.router, responses=problems.RESPONSES)
    old = APIRouter(prefix="/api/v1")
    for part in (predictions, market, models, ledger, auth):
        old.include_router(part.router)
    app.include_router(old, responses=problems.RESPONSES)
    app.add_middleware(GZipMiddleware, minimum_size=_SMALL, compresslevel=_LEVEL)
    app.add_middleware(Shell, most=settings.api.body_kb * 1024, seconds=settings.api.seconds)
    return app


def _named(route: APIRoute) -> str:
    """Name an operation by its method and path: `post_auth_api_keys_key_id_rotate`."""
    parts = [part.strip("{}") for part in route.path_format.split("/") if part]
    return "_".join([min(route.methods or {"GET"}).lower(), *parts]).replace("-", "_")
