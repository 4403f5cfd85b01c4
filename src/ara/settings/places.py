"""Where settings files and Ara's own folder are, asked of an environment that is given, not of the process."""

import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["FILE_NAME", "data_folder", "project_file", "user_file", "user_folder"]

FILE_NAME = ".ara.yaml"
"""The name of a settings file, in a project's folder and in the user's."""


def user_folder(environ: Mapping[str, str]) -> Path | None:
    """Give the user's own folder; None where the environment names none."""
    name = environ.get("USERPROFILE" if sys.platform == "win32" else "HOME", "")
    return Path(name) if name and Path(name).is_absolute() and "\0" not in name else None


def user_file(environ: Mapping[str, str]) -> Path | None:
    """Give the path of the user's settings file, there or not; None where there is no user's folder."""
    folder = user_folder(environ)
    return None if folder is None else folder / FILE_NAME


def project_file(folder: Path | None, *, besides: Path | None = None) -> Path | None:
    """Give the nearest settings file, going up from a folder; None where there is none.

    Parameters
    ----------
    folder
        Where to begin; the working folder where none is given.
    besides
        The user's file, which is not a project's even when the search meets it.
    """
    try:
        start = Path.cwd() if folder is None else folder.absolute()
    except OSError:  # the working folder was removed
        return None
    for place in (start, *start.parents):
        candidate = place / FILE_NAME
        if _is_there(candidate) and candidate != besides and not _same(candidate, besides):
            return candidate
    return None


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (OSError, ValueError):
        return False
    return True


def _same(path: Path, other: Path | None) -> bool:
    try:
        return other is not None and path.samefile(other)
    except OSError:
        return False


def data_folder(environ: Mapping[str, str], folder: Path | None = None) -> Path:
    """Give the folder where Ara keeps its own state when no setting names one.

    It is the system's folder for a user's data. Without any user (a container with a bare number for one), it is
    `.ara` in the working folder.
    """
    home = user_folder(environ)
    if home is not None and sys.platform not in {"win32", "darwin"}:
        share = Path(environ.get("XDG_DATA_HOME", ""))
        return (share if share.is_absolute() else home / ".local" / "share") / "ara"
    import platformdirs

    try:
        place = Path(platformdirs.user_data_dir("ara", appauthor=False))
    except RuntimeError:  # newer releases raise where older ones gave a path that begins with ~
        place = Path("~")
    return place if place.is_absolute() else (folder or Path.cwd()).absolute() / ".ara"
