"""One question to several sources: the first useful answer counts, and why the others gave none is kept."""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from ara.data.provider import Provider
from ara.errors import AraError, CancelledError, DataProviderError, MissingKeyError, PluginError, UnknownSymbolError

if TYPE_CHECKING:
    from ara.data.access import Payload

__all__ = ["Answered", "Tried", "first"]

_log: Final = logging.getLogger(__name__)
_T = TypeVar("_T")
_SPELLING: Final = "Check how it is spelled: ara symbols SEARCH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Who was asked, and what came of it.

    Parameters
    ----------
    source
        The provider's name.
    ok
        Whether its answer was taken.
    words
        Why it gave none, or what its answer lacks.
    seconds
        How long that took.
    code
        Of the error, as in `ara.errors`; empty where it gave an answer, if only one that was passed over.
    """

    source: str
    ok: bool
    words: str
    seconds: float
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Generic[_T]):
    """An answer and who gave it.

    Parameters
    ----------
    value
        What the question gave.
    source
        The provider that it was put to.
    tried
        All that were asked, in order.
    payloads
        What the source's venue sent for it, in order; none from a source that asks no venue.
    """

    value: _T
    source: str
    tried: tuple[Tried, ...]
    payloads: "tuple[Payload, ...]"


async def first(
    names: Sequence[str],
    question: Callable[[Provider], Awaitable[_T]],
    *,
    what: str,
    get: Callable[[str], Provider],
    told: "Callable[[str, AraError | None, float, Sequence[Payload]], None]",
    short: Callable[[str, _T], tuple[int, str] | None] | None = None,
) -> Answered[_T]:
    """Put a question to one source after the other until one answers well.

    Parameters
    ----------
    names
        Whom to ask, in order.
    question
        Asks a source; what it raises means that this one has no answer.
    what
        What is wanted, for the message: `1d bars of AAPL`.
    get
        Opens a source.
    told
        Is told of each outcome: source, error or None, seconds, and what its venue sent.
    short
        Says of a source's answer by how much and why it falls short; None where it is well. Of several that fall short
        the one that does least is taken, where nobody has a better one.

    Raises
    ------
    UnknownSymbolError
        Where every source says that it has no such instrument.
    DataProviderError
        Where none answers, with every reason; the one error itself where one source alone was asked.
    CancelledError
        Where the work is cancelled; no other source is asked then.
    """
    from ara.data.access.recording import recording

    tried: list[Tried] = []
    errors: list[AraError] = []
    poor: list[tuple[int, Answered[_T]]] = []
    for name in names:
        began = time.monotonic()
        with recording() as received:
            got = await _asked(name, question, get)
        seconds = time.monotonic() - began
        error = got if isinstance(got, AraError) else None
        told(name, error, seconds, received)
        if isinstance(got, AraError):
            tried.append(Tried(source=name, ok=False, words=got.message, seconds=seconds, code=got.code))
            _log.debug("%s gives no %s: %s", name, what, got.message)
            errors.append(got)
            continue
        lacks = None if short is None else short(name, got.value)
        words = lacks[1] if lacks else ""
        tried.append(Tried(source=name, ok=lacks is None, words=words, seconds=seconds))
        answered = Answered(value=got.value, source=name, tried=tuple(tried), payloads=tuple(received))
        if lacks is None:
            return answered
        _log.info("%s falls short of %s: %s", name, what, words)
        poor.append((lacks[0], answered))
    if poor:
        _, best = min(poor, key=lambda one: one[0])
        return replace(best, tried=tuple(replace(one, ok=one.source == best.source) for one in tried))
    raise _nobody(what, tried, errors)


@dataclass(frozen=True, slots=True)
class _Got(Generic[_T]):
    """What a source gave; not an error."""

    value: _T


async def _asked(
    name: str, question: Callable[[Provider], Awaitable[_T]], get: Callable[[str], Provider]
) -> _Got[_T] | AraError:
    """Put the question to one source; give what it raised where that means that it has no answer."""
    try:
        return _Got(await question(get(name)))
    except CancelledError:
        raise
    except AraError as fault:
        return fault
    except Exception as fault:  # noqa: BLE001 - a stranger's code may fail in any way, and the next one be well
        _log.debug("%s failed", name, exc_info=True)
        return _foreign(name, fault)


def _foreign(name: str, fault: Exception) -> PluginError:
    return PluginError(
        f"The provider {name} failed by a fault of its own: {type(fault).__name__}.",
        hint=f"Tell its authors; see what it keeps: ara plugins check {name}",
    )


def _nobody(what: str, tried: Sequence[Tried], errors: Sequence[AraError]) -> AraError:
    context: dict[str, Any] = {"tried": [asdict(one) for one in tried]}
    if not errors:
        return DataProviderError(
            f"No source serves {what}.", hint="Name one with --provider, or add one to data.providers.", **context
        )
    if len(errors) == 1:
        errors[0].context.update(context)
        return errors[0]
    reasons = " ".join(_whose(one) for one in tried)
    if all(isinstance(error, UnknownSymbolError) for error in errors):
        return UnknownSymbolError(f"No source has {what}. {reasons}", **{**errors[0].context, **context})
    waits = [error.context["retry_after"] for error in errors if "retry_after" in error.context]
    return DataProviderError(
        f"No source gave {what}. {reasons}",
        hint=_hint(errors),
        **context,
        **({"retry_after": min(waits)} if waits else {}),
    )


def _whose(one: Tried) -> str:
    """Give a source's reason behind its name, unless it begins with that."""
    named = one.words.startswith((f"{one.source} ", f"{one.source}: "))
    return one.words if named else f"{one.source}: {one.words}"


def _hint(errors: Sequence[AraError]) -> str | None:
    """Give the one hint that helps most: a key helps nobody to what those who were asked don't know."""
    said = [error for error in errors if error.hint != error.default_hint]
    asked = [error for error in errors if not isinstance(error, MissingKeyError)]
    if asked and all(isinstance(error, UnknownSymbolError) for error in asked):
        return next((error.hint for error in asked if error in said), _SPELLING)
    return next((error.hint for error in said), None)
