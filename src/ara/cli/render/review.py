"""What a review of champions found, on a terminal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ara.cli.render.data_table import Column, table
from ara.cli.screen import Screen
from ara.cli.words import wrapped

if TYPE_CHECKING:
    from ara.prediction.review import Deed, Review

__all__ = ["reviews_of"]

_WILL: Final[dict["Deed", str]] = {
    "none": "stays",
    "wait": "stays for now",
    "train": "should be trained anew",
    "replace": "should be replaced by {other}",
    "dismiss": "stays, and {away} should be put away",
    "roll back": "should give way to {other}, the champion before",
}
_DID: Final[dict["Deed", str]] = {
    "train": "was trained anew; {other} is in its shadow",
    "replace": "was replaced by {other}",
    "dismiss": "stays, and {away} was put away",
    "roll back": "gave way to {other}, the champion before",
}
_EXPLAINED: Final = (
    "Saved: the share of ewma_t's error (CRPS) over one bar on days since the model was made. Evidence: 20 decides, "
    "however often one looks; challengers share the chance of error, so that later ones need more."
)


def reviews_of(found: "Sequence[Review]", s: Screen, *, act: bool, jobs: Mapping[str, int]) -> str:
    """Give a line for each champion, and what follows; `jobs` has those, by family, that tune it anew."""
    stands = [one.standing for one in found]
    columns = [
        Column(head="champion", cells=[one.kept.name for one in stands]),
        Column(head="age", cells=[f"{one.age.days} d" for one in stands], right=True),
        Column(head="new days", cells=[str(one.days) for one in stands], right=True, leave=1),
        Column(head="saved", cells=["" if one.better is None else f"{one.better:+.1%}" for one in stands], right=True),
        Column(
            head="in 80 % band", cells=["" if one.held is None else f"{one.held:.1%}" for one in stands], right=True
        ),
        Column(head="evidence against", cells=[f"{one.against:.3g}" for one in stands], right=True, leave=2),
    ]
    lines = [*table(columns, s), *(s.palette()(line, "quiet") for line in wrapped(_EXPLAINED, s.width)), ""]
    for one in found:
        lines += wrapped(f"{one.standing.kept.name} {_follows(one, jobs)}: {one.words}.".replace("..", "."), s.width)
        lines += [line for words in _rivals(one) for line in wrapped(words, s.width)]
    if not act and any(one.deed not in {"none", "wait"} for one in found):
        lines += ["", *wrapped("To have it done: ara models review --act", s.width)]
    return "\n".join(lines)


def _follows(one: "Review", jobs: Mapping[str, int]) -> str:
    if (job := jobs.get(one.standing.kept.family)) is not None:
        return f"is tuned anew by job {job}"
    form = _DID[one.deed] if one.done else _WILL[one.deed]
    away = " and ".join(trial.kept.name for trial in one.trials if trial.deed == "dismiss")
    return form.format(other=one.other.name if one.other else "", away=away)


def _rivals(one: "Review") -> list[str]:
    """Say in a line each what the court found of the other challengers, where there are several."""
    told = one.words
    return [f"{trial.kept.name}: {trial.words}" for trial in one.trials if trial.words not in told]
