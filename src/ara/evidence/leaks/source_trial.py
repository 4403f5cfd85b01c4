"""A source of bars before its judge."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import numpy as np
import polars as pl

from ara import plugins
from ara.errors import AraError, AuditError
from ara.evidence.leaks import bars_tell, markets
from ara.evidence.leaks.outcome import Audit, Finding
from ara.evidence.leaks.source import Source

__all__ = ["audit_source"]

_PRICES: Final = ("open", "high", "low", "close")
_APART: Final = 1e-6
_VOLUME_APART, _VOLUMES, _REVISED = 0.01, 20, 0.05
_TRIED: Final = ("known_at", "range", "next_bar", "shifted", "early", "filled", "drawn", "echoed", "same")
_HINT: Final = "A source gives a frame of bars at any moment that it is asked."


def audit_source(source: Source, *, now: datetime, moments: int = 3) -> Audit:
    """Look for bars that hold what nobody could have known when they are said to have been known.

    Parameters
    ----------
    source
        What is audited.
    now
        Today; a bar that closes later is not known.
    moments
        At how many moments it is asked what it knew.

    Raises
    ------
    AuditError
        There are too few bars, or the source can't give any.
    """
    try:
        bars = _asked(source, None)
    except AraError as error:
        raise AuditError(f"{source.name}: {error.message}", hint=error.hint) from error
    days = markets.picks(bars, moments)
    findings = [*_stamps(bars, now), *bars_tell.early(bars)]
    for (symbol,), own in bars.group_by(["symbol"], maintain_order=True):
        findings += bars_tell.tell(str(symbol), own)
    columns, unseen = _columns(source, bars)
    findings += _beside(source.beside, bars, columns)
    findings += _differs("same", bars, _asked(source, None), "asked twice")
    failed = 0
    if source.older is not None:
        findings += _differs("prefix", bars, source.older, "the older copy")
        findings += _revised(bars, source.older, "the older copy")
    for moment in days if source.replays else ():
        try:
            past = _asked(source, moment)
        except AraError as error:
            failed += 1
            findings.append(Finding(rule="fails", at=moment, detail=error.message))
            continue
        findings += _differs("prefix", markets.cut(bars, moment), past, f"asked on {moment:%Y-%m-%d}")
        findings += _revised(markets.cut(bars, moment), past, f"asked on {moment:%Y-%m-%d}")
    replayed = ("prefix",) if source.replays or source.older is not None else ()
    return Audit(
        subject=source.name,
        kind="data",
        symbols=tuple(str(name) for name in bars["symbol"].unique(maintain_order=True)),
        asked=2 + len(days) * source.replays,
        failed=failed,
        rows=bars.height,
        origins=tuple(days) if source.replays else (),
        tried=(*replayed, *_TRIED, *(["column"] if columns else [])),
        findings=tuple(_largest(findings)),
        columns=columns,
        unseen=unseen,
    )


def _columns(source: Source, bars: pl.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the columns beside the prices that can be judged on some symbol, and those that can't on any."""
    if source.beside is None:
        return (), source.unseen
    names = [name for name in source.beside.columns if name not in {"symbol", "ts"}]
    parts = source.beside.join(bars.select("symbol", "ts"), on=["symbol", "ts"], how="semi").partition_by("symbol")
    judged = tuple(name for name in names if any(bars_tell.enough(part[name]) for part in parts))
    return judged, (*source.unseen, *(name for name in names if name not in judged))


def _beside(others: pl.DataFrame | None, bars: pl.DataFrame, columns: Sequence[str]) -> Iterator[Finding]:
    if others is None or not columns:
        return
    told = others.select("symbol", "ts", **{f"beside {name}": pl.col(name) for name in columns})
    whole = bars.select("symbol", "ts", "close").join(told, on=["symbol", "ts"], how="left", maintain_order="left")
    for (symbol,), own in whole.group_by(["symbol"], maintain_order=True):
        named = own.select("ts", "close", *(pl.col(f"beside {name}") for name in columns))
        for one in bars_tell.beside(str(symbol), named, [f"beside {name}" for name in columns]):
            yield replace(one, column=one.column.removeprefix("beside "))


