"""The synchronous front's back-test: the one that the command makes, with the same document."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, Final

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import ValidationError
from ara.quick.running import run

if TYPE_CHECKING:
    from ara.backtest import Result
    from ara.performance import Significance
    from ara.performance.trials import Look
    from ara.trading import Costs, Strategy, Tape

__all__ = ["Tested", "backtest"]


_CUTS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A back-test, and how much of it may be luck.

    Parameters
    ----------
    result
        What it earned, beside buy and hold, with curve and fills.
    look
        Which look at these bars it was: each is counted.
    luck
        What its Sharpe ratio proves after so many looks.
    """

    result: "Result"
    look: "Look"
    luck: "Significance"

    def as_dict(self) -> dict[str, Any]:
        """Give the document that `ara backtest --json` prints."""
        from ara.backtest.document import to_document

        return to_document(self.result, self.look)


def backtest(
    symbols: str | Sequence[str],
    strategy: "str | Callable[..., Strategy]" = "buy_and_hold",
    *,
    params: Mapping[str, Any] | None = None,
    start: datetime | date | str | None = None,
    end: datetime | date | str | None = None,
    cash: Decimal | int | str = 10_000,
    costs: "Costs | None" = None,
    currency: str = "",
    mix: Mapping[str, float] | None = None,
    cuts: int = 3,
) -> Tested:
    """Test a strategy on the past, after costs, beside buy and hold.

    It is replayed on shorter bars: one that saw the future is stopped. The look at these bars is counted before the
    result is given.

    Parameters
    ----------
    symbols
        One instrument or several, in any usual spelling; earlier bars than `start` are history.
    strategy
        Registered, such as `momentum`; or a class of one's own with a method `decide` or `plan`.
    params
        What it is made with.
    start, end
        First and last day, or moments with their zone; all bars if None.
    cash
        What the account begins with.
    costs
        What trading costs; the defaults of `Costs` if None.
    currency
        In which the book is kept; that of the first instrument if empty.
    mix
        Shares of instruments to stand beside it.
    cuts
        How often it is replayed on shorter bars; 0 for never.

    Examples
    --------
    >>> import ara
    >>> found = ara.backtest("AAPL", "momentum", start="2015-01-01", end="2019-12-31")
    >>> found.result.measures.sharpe < 2 and found.luck.trials >= 1
    True
    """
    from ara.backtest.document import proven
    from ara.backtest.run import run as played
    from ara.trading.strategies import made

    named = _named(symbols)
    _checked(mix, costs, cuts)
    began, ended = _moment(start, "start"), _moment(end, "end", last=True)
    if began and ended and began >= ended:
        raise ValidationError(f"The back-test begins at {start}, after its end, {end}.", hint="Swap them.")
    maker = made(strategy, params)
    maker()
    tapes, others = run(_past(named, list(mix or ()), currency))
    found = played(
        maker, tapes, name=maker.name, parameters=maker.described(), cash=_amount(cash), costs=costs,
        start=began, end=ended, cuts=cuts, mix=dict(mix) if mix else None, mix_tapes=others,
    )  # fmt: skip
    look = run(_looked(found))
    return Tested(result=found, look=look, luck=proven(found, look.number))


async def _past(symbols: list[str], beside: list[str], currency: str) -> "tuple[dict[str, Tape], dict[str, Tape]]":
    from ara.backtest.taping import book_of, in_currency, tapes_of

    async with Desk.open() as desk, MarketData(desk) as market:
        tapes = await in_currency(market, await tapes_of(market, symbols), currency)
        others = await tapes_of(market, [one for one in beside if one not in tapes])
        return tapes, await in_currency(market, others, book_of(tapes, currency)) if others else {}


async def _looked(found: "Result") -> "Look":
    from ara.performance.trials import Trials

    at = found.frame["at"]
    async with Desk.open() as desk:
        return await Trials(desk).look(
            found.symbols, at[0], at[-1], what=f"backtest {found.strategy}", id=found.lineage.id
        )


def _named(symbols: object) -> list[str]:
    like, found = 'ara.backtest("AAPL", "momentum")', list[str]()
    for one in symbols if isinstance(symbols, Sequence) and not isinstance(symbols, str) else [symbols]:
        if not isinstance(one, str):
            raise ValidationError(f"{one!r:.40} is no symbol; it is text.", hint=like)
        found.append(one)
    if not found:
        raise ValidationError("No instrument is named to test a strategy on.", hint=like)
    return found


def _checked(mix: object, costs: object, cuts: object) -> None:
    from ara.trading import Costs

    if mix is not None and not isinstance(mix, Mapping):
        raise ValidationError(f"The mix is {mix!r:.60}; it gives shares by symbol.", hint='mix={"SPY": 60, "IEF": 40}')
    shares: Mapping[object, object] = mix or {}
    for symbol, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, Real):
            raise ValidationError(f"The mix's share of {symbol!r:.40} is {share!r:.40}; it is a number.", hint="60")
    if costs is not None and not isinstance(costs, Costs):
        raise ValidationError(f"The costs are {costs!r:.60}.", hint="costs=ara.trading.Costs(commission=0.001)")
    if isinstance(cuts, bool) or not isinstance(cuts, int) or not 0 <= cuts <= _CUTS:
        raise ValidationError(f"cuts is {cuts!r:.40}; it is a whole number from 0 to {_CUTS:,}.", hint="cuts=3")


def _amount(cash: Decimal | int | str) -> Decimal:
    try:
        found = Decimal(str(cash))
    except ArithmeticError:
        found = Decimal(0)
    if not (found.is_finite() and 0 < found < 10**12):
        raise ValidationError(f"The cash is {str(cash)[:40]!r}; it is an amount above 0.", hint="cash=10000")
    return found


def _moment(day: datetime | date | str | None, what: str, *, last: bool = False) -> datetime | None:
    """Give the first or the last instant of a day, UTC; a moment as it is."""
    if day is None:
        return None
    if isinstance(day, datetime):
        if day.tzinfo is None:
            raise ValidationError(f"The {what} {day} names no zone.", hint="datetime(2018, 3, 20, tzinfo=UTC)")
        return day.astimezone(UTC)
    try:
        label = day if isinstance(day, date) else date.fromisoformat(day.strip())
    except (ValueError, AttributeError):  # what is no text has no `strip`
        raise ValidationError(f"The {what} {day!r:.40} is no date.", hint="Write 2018-03-20.") from None
    begin = datetime.combine(label, time(), UTC)
    return begin + timedelta(days=1) - timedelta.resolution if last else begin
