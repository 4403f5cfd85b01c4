"""Errors for Sentry; the extra `observe` brings its SDK."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final, cast

import sentry_sdk
from sentry_sdk.utils import BadDsn, event_from_exception

from ara import __version__
from ara.errors import AraError, ConfigurationError
from ara.redaction import redact_tree
from ara.settings import Secret
from ara.telemetry.adapter import Labels

if TYPE_CHECKING:
    from sentry_sdk._types import Event, Hint

__all__ = ["Sentry"]

_PATIENCE: Final = 3
_LONGEST: Final = 200_000


class Sentry:
    """Reports errors by a client of its own: no global one is touched, and nothing but our stages is watched.

    What is sent has passed the redaction of the logs, and holds no source lines, local variables or host name.

    Parameters
    ----------
    dsn
        The address of the Sentry project, which holds its key.
    profile
        Told as the environment.
    """

    def __init__(self, dsn: Secret, *, profile: str) -> None:
        try:
            self._client = sentry_sdk.Client(
                dsn=dsn.reveal(),
                release=f"ara-ai@{__version__}",
                environment=profile,
                server_name="",
                default_integrations=False,
                auto_enabling_integrations=False,
                auto_session_tracking=False,
                send_client_reports=False,
                include_local_variables=False,
                include_source_context=False,
                max_breadcrumbs=0,
                shutdown_timeout=_PATIENCE,
                before_send=_scrubbed,
            )
        except BadDsn:
            raise ConfigurationError(
                "telemetry.sentry_dsn is not the address of a Sentry project.",
                hint="It looks like https://KEY@HOST/NUMBER; copy it from the project's settings.",
            ) from None

    def count(self, name: str, amount: float, labels: Labels) -> None:
        """Do nothing: Sentry gets errors only."""

    def level(self, name: str, value: float, labels: Labels) -> None:
        """Do nothing, as above."""

    def record(self, name: str, value: float, labels: Labels) -> None:
        """Do nothing, as above."""

    def span(self, name: str, labels: Labels) -> AbstractContextManager[object]:
        """Do nothing, as above."""
        return nullcontext()

    def error(self, error: BaseException, stage: str, labels: Labels) -> None:
        """Report the error with its stage and labels as tags, and an AraError's code."""
        event, hint = event_from_exception(error, client_options=self._client.options)
        event["tags"] = {**labels, "stage": stage}
        if isinstance(error, AraError):
            event["tags"]["code"] = error.code
            event["extra"] = {"hint": error.hint, "context": error.context}
        self._client.capture_event(event, hint)

    def close(self) -> None:
        """Send what waits; gives up after a few seconds where nobody answers."""
        self._client.close(timeout=_PATIENCE)


def _scrubbed(event: "Event", _hint: "Hint") -> "Event":
    return cast("Event", redact_tree(event, longest=_LONGEST))
