"""`ara backtest --walk-forward`: parameters chosen on the past at each step, judged on what followed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ara.cli.commands.backtest.task import Task, estimating, priced
from ara.cli.stopping import Stopping
from ara.errors import ValidationError

if TYPE_CHECKING:
    from ara.backtest.folds import Rules

__all__ = ["rules_of", "walked"]

_MOST_BARS = 100_000


def rules_of(window: str, every: str, least: str, purge: str, hold_out: str, *, anchored: bool) -> "Rules":
    """Read how the walk goes."""
    from ara.backtest.folds import Rules
    from ara.cli.commands.backtest import asked

    told = {"--walk-forward": window, "--retrain": every, "--least": least, "--purge": purge}
    bars = [asked.whole(text, flag, most=_MOST_BARS) for flag, text in told.items()]
    share = asked.amount(hold_out, "--hold-out", such="0.2") if hold_out.strip("0.") else 0
    return Rules(
        window=bars[0], every=bars[1], least=bars[2], purge=bars[3], hold_out=float(share), anchored=anchored
    )  # fmt: skip


def walked(
    task: Task, grid: dict[str, Any], rules: "Rules", *, opened: bool, workers: str, patience: int, on: str = "here"
) -> None:
    """Walk, count the look, and tell what came of it."""
    with Stopping(task.screen, "choices") as kept:
        _walked(task, grid, rules, kept, opened=opened, workers=workers, patience=patience, on=on)


def _walked(
    task: Task, grid: dict[str, Any], rules: "Rules", kept: Stopping, *, opened: bool, workers: str, patience: int,
    on: str,
) -> None:  # fmt: skip
    from ara.backtest.document import walk_document
    from ara.backtest.walk_forward import usual_grid, walk
    from ara.cli.commands.backtest import asked
    from ara.cli.commands.backtest.looks import counted, looked
    from ara.cli.commands.backtest.partial import keeping
    from ara.cli.commands.backtest.report import choices, reported
    from ara.cli.render.backtest_walk import walk_told

    s, maker = task.screen, task.maker
    tried = grid or usual_grid(maker.name, maker.parameters)
    if both := sorted(set(tried) & set(maker.parameters)):
        raise ValidationError(f"{both[0]} is given by --param and by --grid.", hint="Leave one of them out.")
    count = asked.whole(workers, "--workers", most=asked.MOST_WORKERS)
    tapes = task.tapes()

    with s.progress("Walking") as step:
        ask = {
            **task.spanned(tapes), "rules": rules, "name": maker.name, "workers": count or 1,
            "watch": kept.hearing(step), "patience": patience, "partial": keeping(task),
            "on": on, "address": str(s.settings().workers.ray) if on != "here" else "",
            "told": estimating(s, "choices", count), "kept": Path(s.settings().home) / "backtest" / "choices.json",
        }  # fmt: skip
        found = walk(maker, tried, tapes, **ask)
        priced(s, found.result)
        look, held = counted(s, found.result, what=f"walk-forward {maker.name}"), None
        if opened and found.sealed is not None:
            held = looked(s, tuple(tapes), *found.sealed, what=f"hold-out of {maker.name}")
            found = replace(walk(maker, tried, tapes, opened=True, **ask), result=found.result)
    data = walk_document(found, look, held)
    task.written({
        "walk.json": json.dumps(data, indent=2) + "\n",
        "equity.csv": found.result.frame.write_csv(),
        "fills.csv": found.result.fill_frame().write_csv(),
    })  # fmt: skip
    reported(task, found.result, look, data, choices(found))
    s.result(data, lambda: walk_told(found, look, held, s))
