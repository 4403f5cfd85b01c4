"""Files of many bytes in a store of objects that speaks S3's protocol, shared by all machines of an installation.

Who may is told by the environment, as to other programs: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the machine's
role.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import parse_qs, urlsplit

from ara.errors import ConfigurationError, StoreError
from ara.redaction import redact
from ara.whole import writing

if TYPE_CHECKING:
    from obstore.store import S3Store

__all__ = ["Objects"]

_T = TypeVar("_T")
_KNOWN: Final = frozenset({"endpoint", "region"})
_TRIES: Final = 3
_PATIENCE: Final = 20.0
_SLOWEST: Final = "300s"


class Objects:
    """One bucket, or what lies in it below a prefix; nothing is asked before its first use.

    Parameters
    ----------
    url
        `s3://BUCKET/PREFIX`; `?endpoint=https://HOST:PORT` where the server is not Amazon's, `&region=…`.
    tries
        How often a question is asked again where the server doesn't answer.
    """

    def __init__(self, url: str, *, tries: int = _TRIES) -> None:
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
        if parts.scheme != "s3" or not parts.hostname or "@" in parts.netloc or not asked.keys() <= _KNOWN:
            raise ConfigurationError(
                "models.objects is no address of a bucket.",
                hint="For instance: s3://models/ara?endpoint=https://minio.example.org:9000. Keys stand in the "
                "environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            )
        self.place = f"s3://{parts.netloc}{parts.path}".rstrip("/")
        self._bucket = parts.netloc
        self._prefix = parts.path.strip("/")
        self._endpoint = asked.get("endpoint", [""])[-1]
        self._region = asked.get("region", [""])[-1]
        self._tries = tries

    def put(self, name: str, source: Path) -> bool:
        """Keep a file under a name, whole or not at all; False, and nothing written, where the name is taken."""

        def ask() -> bool:
            import obstore
            from obstore.exceptions import AlreadyExistsError

            try:
                obstore.put(self._store, name, source, mode="create")
            except AlreadyExistsError:
                return False
            return True

        return self._asked(ask)

    def get(self, name: str, goal: Path) -> bool:
        """Write what lies under a name to a file; False, and no file, where there is none."""

        def ask() -> bool:
            import obstore

            try:
                found = obstore.get(self._store, name)
            except FileNotFoundError:
                return False
            with writing(goal) as file:
                for piece in found:
                    file.write(piece)
            return True

        return self._asked(ask)

    def drop(self, name: str) -> None:
        """Take away what lies under a name; nothing there is no error."""

        def ask() -> None:
            import obstore

            obstore.delete(self._store, name)

        self._asked(ask)

    def names(self) -> dict[str, datetime]:
        """Give all names, and when each was written, by the server's clock."""

        def ask() -> dict[str, datetime]:
            import obstore

            return {one["path"]: one["last_modified"] for one in obstore.list(self._store).collect()}

        return self._asked(ask)

    @cached_property
    def _store(self) -> "S3Store":
        from obstore.store import S3Store

        options: Any = {"timeout": _SLOWEST, "connect_timeout": "5s"}
        if self._endpoint.startswith("http://"):
            options["allow_http"] = True
        chosen: Any = {"endpoint": self._endpoint, "region": self._region or ("us-east-1" if self._endpoint else "")}
        return S3Store(
            self._bucket,
            prefix=self._prefix or None,
            client_options=options,
            retry_config={"max_retries": self._tries, "retry_timeout": timedelta(seconds=_PATIENCE)},
            config={name: value for name, value in chosen.items() if value},  # type: ignore[arg-type]
        )

    def _asked(self, ask: Callable[[], _T]) -> _T:
        try:
            from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
        except ImportError as error:
            raise ConfigurationError(
                "models.objects names a bucket, but the package obstore is not installed.",
                hint="Install it: pip install 'ara-ai[s3]'. Or leave models.objects empty.",
            ) from error
        try:
            return ask()
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise StoreError(
                f"The bucket {self.place} refuses these keys.",
                hint="Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what they may do there.",
            ) from error
        except (BaseError, FileNotFoundError) as error:
            words = redact(str(error).partition("\n")[0], longest=200)
            raise StoreError(
                f"The bucket {self.place} can't be used: {words}.",
                hint="Check that the server runs, that the bucket is there, and models.objects. It may be tried again: "
                "what lies there is written whole or not at all.",
            ) from error
