"""Bars in pages, as JSON, CSV or Arrow, with an entity tag."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import polars as pl
from starlette.responses import Response

from ara.api.cursors import strange
from ara.api.tags import UNCHANGED, fresh, unchanged
from ara.market.bars import Bars
from ara.market.told import bars_document, rows
from ara.prediction.remembered import key_of

__all__ = ["BARS", "bars_answer"]

_ARROW: Final = "application/vnd.apache.arrow.stream"

BARS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Bars, the oldest first; `next` is the cursor of those before them, null where there are none. "
        "CSV and Arrow have it in the header X-Next-Cursor.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "text/csv": {"schema": {"type": "string"}},
            _ARROW: {"schema": {"type": "string", "format": "binary"}},
        },
    },
    **UNCHANGED,
}
"""How a path of bars answers."""


def bars_answer(bars: Bars, *, limit: int, cursor: str | None, form: str, known: str | None) -> Response:
    """Give the newest bars before a cursor.

    Parameters
    ----------
    bars
        All that were public.
    limit
        So many at most.
    cursor
        The instant that the answer before called `next`; None for the newest.
    form
        `json`, `csv` or `arrow`.
    known
        The entity tags that the asker has, as `If-None-Match` says them.
    """
    response = Response()
    tag = fresh(response, key_of("bars", [bars], limit, cursor, form))
    if unchanged(known, tag):
        response.status_code = 304
        return response
    older = bars.frame if cursor is None else bars.frame.filter(pl.col("at") < _instant(cursor, bars.frame["at"]))
    page = older.tail(limit)
    further = page["at"][0].isoformat().replace("+00:00", "Z") if older.height > page.height else None
    if form == "json":
        head = bars_document(bars, 0)
        response.body = msgspec.json.encode({**head, "bars": list(rows(bars, page)), "next": further})
        media = "application/json"
    elif form == "csv":
        response.body, media = page.write_csv(datetime_format="%Y-%m-%dT%H:%M:%SZ").encode(), "text/csv; charset=utf-8"
    else:
        response.body, media = page.write_ipc_stream(None).getvalue(), _ARROW
    if further and form != "json":
        response.headers["X-Next-Cursor"] = further
    response.headers["Content-Type"] = media
    response.headers["Content-Length"] = str(len(response.body))
    return response


def _instant(text: str, there: pl.Series) -> datetime:
    """Read a cursor: the moment of one of the bars."""
    try:
        found = datetime.fromisoformat(text)
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise strange(text) from None
    if not there.is_in([found]).any():
        raise strange(text)
    return found
