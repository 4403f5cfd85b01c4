"""Pages for people: the description of the service by Swagger UI and by Redoc, with all they need served from here."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, Response

from ara.errors import NotFoundError

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
"""The paths of the pages."""

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self' data:; worker-src blob:; child-src blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEAD: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{}</title>{}</head><body>{}</body></html>'
)
_STYLE: Final = "<style>.ara-sample { padding: .25rem 1.25rem; } .ara-sample summary { cursor: pointer; }</style>"
_SWAGGER: Final = _HEAD.format(
    "Ara: try it",
    '<link rel="stylesheet" href="/docs/swagger-ui.css"><link rel="icon" href="/docs/favicon.png">' + _STYLE,
    '<div id="swagger-ui"></div><script src="/docs/swagger-ui-bundle.js"></script>'
    '<script src="/docs/start.js"></script>',
)
_REDOC: Final = _HEAD.format(
    "Ara: reference",
    '<link rel="icon" href="/docs/favicon.png">',
    '<redoc spec-url="/openapi.json" disable-search="false"></redoc><script src="/docs/redoc.standalone.js"></script>',
)
_START: Final = """const samples = (system) => ({ wrapComponents: { responses: (Original) => (props) => {
  const e = system.React.createElement;
  const found = system.specSelectors.specJson().getIn(["paths", props.path, props.method, "x-codeSamples"]);
  const of = (one) => e("details", { key: one.label, className: "ara-sample", open: true },
    e("summary", null, one.label), e("pre", { className: "microlight" }, one.source));
  const shown = (found ? found.toJS() : []).map(of);
  return e("div", null, shown.length > 0 && e("div", { className: "opblock-section ara-samples" },
    e("div", { className: "opblock-section-header" }, e("h4", null, "Samples")), ...shown), e(Original, props));
} } });
window.ui = SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, persistAuthorization: false, docExpansion: "none",
  plugins: [samples],
});
"""
_FILES: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "redoc.standalone.js": "text/javascript",
    "favicon.png": "image/png",
}
_KEEP: Final = "public, max-age=86400"


@router.get("/docs")
async def _swagger() -> Response:
    """Give the page on which each path can be tried."""
    return _page(_SWAGGER)


@router.get("/redoc")
async def _redoc() -> Response:
    """Give the page on which all paths can be read."""
    return _page(_REDOC)


@router.get("/docs/start.js")
async def _start() -> Response:
    """Give what begins the page of Swagger UI."""
    return Response(_START, media_type="text/javascript", headers={"Cache-Control": _KEEP})


@router.get("/docs/{name}")
async def _file(name: str) -> Response:
    """Give a file that the pages need; there are no others."""
    kind = _FILES.get(name)
    if kind is None:
        raise NotFoundError(f"There is no page {name[:40]!r}.", hint="There are /docs and /redoc.")
    return FileResponse(_folder() / name, media_type=kind, headers={"Cache-Control": _KEEP})


def _page(text: str) -> Response:
    _folder()
    return HTMLResponse(text, headers={"Content-Security-Policy": _POLICY})


@cache
def _folder() -> Path:
    """Give the folder with Swagger UI and Redoc, which the package fastapi-offline brings."""
    found = find_spec("fastapi_offline")
    if found is None or found.origin is None:
        raise NotFoundError(
            "The pages need a package that is not installed.", hint='Install it: pip install "ara-ai[api]"'
        )
    return Path(found.origin).parent / "static"
