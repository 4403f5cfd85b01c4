"""The folder of all models: each in a folder of its own that appears whole or not at all.

Where an installation shares a bucket, that holds every model as one archive, and the folder what this machine fetched.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ara.errors import StoreError
from ara.models.registry.bundle import pack, unpack
from ara.store.files import make_folder, unwritable
from ara.store.objects import Objects
from ara.whole import sync

if TYPE_CHECKING:
    from ara.settings import Settings

__all__ = ["Shelf"]

_PART: Final = ".part-"
_GONE: Final = ".gone-"
_PAUSE: Final = 0.02
_SUFFIX: Final = ".ara"
_ARCHIVE: Final = f"archive{_SUFFIX}"
_WHOLE: Final = "whole"
_YOUNG: Final = timedelta(hours=1)


class Shelf:
    """The folder of all models.

    A model is written into a folder beside and moved to its place by one rename, when all of it is on the disk. Folders
    that a killed process left are told from those in use by a lock that dies with its process.

    Parameters
    ----------
    folder
        Where the models lie.
    patience
        Seconds that one who brings a model waits for one who removes others.
    objects
        The bucket in which all machines of an installation keep their models; None: the folder is all there is.
    """

    def __init__(self, folder: Path, *, patience: float = 30.0, objects: Objects | None = None) -> None:
        self.folder = folder
        self.patience = patience
        self.objects = objects

    @classmethod
    def of(cls, settings: "Settings") -> "Shelf":
        """Give the folder that the settings name, `models.folder` or `models` in `home`, and `models.objects`."""
        folder = Path(settings.models.folder) if settings.models.folder else Path(settings.home) / "models"
        return cls(folder, objects=Objects(settings.models.objects) if settings.models.objects else None)

    def place(self, id: str) -> Path:
        """Give where a model lies, or would."""
        return self.folder / id

    @contextmanager
    def part(self) -> Iterator[Path]:
        """Give an empty folder to write a model into; gone at the end, unless `settle` moved it to its place."""
        try:
            make_folder(self.folder)
            folder = self.folder / f"{_PART}{os.urandom(8).hex()}"
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise unwritable(self.folder / "models", error) from error
        held = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(held, fcntl.LOCK_SH)
            yield folder
        except OSError as error:
            raise unwritable(folder, error) from error
        finally:
            os.close(held)
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def using(self, *, alone: bool = False) -> Iterator[bool]:
        """Keep others from removing folders while one is taken in; `alone`, for who removes: gives whether it may."""
        try:
            make_folder(self.folder)
            held = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unwritable(self.folder / "models", error) from error
        try:
            fcntl.flock(held, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            mine = True
        except OSError:
            mine = False
        try:
            yield mine
        finally:
            os.close(held)

    def freed(self) -> bool:
        """Wait while somebody removes folders; False where that takes longer than the patience."""
        end = time.monotonic() + self.patience
        while True:
            with self.using() as mine:
                if mine:
                    return True
            if time.monotonic() >= end:
                return False
            time.sleep(_PAUSE)

    def bring(self, id: str) -> None:
        """Fetch a model that is not here from the bucket; what it holds is looked at, not yet whether it is true."""
        if self.objects is None or self.place(id).exists():
            return
        with self.part() as part:
            archive = part / _ARCHIVE
            if not self.objects.get(_named(id), archive):
                return
            whole = part / _WHOLE
            whole.mkdir(mode=0o700)
            unpack(archive, whole, durable=False)
            self._move(whole, id)

    def settle(self, part: Path, id: str) -> bool:
        """Move a written folder to its place, durably; False, and nothing moved, where one is there already.

        Where there is a bucket, it is kept there first; one that another machine kept there is fetched instead.
        """
        if self.objects is None:
            return self._move(part, id)
        with self.part() as beside:
            archive = beside / _ARCHIVE
            pack(self.place(id) if self.place(id).exists() else part, archive)
            if not self.objects.put(_named(id), archive):
                self.bring(id)
                return False
        return self._move(part, id)

    def archived(self) -> set[str]:
        """Give the models that are in the bucket; nothing where there is none."""
        names = () if self.objects is None else self.objects.names()
        return {name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)}

    def share(self, id: str) -> bool:
        """Put a model that lies here into the bucket; False, and nothing changed, where it is there already."""
        if self.objects is None:
            return False
        with self.part() as beside:
            archive = beside / _ARCHIVE
            pack(self.place(id), archive)
            return self.objects.put(_named(id), archive)

    def _move(self, part: Path, id: str) -> bool:
        try:
            for path in part.rglob("*"):
                if not path.is_dir():
                    sync(path)
            for path in (*(one for one in part.rglob("*") if one.is_dir()), part):
                sync(path)
            goal = self.place(id)
            if goal.exists():
                return False
            try:
                part.rename(goal)
            except FileExistsError:
                return False
            except OSError:
                if goal.exists():
                    return False
                raise
            sync(self.folder)
        except OSError as error:
            raise unwritable(self.place(id), error) from error
        return True

    def drop(self, id: str) -> None:
        """Take a model's folder away, and its archive; a reader sees it whole or not at all."""
        if self.objects is not None:
            self.objects.drop(_named(id))
        goal = self.place(id)
        aside = self.folder / f"{_GONE}{os.urandom(8).hex()}"
        try:
            goal.rename(aside)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"The folder {goal} can't be removed: {error.strerror}.") from error
        shutil.rmtree(aside, ignore_errors=True)

    def ids(self) -> set[str]:
        """Give the models that lie here or, for longer than an hour, in the bucket: newer ones may be on their way."""
        found: set[str] = set()
        with suppress(OSError):
            found = {path.name for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith(".")}
        if self.objects is not None:
            old = datetime.now(UTC) - _YOUNG
            kept = {name: at for name, at in self.objects.names().items() if name.endswith(_SUFFIX)}
            found -= {name.removesuffix(_SUFFIX) for name, at in kept.items() if at > old}
            found |= {name.removesuffix(_SUFFIX) for name, at in kept.items() if at <= old}
        return found

    def tidy(self) -> int:
        """Remove what killed processes left; gives how many folders."""
        removed = 0
        with suppress(OSError):
            for path in list(self.folder.iterdir()):
                if path.name.startswith((_PART, _GONE)) and _left(path):
                    shutil.rmtree(path, ignore_errors=True)
                    removed += not path.exists()
        return removed


def _named(id: str) -> str:
    """Name a model's archive in the bucket."""
    return f"{id}{_SUFFIX}"


def _left(path: Path) -> bool:
    """Tell whether nobody holds a folder any more."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
