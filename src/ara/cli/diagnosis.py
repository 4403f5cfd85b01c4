"""What `ara doctor` looks at: the installation, the settings, Ara's own files, and the servers it is told to use."""

import platform
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

from ara.cli.words import clean
from ara.errors import AraError, ConfigurationError, IntegrityError, PluginError, StoreError

if TYPE_CHECKING:
    from datetime import datetime

    from ara.data.lake import Lake
    from ara.plugins import Offer
    from ara.settings import Settings

__all__ = ["FOREIGN", "Finding", "State", "clash", "examine"]

State = Literal["ok", "off", "warn", "fail"]
"""Good; not there and not needed; works but should be looked at; broken."""

FOREIGN: Final = ("setup", "callback_plugins.py")
"""A file of ARA Records Ansible (`ara` on PyPI), which installs itself into the same folder as Ara."""

_TIMEOUT: Final = 3.0
_EARLY: Final = timedelta(days=1)  # what is published before its hour counts as received at that hour
_RENEWAL: Final = timedelta(days=14)  # those who renew by themselves do so a month before the end
_EXTRA: Final = "extra =="


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    group
        Heading that it stands under.
    name
        What was looked at.
    state
        How it is.
    words
        What was found, as a fact.
    hint
        What to do about it; empty if nothing.
    exit_code
        Exit code of the command if this is its first failure.
    """

    group: str
    name: str
    state: State
    words: str
    hint: str = ""
    exit_code: int = 0


def clash(folder: Path) -> bool:
    """Tell whether ARA Records Ansible has put its files into Ara's folder."""
    return folder.joinpath(*FOREIGN).exists()


async def examine(load: "Callable[[], Settings]") -> AsyncIterator[Finding]:
    """Look at everything in turn; one failure doesn't hide the next.

    Parameters
    ----------
    load
        Loads the settings, with the flags of this invocation.
    """
    for finding in (*_installation(), *_packages(), *_plugins()):
        yield finding
    settings: Settings | None = None
    try:
        settings = load()
        yield _good("Settings", "values", f"valid, profile {settings.profile}")
    except AraError as error:
        yield _bad("Settings", "values", error)
    for finding in _files():
        yield finding
    yield _sample()
    if settings is None:
        return
    for finding in _certificate(settings):
        yield finding
    home = _home(Path(settings.home))
    yield home
    for finding in _lake(settings):
        yield finding
    for finding in _servers(settings):
        yield finding
    if home.state == "fail" and not settings.store.url:
        return
    async for finding in _kept(settings):
        yield finding


def _named(error: Exception) -> AraError:
    if isinstance(error, AraError):
        return error
    hint = "pip install --force-reinstall ara-ai; --debug shows more."
    return PluginError(f"{type(error).__name__}: {error}", hint=hint)


def _good(group: str, name: str, words: str) -> Finding:
    return Finding(group=group, name=name, state="ok", words=words)


def _bad(group: str, name: str, error: AraError) -> Finding:
    return Finding(
        group=group, name=name, state="fail", words=error.message, hint=error.hint, exit_code=error.exit_code
    )


def _installation() -> Iterator[Finding]:
    group = "Installation"
    yield _good(group, "ara", f"{metadata.version('ara-ai')} in {Path(__file__).parent.parent}")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield _good(group, "python", f"{python} in {sys.prefix}")
    yield _good(group, "platform", f"{platform.system()} {platform.release()}, {platform.machine()}")
    if clash(Path(__file__).parent.parent) or _installed("ara"):
        error = PluginError(
            "The package 'ara' (ARA Records Ansible) is installed here too and owns the same folder as Ara.",
            hint="pip uninstall ara; pip install --force-reinstall ara-ai",
        )
        yield _bad(group, "other 'ara'", error)
    else:
        yield _good(group, "other 'ara'", "not installed")


