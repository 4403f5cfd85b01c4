"""Back-tests, done by a job: by the same function, with the same document, as on the command line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ara import plugins
from ara.desk import Desk
from ara.errors import NotFoundError, ValidationError
from ara.jobs.work import Backtest
from ara.workers import Progress

if TYPE_CHECKING:
    from ara.backtest.folds import Rules
    from ara.trading import Costs
    from ara.trading.strategies import Made

__all__ = ["Asked", "asked", "test"]

_OLD: Final = ("buy_hold",)
_CUTS: Final = 100
_BARS: Final = 100_000
_HELD: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A back-test whose words were read: its strategy, its span, and what a walk tries by which rules."""

    maker: "Made"
    span: dict[str, Any]
    rules: "Rules | None"
    grid: dict[str, list[Any]]


def asked(work: Backtest) -> Asked:
    """Read what a back-test is asked for; ValidationError where it could only fail."""
    from ara.trading.strategies import made

    if ":" in work.strategy:
        raise ValidationError(
            f"A job can't test {work.strategy!r:.60}: a class of one's own is not loaded by name here.",
            hint="Name a strategy that is registered, or install it as a plug-in.",
        )
    if work.strategy not in (*plugins.names("strategies"), *_OLD):
        raise NotFoundError(
            f"There is no strategy {work.strategy!r:.60}.", hint=f"There are: {', '.join(plugins.names('strategies'))}"
        )
    if not 0 <= work.cuts <= _CUTS:
        raise ValidationError(f"A back-test is replayed 0 to {_CUTS} times, not {work.cuts}.")
    maker = made(work.strategy, work.params)
    maker()
    span: dict[str, Any] = {
        "cash": _amount(work.cash), "costs": _costs(work.costs), "start": _day(work.start, "start"),
        "end": _day(work.end, "end", last=True), "cuts": work.cuts,
    }  # fmt: skip
    if span["start"] and span["end"] and span["start"] >= span["end"]:
        raise ValidationError(f"The back-test begins at {work.start}, after its end, {work.end}.", hint="Swap them.")
    rules, grid = _walk(work, maker)
    return Asked(maker=maker, span=span, rules=rules, grid=grid)


async def test(desk: Desk, work: Backtest, *, watch: Callable[[Progress], bool]) -> dict[str, Any]:
    """Test a strategy and give the document that `ara backtest --json` prints."""
    from ara.backtest import run
    from ara.backtest.document import to_document, walk_document
    from ara.backtest.taping import in_currency, tapes_of
    from ara.backtest.walk_forward import walk
    from ara.data.feed import MarketData
    from ara.performance.trials import Trials

    wanted = asked(work)
    async with MarketData(desk) as market:
        tapes = await in_currency(market, await tapes_of(market, work.symbols))

    def hear(done: int, total: int) -> bool:
        return watch(Progress(done, total, "playing bars" if wanted.rules is None else "choosing"))

    if wanted.rules is not None:
        kept = Path(desk.settings.home) / "backtest" / "choices.json"
        walked = walk(
            wanted.maker, wanted.grid, tapes, rules=wanted.rules, name=wanted.maker.name, watch=hear, kept=kept,
            **wanted.span,
        )  # fmt: skip
        found, what = walked.result, f"walk-forward {wanted.maker.name}"
    else:
        found = run(
            wanted.maker, tapes, name=wanted.maker.name, parameters=wanted.maker.described(), watch=hear, **wanted.span
        )
        walked, what = None, f"backtest {found.strategy}"
    at = found.frame["at"]
    look = await Trials(desk).look(found.symbols, at[0], at[-1], what=what, id=found.lineage.id)
    return to_document(found, look) if walked is None else walk_document(walked, look)


def _walk(work: Backtest, maker: "Made") -> "tuple[Rules | None, dict[str, list[Any]]]":
    from ara.backtest.folds import Rules
    from ara.backtest.sweep import MOST, size_of
    from ara.backtest.walk_forward import usual_grid
    from ara.trading.strategies import made

    count = size_of(work.grid)
    if count > MOST:  # counted, not listed: a line of text can ask for more of them than memory holds
        raise ValidationError(f"The grid has {count} combinations; at most {MOST} are tried.", hint="Leave some out.")
    if not work.walk:
        if work.grid:
            raise ValidationError("A grid is tried by a walk only.", hint="Say how many bars it learns from.")
        return None, {}
    for name, bars in (("window", work.walk), ("step", work.retrain)):
        if not 1 <= bars <= _BARS:
            raise ValidationError(f"The {name} of a walk is 1 to {_BARS} bars, not {bars}.")
    if both := sorted(set(work.grid) & set(maker.parameters)):
        raise ValidationError(f"{both[0]!r:.40} is given as a parameter and in the grid.", hint="Leave one out.")
    given = {
        name: [made(maker.name, {name: value}).parameters[name] for value in values]
        for name, values in work.grid.items()
    }
    usual = {name: list(values) for name, values in usual_grid(maker.name, maker.parameters).items()}
    return Rules(window=work.walk, every=work.retrain, hold_out=_HELD), given or usual


def _amount(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal(0)
    if not (found.is_finite() and 0 < found < 10**12):
        raise ValidationError(f"The capital is {text!r:.40}; it is an amount above 0.", hint="10000")
    return found


def _costs(given: Mapping[str, Any]) -> "Costs":
    from ara.trading import Costs

    known = {one.name for one in fields(Costs)}
    if strange := sorted(set(given) - known):
        raise ValidationError(f"The costs have no {strange[0]!r:.40}; they have {', '.join(sorted(known))}.")
    for name, value in given.items():
        if name != "slippage" and (isinstance(value, str | bool) or not isinstance(value, int | float)):
            raise ValidationError(f"The costs' {name} is {value!r:.40}, which is no number.")
    return replace(Costs(), **given)


def _day(text: str, name: str, *, last: bool = False) -> datetime | None:
    if not text:
        return None
    try:
        begin = datetime.combine(date.fromisoformat(text), time(), UTC)
        return begin + timedelta(days=1) - timedelta.resolution if last else begin
    except (ValueError, OverflowError):
        raise ValidationError(f"The {name} is {text!r:.40}, which is no date.", hint="Write 2018-03-20.") from None
