"""An evaluation on a terminal: the verdict first, then the figures, then what may be claimed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ara.cli.render.data_table import Column, table
from ara.cli.words import clean, wrapped

if TYPE_CHECKING:
    from ara.cli.screen import Screen
    from ara.evidence import Evaluation
    from ara.evidence.interval import Range
    from ara.performance.trials import Look

__all__ = [
    "FIGURES",
    "counted",
    "looked",
    "shown",
    "symbols_of",
    "told",
    "words_of_claims",
    "words_of_ranges",
    "words_of_sureness",
]

FIGURES: Final[tuple[tuple[str, str, str, int], ...]] = (
    ("crps_skill", "skill", "{:.2%}", 0),
    ("skill_range", "in 95 %", "{}", 16),
    ("dm_t", "DM t", "{:.1f}", 1),
    ("sym_better_bh", "better", "{:d}", 8),
    ("sym_worse_bh", "worse", "{:d}", 9),
    ("width80_ratio", "width", "{:.3f}", 3),
    ("qlike_diff", "QLIKE", "{:+.3f}", 4),
    ("cov50", "50 %", "{:.1%}", 7),
    ("cov80", "80 %", "{:.1%}", 0),
    ("cov90", "90 %", "{:.1%}", 10),
    ("cov95", "95 %", "{:.1%}", 5),
    ("worst", "worst month", "{}", 11),
    ("da", "right", "{:.1%}", 2),
    ("da_se", "s.e.", "{:.1%}", 13),
    ("up_rate", "rose", "{:.1%}", 12),
    ("pt_p", "PT p", "{:.2f}", 6),
    ("ece_corrected", "P(up) error", "{:.2%}", 14),
    ("ic", "rank IC", "{:+.3f}", 15),
)
"""What of a row is shown: key, head, form, and how early it leaves a narrow screen."""

_MARKS: Final = {True: "yes", False: "no", None: "not judged"}


def told(found: "Evaluation", look: "Look", s: "Screen") -> str:
    """Give the lines of an evaluation."""
    days = f"{found.first:%-d %b %Y} to {found.last:%-d %b %Y}"
    kinds = "1 class" if found.classes == 1 else f"{found.classes} classes"
    lines = [s.palette()(line, "strong") for line in wrapped(counted(found), s.width)]
    rows = sum(row["n"] for row in found.rows)
    lines += wrapped(f"{rows:,} forecasts of {symbols_of(found)} in {kinds}, from {days}.", s.width)
    for alarm in found.alarms:
        lines += [s.palette()(line, "warning") for line in wrapped(f"Too good to be true: {clean(alarm)}.", s.width)]
    for name in found.verdicts:
        lines += ["", *_verdict(found, name, s)]
        lines += [line for words in words_of_ranges(found, name) for line in ("", *wrapped(words, s.width))]
    for horizon in sorted({row["horizon"] for row in found.rows}):
        bars = "1 bar" if horizon == 1 else f"{horizon} bars"
        lines += ["", s.palette()(f"{bars} ahead", "strong"), *_figures(found, horizon, s)]
    parts = ([line for words in said for line in wrapped(words, s.width)] for said in _said(found))
    lines += [line for part in parts if part for line in ("", *part)] or [""]
    lines += wrapped(looked(look), s.width)
    lines += wrapped(f"Lineage {found.id}", s.width)
    return "\n".join(lines)


def symbols_of(found: "Evaluation") -> str:
    """Say of how many symbols there are forecasts."""
    return "1 symbol" if len(found.names) == 1 else f"{len(found.names)} symbols"


def counted(found: "Evaluation") -> str:
    """Say in a sentence how many floors each model reached."""
    said = []
    for name, lines in found.verdicts.items():
        reached, open_ = sum(line.passed is True for line in lines), sum(line.passed is None for line in lines)
        unjudged = f", {open_} not judged" if open_ else ""
        said.append(f"{clean(name)} reaches {reached} of {len(lines)} floors{unjudged}")
    return "; ".join(said) + "." if said else "Baselines alone: there is nothing to pass a verdict on."


def _verdict(found: "Evaluation", name: str, s: "Screen") -> list[str]:
    own = found.verdicts[name]
    return table(
        [
            Column(head=clean(name), cells=[line.name for line in own]),
            Column(head="asked", cells=[line.floor for line in own], leave=1),
            Column(head="reached, 1 / 5 / 21 bars", cells=[line.got for line in own]),
            Column(head="ok", cells=[_MARKS[line.passed] for line in own]),
        ],
        s,
    )


def _figures(found: "Evaluation", horizon: int, s: "Screen") -> list[str]:
    rows = [shown(row) for row in found.rows if row["horizon"] == horizon]
    columns = [Column(head="", cells=[clean(row["model"]) for row in rows])]
    for key, head, form, leave in FIGURES:
        cells = [_percent(form.format(row[key])) if row.get(key) is not None else "" for row in rows]
        columns.append(Column(head=head, cells=cells, right=True, leave=leave))
    return table(columns, s)


def shown(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add to a row what is shown of two figures in one column."""
    worst = row["worst_month"]
    told = {**row, "worst": f"{worst['cov80']:.1%} {worst['month']}"}
    if "skill_low" in row:
        told["skill_range"] = f"{100 * row['skill_low']:.2f} to {row['skill_high']:.2%}"
    return told


