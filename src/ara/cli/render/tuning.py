"""Studies on a terminal: the list, the trials of one, what a run found."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ara.cli.render.data_table import Column, table
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped

if TYPE_CHECKING:
    from ara.models.registry.stages import Verdict
    from ara.models.tuning import Tried, Tuned
    from ara.prediction.training import Outcome

__all__ = ["found_words", "table_of", "trials_of"]

_FEW: Final = 3
_EXPLAINED: Final = (
    "Saved: the share of ewma_t's error (CRPS) on the older bars. Many were tried and the best is shown, so it is too "
    "good to be true; the hold-out tells."
)


def table_of(found: "Sequence[Tuned]", s: Screen, *, family: str = "") -> str:
    """Give the list of studies."""
    if not found:
        what = f"There is no study of {clean(family)} yet." if family else "There is no study yet."
        return "\n".join(wrapped(f"{what} Begin one: ara tune run AAPL --model drift", s.width))
    columns = [
        Column(head="study", cells=[one.study for one in found]),
        Column(head="trials", cells=[str(_made(one)) for one in found], right=True),
        Column(head="saved", cells=[_saved(one.winner) for one in found], right=True),
        Column(head="best", cells=[_params(one.winner) for one in found], leave=2),
        Column(head="on", cells=[_symbols(one) for one in found], leave=1),
    ]
    return "\n".join([*table(columns, s), *_quiet(_EXPLAINED, s)])


def trials_of(found: "Tuned", s: Screen, *, limit: int) -> str:
    """Give the trials of a study, the best first."""
    paint = s.palette()
    judged = [one for one in found.tried if one.ratio is not None]
    ranked = sorted(judged, key=lambda one: (one.state != "complete", one.ratio or 0.0, one.number))
    shown = [*ranked, *(one for one in found.tried if one.ratio is None)][:limit]
    columns = [
        Column(head="trial", cells=[str(one.number) for one in shown], right=True),
        Column(head="saved", cells=[_saved(one if one.state == "complete" else None) for one in shown], right=True),
        Column(head="ms", cells=["" if one.latency is None else f"{one.latency:.2f}" for one in shown], right=True),
        Column(head="state", cells=[one.words if one.state == "failed" else one.state for one in shown]),
        Column(head="parameters", cells=[_params(one) for one in shown]),
    ]
    head = f"{found.study}: {_made(found)} trials on {_symbols(found)}"
    lines = [*(paint(line, "strong") for line in wrapped(head, s.width)), *table(columns, s)]
    if len(found.tried) > limit:
        lines += _quiet(f"{len(found.tried) - limit} more: --limit {len(found.tried)}", s)
    return "\n".join([*lines, *_mattered(found, s), *_quiet(_EXPLAINED, s)])


def found_words(found: "Tuned", outcome: "Outcome | None", verdict: "Verdict | None", s: Screen) -> str:
    """Give what a run found, and what its hold-out says of the winner."""
    lines = [trials_of(found, s, limit=5)]
    own = next((one for one in found.tried if one.number == 0), None)
    if found.winner is not None and own is not None and found.winner.number == 0:
        lines += ["", *wrapped(f"None was better than {found.family} as it comes.", s.width)]
    if outcome is not None and verdict is not None:
        words = outcome.words or verdict.words
        lines += ["", *wrapped(f"{outcome.kept.name} is kept as a candidate: {words}.", s.width)]
        lines += wrapped(f"ara models show {outcome.kept.name}", s.width)
    return "\n".join(lines)


def _mattered(found: "Tuned", s: Screen) -> list[str]:
    from ara.models.tuning.results import FEW

    lines: list[str] = []
    if found.importance:
        shares = ", ".join(f"{clean(name)} {share:.0%}" for name, share in found.importance.items())
        lines += ["", *wrapped(f"What the differences go with: {shares}.", s.width)]
    else:
        complete = sum(one.state == "complete" and one.ratio is not None for one in found.tried)
        if complete < FEW:
            words = f"What the differences go with is told from {FEW} complete trials on; there are {complete}."
            lines += _quiet(words, s)
    if found.sensitivity and found.winner is not None and found.winner.ratio is not None:
        own = found.winner.ratio
        moved = ", ".join(
            f"{clean(name)} {100 * (own - low):+.2f} and {100 * (own - high):+.2f} points"
            for name, (low, high) in found.sensitivity.items()
        )
        lines += ["", *wrapped(f"The winner with one parameter a tenth lower and higher saves: {moved}.", s.width)]
    return lines


def _made(found: "Tuned") -> int:
    return sum(one.state in {"complete", "pruned", "failed"} for one in found.tried)


def _saved(one: "Tried | None") -> str:
    return "" if one is None or one.ratio is None else f"{100 * (1 - one.ratio):+.2f} %"


def _params(one: "Tried | None") -> str:
    told = {} if one is None else one.params
    return ", ".join(
        f"{clean(name)} {clean(value) if isinstance(value, str) else f'{value:.4g}'}" for name, value in told.items()
    )


def _symbols(found: "Tuned") -> str:
    names = [clean(str(name)) for name in found.facts.get("symbols", ())]
    shown = " ".join(names[:_FEW])
    return shown if len(names) <= _FEW else f"{shown} and {len(names) - _FEW} more"


def _quiet(words: str, s: Screen) -> list[str]:
    return [s.palette()(line, "quiet") for line in wrapped(words, s.width)]
