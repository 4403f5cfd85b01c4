"""Where the vault's key lives: the environment, a private file, or the operating system's keyring.

A rotation stages the new key beside the old one, replaces the vault, then adopts the staged key. Whatever moment it is
cut at, one of the two keys opens the vault.
"""

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Final, Protocol

from ara.errors import PluginError, VaultError
from ara.settings import Secret, Settings
from ara.vault.cipher import generate_key
from ara.vault.file import replace_file, write_new
from ara.whole import sync

__all__ = ["EnvironmentKey", "FileKey", "KeySource", "KeyringKey", "key_source"]

_VARIABLE: Final = "ARA_VAULT_KEY"
_LONGEST: Final = 4096


class KeySource(Protocol):
    """A place that keeps the key, and through a rotation two of them."""

    @property
    def place(self) -> str:
        """The place in words, for messages."""
        ...

    def read(self) -> Secret | None:
        """Give the key; None where none was made yet."""
        ...

    def staged(self) -> Secret | None:
        """Give the new key of a rotation that was cut short; None where there is none."""
        ...

    def make(self) -> Secret:
        """Give the key, made and kept where there is none; the caller holds the vault's lock."""
        ...

    def stage(self, key: Secret | None) -> Secret:
        """Keep a new key (a fresh one for None) beside the present one and give it."""
        ...

    def adopt(self) -> None:
        """Put the staged key in the place of the present one."""
        ...


def key_source(settings: Settings, environ: Mapping[str, str]) -> KeySource:
    """Choose the place: `ARA_VAULT_KEY` where it is set, the keyring where it is switched on, else the file."""
    home = Path(settings.home)
    if text := environ.get(_VARIABLE, "").strip():
        return EnvironmentKey(Secret(text))
    if settings.vault.keyring:
        return KeyringKey(str(home.absolute()))
    return FileKey(Path(settings.vault.key_file).expanduser() if settings.vault.key_file else home / "vault.key")


class EnvironmentKey:
    """The key of `ARA_VAULT_KEY`. A rotation lasts only when its owner then changes the variable."""

    def __init__(self, key: Secret) -> None:
        self._key = key
        self._staged: Secret | None = None

    @property
    def place(self) -> str:
        """The variable's name."""
        return _VARIABLE

    def read(self) -> Secret | None:
        """Give the key."""
        return self._key

    def staged(self) -> Secret | None:
        """Give None: a rotation writes one file only and can't be cut short."""
        return None

    def make(self) -> Secret:
        """Give the key: it is there already."""
        return self._key

    def stage(self, key: Secret | None) -> Secret:
        """Take the owner's new key; Ara can't make one, since it could not keep it."""
        if key is None:
            raise VaultError(
                f"The vault's key comes from {_VARIABLE}, which Ara can't change.",
                hint=f"Give the new key to the rotation, then set {_VARIABLE} to it.",
            )
        self._staged = key
        return key

    def adopt(self) -> None:
        """Use the new key from now on in this process."""
        self._key, self._staged = self._staged or self._key, None


class FileKey:
    """A key in a file that only its owner can read.

    Parameters
    ----------
    path
        The file; made on first need with mode 0600. A file that others can read is refused.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = path.with_name(path.name + ".new")

    @property
    def place(self) -> str:
        """The file's path."""
        return str(self._path)

    def read(self) -> Secret | None:
        """Give the key."""
        return _read_key(self._path)

    def staged(self) -> Secret | None:
        """Give the key that a rotation left beside the file."""
        return _read_key(self._next)

    def make(self) -> Secret:
        """Give the key, made where there is none; where another process was faster, its key counts."""
        if key := self.read():
            return key
        made = generate_key()
        with suppress(FileExistsError):
            write_new(self._path, made.reveal().encode() + b"\n")
        return self.read() or made

    def stage(self, key: Secret | None) -> Secret:
        """Write the new key beside the file."""
        key = key or generate_key()
        replace_file(self._next, key.reveal().encode() + b"\n")
        return key

    def adopt(self) -> None:
        """Rename the new key's file over the present one."""
        try:
            self._next.replace(self._path)
            sync(self._path.parent)
        except OSError as error:
            raise VaultError(f"The key file {self._path} can't be replaced: {error.strerror}.") from None


class KeyringKey:
    """A key in the operating system's keyring, under the service `ara` and the name of Ara's home.

    Parameters
    ----------
    home
        Absolute path of Ara's home, so that each home has a key of its own.
    """

    def __init__(self, home: str) -> None:
        self._user = f"vault {home}"

    @property
    def place(self) -> str:
        """The keyring's entry."""
        return f"the keyring entry 'ara', {self._user!r}"

    def read(self) -> Secret | None:
        """Give the key."""
        return self._get(self._user)

    def staged(self) -> Secret | None:
        """Give the key that a rotation left beside the entry."""
        return self._get(f"{self._user} new")

    def make(self) -> Secret:
        """Give the key, made where there is none."""
        if key := self.read():
            return key
        made = generate_key()
        self._set(self._user, made)
        return made

    def stage(self, key: Secret | None) -> Secret:
        """Keep the new key in an entry of its own."""
        key = key or generate_key()
        self._set(f"{self._user} new", key)
        return key

    def adopt(self) -> None:
        """Move the new key to the present one's entry."""
        if key := self.staged():
            self._set(self._user, key)
            keyring = _keyring()
            with suppress(keyring.errors.KeyringError):
                keyring.delete_password("ara", f"{self._user} new")

    def _get(self, user: str) -> Secret | None:
        keyring = _keyring()
        try:
            text = keyring.get_password("ara", user)
        except keyring.errors.KeyringError as error:
            raise _no_keyring(error) from None
        return Secret(text) if text else None

    def _set(self, user: str, key: Secret) -> None:
        keyring = _keyring()
        try:
            keyring.set_password("ara", user, key.reveal())
        except keyring.errors.KeyringError as error:
            raise _no_keyring(error) from None
        if self._get(user) != key:
            raise VaultError(
                "The operating system's keyring took the vault's key and did not keep it.",
                hint="Unlock the keyring, or set vault.keyring to false.",
            )


def _keyring() -> ModuleType:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise PluginError(
            "vault.keyring is on, but the package keyring is not installed.",
            hint="pip install 'ara-ai[keyring]', or set vault.keyring to false.",
        ) from None
    return keyring


def _no_keyring(error: Exception) -> VaultError:
    return VaultError(
        f"The operating system's keyring does not answer ({type(error).__name__}).",
        hint="Unlock the keyring, or set vault.keyring to false, or give the key in ARA_VAULT_KEY.",
    )


def _read_key(path: Path) -> Secret | None:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise VaultError(f"The key file {path} is not an ordinary file.")
            if os.name == "posix" and status.st_mode & 0o077:
                raise VaultError(
                    f"The key file {path} can be read by others (mode {stat.S_IMODE(status.st_mode):04o}).",
                    hint=f"Make it yours alone: chmod 600 {path}",
                )
            content = file.read(_LONGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise VaultError(f"The key file {path} can't be read: {error.strerror}.") from None
    return _parse_key(path, content)


def _parse_key(path: Path, content: bytes) -> Secret:
    try:
        text = content.decode().strip()
    except UnicodeDecodeError:
        text = ""
    if not text or len(content) > _LONGEST or "\n" in text:
        raise VaultError(
            f"The key file {path} does not hold a key: one line of text, at most {_LONGEST} bytes.",
            hint="Restore it from a back-up; without it the vault's secrets can't be read.",
        )
    return Secret(text)
