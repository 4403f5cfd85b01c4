"""The tables brought to a step: the newest one, or back to an older one before an older Ara is installed again."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ara.errors import ValidationError
from ara.store.migrations import first, known, newest, steps

if TYPE_CHECKING:
    from ara.store.store import Store

__all__ = ["Standing", "bring_forward", "migrate", "standing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the tables of a store stand.

    Parameters
    ----------
    step
        The step that they have; empty where they were not made yet.
    newest
        The step that they should have.
    before
        The step that they had before a migration; the same where nothing was done.
    """

    step: str
    newest: str
    before: str

    @property
    def newer(self) -> bool:
        """Whether a newer Ara made them, and this one can't use them."""
        return bool(self.step) and self.step not in known()

    @property
    def waiting(self) -> tuple[str, ...]:
        """The steps that are still to be done."""
        return () if self.newer else tuple(one for one in known() if one > self.step)


async def standing(store: "Store") -> Standing:
    """Tell at which step the tables of a store are; nothing is changed."""
    step = await store.steps.current() or ""
    return Standing(step=step, newest=newest(), before=step)


async def migrate(store: "Store", goal: str = "") -> Standing:
    """Bring the tables to a step, all of it or nothing, whichever processes do so at once.

    Parameters
    ----------
    store
        Whose tables.
    goal
        The step; empty: the newest. The first is as far back as it goes, since rows would be lost.
    """
    goal = goal or newest()
    if goal not in known():
        raise ValidationError(
            f"There is no step {goal!r:.40}.", hint=f"Tables go from {first()} to {newest()}: {', '.join(known())}."
        )
    before = await store.steps.current()
    if before != goal:
        dialect = store.steps.dialect
        steps(dialect, before, goal)  # loads what writes them while nobody waits for the lock
        await store.steps.move(lambda current: steps(dialect, current, goal))
    return Standing(step=goal, newest=newest(), before=before or "")


async def bring_forward(store: "Store") -> None:
    """Bring the tables to the newest step where some are still to be done; those of a newer Ara stay as they are."""
    if (await standing(store)).waiting:
        await migrate(store)
