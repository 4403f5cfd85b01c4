"""An audit in a process of its own: what ends the program that it runs in ends nothing else, and proves nothing."""

from collections.abc import Callable

from ara.features.audit.outcome import Audit
from ara.features.audit.subject import subject
from ara.features.audit.trial import audit
from ara.market.bars import Bars
from ara.workers import Progress

__all__ = ["audit_apart"]


def audit_apart(
    text: str,
    bars: list[Bars],
    others: dict[str, Bars],
    *,
    cuts: int,
    seed: int,
    limit: float,
    watch: Callable[[Progress], bool],
) -> Audit:
    """Audit what a text names, for `ara.workers`; see `audit`.

    Parameters
    ----------
    text
        As `subject` takes it.
    bars, others, cuts, seed, limit
        As `audit` takes them.
    watch
        Told how many builds are done.
    """
    return audit(
        subject(text),
        *bars,
        others=others,
        cuts=cuts,
        seed=seed,
        limit=limit,
        step=lambda done, total: watch(Progress(done, total)),
    )
