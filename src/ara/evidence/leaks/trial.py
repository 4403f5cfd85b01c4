"""A forecaster before its judge: asked again from other pasts and futures of the same bars."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ara import plugins
from ara.errors import AraError, AuditError, CancelledError
from ara.evidence.leaks import markets, tells
from ara.evidence.leaks.forecaster import FIGURES, Forecaster
from ara.evidence.leaks.outcome import Audit, Finding
from ara.features.audit.swaps import EVERY, suspects
from ara.features.audit.table import Table

__all__ = ["audit"]

_TRIED: Final = (
    "truncate", "shuffle", "poison", "grid_poison", "grid_cut", "same_bar", "skip", "permuted", "random_split",
    "copy", "past", "same",
)  # fmt: skip
_HORIZONS: Final = (1, 5)
_FARTHER: Final = (2, 10, 21)
_LOOKS, _LIKELY = 3, 1e-6
_NOISE: Final = 10.0
_SHARE, _MOVED = 0.05, 1e-6
_KEY: Final = ["symbol", "instant", "horizon"]
_HINT: Final = "What fails or takes too long can't be judged; --limit gives it more seconds."


def audit(
    subject: Forecaster,
    bars: pl.DataFrame,
    *,
    moments: int = 3,
    side: int = 40,
    seed: int = 1,
    tolerance: float = 1e-9,
    limit: float = 0.0,
    step: Callable[[int, int], object] | None = None,
) -> Audit:
    """Look for forecasts that depend on what nobody could have known at their origin.

    At each moment the newest bar of every symbol is an origin: asked from bars that end there, from all, from all with
    other bars after it, and with another last bar. Then many origins are asked at once, with other bars and without the
    later origins; and a market in which nothing can be known. Where none of that shows a leak, bars change places to
    find the origins that notice it too early, other horizons are asked, and symbols that nobody has heard.

    Parameters
    ----------
    subject
        Who is audited.
    bars
        As `read_bars` gives them.
    moments
        At how many moments the clock is stopped.
    side
        How many origins before and after the middle moment are asked at once, of each symbol.
    seed
        Of what is random.
    tolerance
        How far log prices and chances may be apart and still count as the same.
    limit
        Seconds that one question may take, as `ara.plugins.guest` can hold to them; 0 for any.
    step
        Told how many questions were asked, and of how many.

    Raises
    ------
    AuditError
        There are too few bars, or the subject can't answer the first question.
    """
    return _Trial(subject, bars, moments, side, seed, tolerance, limit, step or (lambda done, total: None)).held()


class _Trial:
    """One forecaster on one file of bars."""

    def __init__(
        self,
        subject: Forecaster,
        bars: pl.DataFrame,
        moments: int,
        side: int,
        seed: int,
        tolerance: float,
        limit: float,
        step: Callable[[int, int], object],
    ) -> None:
        self._subject, self._bars, self._limit, self._step = subject, bars, limit, step
        self._side, self._tolerance = side, tolerance
        self._random = np.random.default_rng(seed)
        self._picks = markets.picks(bars, moments)
        self._origins = {moment: markets.origins(bars, moment, _HORIZONS) for moment in self._picks}
        self._found: dict[tuple[str, str], Finding] = {}
        self._asked = self._failed = self._rows = 0
        self._planned = 6 * len(self._picks) + 4 + EVERY + _LOOKS + 5

    def held(self) -> Audit:
        """Try everything."""
        if not any(asked.height for asked in self._origins.values()):
            raise AuditError("no symbol has 120 bars before the moments that are tried", hint="Give it more bars.")
        past = {moment: self._past(moment) for moment in self._picks}  # before anything of later is shown to it
        for moment in self._picks:
            self._moment(moment, past[moment])
        self._grid(self._picks[len(self._picks) // 2])
        findings = sorted(self._found.values(), key=lambda one: (not one.leak, list(_TRIED).index(_place(one.rule))))
        return Audit(
            subject=self._subject.name,
            kind=self._subject.kind,
            symbols=tuple(str(name) for name in self._bars["symbol"].unique(maintain_order=True)),
            asked=self._asked,
            failed=self._failed,
            rows=self._rows,
            origins=tuple(self._picks),
            tried=_TRIED,
            findings=tuple(findings),
        )

    def _past(self, moment: datetime) -> pl.DataFrame | None:
        return self._ask(markets.cut(self._bars, moment), self._origins[moment], first=True)

    def _moment(self, moment: datetime, past: pl.DataFrame | None) -> None:
        asked = self._origins[moment]
        whole = self._ask(self._bars, asked)
        if whole is None:
            return
        again = self._ask(self._bars, asked)
        self._compare("same", whole, again, "asked twice")
        if again is not None:  # what is no larger than noise is no leak
            self._tolerance = max(self._tolerance, _NOISE * float(self._apart(whole, again).max()))
        self._compare("truncate", whole, past, f"bars after {moment:%Y-%m-%d} cut off")
        for rule, change in (("shuffle", markets.mixed), ("poison", markets.poisoned)):
            other = self._ask(change(self._bars, moment, self._random), asked)
            self._compare(rule, whole, other, f"bars after {moment:%Y-%m-%d} changed")
        self._newest(asked, whole)

    def _newest(self, asked: pl.DataFrame, whole: pl.DataFrame) -> None:
        """Move the bar of each origin: an answer that stays did not look at it."""
        other = self._ask(markets.touched(self._bars, asked, _SHARE), asked)
        if other is None:
            return
        moved = self._apart(whole, other).max(axis=1)
        for row in np.flatnonzero(moved <= _MOVED).tolist():
            facts = whole.row(row, named=True)
            self._keep(
                Finding(
                    rule="past",
                    symbol=facts["symbol"],
                    at=facts["instant"],
                    horizon=facts["horizon"],
                    detail="the origin's bar 5 % higher moved nothing",
                )
            )

    def _grid(self, moment: datetime) -> None:
        """Ask many origins at once, with other bars after a moment and without the later origins; and elsewhere."""
        asked = markets.around(self._bars, moment, self._side, _HORIZONS)
        early = pl.Series(asked["instant"] <= moment)
        whole = self._ask(self._bars, asked)
        if whole is None:
            return
        self._keep_all(tells.too_good(tells.outcomes(whole, self._bars)))
        self._keep_all(tells.copies(tells.outcomes(whole, self._bars)))
        changed = self._ask(markets.poisoned(self._bars, moment, self._random), asked)
        if changed is not None:
            detail = f"bars after {moment:%Y-%m-%d} changed, {asked.height} origins asked"
            self._compare("grid_poison", whole.filter(early), changed.filter(early), detail)
        cut = self._ask(markets.cut(self._bars, moment), asked.filter(early))
        detail = f"asked without origins and bars after {moment:%Y-%m-%d}"
        self._compare("grid_cut", whole.filter(early), cut, detail)
        self._elsewhere(asked)
        if not any(one.leak for one in self._found.values()):
            self._swaps(asked, whole)
            self._farther(self._picks[-1])
            self._renamed(self._picks[-1])

    def _elsewhere(self, asked: pl.DataFrame) -> None:
        """Ask in a market where nothing can be known."""
        market = markets.reordered(self._bars, self._random)
        elsewhere = self._ask(market, asked)
        if elsewhere is not None:
            self._keep_all(tells.illusions(tells.outcomes(elsewhere, market)))

    def _swaps(self, asked: pl.DataFrame, whole: pl.DataFrame) -> None:
        """Let bars change places, and change all that comes after the moments at which that was noticed too early."""
        days = self._bars["ts"].unique().sort()
        told = []
        for first in range(EVERY):
            other = self._asked_if(markets.swapped(self._bars, days[first::EVERY]), asked)
            if other is not None:
                told.append((first, other))
        known = days.to_physical().to_numpy()
        ranked: dict[int, None] = {}
        for symbol in whole["symbol"].unique(maintain_order=True):
            tables = [(first, _table(other, symbol)) for first, other in told]
            for _, count in suspects(_table(whole, symbol), tables, known, tolerance=_LIKELY)[:_LOOKS]:
                ranked[count] = None
        for count in list(ranked)[:_LOOKS]:
            moment = days[count - 1]
            early = pl.Series(asked["instant"] <= moment)
            changed = self._ask(markets.poisoned(self._bars, moment, self._random), asked)
            if changed is not None:
                detail = f"bars after {moment:%Y-%m-%d} changed, {asked.height} origins asked"
                self._compare("grid_poison", whole.filter(early), changed.filter(early), detail)

    def _farther(self, moment: datetime) -> None:
        """Ask other horizons, with the later bars and without them; who answers none of these is none the worse."""
        asked = markets.origins(self._bars, moment, _FARTHER)
        past = self._asked_if(markets.cut(self._bars, moment), asked)
        whole = None if past is None else self._asked_if(self._bars, asked)
        if whole is not None:
            self._compare("truncate", whole, past, f"bars after {moment:%Y-%m-%d} cut off")

    def _renamed(self, moment: datetime) -> None:
        """Ask for the past, then for all, under symbols that nobody has heard: what is kept by symbol is not there.

        Where two such names are answered in two ways, the name itself counts, and nothing is proven.
        """
        asked, told = self._origins[moment], []
        for bars in (markets.cut(self._bars, moment), self._bars, markets.cut(self._bars, moment)):
            there = self._asked_if(*markets.renamed(bars, asked))
            if there is None:
                return
            told.append(there.with_columns(asked["symbol"]))
        past, whole, again = told
        if (self._apart(past, again) <= self._tolerance).all():
            detail = f"bars after {moment:%Y-%m-%d} cut off, under symbols that it had not heard"
            self._compare("truncate", whole, past, detail)

    def _asked_if(self, bars: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame | None:
        """Ask what need not be answered."""
        try:
            return self._answer(bars, asked)
        except CancelledError:
            raise
        except AraError:
            return None

    def _ask(self, bars: pl.DataFrame, asked: pl.DataFrame, *, first: bool = False) -> pl.DataFrame | None:
        try:
            return self._answer(bars, asked)
        except CancelledError:
            raise
        except AraError as error:
            if first and self._asked == 1:
                raise AuditError(f"{self._subject.name}: {error.message}", hint=error.hint) from error
            self._failed += 1
            self._keep(Finding(rule="fails", detail=error.message))
            return None

    def _answer(self, bars: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
        self._asked += 1
        self._step(self._asked, self._planned)
        with plugins.guest(self._subject.name, error=AuditError, hint=_HINT, seconds=self._limit):
            told = self._subject.ask(bars, asked)
        return self._whole(told, asked)

    def _whole(self, told: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
        keys = asked.select(pl.col("symbol").cast(pl.String), "instant", "horizon")
        found = keys.join(told.unique(_KEY, keep="first"), on=_KEY, how="left", maintain_order="left")
        lacking = found["p_up"].null_count()
        if lacking:
            raise AuditError(f"{lacking} of {asked.height} origins were not answered")
        self._rows += found.height
        return found

    def _compare(self, rule: str, whole: pl.DataFrame, other: pl.DataFrame | None, detail: str) -> None:
        if other is None:
            return
        apart = self._apart(whole, other)
        if (apart > self._tolerance).any():
            self._note(rule, whole, other, apart, detail)

    def _apart(self, whole: pl.DataFrame, other: pl.DataFrame) -> NDArray[np.float64]:
        return np.asarray(np.nan_to_num(np.abs(_numbers(whole) - _numbers(other)), nan=np.inf, posinf=np.inf))

    def _note(
        self, rule: str, whole: pl.DataFrame, other: pl.DataFrame, apart: NDArray[np.float64], detail: str
    ) -> None:
        """Keep one finding for each symbol: where it is largest."""
        symbols = whole["symbol"].to_numpy()
        for symbol in dict.fromkeys(symbols.tolist()):
            mine = np.flatnonzero(symbols == symbol)
            moved = apart[mine] > self._tolerance
            if not moved.any():
                continue
            place, column = np.unravel_index(int(np.argmax(apart[mine])), apart[mine].shape)
            row, name = int(mine[place]), FIGURES[int(column)]
            self._keep(
                Finding(
                    rule=rule,
                    symbol=symbol,
                    at=whole["instant"][row],
                    horizon=int(whole["horizon"][row]),
                    column=name,
                    was=float(whole[name][row]),
                    now=float(other[name][row]),
                    size=float(apart[row, column]),
                    count=int(moved.any(axis=1).sum()),
                    detail=detail,
                )
            )

    def _keep_all(self, findings: Iterable[Finding]) -> None:
        for one in findings:
            self._keep(one)

    def _keep(self, one: Finding) -> None:
        """Keep what is found; of several findings of a rule on a symbol, the largest."""
        kept = self._found.get((one.rule, one.symbol))
        if kept is None or one.size > kept.size:
            self._found[one.rule, one.symbol] = one


def _place(rule: str) -> str:
    return rule if rule in _TRIED else _TRIED[-1]


def _numbers(told: pl.DataFrame) -> NDArray[np.float64]:
    """Give an answer as numbers that are compared: logs of prices, chances as they are; 0 where no sigma is told."""
    prices = told.select(FIGURES[:-2]).to_numpy().astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(prices)
    beside = told.select("p_up", pl.col("sigma").fill_null(0.0)).to_numpy().astype(float)
    return np.hstack([logs, beside])


def _table(told: pl.DataFrame, symbol: str) -> Table:
    """Lay one symbol's answers out as features are: a row for each origin, a column for each horizon and figure."""
    own = told.filter(pl.col("symbol") == symbol).sort("instant", "horizon")
    horizons = own["horizon"].unique().sort().to_list()
    at = own["instant"].unique().sort().to_physical().to_numpy()
    names = tuple(f"{horizon}:{name}" for horizon in horizons for name in FIGURES)
    return Table(at=at, known=at, names=names, x=_numbers(own).reshape(len(at), len(names)))
