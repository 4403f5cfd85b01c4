"""Parts that packages add to Ara by entry points; Ara's own parts come through the same door.

A distribution offers a part with one line in its metadata, `NAME = "module:attribute"` in the group `ara.GROUP`.
Listing reads that metadata and imports nothing; loading imports the one part that was asked for.
"""

import difflib
import functools
import importlib.metadata
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from ara.errors import AraError, PluginError, ValidationError

__all__ = ["GROUPS", "OWN", "Check", "Offer", "guest", "load", "names", "offers", "refusal", "told"]

GROUPS: Final = ("providers", "indicators", "models", "strategies", "brokers", "notifiers")
"""What can be added; the entry points of each stand in `ara.GROUP`."""

OWN: Final = "ara-ai"
"""The distribution whose names nobody takes: a part of another that is called like one of its parts is left out."""

_AGAIN: Final = 1.0
_WORDS: Final = 200
_WHEELS: Final[Mapping[str, str]] = {"sklearn": "scikit-learn", "pywt": "pywavelets", "talib": "ta-lib"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One line of one distribution's metadata.

    Parameters
    ----------
    group
        One of `GROUPS`.
    name
        What users call the part.
    target
        Where it lives: `module:attribute`.
    distribution
        Who offers it, as pip names it.
    version
        The distribution's version.
    """

    group: str
    name: str
    target: str
    distribution: str
    version: str

    @property
    def own(self) -> bool:
        """Whether Ara offers it itself."""
        return self.distribution == OWN

    @property
    def words(self) -> str:
        """What it is and whose, as the subject of a sentence: `The indicator 'rsi' of more-ta 1.2`."""
        return f"The {_singular(self.group)} {self.name!r} of {self.distribution} {self.version}"


@dataclass(frozen=True, slots=True)
class Check:
    """Outcome of one thing that a part must do.

    Parameters
    ----------
    name
        What was checked, in a few words.
    ok
        Whether the part does it.
    words
        What was seen; what to change where `ok` is False.
    """

    name: str
    ok: bool
    words: str = ""


def offers(group: str) -> tuple[Offer, ...]:
    """Give all that is offered in a group, by name; a name that two distributions offer stands there twice."""
    listed = _listed(group)
    if listed.offers is None:
        found = [_offer(group, entry, dist) for entry, dist in listed.entries]
        listed.offers = tuple(sorted(found, key=lambda offer: (offer.name, offer.distribution)))
    return listed.offers


def names(group: str) -> tuple[str, ...]:
    """Give the names in a group, sorted."""
    return _listed(group).names


def refusal(offer: Offer) -> PluginError | None:
    """Give why a part is left out whatever it is like: Ara has a part of its name, or another package has.

    None where its name is its own.
    """
    entries = _listed(offer.group).entries
    return _refused(offer, [_offer(offer.group, entry, dist) for entry, dist in entries if entry.name == offer.name])


def _refused(offer: Offer, rivals: Sequence[Offer]) -> PluginError | None:
    if not offer.own and any(one.own for one in rivals):
        words = f"{offer.words} is left out: Ara has a part of that name."
        return PluginError(words, hint=f"Remove the package {offer.distribution}, or ask its authors for another name.")
    if len(rivals) > 1 and not offer.own:
        told_ones = sorted(f"{one.distribution} ({one.target})" for one in rivals)
        words = f"The {_singular(offer.group)} {offer.name!r} is offered twice: {' and '.join(told_ones)}."
        return PluginError(words, hint="Uninstall one of them: pip uninstall NAME")
    return None


def load(group: str, name: str) -> Any:
    """Import one part and give what its entry point names: a class, or an object such as an indicator.

    Of a name that Ara offers and others too, Ara's own is given; see `refusal`.

    Raises
    ------
    ValidationError
        There is no such group.
    PluginError
        No distribution offers the name, several do, or the part can't be imported; the message says which, and the
        hint gives the pip line where an extra is missing.
    """
    rivals = [(entry, dist) for entry, dist in _listed(group).entries if entry.name == name]
    if not rivals:
        raise _unknown(group, name)
    found = [(entry, dist) for entry, dist in rivals if _owner(dist)[0] == OWN] or rivals
    refused = _refused(_offer(group, *found[0]), [_offer(group, *one) for one in rivals])
    if refused:
        raise refused
    entry, dist = found[0]
    try:
        return entry.load()
    except (PluginError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a stranger's module may fail in any way
        raise _broken(group, entry, dist, error) from error


@contextmanager
def guest(
    who: str, *, error: type[AraError] = PluginError, hint: str | None = None, seconds: float = 0.0
) -> Iterator[None]:
    """Run a stranger's code, which may do anything: raise, leave the program, or never come back.

    Whatever it raises becomes an error of Ara that names it, a request to end the program too; only Ctrl-C passes, and
    what is an error of Ara already.

    Parameters
    ----------
    who
        Whose code, as the subject of a sentence: `The indicator rsi`.
    error
        Which error it becomes.
    hint
        What to do about it; the error's own hint if None.
    seconds
        How long it may take; 0 for as long as it likes. Only the main thread of a program can be called back, and not
        on Windows; elsewhere there is no limit.
    """
    mine = _LateError()
    try:
        with _limited(seconds, mine):
            yield
    except (AraError, KeyboardInterrupt):
        raise
    except _LateError as late:
        if late is not mine:
            raise
        raise error(
            f"{who} took longer than {seconds:g} second{'s' * (seconds != 1)} and was stopped.", hint=hint
        ) from None
    except BaseException as problem:
        raise error(f"{who} failed: {told(problem)}.", hint=hint) from problem


def told(problem: BaseException) -> str:
    """Give what an exception of a stranger says, in a line: its kind, and its words as far as it has any."""
    try:
        words = " ".join("".join(one if one.isprintable() else " " for one in str(problem)).split())
    except Exception:  # noqa: BLE001 - its words are a stranger's code too
        words = ""
    kind = type(problem).__name__
    return f"{kind}: {words[:_WORDS].rstrip('.')}" if words else kind


class _LateError(BaseException):
    """Time is up; no Exception, so that a stranger who catches all of these doesn't catch it."""


@contextmanager
def _limited(seconds: float, late: _LateError) -> Iterator[None]:
    """Call the code back after some time, and again where it doesn't heed; a limit that is set already stands."""
    alarm = getattr(signal, "SIGALRM", None)
    free = seconds and threading.current_thread() is threading.main_thread()
    if alarm is None or not free or signal.getsignal(alarm) is not signal.SIG_DFL:
        yield
        return

    def call_back(*_: object) -> None:
        raise late

    signal.signal(alarm, call_back)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(alarm, signal.SIG_DFL)


@dataclass(slots=True)
class _Listed:
    """What is offered in a group, and what of it was asked for before."""

    entries: tuple[tuple[importlib.metadata.EntryPoint, importlib.metadata.Distribution], ...]
    names: tuple[str, ...]
    offers: tuple[Offer, ...] | None = None


def _listed(group: str) -> _Listed:
    if group not in GROUPS:
        raise ValidationError(f"There is no group of plug-ins {group!r}; there are {', '.join(GROUPS)}.")
    return _scan(tuple([(place, _changed(place)) for place in sys.path]))[group]


def _offer(group: str, entry: importlib.metadata.EntryPoint, dist: importlib.metadata.Distribution) -> Offer:
    owner, version = _owner(dist)
    return Offer(group=group, name=entry.name, target=entry.value, distribution=owner, version=version)


@functools.lru_cache(maxsize=256)
def _owner(dist: importlib.metadata.Distribution) -> tuple[str, str]:
    """Give a distribution's name and version, read once: whole pages of description stand in the same file."""
    return dist.name, dist.version


def _changed(place: str) -> int:
    try:
        return os.stat(place or os.curdir).st_mtime_ns  # noqa: PTH116 - asked at every look-up: a path takes longer
    except OSError:
        return 0


@functools.lru_cache(maxsize=4)
def _scan(
    _places: tuple[tuple[str, int], ...],
) -> dict[str, _Listed]:
    """Read all metadata once for each state of the import path: an install while Python runs is seen."""
    found = {}
    entries = importlib.metadata.entry_points()
    for group in GROUPS:
        unique = {(entry.name, entry.value, id(entry.dist)): entry for entry in entries.select(group=f"ara.{group}")}
        listed = tuple((entry, entry.dist) for entry in unique.values() if entry.dist is not None)
        found[group] = _Listed(entries=listed, names=tuple(sorted({entry.name for entry, _ in listed})))
    return found


def _unknown(group: str, name: str) -> PluginError:
    known = names(group)
    nearest = difflib.get_close_matches(name, known, n=3)
    if nearest:
        advice = f"Did you mean {' or '.join(nearest)}?"
    else:
        advice = f"There are: {', '.join(known)}." if known else "None is installed."
    return PluginError(f"There is no {_singular(group)} named {name!r}. {advice}", group=group, nearest=nearest)


def _singular(group: str) -> str:
    return "strategy" if group == "strategies" else group[:-1]


def _broken(
    group: str, entry: importlib.metadata.EntryPoint, dist: importlib.metadata.Distribution, error: BaseException
) -> PluginError:
    part = _offer(group, entry, dist).words
    module = error.name if isinstance(error, ModuleNotFoundError) and error.name else ""
    if not module:
        words = f"{part} can't be loaded: {told(error)}."
        return PluginError(words, hint=f"Update or remove the package {dist.name}, or tell its authors.")
    for owner in (dist, *importlib.metadata.distributions(name=OWN)):
        if extra := _extra(owner, module):
            hint = f"Install it: pip install '{owner.name}[{extra}]'"
            return PluginError(f"{part} needs {module}, which is not installed.", hint=hint)
    hint = f"Install it again with all it needs: pip install --force-reinstall {dist.name}"
    return PluginError(f"{part} needs the module {module}, which is not there.", hint=hint)


def _extra(dist: importlib.metadata.Distribution, module: str) -> str:
    """Find the extra of a distribution that brings a module: wheels are named like `m`, `py-m` or `m-more`."""
    root = module.partition(".")[0].lower().replace("_", "-")
    wanted = _WHEELS.get(root, root)
    for requirement in dist.requires or ():
        wheel = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower().replace("_", "-")
        extra = re.search(r"extra\s*==\s*[\"']([^\"']+)", requirement)
        if extra and (wheel in {wanted, f"py{wanted}"} or wheel.startswith(f"{wanted}-")):
            return extra[1]
    return ""
