"""`ara performance FILE FILE --compare`: several returns on one grid."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ara.cli.commands.tracks import alongside, dated_of
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.data.files.dated import Dated
    from ara.performance.ranking import Choice, Ranking

__all__ = ["compare"]

_MOST = 200


def compare(
    s: Screen,
    files: Sequence[str],
    *,
    column: str,
    kind: str,
    dates: str,
    metric: str,
    trials: int,
    free: float,
    bars: float,
    prefer: str,
    benchmark: str = "",
) -> None:
    """Rank returns of files, or of columns of one file, on the moments that all have; keep a preference if asked.

    Parameters
    ----------
    s
        The screen.
    files, column, kind, dates
        What is read, as for one file; `column` may name several, with commas between.
    metric, trials, free, bars
        What ranks, how many were tried, what cash earns, bars of a year (0: by the dates).
    prefer
        The name to keep as preferred, or `best`; empty for none.
    benchmark
        A file or an instrument that they are held against; empty for none.
    """
    import numpy as np

    from ara.data.files.dated import read_dated
    from ara.performance.breakdown import bars_a_year
    from ara.performance.ranking import ranking

    columns = [one.strip() for one in column.split(",")] if column else [""]
    read = [read_dated(Path(one), column=each, kind=kind, dates=dates) for one in files for each in columns]
    if not 2 <= len(read) <= _MOST:
        raise ValidationError(
            f"{len(read)} returns are named; 2 to {_MOST} are compared.",
            hint="Name more files, or columns: --column trend,carry",
        )
    names = _names(read)
    other = dated_of(s, benchmark, dates) if benchmark else None
    moments, table, held = _grid(read, other)
    stamps = np.array(moments, "datetime64[us]")
    with s.progress("Comparing"):
        found = ranking(
            names, table, per_year=bars or bars_a_year(stamps), metric=metric, trials=trials, free=free,
            beside=None if other is None else (other.name, held),
        )  # fmt: skip
    kept = _preference(s, found, prefer)
    document = {
        "schema": 1,
        "first": moments[0][:10],
        "last": moments[-1][:10],
        **found.as_dict(),
        "preferred": None if kept is None else {"name": kept.chosen, "at": kept.at.isoformat()},
    }
    s.result(document, lambda: _told(found, moments, kept, s))


def _names(read: "Sequence[Dated]") -> list[str]:
    """Give each a name: its file's, its column's, or both, whatever tells them apart."""
    stems, columns = [Path(one.name).stem for one in read], [one.column for one in read]
    for names in (stems, columns, [f"{a}:{b}" for a, b in zip(stems, columns, strict=True)]):
        if len(set(names)) == len(names):
            return names
    raise ValidationError("Two of the returns are the same column of the same file.", hint="Name each once.")


def _grid(read: "Sequence[Dated]", other: "Dated | None") -> "tuple[list[str], Any, Any]":
    """Give the moments that all have, the returns `[bar, one]` at them, and those of what they are held against.

    That is taken over the stretches of time of the first one's returns.
    """
    import numpy as np

    from ara.performance.inputs import checked, returns_of

    series: list[dict[str, float]] = []
    for one in read:
        raw = np.array(one.values)
        if one.kind == "returns" and (raw < -1).any():
            raise ValidationError(f"{one.name}: {one.column} loses more than all.", hint="--kind percent, or equity?")
        values = returns_of(one.values) if one.kind == "equity" else checked(raw)
        days = one.days[1:] if one.kind == "equity" else one.days
        series.append(
            {day.replace(tzinfo=None).isoformat(): float(value) for day, value in zip(days, values, strict=True)}
        )
    if other is not None:
        found, values = alongside(read[0], other)
        series.append(
            dict(zip((one for one, there in zip(series[0], found, strict=True) if there), values, strict=True))
        )
    common = sorted(set.intersection(*(set(one) for one in series)))
    if len(common) < 20:
        raise ValidationError(
            f"The returns have {len(common)} moments in common; 20 are needed.", hint="Look at their dates."
        )
    table = np.array([[one[moment] for one in series] for moment in common])
    return common, table[:, : len(read)], table[:, len(read) :].ravel()


def _preference(s: Screen, found: "Ranking", prefer: str) -> "Choice | None":
    """Keep what is preferred, if that is asked, and give what is."""
    from ara.desk import Desk
    from ara.performance.ranking import Choice
    from ara.store import revision

    names = [one.name for one in found.entries]
    chosen = names[0] if prefer == "best" else prefer
    if chosen and chosen not in names:
        raise ValidationError(f"--prefer: there is no {clean(chosen)[:40]!r}.", hint=f"There are: {', '.join(names)}.")

    async def ask() -> "Choice | None":
        async with Desk.open(s.settings()) as desk:
            there = await desk.store.get(Choice, Choice.id_of(names, found.metric))
            if not chosen:
                return there
            fresh = Choice(
                id=Choice.id_of(names, found.metric), chosen=chosen, among=tuple(sorted(names)), metric=found.metric,
                at=desk.clock.now(),
            )  # fmt: skip
            if there is None:
                await desk.store.add(fresh)
            else:
                await desk.store.put(fresh, replaces=revision(there))
            return fresh

    return s.run(ask())


def _told(found: "Ranking", moments: Sequence[str], kept: "Choice | None", s: Screen) -> str:
    paint = s.palette()
    lines = [paint(line, "strong") for line in wrapped(clean(found.words), s.width)]
    by = "the Sharpe ratio" if found.metric == "sharpe" else "the mean return"
    span = f"{found.bars:,} bars in common, {moments[0][:10]} to {moments[-1][:10]}, ranked by {by}; the set holds the "
    span += f"best with {1 - found.level:.0%}".replace("%", " %")
    lines += [*(paint(line, "quiet") for line in wrapped(span, s.width)), "", *_table(found, s)]
    if (beside := found.beside) is not None:
        tests = beside.tests
        said = (
            f"Were none of the {tests.trials} better than {clean(beside.name)}, a best as far ahead would come with a "
            f"chance of {tests.p:.3f} (test of superior predictive ability; {tests.low:.3f} to {tests.high:.3f}), or "
            f"{tests.reality_check:.3f} (White's reality check)."
        )
        lines += ["", *wrapped(said, s.width)]
    if found.luck.deflated is not None:
        told = (
            f"That the first's true ratio is above 0 has a chance of {found.luck.deflated:.3f}, as it is the best of "
        )
        lines += ["", *wrapped(f"{told}{found.luck.trials:,} tried.", s.width)]
    if kept:
        lines += wrapped(f"Preferred since {kept.at:%Y-%m-%d}: {clean(kept.chosen)}.", s.width)
    else:
        lines += wrapped("Keep what you prefer by --prefer NAME.", s.width)
    return "\n".join(lines)


def _table(found: "Ranking", s: Screen) -> list[str]:
    """Give a line for each, and one for what they are held against."""
    from ara.cli.render.data_table import Column, table
    from ara.cli.render.numbers import percent

    names, each = [one.name for one in found.entries], [one.measures for one in found.entries]
    stay, chance = ["yes" if one.stays else "no" for one in found.entries], [f"{one.p:.3f}" for one in found.entries]
    if found.beside is not None:
        names, each = [*names, found.beside.name], [*each, found.beside.measures]
        stay, chance = [*stay, "beside"], [*chance, "-"]

    def share(value: float | None) -> str:
        return "-" if value is None else percent(value)

    return table(
        [
            Column(head="", cells=[clean(one) for one in names]),
            Column(head="in the set", cells=stay),
            Column(head="p", cells=chance, right=True, leave=2),
            Column(
                head="Sharpe", cells=["-" if one.sharpe is None else f"{one.sharpe:.2f}" for one in each], right=True
            ),
            Column(head="a year", cells=[share(one.cagr) for one in each], right=True),
            Column(head="varies", cells=[share(one.volatility) for one in each], right=True, leave=3),
            Column(head="deepest fall", cells=[share(one.drawdown) for one in each], right=True, leave=1),
        ],
        s,
    )
