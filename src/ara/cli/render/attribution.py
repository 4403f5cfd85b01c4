"""Where returns came from, on a terminal: the answer, a table of the parts, how they were taken apart."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ara.cli.render.data_table import Column, table
from ara.cli.render.numbers import grouped, percent
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped

if TYPE_CHECKING:
    from ara.performance import Brinson, Factors
    from ara.performance.segments import Segments

__all__ = ["SeenFactors", "explained", "segmented"]

_SHOWN: Final = 40
_SURE: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFactors:
    """What is to be shown of factors.

    Parameters
    ----------
    name
        The file.
    first, last
        Days of the first and the last bar.
    bars, left_out
        Bars that all have, and returns that a factor has no counterpart of.
    per_year
        Bars of a year.
    free
        What cash earns in a year; it is taken from the returns and from the factors.
    mean
        Return of a year, as a plain mean.
    found
        Slopes and what is left.
    """

    name: str
    first: str
    last: str
    bars: int
    left_out: int
    per_year: float
    free: float
    mean: float
    found: "Factors"


def segmented(read: "Segments", found: "Brinson", s: Screen, *, name: str) -> str:
    """Give what was earned beyond the benchmark, and each segment's parts, the largest first."""
    mine, other = read.earned
    ahead = "more" if found.total >= 0 else "less"
    told = f"{percent(mine, 2)} was earned, {abs(found.total) * 100:.2f} points {ahead} than the benchmark's "
    told += f"{percent(other, 2)}: "
    told += f"allocation {_part(found.allocation.sum())}, selection {_part(found.selection.sum())}"
    told += f", interaction {_part(found.interaction.sum())}." if found.interaction.any() else "."
    count = len(read.periods)
    span = f"{count:,} periods, {clean(read.periods[0])} to {clean(read.periods[-1])}" if count > 1 else "one period"
    paint = s.palette()
    sums = found.allocation + found.selection + found.interaction
    order = sorted(range(len(read.names)), key=lambda one: -abs(float(sums[one])))[:_SHOWN]
    lines = [paint(line, "strong") for line in wrapped(told, s.width)]
    lines += [*(paint(one, "quiet") for one in wrapped(f"{clean(name)}: {span}", s.width)), ""]
    lines += table(
        [
            Column(head="segment", cells=[*(read.names[one] for one in order), "all"]),
            Column(head="weight", cells=[*(_mean(read.weights, one) for one in order), ""], right=True, leave=1),
            Column(head="of the benchmark", cells=[*(_mean(read.benchmark_weights, one) for one in order), ""],
                   right=True, leave=2),
            *(
                Column(head=head, cells=[*(_part(part[one]) for one in order), _part(part.sum())], right=True)
                for head, part in (("allocation", found.allocation), ("selection", found.selection),
                                   ("interaction", found.interaction))
                if part.any() or head != "interaction"
            ),
            Column(head="together", cells=[*map(_part, sums[order]), _part(found.total)], right=True, leave=3),
        ],
        s,
    )  # fmt: skip
    if len(read.names) > _SHOWN:
        lines += wrapped(f"And {len(read.names) - _SHOWN} smaller ones; --json has all.", s.width)
    if read.scaled:
        lines += ["", *wrapped(f"Weights of {len(read.scaled)} periods were rounded, and brought to 100 %.", s.width)]
    return "\n".join([*lines, "", *(paint(one, "quiet") for one in wrapped(_SEGMENTS, s.width))])


_SEGMENTS: Final = (
    "Allocation is what came of holding more or less of a segment, selection of what was held within it, interaction "
    "of holding more where the choice was better. The parts add up to the difference."
)
_FACTORS: Final = (
    "What a factor brought is its slope times its mean of a year; with alpha these add up to the mean return beyond "
    "cash. That factors move with returns does not say that they made them."
)


def explained(seen: SeenFactors, s: Screen) -> str:
    """Give what is left beyond the factors and whether it is told from nothing, then each factor."""
    found, paint = seen.found, s.palette()
    sure = f"{'' if found.alpha_p < _SURE else 'not '}told from nothing (p {found.alpha_p:.2g})"
    told = f"Beyond its factors it earned {percent(found.alpha)} a year, {sure}; they explain "
    told += f"{percent(found.explained, 0, signed=False)} of its variance."
    lines = [paint(line, "strong") for line in wrapped(told, s.width)]
    span = f"{clean(seen.name)}: {grouped(seen.bars, 0)} returns, {seen.first} to {seen.last}, "
    span += f"{percent(seen.mean)} a year"
    span += f"; {seen.left_out:,} that a factor lacks left out" if seen.left_out else ""
    lines += [*(paint(one, "quiet") for one in wrapped(span, s.width)), ""]
    wide = percent(found.alpha_error, signed=False)
    lines += table(
        [
            Column(head="factor", cells=[*found.names, "alpha"]),
            Column(head="a year", cells=[*map(percent, found.contributions), percent(found.alpha)], right=True),
            Column(head="slope", cells=[*(f"{one:.2f}" for one in found.betas), ""], right=True),
            Column(head="error", cells=[*(f"{one:.2f}" for one in found.errors), wide], right=True, leave=1),
            Column(head="t", cells=[*(f"{one:.1f}" for one in found.t), f"{found.alpha_t:.1f}"], right=True, leave=2),
            Column(head="p", cells=[*(f"{one:.3f}" for one in found.p), f"{found.alpha_p:.3f}"], right=True),
        ],
        s,
    )  # fmt: skip
    return "\n".join([*lines, "", *(paint(one, "quiet") for one in wrapped(_FACTORS, s.width))])


def _part(value: float) -> str:
    return percent(float(value), 2)


def _mean(weights: "object", place: int) -> str:
    import numpy as np

    return percent(float(np.asarray(weights)[:, place].mean()), signed=False)