def words_of_ranges(found: "Evaluation", name: str) -> Iterator[str]:
    """Say between which values each skill lies, and whether chance may have put it on its side of a floor."""
    for line in found.verdicts[name]:
        if line.ranges:
            ends = (f"{100 * one.low:+.2f} to {100 * one.high:+.2f} at {_at([one])}" for one in line.ranges)
            said = [f"{clean(name)}, {line.name}: 95 % intervals in points: {', '.join(ends)}."]
            yield " ".join([*said, *_told_apart(line.ranges)])


def _told_apart(ranges: Sequence["Range"]) -> Iterator[str]:
    """Say at which horizons what is asked is missed or reached, beyond chance or not."""
    short = [one for one in ranges if one.got < one.least]
    there = [one for one in ranges if one.got >= one.least]
    for own, sure, words in (
        (short, "below", "the figure is missed beyond chance"),
        (short, "open", "the figure is missed by no more than chance may make"),
        (there, "open", "the figure is reached, but not beyond chance"),
        (there, "above", "the figure is reached beyond chance"),
    ):
        some = [one for one in own if one.told == sure]
        if some:
            yield f"At {_at(some)} {words}."


def _at(ranges: Sequence["Range"]) -> str:
    *before, last = [str(one.horizon) for one in ranges]
    bars = "bar" if last == "1" else "bars"
    return f"{', '.join(before)} and {last} {bars}" if before else f"{last} {bars}"


def _percent(text: str) -> str:
    return text.replace("%", " %")


def _said(found: "Evaluation") -> tuple[Iterator[str], Iterator[str]]:
    return words_of_sureness(found), words_of_claims(found)


def words_of_sureness(found: "Evaluation") -> Iterator[str]:
    """Say of each model whether its stated confidence came true, beside always saying 0.8."""
    for name in found.verdicts:
        rows = [row for row in found.rows if row["model"] == name and row.get("sure")]
        if not rows:
            continue
        errors = " / ".join(f"{row['sure']['brier']:.4f}" for row in rows)
        usual = " / ".join(f"{row['sure']['brier_constant']:.4f}" for row in rows)
        held = " / ".join(
            f"{sum(one['held'] is True for one in row['sure']['bins'])} of {len(row['sure']['bins'])}" for row in rows
        )
        together = " / ".join(_MARKS[row["sure"]["hold_together"]] for row in rows)
        over = " / ".join(str(row["horizon"]) for row in rows)
        yield (
            f"Confidence of {clean(name)}, {over} bars: its squared error is {errors}, that of always saying 0.8 is "
            f"{usual}; bins of it that came true within their own 95 % interval: {held}; all at once, within "
            f"the wider intervals that hold all of them 95 % of the time: {together}."
        )


def words_of_claims(found: "Evaluation") -> Iterator[str]:
    """Say what is claimed of each model, and that no edge in direction is where none is."""
    tests = len(found.claims)
    for name in found.verdicts:
        own = [one for one in found.claims if one.model == name]
        for kind, skill in (("volatility", "smaller error (CRPS) than ewma_t"), ("direction", "skill in direction")):
            mine = [one for one in own if one.kind == kind]
            made = [one for one in mine if one.claimed]
            if made:
                where = ", ".join(f"{one.test} at {one.horizon} (p {one.p:.1g})" for one in made)
                yield f"Claimed of {clean(name)}, after {tests} tests: {skill}: {where}."
            elif mine:
                least = min(one.p for one in mine)
                edge = "no edge" if kind == "direction" else "none shown"
                yield f"Not claimed of {clean(name)}: {skill}: {edge} (least p {least:.2f} after {tests} tests)."


def looked(look: "Look") -> str:
    """Say how often these days were looked at."""
    said = f"This is look {look.used} at these days; {look.limit} are allowed."
    return f"{said} They were looked at too often to prove anything." if look.burnt else said
