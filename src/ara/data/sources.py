"""The desk's sources: opened when first asked, ranked by how well they answer, closed together."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import polars as pl

from ara import plugins
from ara.data.failover import Answered, first
from ara.data.provider import Kind, Provider
from ara.errors import AraError, MissingKeyError, PluginError, ShapeError, UnknownSymbolError
from ara.market.instrument import Instrument

if TYPE_CHECKING:
    from sqlite3 import Connection

    from ara.data.access.access import Access
    from ara.data.access.attempts import Attempt
    from ara.data.access.board import Board
    from ara.data.access.breaker import Breaker
    from ara.data.access.health import Health
    from ara.data.access.venue import Payload
    from ara.desk import Desk

__all__ = ["Sources"]

_T = TypeVar("_T")

_HEALTH: Final = pl.Schema(
    {
        "source": pl.String(),
        "success": pl.Float64(),
        "latency_ms": pl.Float64(),
        "freshness_s": pl.Float64(),
        "quality": pl.Float64(),
        "state": pl.String(),
        "asked": pl.Int64(),
        "last_error": pl.String(),
        "rests_until": pl.Datetime("us", "UTC"),
        "failed_at": pl.Datetime("us", "UTC"),
    }
)


class Sources:
    """The desk's providers, each with its access to its venue.

    Parameters
    ----------
    desk
        Its settings say how each is reached, its vault holds keys, its clock tells the time.
    names
        Which, the preferred one first; those of `data.providers` by default.
    given
        Providers to use under their names in the place of the installed ones; they stay the caller's to close.
    """

    def __init__(
        self, desk: "Desk", *, names: Sequence[str] | None = None, given: Sequence[Provider] | None = None
    ) -> None:
        self._desk = desk
        self._given = {one.name: one for one in given or ()}
        self.names: tuple[str, ...] = tuple(desk.settings.data.providers if names is None else names)
        self._open: dict[str, Provider] = {}
        self._accesses: dict[str, Access] = {}
        self._shared: Board | None = None
        self._own: Board | None = None

    def get(self, name: str) -> Provider:
        """Give a source, opened; nothing is asked yet.

        Raises
        ------
        PluginError
            Where none of that name is installed, or it can't be made.
        """
        if name in self._given:
            return self._given[name]
        if name not in self._open:
            self._open[name] = self._made(name)
        return self._open[name]

    def live(self, instrument: Instrument, kind: Kind = Kind.BARS) -> list[str]:
        """Give the names of those that may serve an instrument, the healthiest first.

        Health counts in steps of a tenth; within a step, and for sources that nothing is known of, the order is that
        of the settings. Those whose breaker is open come last.
        """
        found = [name for name in self.names if self._serves(name, instrument, kind)]
        if len(found) < 2:
            return found
        return sorted(found, key=self._rank)

    def locked(self, name: str) -> bool:
        """Say whether a source answers only with a key, and nobody gave one."""
        access = self._accesses[name] if self._asks_venue(name) else None
        return access is not None and access.venue.key and not access.key

    def followed(self, instrument: Instrument) -> Iterator[Provider]:
        """Give those whose bars of an instrument may be followed: the healthiest first, what lacks its key last."""
        for name in sorted(self.live(instrument), key=self.locked):
            provider = self.get(name)
            if Kind.BARS in provider.offers:
                yield provider

    async def ask(
        self,
        names: Sequence[str],
        question: Callable[[Provider], Awaitable[_T]],
        *,
        what: str,
        short: Callable[[str, _T], tuple[int, str] | None] | None = None,
    ) -> Answered[_T]:
        """Put a question to one source after the other until one answers; see `ara.data.failover.first`.

        Parameters
        ----------
        names
            Whom to ask, in order.
        question
            Asks a source; what it raises means that this one has no answer.
        what
            What is wanted, for messages.
        short
            Says of a source's answer by how much and why it falls short; None where it is well.
        """
        return await first(names, question, what=what, get=self.get, told=self._told, short=short)

    def report(self, name: str, *, quality: float | None = None, freshness: float | None = None) -> None:
        """Take in how good a source's bars were found: their score from 0 to 1, and the seconds they were late."""
        from ara.data.access import health

        def write(connection: "Connection", now: float) -> None:
            health.report(connection, self._key(name), quality=quality, freshness=freshness)

        self._board(name).run(write)

    def attempt(self, name: str, symbol: str, timeframe: str) -> "Attempt | None":
        """Give when a source was last asked for the newest bars of an instrument, by any process; None for never."""
        from ara.data.access import attempts

        key = self._key(name)
        return self._board(name).run(partial(attempts.last, source=key, symbol=symbol, timeframe=timeframe))

    def attempted(self, name: str, symbol: str, timeframe: str, *, attempt: "Attempt") -> None:
        """Note that a source was asked for the newest bars of an instrument."""
        from ara.data.access import attempts

        note = partial(attempts.note, source=self._key(name), symbol=symbol, timeframe=timeframe, attempt=attempt)
        self._board(name).run(note)

    def health(self) -> pl.DataFrame:
        """Give how well each source answers.

        Returns
        -------
        polars.DataFrame
            `source`, `success` (share of answers), `latency_ms`, `freshness_s`, `quality` (0 to 1), `state` (`closed`:
            it is asked; `open`: it is left alone; `half`: it is being tried), `asked` (how often), `last_error`,
            `rests_until` (until when the venue wants to be left alone, UTC; null where it doesn't), `failed_at` (when
            `last_error` was, UTC; null where nobody noted it, or it is so now).
        """
        rows = []
        for name in self.names:
            known, breaker = self._standing(name)
            row = (known.success, known.latency_ms, known.freshness_s, known.quality)
            unopened = self._unopened(name)
            failed = None if unopened or known.failed is None else datetime.fromtimestamp(known.failed, UTC)
            standing = (breaker.state.value, known.asked, unopened or known.error)
            rows.append((name, *row, *standing, self._rests(name), failed))
        return pl.DataFrame(rows, schema=_HEALTH, orient="row")

    async def close(self) -> None:
        """Close what was opened; closing twice is no fault."""
        opened, self._open = self._open, {}
        self._accesses.clear()
        for provider in opened.values():
            await provider.close()
        for board in (self._shared, self._own):
            if board is not None:
                board.close()

    def _made(self, name: str) -> Provider:
        kind = plugins.load("providers", name)
        try:
            provider = kind(self._access(name, kind.venue)) if hasattr(kind, "venue") else kind()
        except AraError:
            raise
        except Exception as error:
            raise PluginError(
                f"The provider {name} can't be made: {type(error).__name__}: {error}",
                hint=f"See what is wrong: ara plugins check {name}",
            ) from error
        if not isinstance(provider, Provider):
            raise PluginError(
                f"The provider {name} lacks a part of what a provider has: {type(provider).__name__}.",
                hint=f"See what is missing: ara plugins check {name}",
            )
        return provider

    def _access(self, name: str, venue: object) -> "Access":
        from ara.data.access import Access, Venue

        if not isinstance(venue, Venue):
            raise PluginError(
                f"The provider {name} has a venue that is no ara.data.access.Venue: {type(venue).__name__}."
            )
        access = Access.of(
            venue, self._desk.settings, clock=self._desk.clock, vault=self._desk.vault, board=self._shared_board()
        )
        self._accesses[name] = access
        return access

    def _serves(self, name: str, instrument: Instrument, kind: Kind) -> bool:
        source = self.get(name)
        classes = getattr(source, "classes", None)
        return kind in source.offers and (classes is None or instrument.asset_class in classes)

    def _rank(self, name: str) -> tuple[bool, float]:
        known, breaker = self._standing(name)
        return breaker.state.value == "open", -round(known.score, 1)

    def _standing(self, name: str) -> "tuple[Health, Breaker]":
        from ara.data.access import breaker, health

        key = self._key(name)
        return self._board(name).run(
            lambda connection, now: (health.of(connection, key), breaker.look(connection, now, source=key))
        )

    def _rests(self, name: str) -> datetime | None:
        """Give until when a venue wants to be left alone; None where it doesn't, or there is none."""
        from ara.data.access import throttle

        if not self._asks_venue(name):
            return None
        bucket = self._accesses[name].bucket

        def until(connection: "Connection", now: float) -> datetime | None:
            left = throttle.paused(connection, now, bucket=bucket)
            return datetime.fromtimestamp(now + left, UTC) if left else None

        return self._board(name).run(until)

    def _told(self, name: str, error: AraError | None, seconds: float, received: "Sequence[Payload]") -> None:
        """Note what came of a question, as far as the source's access didn't see it itself."""
        from ara.data.access import health

        if name in self._accesses and error is not None and not isinstance(error, UnknownSymbolError):
            self._accesses[name].forget(received)
        if isinstance(error, MissingKeyError):
            return
        if name in self._accesses and not isinstance(error, (ShapeError, PluginError)):
            return
        ok = error is None or isinstance(error, UnknownSymbolError)
        words = "" if error is None else error.message

        def write(connection: "Connection", now: float) -> None:
            health.observe(connection, now, self._key(name), ok=ok, seconds=seconds, error=words)

        self._board(name).run(write)

    def _key(self, name: str) -> str:
        return self._accesses[name].source if self._asks_venue(name) else name

    def _asks_venue(self, name: str) -> bool:
        self._unopened(name)
        return name in self._accesses

    def _unopened(self, name: str) -> str:
        """Open a source; say why it can't be, if so."""
        try:
            self.get(name)
        except AraError as error:
            return error.message
        return ""

    def _board(self, name: str) -> "Board":
        """Give where a source's health is kept: with all processes where it asks a venue, else with this one."""
        if self._asks_venue(name):
            return self._shared_board()
        if self._own is None:
            from ara.data.access.board import Board

            self._own = Board()
        return self._own

    def _shared_board(self) -> "Board":
        if self._shared is None:
            from ara.data.access.board import Board

            self._shared = Board.at(Path(self._desk.settings.home))
        return self._shared
