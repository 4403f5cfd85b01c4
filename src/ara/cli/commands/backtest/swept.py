"""`ara backtest sweep`: many combinations of parameters, and how lucky the best of them is."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ara.cli.commands.backtest.task import Task, estimating, priced
from ara.cli.stopping import Stopping
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.backtest.sweep import Sweep
    from ara.performance.trials import Look
    from ara.trading import Tape

__all__ = ["swept"]

_SHOWN = 50


def swept(
    task: Task, grid: Mapping[str, Sequence[Any]], *, patience: int, groups: int = 0, workers: int = 0, on: str = "here"
) -> None:
    """Try all combinations on one instrument, count every one as a look, and tell the best and its luck.

    With groups of time the choice among them is cross-validated too.
    """
    with Stopping(task.screen, "combinations") as kept:
        _swept(task, grid, kept, patience=patience, groups=groups, workers=workers, on=on)


def _swept(
    task: Task, grid: Mapping[str, Sequence[Any]], kept: Stopping, *, patience: int, groups: int, workers: int, on: str
) -> None:
    from ara.backtest.cross import cross, crossable
    from ara.backtest.sweep import sweep
    from ara.cli.commands.backtest.looks import counted
    from ara.cli.commands.backtest.report import combinations, reported
    from ara.cli.render.backtest import sweep_told
    from ara.cli.render.backtest_worlds import crossed_told

    s = task.screen
    maker: Any = task.maker
    if both := sorted(set(grid) & set(maker.parameters)):
        raise ValidationError(f"{both[0]} is given by --param and by --grid.", hint="Leave one of them out.")

    tapes = task.tapes()
    span = {**task.spanned(tapes), "patience": patience, "workers": workers, "on": on}
    span["address"] = str(s.settings().workers.ray) if on != "here" else ""
    tape, told = _one(tapes), estimating(s, "combinations", workers)
    if groups:
        crossable(grid, tape, groups=groups, start=span["start"], end=span["end"])
    with s.progress("Sweeping") as step:
        found = sweep(
            maker, grid, tape, name=maker.name, kept=Path(s.settings().home) / "backtest" / "sweeps", told=told,
            watch=kept.hearing(step), **span,
        )  # fmt: skip
    priced(s, found.best)
    crossed = None
    if groups:
        del span["cuts"]
        with s.progress("Cross-validating") as step:
            folder = Path(s.settings().home) / "backtest" / "crossed"
            crossed = cross(maker, grid, tape, groups=groups, kept=folder, watch=kept.hearing(step), **span)
    look = counted(s, found.best, times=found.trials.height)
    data = _document(found, grid, look)
    if crossed is not None:
        data["cross_validation"] = crossed.as_dict()
    task.written({"sweep.json": json.dumps(data, indent=2) + "\n", "trials.csv": found.trials.write_csv()})
    reported(task, found.best, look, data, combinations(found, list(grid)))
    more = [] if crossed is None else crossed_told(crossed, s)
    s.result(data, lambda: sweep_told(found, list(grid), look, s, more=more))


def _one(tapes: "dict[str, Tape]") -> "Tape":
    if len(tapes) != 1:
        raise ValidationError(f"a sweep is of one instrument, not of {len(tapes)}.", hint="Name one symbol.")
    return next(iter(tapes.values()))


def _document(found: "Sweep", grid: Mapping[str, Sequence[Any]], look: "Look") -> dict[str, Any]:
    from ara.backtest.document import look_document, proof_document

    return {
        "schema": 1,
        "grid": {name: list(values) for name, values in grid.items()},
        "combinations": found.trials.height,
        "trials": found.trials.head(_SHOWN).to_dicts(),
        "best": found.best.as_dict(),
        "look": look_document(look),
        "significance": proof_document(found.proof),
    }
