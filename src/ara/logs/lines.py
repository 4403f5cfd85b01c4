"""Records for machines: one JSON object a line, by structlog; the extra `api` brings it."""

import json
import logging
import re
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.contextvars import get_contextvars, merge_contextvars
from structlog.stdlib import BoundLogger, LoggerFactory, render_to_log_kwargs

from ara.logs.context import current
from ara.logs.record import STANDARD, UNPRINTABLE, failure, fields, named, trace, words
from ara.redaction import redact_tree

__all__ = ["JsonFormatter", "adopt_structlog"]


class JsonFormatter(logging.Formatter):
    """`at`, `level`, `logger`, `message`, `process`; where there are any `correlation`, `fields` and `error`.

    What is bound to structlog's context variables stands among the fields of every record, structlog's or not.
    """

    def __init__(self) -> None:
        super().__init__()
        self._render = structlog.processors.JSONRenderer(serializer=_serialise)

    def format(self, record: logging.LogRecord) -> str:
        """Give the record's line."""
        document: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": named(record.levelname).lower(),
            "logger": named(record.name),
            "message": words(record),
            "process": record.process,
        }
        if current():
            document["correlation"] = current()
        bound = get_contextvars()
        if added := (dict(redact_tree(bound)) if bound else {}) | fields(record):
            document["fields"] = added
        if failed := failure(record):
            document["error"] = {"type": failed[0], "message": failed[1], "trace": trace(record)}
        return str(self._render(None, record.levelname, document))


def adopt_structlog() -> None:
    """Send what is logged through structlog to the standard library's loggers, and so through the same redaction."""
    structlog.configure(
        processors=[merge_contextvars, _renamed, render_to_log_kwargs],
        logger_factory=LoggerFactory(),
        wrapper_class=BoundLogger,
        cache_logger_on_first_use=False,
    )


def _renamed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep a field apart from the record's own attribute of the same name, which it would overwrite."""
    for name in STANDARD.intersection(event) - {"exc_info", "stack_info", "stack_level"}:
        event[f"{name}_"] = event.pop(name)
    return event


_encoder = json.JSONEncoder(ensure_ascii=False)


def _serialise(document: Any, **_: Any) -> str:
    text = _encoder.encode(document)
    return text if text.isascii() and text.isprintable() else UNPRINTABLE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    """Escape as JSON does; a lone surrogate, which strict readers refuse, stands as its name in plain text."""
    code = ord(found[0])
    return f"\\\\u{code:04x}" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"
