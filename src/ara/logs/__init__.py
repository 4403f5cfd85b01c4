"""Log records: one line each, with their context and without secrets.

On a terminal a record is a short line for a person; in services it is a JSON object. Both pass the same redaction,
and nothing that a stranger puts into a record can break its line or colour the screen.
"""

from ara.logs.context import correlation, current, with_correlation
from ara.logs.once import Once
from ara.logs.setup import configure, get_logger

__all__ = ["Once", "configure", "correlation", "current", "get_logger", "with_correlation"]
