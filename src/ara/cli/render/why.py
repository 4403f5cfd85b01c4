"""Where a bar comes from, on a terminal and as JSON."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ara.cli.render.data import price
from ara.cli.render.data_table import instant, plain_value
from ara.cli.render.numbers import day
from ara.cli.screen import Screen
from ara.cli.words import clean, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ara.data.actions import Action
    from ara.data.provenance import Fetch, Provenance, Withdrawn, Witness

__all__ = ["answer", "document"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEAR = 1e-6
_SHOWN = 3


def document(told: "Provenance") -> dict[str, Any]:
    """Give a bar's origin as JSON values."""
    one = told.bars.instrument
    bar = {name: plain_value(value) for name, value in told.bar.items()}
    return {
        "schema": 1,
        "symbol": one.symbol,
        "timeframe": str(told.bars.timeframe),
        "basis": told.bars.basis.value,
        **bar,
        "witnesses": [
            {
                "source": each.source,
                "close": plain_value(each.close),
                "basis": each.basis,
                "traded": plain_value(each.traded),
                "adjusted": plain_value(each.adjusted),
                "weight": plain_value(round(each.weight, 4)),
                "vote": each.vote,
                "quality": plain_value(each.quality),
                "conflict": each.conflict,
                "learned_at": instant(each.learned_at),
                "revisions": each.revisions,
                "fetch": each.fetch,
            }
            for each in told.witnesses
        ],
        "actions": [_stated(each) for each in told.actions],
        "fetches": [
            {"at": instant(each.at), "source": each.source, "fetch": each.fetch, "tried": [dict(t) for t in each.tried]}
            for each in told.fetches
        ],
        "withdrawn": [_withdrawn(each) for each in told.withdrawn],
    }


def _stated(each: "Action") -> dict[str, Any]:
    return {
        "action": "split" if each.split else "dividend",
        "at": instant(_moment(each)),
        "value": plain_value(each.value),
        "currency": each.currency,
        "sources": list(each.sources),
    }


def _withdrawn(each: "Withdrawn") -> dict[str, Any]:
    return {
        "source": each.source,
        "close": plain_value(each.close),
        "learned_at": instant(each.learned_at),
        "withdrawn_at": instant(each.at),
        "fetch": each.fetch,
    }


def answer(told: "Provenance", s: Screen) -> str:
    """Give the close and who said it, then how far it can be trusted, then what happened on the way."""
    one, bar = told.bars.instrument, told.bar
    label = f"  close {price(bar['close'], one)}   from  "
    said = [clean(_witness(each, told)) for each in told.witnesses] or [clean(str(bar["source"]))]
    lines = _side_by_side(label, said, s.width)
    repaired = "yes" if bar["imputed"] else "no"
    known = f"known at {bar['known_at'].astimezone(UTC):%Y-%m-%d %H:%M} UTC, learned {bar['learned_at']:%Y-%m-%d}"
    trust = [f"quality {bar['quality']:.2f}", f"repaired: {repaired}", known]
    lines += _side_by_side("  ", trust, s.width)
    paint = s.palette()
    for words in _further(told):
        lines += [paint(f"  {line}", "quiet") for line in wrapped(clean(words), s.width - 2)]
    return "\n".join(lines)


def _side_by_side(label: str, parts: list[str], columns: int) -> list[str]:
    """Put parts into lines behind a label, as many as fit, never apart in themselves unless one is too long."""
    indent = " " * width(label) if width(label) < columns // 2 else "    "
    lines, line, filled = [], label, False
    for part in parts:
        longer = f"{line}   {part}" if filled else line + part
        if width(longer) <= columns:
            line, filled = longer, True
            continue
        if filled:
            lines.append(line)
        elif line.strip():
            lines.append(line.rstrip())
        first, *more = wrapped(part, max(columns - width(indent), 8))
        lines += [indent + each for each in (first, *more)[:-1]]
        line, filled = indent + (first, *more)[-1], True
    return [*lines, line]


def _witness(each: "Witness", told: "Provenance") -> str:
    """Give what one source said; where that isn't what is comparable, why, and what it comes to."""
    one = told.bars.instrument
    parts = []
    if each.adjusted is not None and abs(each.adjusted - each.close) > _NEAR * abs(each.close):
        parts = [each.basis, *_splits(told, each), f"adjusted: {price(each.adjusted, one)}"]
    if each.conflict:
        parts.append(each.conflict)
    elif not each.vote:
        parts.append("disagrees")
    if each.revisions > 1:
        parts.append(f"corrected {each.revisions - 1}x" if each.revisions > 2 else "corrected once")
    said = f"{each.source} {price(each.close, one)}"
    return f"{said} ({'; '.join(parts)})" if parts else said


def _splits(told: "Provenance", each: "Witness") -> list[str]:
    if each.basis != "raw":
        return []
    return [f"{one.value:g}:1 split on {_date(one, told)}" for one in told.actions if one.split]


def _further(told: "Provenance") -> list[str]:
    """Say what lies between the close as it was traded and the one shown, and how the sources were asked."""
    words = []
    splits = [one for one in told.actions if one.split]
    cash = [one for one in told.actions if not one.split]
    if splits or cash:
        parts = [f"a {one.value:g}:1 split on {_date(one, told)} {_year(one)}" for one in splits]
        if cash:
            last = cash[-1]
            parts.append(
                f"{len(cash)} dividend{'s' if len(cash) > 1 else ''}, the last {last.value:g} {last.currency}".rstrip()
            )
        words.append(f"Since then: {', '.join(parts)}.")
    words += [
        f"Withdrawn on {each.at:%Y-%m-%d}: {each.source} {price(each.close, told.bars.instrument)},"
        f" learned {each.learned_at:%Y-%m-%d}."
        for each in told.withdrawn[-_SHOWN:]
    ]
    words += [_request(each) for each in told.fetches[:_SHOWN]]
    if len(told.fetches) > _SHOWN:
        words.append(f"And {len(told.fetches) - _SHOWN:,} earlier requests; all of them: --json")
    return words


def _request(each: "Fetch") -> str:
    failed = [_failed(one) for one in each.tried if not one["ok"]]
    said = f"Asked {each.at:%Y-%m-%d %H:%M} UTC: "
    return said + "; ".join([*failed, f"{each.source} answered"]) + "."


def _failed(one: "Mapping[str, Any]") -> str:
    """Say who gave nothing, or an answer that had less than another one's, and why."""
    gave = "gave nothing" if one.get("code", "?") else "was passed over"
    return f"{one['source']} {gave} ({one['words'].rstrip('.')})"


def _moment(one: "Action") -> datetime:
    return _EPOCH + timedelta(microseconds=one.effective)


def _date(one: "Action", told: "Provenance") -> str:
    from ara.market.calendar import calendar

    label = calendar(told.bars.instrument.calendar).dated(_moment(one))
    return day(label)[4:].strip()


def _year(one: "Action") -> int:
    return _moment(one).year
