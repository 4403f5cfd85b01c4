"""The desk's sources. (First cut so that all else can import it; its owner replaces it.)"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from ara import plugins
from ara.data.provider import Kind, Provider
from ara.errors import AraError, DataProviderError, PluginError
from ara.market.instrument import Instrument

if TYPE_CHECKING:
    from ara.data.access import Payload
    from ara.desk import Desk

__all__ = ["Answered", "Sources", "Tried"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Who was asked, and what came of it."""

    source: str
    ok: bool
    words: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Generic[T]):
    """An answer and who gave it."""

    value: T
    source: str
    tried: tuple[Tried, ...]
    payloads: "tuple[Payload, ...]"


class Sources:
    """The desk's sources."""

    def __init__(
        self, desk: "Desk", *, names: Sequence[str] | None = None, given: Sequence[Provider] | None = None
    ) -> None:
        self._desk = desk
        self._given = {one.name: one for one in given or ()}
        self.names: tuple[str, ...] = tuple(desk.settings.data.providers if names is None else names)
        self._open: dict[str, Provider] = {}

    def get(self, name: str) -> Provider:
        """Give a source, opened."""
        if name in self._given:
            return self._given[name]
        if name not in self._open:
            kind = plugins.load("providers", name)
            venue = getattr(kind, "venue", None)
            if venue is None:
                made = kind()
            else:
                from ara.data.access import Access

                made = kind(Access.of(venue, self._desk.settings, clock=self._desk.clock, vault=self._desk.vault))
            if not isinstance(made, Provider):
                raise PluginError(
                    f"The provider {name} lacks a part of what a provider has: {type(made).__name__}.",
                    hint=f"See what is missing: ara plugins check {name}",
                )
            self._open[name] = made
        return self._open[name]

    def live(self, instrument: Instrument, kind: Kind = Kind.BARS) -> list[str]:
        """Give the names of those that may serve an instrument."""
        found = []
        for name in self.names:
            source = self.get(name)
            classes = getattr(source, "classes", None)
            if kind in source.offers and (classes is None or instrument.asset_class in classes):
                found.append(name)
        return found

    async def ask(
        self, names: Sequence[str], question: Callable[[Provider], Awaitable[T]], *, what: str
    ) -> Answered[T]:
        """Ask one after the other."""
        from ara.data.access.recording import recording

        tried: list[Tried] = []
        for name in names:
            try:
                with recording(name) as received:
                    value = await question(self.get(name))
            except AraError as error:
                tried.append(Tried(source=name, ok=False, words=error.message, seconds=0.0))
                continue
            tried.append(Tried(source=name, ok=True, words="", seconds=0.0))
            return Answered(value=value, source=name, tried=tuple(tried), payloads=tuple(received))
        raise DataProviderError(f"Nobody gave {what}: " + " ".join(f"{one.source}: {one.words}" for one in tried))

    def report(self, name: str, *, quality: float | None = None, freshness: float | None = None) -> None:
        """Take note of how good an answer was."""

    async def close(self) -> None:
        """Close what was opened."""
        for one in self._open.values():
            await one.close()
        self._open.clear()
