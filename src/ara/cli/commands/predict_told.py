"""What `ara predict` says of each forecast as it comes: on a terminal, as JSON, in a file, as pictures."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from ara.cli.export import Export
from ara.cli.listing import Listing
from ara.cli.money import Purse, converted, purse, shown_document
from ara.cli.screen import Screen
from ara.errors import AraError

if TYPE_CHECKING:
    from datetime import date, datetime

    from ara.cli.commands.models.weights import Counting
    from ara.cli.render.forecast import Depth
    from ara.desk import Desk
    from ara.market.timeframe import Timeframe
    from ara.prediction import Kept
    from ara.prediction.attention import Attention
    from ara.prediction.many import Missed

__all__ = ["Asked", "Told", "Wish", "counted", "document", "shown", "sure_days"]

_NEAR: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for, checked as far as it can be before anything is computed."""

    symbols: tuple[str, ...]
    days: int
    as_of: str | None
    learned: str | None
    timeframe: "Timeframe"
    asset_class: str
    depth: "Depth"
    model: str
    threshold: float
    currency: str
    target: Path | None
    out: str

    @property
    def why(self) -> bool:
        """Whether reasons are asked for: what says little does not need them, and they take time."""
        return bool(self.out) or self.depth in {"standard", "full"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The day on which it was asked, the currency to show it in, and what counted in ensembles."""

    today: "date"
    purse: Purse | None
    counts: "Mapping[str, Counting]"


class Told:
    """Prints and exports forecasts as they come, so that the memory it takes does not grow with their number."""

    def __init__(self, s: Screen, wish: Wish, desk: "Desk", learned: "datetime | None") -> None:
        self._s, self._wish, self._desk, self._learned = s, wish, desk, learned
        self._single = len(wish.symbols) == 1
        self._listing = Listing(s.write, plain=s.plain)
        self._file = None if wish.target is None else Export(wish.target, single=self._single)
        self._purses: dict[str, Purse | None] = {}
        self._failures: list[Missed] = []
        self._notes: list[str] = []
        self._shown = False
        self.count = 0

    def __enter__(self) -> Self:
        if self._file is not None:
            self._file.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        if self._file is not None:
            self._file.__exit__(*error)

    async def take(self, one: "Kept | Missed") -> None:
        """Tell a forecast; keep in mind why there is none, or raise that where it is the only one."""
        from ara.prediction.many import Missed

        self.count += 1
        if isinstance(one, Missed):
            if self._single:
                raise one.error
            self._failures.append(one)
            return
        s, wish, kept = self._s, self._wish, sure_days(one, self._wish.threshold)
        counts = await counted(self._desk, wish, one)
        purse_ = await self._purse(one.forecast.instrument.currency)
        asked = Asked(today=self._desk.clock.now().date(), purse=purse_, counts=counts)
        hair = await self._fragile(one)
        looked = await self._looked(one)
        told = document(kept, asked) if s.json or self._file is not None else {}
        told |= {"fragile": list(hair)} if wish.depth == "full" else {}
        told |= {"attention": [each.as_dict() for each in looked]} if looked else {}
        if self._file is not None:
            self._file.add(told)
        if s.json and not self._single:
            self._listing.add(told)
        elif s.json:
            s.result(told, str)
        else:
            s.write("\n" * self._shown + shown(s, wish, kept, asked))
        self._shown = True
        self._notes += [f"{one.forecast.instrument.symbol}: {words}." for words in hair if not s.json]
        if unsure := len(one.forecast.days) - len(kept.forecast.days):
            self._notes.append(_left_out(one, unsure, wish.threshold))
        if wish.out:
            self._notes.append(_drawn(kept, Path(wish.out), looked))

    async def _fragile(self, one: "Kept") -> tuple[str, ...]:
        """Say of which small change of its bars a forecast hangs, where all is to be said and it can be had soon."""
        if self._wish.depth != "full":
            return ()
        from ara.data.feed import MarketData
        from ara.prediction.fallback import where
        from ara.prediction.nudge import fragile
        from ara.prediction.replay import recalled

        try:
            async with MarketData(self._desk) as market:
                made = await recalled(self._desk, market, one)
            if where(made.recipe) == "process":  # it may take long, and would five times over
                return ()
            return await self._desk.workers.run(fragile, made.bars, made.days, made.recipe, context=made.context)
        except AraError:  # what it was made of is not at hand any more
            return ()

    async def _looked(self, one: "Kept") -> "list[Attention]":
        """Give where its networks looked, where all is to be said or drawn."""
        if self._wish.depth != "full" and not self._wish.out:
            return []
        from ara.prediction.attention import attention_of

        try:
            return await attention_of(self._desk, one)
        except AraError:  # what it was made of is not at hand any more
            return []

    async def _purse(self, code: str) -> Purse | None:
        if code not in self._purses:
            self._purses[code] = await purse(
                self._s, self._desk, self._wish.currency, codes={code}, learned=self._learned
            )
        return self._purses[code]

    def end(self) -> None:
        """Say which have none, where a document or a file does so."""
        rest = {
            "failed": [{"symbol": one.symbol, "error": one.error.problem()} for one in self._failures],
            "exit_code": self._failures[0].error.exit_code if self._failures else 0,
        }
        if self._file is not None:
            self._file.end(rest)
        if self._s.json and not self._single:
            self._listing.end(rest)

    def after(self) -> int:
        """Say what is beside the forecasts, and give the exit code."""
        s, wish = self._s, self._wish
        for note in self._notes:
            s.note(note)
        if wish.target is not None:
            s.note(f"Written to {wish.target}")
        if wish.out:
            from ara.cli.render.reasons_picture import drawable

            if not drawable():
                s.note("For pictures too: pip install 'ara-ai[charts]'")
        for failure in self._failures if not s.json else ():
            s.problem(failure.error)
        return self._failures[0].error.exit_code if self._failures else 0


async def counted(desk: "Desk", wish: Wish, one: "Kept") -> "dict[str, Counting]":
    """Give by id what the members of an ensemble counted for, where all is to be said."""
    if wish.depth != "full":
        return {}
    from ara.cli.commands.models.weights import counting

    told = await counting(desk, one.forecast)
    return {} if told is None else {one.forecast.id: told}


def _drawn(kept: "Kept", folder: Path, looked: "list[Attention]") -> str:
    """Draw a forecast's reasons, and say where they are."""
    from ara.cli.render.reasons_files import written

    paths = written(kept.forecast, folder, looked)
    symbol = kept.forecast.instrument.symbol
    return f"Written to {', '.join(map(str, paths))}" if paths else f"{symbol} has no reasons that could be drawn."


def sure_days(kept: "Kept", threshold: float) -> "Kept":
    """Give a forecast without the days that are less sure than that."""
    days = tuple(day for day in kept.forecast.days if day.confidence >= threshold)
    return replace(kept, forecast=replace(kept.forecast, days=days))


def _left_out(kept: "Kept", unsure: int, threshold: float) -> str:
    symbol, days = kept.forecast.instrument.symbol, len(kept.forecast.days)
    are = "is" if unsure == 1 else "are"
    return f"{unsure} of {days} days of {symbol} {are} less sure than {threshold:g} and left out; the ledger has all."


def document(kept: "Kept", asked: Asked) -> dict[str, Any]:
    """Give a forecast as JSON has it, with its place in the ledger and what is asked beside it."""
    from ara.prediction.document import to_document

    data = {**to_document(kept.forecast), "kept": {"sequence": kept.sequence}}
    told = asked.counts.get(kept.forecast.id)
    if told is not None and told.weights:
        from ara.cli.commands.models.weights import counting_facts

        data["members"] = counting_facts(told)
    rate = asked.purse.rate(kept.forecast.instrument, kept.forecast.as_of)[0] if asked.purse else None
    return data if rate is None else {**data, "shown": shown_document(rate)}


def shown(s: Screen, wish: Wish, kept: "Kept", asked: Asked) -> str:
    """Give a forecast as a terminal shows it."""
    from ara.cli.render.forecast import View, show

    one = kept.forecast
    rate, said = asked.purse.rate(one.instrument, one.as_of) if asked.purse else (None, "")
    view = View(
        width=s.width,
        today=asked.today,
        money=said,
        depth=wish.depth,
        kept=True,
        asked=_reached(wish, one.last, asked.today),
        lasting=s.settings().store.url != "memory:",
        palette=s.palette(),
        plain=s.plain,
        zone=s.zone,
        members=asked.counts[one.id].words if one.id in asked.counts else "",
    )
    return show(one if rate is None else converted(one, rate), view)


def _reached(wish: Wish, last: "date", today: "date") -> bool:
    """Whether a moment was asked for that the bars reach, but for a week's own days and those that markets are shut."""
    from datetime import UTC, datetime, time, timedelta

    from ara.prediction.origin import as_instant

    if wish.as_of is None:
        return False
    moment = as_instant(wish.as_of, now=datetime.combine(today + timedelta(days=1), time(), UTC))
    return moment.date() - last <= timedelta(days=_NEAR)