@cache
def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _packages() -> Iterator[Finding]:
    """Say which of the packages that Ara's metadata names are there; nothing is imported."""
    extras: dict[str, list[str]] = {"": []}
    for line in metadata.requires("ara-ai") or ():
        requirement, _, marker = line.partition(";")
        name = requirement.strip()
        for sign in "[<>=!~ (":
            name = name.partition(sign)[0]
        extra = marker.partition(_EXTRA)[2].strip(" '\")") if _EXTRA in marker else ""
        extras.setdefault(extra, []).append(name)
    yield from _core(extras.pop(""))
    for extra, names in extras.items():
        there = [f"{name}\u00a0{_installed(name)}" for name in names if _installed(name)]
        missing = [name for name in names if not _installed(name)]
        if not missing:
            yield _good("Extras", extra, ", ".join(there))
            continue
        words = f"not installed: {', '.join(missing)}"
        yield Finding(group="Extras", name=extra, state="off", words=words, hint=f"pip install 'ara-ai[{extra}]'")


def _plugins() -> Iterator[Finding]:
    """Load what other packages add, and name what can't be."""
    from ara import plugins

    for group in plugins.GROUPS:
        loaded, faults = [], []
        for offer in plugins.offers(group):
            if offer.own:
                continue
            if error := plugins.refusal(offer) or _unloadable(offer):
                faults.append(error)
            else:
                loaded.append(offer)
        if group == "indicators" and loaded:
            from ara.features import catalogue

            left_out = catalogue.broken()
            told = {error.message for error in faults}
            faults += [error for error in left_out.values() if error.message not in told]
            loaded = [offer for offer in loaded if offer.name not in left_out]
        for error in {error.message: error for error in faults}.values():  # two packages have one fault in common
            yield Finding(group="Plug-ins", name=group, state="warn", words=error.message, hint=error.hint)
        if loaded:
            words = (f"{offer.name}\u00a0({offer.distribution}\u00a0{offer.version})" for offer in loaded)
            yield _good("Plug-ins", group, ", ".join(words))


def _unloadable(offer: "Offer") -> AraError | None:
    from ara import plugins

    try:
        plugins.load(offer.group, offer.name)
    except AraError as error:
        return error
    return None


def _core(names: list[str]) -> Iterator[Finding]:
    missing = [name for name in names if not _installed(name)]
    if missing:
        error = PluginError(f"missing: {', '.join(missing)}", hint="pip install --force-reinstall ara-ai")
        yield _bad("Installation", "packages", error)
        return
    yield _good("Installation", "packages", ", ".join(f"{name}\u00a0{_installed(name)}" for name in names))


def _files() -> Iterator[Finding]:
    from ara.settings.load import gather

    try:
        files = gather().files
    except AraError:
        return
    words = ", ".join(map(str, files)) if files else "none; everything is at its default or set elsewhere"
    yield _good("Settings", "files", words)


def _certificate(settings: "Settings") -> Iterator[Finding]:
    """Say how long clients take the certificate that the service shows, where it shows one."""
    from ara.clock import SystemClock
    from ara.vault.certificate import certificate

    try:
        shown = certificate(settings)
    except AraError as error:
        yield _bad("Settings", "certificate", error)
        return
    if shown is None:
        return
    now = SystemClock().now()
    renewal = "Put the next one into its place and start the service anew; with several processes, send it SIGHUP."
    if fault := shown.fault(now):
        yield _bad("Settings", "certificate", ConfigurationError(fault, hint=renewal))
    elif shown.ends - now < _RENEWAL:
        words = f"{shown.path} ends on {shown.ends:%Y-%m-%d %H:%M} UTC"
        yield Finding(group="Settings", name="certificate", state="warn", words=words, hint=renewal)
    else:
        yield _good("Settings", "certificate", f"{shown.path}, until {shown.ends:%Y-%m-%d}")


def _sample() -> Finding:
    try:
        from ara.data.providers.sample import Sample

        Sample().verify()
    except Exception as error:  # noqa: BLE001 - a broken installation is what is looked for
        return _bad("Data", "sample", _named(error))
    return _good("Data", "sample", "intact, as it was published")


def _home(home: Path) -> Finding:
    """Try the folder by writing: permission bits say little on a read-only or full disk."""
    import tempfile

    there = home
    while not there.exists() and there.parent != there:
        there = there.parent
    try:
        with tempfile.TemporaryFile(dir=there) as probe:
            probe.write(b"ara")
            probe.flush()
    except OSError as error:
        refused = StoreError(
            f"{home} is not writable: {error.strerror or error}",
            hint="Give another folder: ARA_HOME=/some/folder, or the setting `home`.",
        )
        return _bad("Data", "home", refused)
    return _good("Data", "home", f"{home}, writable" if there == home else f"{home}, to be made on first use")