def _asked(source: Source, moment: datetime | None) -> pl.DataFrame:
    with plugins.guest(source.name, error=AuditError, hint=_HINT):
        bars = source.read(moment)
    return bars.sort("symbol", "ts")


def _stamps(bars: pl.DataFrame, now: datetime) -> Iterator[Finding]:
    """Find bars that are known before they close, and bars that have not closed yet."""
    if "due" not in bars.columns:
        return
    known = pl.col("known_at") if "known_at" in bars.columns else pl.col("due")
    wrong: dict[str, Callable[[], pl.DataFrame]] = {
        "said to be known before the bar closes": lambda: bars.filter(known < pl.col("due")),
        "closes after today": lambda: bars.filter(pl.col("due") > now),
    }
    for words, find in wrong.items():
        for (symbol,), own in find().group_by(["symbol"], maintain_order=True):
            detail = f"{words}: {own.with_columns(known=known)['known'][0]:%Y-%m-%d %H:%M} UTC"
            share = own.height / bars.height
            yield Finding(
                rule="known_at", symbol=str(symbol), at=own["ts"][0], size=share, count=own.height, detail=detail
            )


def _differs(rule: str, whole: pl.DataFrame, other: pl.DataFrame, detail: str) -> Iterator[Finding]:
    """Find where two tellings of a past differ by more than one factor, as a split or a dividend since then has.

    A bar that one of them lacks is a difference too, but for those after the other's last.
    """
    until = other["ts"].max()
    names = {name: f"{name}_then" for name in _PRICES}
    past = other.select("symbol", "ts", *_PRICES).rename(names)
    both = whole.filter(pl.col("ts") <= until).join(past, on=["symbol", "ts"], how="full", coalesce=True)
    for (symbol,), own in both.sort("symbol", "ts").group_by(["symbol"], maintain_order=True):
        then = own.select(names.values()).to_numpy().astype(float)
        told = own.select(_PRICES).to_numpy().astype(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = np.log(told / then)
        usual = float(np.nanmedian(factor)) if np.isfinite(factor).any() else 0.0
        if rule == "same":
            usual = 0.0
        apart = np.nan_to_num(np.abs(factor - usual), nan=np.inf, posinf=np.inf)
        moved = (apart > _APART).any(axis=1)
        if not moved.any():
            continue
        row, column = np.unravel_index(int(np.argmax(apart)), apart.shape)
        yield Finding(
            rule=rule,
            symbol=str(symbol),
            at=own["ts"][int(row)],
            column=_PRICES[int(column)],
            was=float(told[row, column]),
            now=float(then[row, column] * np.exp(usual)),
            size=float(apart[row, column]),
            count=int(moved.sum()),
            detail=detail,
        )


def _revised(whole: pl.DataFrame, other: pl.DataFrame, detail: str) -> Iterator[Finding]:
    """Find volumes that were told otherwise by more than one factor, and more often than volumes are corrected."""
    past = other.select("symbol", "ts", then=pl.col("volume").cast(pl.Float64))
    both = whole.join(past, on=["symbol", "ts"], how="inner").filter((pl.col("volume") > 0) & (pl.col("then") > 0))
    for (symbol,), own in both.sort("symbol", "ts").group_by(["symbol"], maintain_order=True):
        factor = np.log(own["volume"].to_numpy().astype(float) / own["then"].to_numpy())
        usual = float(np.median(factor))
        apart = np.abs(factor - usual)
        moved = apart > _VOLUME_APART
        if moved.sum() < max(_VOLUMES, _REVISED * len(moved)):
            continue
        row = int(np.argmax(apart))
        yield Finding(
            rule="prefix",
            symbol=str(symbol),
            at=own["ts"][row],
            column="volume",
            was=float(own["volume"][row]),
            now=float(own["then"][row] * np.exp(usual)),
            size=float(apart[row]),
            count=int(moved.sum()),
            detail=detail,
        )


def _largest(findings: list[Finding]) -> list[Finding]:
    """Keep the largest finding of each rule and symbol, and of each column beside the prices; leaks first."""
    kept: dict[tuple[str, str, str], Finding] = {}
    for one in findings:
        place = (one.rule, one.symbol, one.column if one.rule == "column" else "")
        before = kept.get(place)
        if before is None or one.size > before.size:
            kept[place] = one
    return sorted(kept.values(), key=lambda one: not one.leak)
