"""Where studies are kept, and the library that keeps them."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from ara.errors import ConfigurationError, StoreError, ValidationError
from ara.models.tuning.results import Tuned, told

__all__ = ["database", "history", "library", "studies"]


def studies(storage: str) -> tuple[Tuned, ...]:
    """Give all studies of a storage, the newest last."""
    optuna = library()
    with database(optuna, storage) as kept:
        names = optuna.get_all_study_names(kept)
        return tuple(told(optuna, optuna.load_study(study_name=name, storage=kept)) for name in names)


def history(storage: str, study: str) -> Tuned:
    """Give one study by its name, or by its beginning where no other begins so; the only one there is where empty."""
    found = [one for one in studies(storage) if one.study.startswith(study)]
    exact = [one for one in found if one.study == study] or found
    if len(exact) != 1 and not study:
        words = f"{len(exact)} studies are kept: name one." if exact else "There is no study yet."
        raise ValidationError(words, hint="See their names: ara tune status" if exact else "Begin one: ara tune run")
    if len(exact) != 1:
        words = "There is no study" if not exact else f"{len(exact)} studies begin with"
        raise ValidationError(f"{words} {study!r:.80}.", hint="See their names: ara tune status")
    return exact[0]


def library() -> ModuleType:
    """Give optuna, or say how to get it."""
    try:
        import optuna
    except ImportError as error:
        raise ConfigurationError(
            "tuning needs the package optuna, which is not installed", hint="pip install 'ara-ai[tune]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


@contextmanager
def database(optuna: ModuleType, url: str) -> Iterator[Any]:
    """Open the database at a URL, whose tables are made where there are none; what it says of faults becomes ours."""
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    kept = None
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="optuna")
            kept = optuna.storages.RDBStorage(url)
            yield kept
    except (SQLAlchemyError, StorageInternalError, ModuleNotFoundError) as error:
        place = url.rpartition("@")[2] if "@" in url else url
        cause = error.__cause__ if isinstance(error, StorageInternalError) else error  # its own words only guess
        words = str(getattr(cause, "orig", None) or cause or error).splitlines()
        raise StoreError(
            f"the studies in {place} can't be read or written: {words[0] if words else type(error).__name__:.200}",
            hint="Check the folder or the server; another place: the setting models.studies",
        ) from error
    finally:
        if kept is not None:
            kept.engine.dispose()
