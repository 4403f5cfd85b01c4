"""Spreading work over processes of this machine, or over a Ray cluster: the same calls, the same answers."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final, TypeVar

from ara.errors import AraError, ValidationError
from ara.trading.strategies.making import Made

__all__ = ["HERE", "PLACES", "Place", "named", "parts_of", "spread", "there"]

HERE: Final = "here"
"""On this machine."""

PLACES: Final = (HERE, "ray")
"""Where work is done: on this machine, or on a Ray cluster."""

Place = tuple[int, str, str]
"""How many processes, where, and the address of a cluster."""

_TRIES: Final = 3
_LOOK: Final = 0.2  # seconds between two looks whether an answer is there
_CHUNKS: Final = 4
_LOST: Final = "Ask again, or go on without --on ray. What a walk has chosen is kept."

_T = TypeVar("_T")

_Hear = Callable[[int, Any], None]


def named(make: Made) -> str:
    """Give the name by which a strategy is found anew anywhere: where its class stands, if that is at a top level."""
    place = getattr(make.kind, "__qualname__", ".")
    return make.name if "." in place else f"{make.kind.__module__}:{place}"


def parts_of(todo: Sequence[_T], workers: int, *, chunks: int = _CHUNKS) -> list[list[_T]]:
    """Cut work into pieces, so many for each worker and some small ones first, by which the time can be told."""
    most, size, at, found = -(-len(todo) // (workers * chunks)), 1, 0, list[list[_T]]()
    while at < len(todo):
        found.append(list(todo[at : at + size]))
        at += size
        size = min(size if len(found) % workers else 2 * size, most)
    return found


def there(on: str) -> bool:
    """Say whether a place is another than this machine.

    Raises
    ------
    ValidationError
        There is no such place.
    """
    if on not in PLACES:
        raise ValidationError(f"choices are made {' or on '.join(PLACES)}, not on {on[:40]!r}")
    return on != HERE


def spread(
    errand: Callable[..., Any], asked: Callable[[int], Sequence[Mapping[str, Any]]], place: Place, hear: _Hear, *,
    going: Callable[[], object] | None = None,
) -> None:  # fmt: skip
    """Call a function once for each piece of work, several at once.

    Parameters
    ----------
    errand
        Of a module's top level, so that any process finds it.
    asked
        Gives the pieces, as arguments by name, for so many workers.
    place
        Where.
    hear
        Told the number of each piece and its answer, as they come; what it raises ends the work.
    going
        Called now and then while an answer is waited for; what it raises ends the work.

    Raises
    ------
    ValidationError
        There is no such place.
    """
    workers, on, address = place
    there(on)
    if on == HERE:
        _beside(errand, asked(max(workers, 1)), workers, hear, going)
    else:
        _on_ray(errand, asked, max(workers, 1), address, hear, going)


def _beside(
    errand: Callable[..., Any], asked: Sequence[Mapping[str, Any]], workers: int, hear: _Hear,
    going: Callable[[], object] | None,
) -> None:  # fmt: skip
    """Call it in several processes."""
    from ara.workers.beside import Beside

    def waiting() -> bool:
        if going is not None:
            going()
        return True

    with ExitStack() as stack:
        processes = [stack.enter_context(Beside()) for _ in range(max(min(workers, len(asked)), 1))]
        handed = [processes[number % len(processes)].submit(errand, **one) for number, one in enumerate(asked)]
        for number, one in enumerate(handed):
            hear(number, one.result(waiting))


def _on_ray(
    errand: Callable[..., Any], asked: Callable[[int], Sequence[Mapping[str, Any]]], workers: int, address: str,
    hear: _Hear, going: Callable[[], object] | None,
) -> None:  # fmt: skip
    """Call it on a cluster; what a lost worker was at is done again by another."""
    from ara.models.ray import cluster, lost

    with cluster(address, cpus=workers) as ray:
        from ray.exceptions import RayError, RayTaskError

        remote = ray.remote(num_cpus=1, max_retries=_TRIES)(errand)
        pieces = asked(max(workers, int(ray.cluster_resources().get("CPU", 1))))
        at_work = {remote.remote(**one): number for number, one in enumerate(pieces)}
        try:
            while at_work:
                ready, _ = ray.wait(list(at_work), num_returns=1, timeout=_LOOK)
                for done in ready:
                    hear(at_work.pop(done), ray.get(done))
                if not ready and going is not None:
                    going()
        except RayTaskError as error:
            if isinstance(error.cause, AraError):
                raise error.cause from None
            raise lost(error) from error
        except (RayError, ConnectionError) as error:
            raise lost(error, hint=_LOST) from error
