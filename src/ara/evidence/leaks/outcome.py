"""What an audit of forecasts or of a source of bars found."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

__all__ = ["RULES", "Audit", "Finding"]

RULES: Final[Mapping[str, tuple[str, str]]] = {
    "truncate": (
        "with the bars after the origin cut off, the forecast is another",
        "Look for rows read beyond the origin, and for figures of the whole range.",
    ),
    "shuffle": (
        "with later bars in another order, the forecast is another",
        "Look for rows read beyond the origin, of any instrument.",
    ),
    "poison": (
        "with later prices changed, the forecast is another",
        "Look for outcomes, fits and figures that hold prices of after the origin.",
    ),
    "grid_poison": (
        "asked at many origins at once, an early forecast moves with bars of after it",
        "Refit at moments of the calendar on what was known then, never at the last origin that was asked for.",
    ),
    "grid_cut": (
        "asked at many origins at once, an early forecast moves with which later ones were asked",
        "Answer each origin alone; normalise by its own past, never by the rows that are asked together.",
    ),
    "same_bar": (
        "it goes along with the bar that it forecasts as no forecast can",
        "Look for outcomes that the model carries along, and for bars that are labelled one too early.",
    ),
    "skip": (
        "it is right about the next bar, and not at all once a bar is skipped",
        "Look for a price that was known too early, such as a close that was taken after the origin.",
    ),
    "permuted": (
        "it is right where bars come in another order, and nothing can be known",
        "Look for any way to the outcome; nothing else can be right there.",
    ),
    "random_split": (
        "it is far too sure of itself where nothing can be known",
        "Split by time, with a gap of the horizon: rows drawn at random lie beside their own outcomes.",
    ),
    "copy": (
        "it repeats the last bar, and calls that a forecast",
        "Judge forecasts of returns: a copied price looks right beside prices, and says nothing.",
    ),
    "past": (
        "the bar of its origin doesn't matter to it",
        "Forecast from the newest bar that is known; look for a stale cache and a row that is left out.",
    ),
    "known_at": (
        "it is stamped as known before it was",
        "Stamp each bar with the moment from which its close was public.",
    ),
    "prefix": (
        "asked when fewer bars were there, the source told another past",
        "Keep what was published then; let a later correction be a row with a stamp of its own.",
    ),
    "range": (
        "its prices lie outside of its own bar, and inside the next one",
        "Look for a column that is shifted by one row against the others.",
    ),
    "next_bar": (
        "the bar tells the move of the next one",
        "Look for closes that were taken before their bar ended, for smoothed prices, and for highs of more bars.",
    ),
    "column": (
        "a column beside its prices tells the move of the next bar",
        "Look for a column that is a row early, or that was made from a later price: a label, a target.",
    ),
    "shifted": (
        "its volume goes with the bar after it",
        "Look for volumes that are a row early against the prices, or that were weighted by a later price.",
    ),
    "ahead": (
        "its closes are a bar ahead of its opens",
        "Look for closes that are a row early against the opens, such as adjusted ones that were joined one row apart.",
    ),
    "early": (
        "its bars are a bar ahead of all others",
        "Look for labels of the wrong day: a time zone, or a bar that is called by its end.",
    ),
    "filled": (
        "bars are copies of the bar after them",
        "Leave gaps open, or fill them with what was known before; never backward.",
    ),
    "echoed": (
        "closes are those of the bar after them",
        "Look for closes that were taken after their bar had ended, and for rows that are joined one too late.",
    ),
    "drawn": (
        "bars lie on a straight line between their neighbours",
        "Leave gaps open: a line knows where the price will be on the other side.",
    ),
    "same": (
        "the same question gives another answer",
        "Give random numbers a seed, and keep no state from one call to the next.",
    ),
    "fails": (
        "it fails, or leaves rows out, where something was changed",
        "Answer all origins that are asked, from whatever bars there are.",
    ),
}
"""What each rule says of what breaks it, and what to do."""

_UNFIT: Final = frozenset({"random_split", "copy", "past"})
_OPEN: Final = frozenset({"same", "fails"})
_HALF: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule that is broken on one instrument.

    Parameters
    ----------
    rule
        One of `RULES`.
    symbol
        On whose bars; empty where on all of them.
    at
        Label of the origin or of the bar where it shows most.
    horizon
        Bars ahead; 0 where none is concerned.
    column
        Which figure moved, or was looked at.
    was, now
        It as all bars are given, and as it is otherwise, or as it may be.
    size
        How far they are apart: log prices and chances as differences, correlations and shares as themselves.
    count
        How many figures or bars are concerned.
    detail
        What was done to see it.
    """

    rule: str
    symbol: str = ""
    at: datetime | None = None
    horizon: int = 0
    column: str = ""
    was: float = math.nan
    now: float = math.nan
    size: float = 0.0
    count: int = 1
    detail: str = ""

    @property
    def leak(self) -> bool:
        """Whether it knows what nobody knew then."""
        return self.rule not in _UNFIT | _OPEN

    @property
    def words(self) -> str:
        """Where it shows and by how much, in a line."""
        where = " ".join(
            filter(
                None,
                (
                    self.symbol,
                    f"at {self.at:%Y-%m-%d}" if self.at else "",
                    f"{self.horizon} bar{'s' * (self.horizon != 1)} ahead" if self.horizon else "",
                ),
            )
        )
        figures = (
            f"{self.column} {self.was:.6g} against {self.now:.6g}"
            if math.isfinite(self.was) and math.isfinite(self.now)
            else ""
        )
        many = f"{self.count:,} in all" if self.count > 1 else ""
        parts = ", ".join(filter(None, (figures, many)))
        return "; ".join(filter(None, (f"{where}: {parts}".strip(": ") if parts else where, self.detail)))

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""

        def number(value: float) -> float | None:
            return value if math.isfinite(value) else None

        return {
            "rule": self.rule,
            "leak": self.leak,
            "symbol": self.symbol or None,
            "at": None if self.at is None else self.at.isoformat().replace("+00:00", "Z"),
            "horizon": self.horizon or None,
            "column": self.column or None,
            "was": number(self.was),
            "now": number(self.now),
            "size": number(self.size),
            "count": self.count,
            "detail": self.detail,
            "words": f"{RULES[self.rule][0]}: {self.words}".rstrip(": "),
            "advice": RULES[self.rule][1],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was tried, and what it showed.

    Parameters
    ----------
    subject, kind
        What was audited, and which kind of thing it is: `model`, `forecast` or `data`.
    symbols
        On whose bars.
    asked, failed
        How often it was asked, and how often that failed.
    rows
        How many forecasts or bars were compared.
    origins
        Labels of the moments at which the clock was stopped.
    tried
        The rules that could be tried.
    findings
        Leaks first.
    columns
        Of bars: those beside the prices that were held against the next bar's move.
    unseen
        Of bars: those that were not looked at, as they hold no numbers or too few.
    """

    subject: str
    kind: str
    symbols: tuple[str, ...]
    asked: int
    failed: int = 0
    rows: int
    origins: tuple[datetime, ...]
    tried: tuple[str, ...]
    findings: tuple[Finding, ...] = field(default=())
    columns: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """`leaks`; `unfit`, where it is no honest forecast though it leaks nothing; `unknown`, where nothing is proven.

        Else `clear`.
        """
        rules = {one.rule for one in self.findings}
        if any(one.leak for one in self.findings):
            return "leaks"
        if rules & _UNFIT:
            return "unfit"
        return "unknown" if "same" in rules or self.failed * _HALF > self.asked else "clear"

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        beside = {"columns": list(self.columns), "unseen": list(self.unseen)} if self.kind == "data" else {}
        return {
            "subject": self.subject,
            "kind": self.kind,
            "verdict": self.verdict,
            "symbols": list(self.symbols),
            "asked": self.asked,
            "failed": self.failed,
            "rows": self.rows,
            "origins": [one.isoformat().replace("+00:00", "Z") for one in self.origins],
            "tried": list(self.tried),
            **beside,
            "leaks": sum(one.leak for one in self.findings),
            "findings": [one.as_dict() for one in self.findings],
        }
