"""Chosen features on a terminal."""

from ara.cli.render.data_table import Column, table
from ara.cli.screen import Screen
from ara.cli.words import clean, wrapped
from ara.features.selection import Report

__all__ = ["selected"]

_MOST = 8


def selected(found: Report, symbol: str, horizon: int, s: Screen) -> str:
    """Say which features are worth keeping, how much that is worth, and why the others are not."""
    paint = s.palette()
    kept = [one for one in found.features if one.kept]
    bars = f"{horizon} bar{'s' * (horizon > 1)}"
    goal = f"the return of {clean(symbol)} over {bars}"
    verdict = f"{len(kept)} of {len(found.features)} features help to forecast {goal}."
    if not kept:
        verdict = f"No feature was found that helps to forecast {goal}."
    lines = [paint(text, "strong") for text in wrapped(verdict, s.width)]
    best = max(found.shuffled)
    against = f"with returns that were moved in time, {_share(best)} at best in {len(found.shuffled)} tries"
    worth = f"Chosen in the past, they saved {_share(found.score)} of the squared error after it; {against}."
    lines += wrapped(worth, s.width)
    if kept:
        columns = [
            Column(head="feature", cells=[one.name for one in kept]),
            Column(head="costs", cells=[_share(one.importance) for one in kept], right=True),
            Column(head="folds", cells=[f"{one.folds:.0%}" for one in kept], right=True, leave=2),
            Column(head="halves", cells=[f"{one.stability:.0%}" for one in kept], right=True, leave=3),
            Column(head="correlation", cells=[f"{one.correlation:+.3f}" for one in kept], right=True, leave=1),
        ]
        lines += ["", *table(columns, s), "", *wrapped("Costs: what is lost where the feature is displaced.", s.width)]
    reasons: dict[str, list[str]] = {}
    for one in found.features:
        if not one.kept:
            reasons.setdefault(_kind(one.reason), []).append(one.name)
    for kind, names in reasons.items():
        more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
        lines += ["", *wrapped(clean(f"Dropped, because {kind}: {', '.join(names[:_MOST])}{more}."), s.width)]
    lines += ["", *wrapped("The reason of each with its figures: --json", s.width)]
    return "\n".join(lines)


def _kind(reason: str) -> str:
    """Give the reason without its figures."""
    for start, words in _KINDS.items():
        if start in reason:
            return words
    return reason


_KINDS = {
    "are missing": "too many of their values are missing",
    "it says what": "another says the same",
    "it follows from": "they follow from the others",
    "of the folds chose": "too few folds chose them",
    "of the halves": "too few halves of the history chose them",
    "displaced": "displaced, they cost no more than by chance",
}


def _share(value: float) -> str:
    return f"{value * 100:.2f} %"