def _lake(settings: "Settings") -> Iterator[Finding]:
    """Look whether its logs can be read and its files are there; what is in them is left to a back-up."""
    if settings.data.bars:
        yield Finding(group="Data", name="lake", state="off", words="not used; data.bars names a database")
        return
    folder = Path(settings.data.lake) if settings.data.lake else Path(settings.home, "lake")
    if not folder.exists():
        yield Finding(group="Data", name="lake", state="off", words="none yet; made when bars are first kept")
        return
    try:
        from ara.clock import SystemClock
        from ara.data.lake import Lake

        lake = Lake.at(folder, clock=SystemClock())
        found = lake.verify(whole=False)
        newest = _received(lake) if found.ok else None
    except Exception as error:  # noqa: BLE001 - a broken installation is what is looked for
        yield _bad("Data", "lake", _named(error))
        return
    if not found.ok:
        more = f" And {len(found.problems) - 1:,} more." if len(found.problems) > 1 else ""
        hint = "Put the lake back from a back-up: ara data restore FOLDER"
        yield _bad("Data", "lake", IntegrityError(found.problems[0] + more, hint=hint))
        return
    yield _good("Data", "lake", f"{folder}, {found.files:,} files, {found.rows:,} rows, all there")
    if newest is not None and (now := SystemClock().now()) + _EARLY < newest:
        words = f"data was received {newest:%Y-%m-%d %H:%M} UTC, but by this machine's clock it is {now:%Y-%m-%d %H:%M}"
        hint = "Set the clock right: one that is behind hides what became public since then."
        yield Finding(group="Data", name="clock", state="warn", words=words, hint=hint)


def _received(lake: "Lake") -> "datetime | None":
    """Give when the newest bars, rates, actions and facts that are kept were received."""
    from ara.data.provider import Kind

    kinds = (Kind.RATES, Kind.ACTIONS, Kind.FACTS)
    newest = (rows["learned_at"].max() for rows in (lake.catalogue(), *map(lake.facts, kinds)))
    times: list[datetime] = [one for one in newest if one is not None]  # type: ignore[misc]
    return max(times, default=None)


def _servers(settings: "Settings") -> Iterator[Finding]:
    """Knock at the servers that the settings name; nothing is sent."""
    named = {"database": settings.store.url, "telemetry": settings.telemetry.otlp_endpoint}
    for name, url in named.items():
        parts = urlsplit(str(url))
        if not parts.hostname:
            continue
        port = parts.port or {"postgresql": 5432, "https": 443}.get(parts.scheme, 80)
        place = f"{clean(parts.hostname)}:{port}"
        try:
            socket.create_connection((parts.hostname, port), timeout=_TIMEOUT).close()
        except OSError as error:
            refused = StoreError(f"{place} can't be reached: {error.strerror or error}", hint="Is the server running?")
            yield _bad("Servers", name, refused)
        else:
            yield _good("Servers", name, f"{place} answers")


async def _kept(settings: "Settings") -> AsyncIterator[Finding]:
    place = clean(_without_password(settings.store.url)) or "ara.db in home"
    if settings.store.url == "" and not _exists(settings.home):
        yield _good("Data", "store", f"{place}, to be made on first use")
        return
    try:
        from ara.desk import Desk
        from ara.prediction import Ledger

        async with Desk.open(settings) as desk:
            found = await Ledger(desk).verify()
    except Exception as error:  # noqa: BLE001 - a broken installation is what is looked for
        named = _named(error)
        yield _bad("Data", {"vault": "vault", "plugin": "plug-in"}.get(named.code, "store"), named)
        return
    yield _good("Data", "store", f"{place}, opens")
    yield _ledger(found)


def _exists(home: str) -> bool:
    return Path(home, "ara.db").exists()


def _ledger(found: Any) -> Finding:
    if found.ok:
        words = f"whole, {found.entries:,} entries" if found.entries != 1 else "whole, 1 entry"
        return _good("Data", "ledger", words if found.entries else "empty")
    return _bad("Data", "ledger", IntegrityError(found.words))


def _without_password(url: Any) -> str:
    parts = urlsplit(str(url))
    if not parts.password:
        return str(url)
    return str(url).replace(f":{parts.password}@", ":***@")
