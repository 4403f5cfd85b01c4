"""One question to several sources: the first useful answer counts, and why the others gave none is kept."""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from ara.data.provider import Provider
from ara.errors import AraError, CancelledError, DataProviderError, PluginError, UnknownSymbolError

if TYPE_CHECKING:
    from ara.data.access import Payload

__all__ = ["Answered", "Tried", "first"]

_log: Final = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Who was asked, and what came of it.

    Parameters
    ----------
    source
        The provider's name.
    ok
        Whether it gave an answer.
    words
        Why it gave none; empty where it did.
    seconds
        How long that took.
    code
        Of the error, as in `ara.errors`; empty where it gave an answer.
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
        All that were asked, in order; the last one is `source`.
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
    told: Callable[[str, AraError | None, float], None],
) -> Answered[_T]:
    """Put a question to one source after the other until one answers.

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
        Is told of each outcome: source, error or None, seconds.

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
    for name in names:
        began = time.monotonic()
        error: AraError | None = None
        with recording() as received:
            try:
                value = await question(get(name))
            except CancelledError:
                raise
            except AraError as fault:
                error = fault
            except Exception as fault:  # noqa: BLE001 - a stranger's code may fail in any way, and the next one be well
                _log.debug("%s failed", name, exc_info=True)
                error = _foreign(name, fault)
        seconds = time.monotonic() - began
        told(name, error, seconds)
        words, code = (error.message, error.code) if error else ("", "")
        tried.append(Tried(source=name, ok=error is None, words=words, seconds=seconds, code=code))
        if error is None:
            return Answered(value=value, source=name, tried=tuple(tried), payloads=tuple(received))
        _log.debug("%s gives no %s: %s", name, what, error.message)
        errors.append(error)
    raise _nobody(what, tried, errors)


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
    reasons = " ".join(f"{one.source}: {one.words}" for one in tried)
    if all(isinstance(error, UnknownSymbolError) for error in errors):
        return UnknownSymbolError(f"No source has {what}. {reasons}", **{**errors[0].context, **context})
    waits = [error.context["retry_after"] for error in errors if "retry_after" in error.context]
    hints = dict.fromkeys(error.hint for error in errors if error.hint != error.default_hint)
    return DataProviderError(
        f"No source gave {what}. {reasons}",
        hint=" ".join(hints) or None,
        **context,
        **({"retry_after": min(waits)} if waits else {}),
    )
