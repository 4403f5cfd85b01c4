"""`ara backtest --report FILE`: the tear sheet of what was tested, with what was chosen on the way."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ara.cli.commands.backtest.task import Task

if TYPE_CHECKING:
    from ara.backtest import Result
    from ara.backtest.sweep import Sweep
    from ara.backtest.walk_forward import Walk
    from ara.performance.trials import Look
    from ara.reports import Section

__all__ = ["choices", "combinations", "reported"]

_BEST: Final = 20


def reported(
    task: Task, result: "Result", look: "Look", data: Mapping[str, Any], sections: "Sequence[Section]" = ()
) -> None:
    """Write the report of a back-test where one is asked for."""
    if task.report is None:
        return
    from ara.cli.commands.reported import sent
    from ara.reports import backtest_report

    made = backtest_report(
        result, command=task.screen.command, looks=look.number, burnt=look.burnt, sections=sections,
        document=data,
    )  # fmt: skip
    sent(task.screen, made, task.report)


def choices(found: "Walk") -> "list[Section]":
    """Give what a walk chose at each step."""
    from ara.reports import Column, Form, Section, Table
    from ara.reports.charts import walked

    folds = found.folds
    names = list(dict.fromkeys(name for one in folds for name in one.chosen))
    columns = [
        Column(key="from", head="judged from", values=[one.first for one in folds], form=Form.DATE),
        Column(key="to", head="to", values=[one.last for one in folds], form=Form.DATE),
        Column(key="sharpe", head="Sharpe before", values=[one.sharpe for one in folds], form=Form.RATIO),
    ]
    columns += [Column(key=one, head=one, values=[str(fold.chosen.get(one, "")) for fold in folds]) for one in names]
    words = f"{found.combinations} combinations were tried at each of {len(folds)} steps, on bars before those judged."
    if found.sealed is not None:
        left = f"{found.sealed[0]:%Y-%m-%d} to {found.sealed[1]:%Y-%m-%d}"
        state = "nobody looked" if found.opened is None else "it was opened"
        words += f" The hold-out, {left}, is not in this report; {state}."
    table = Table(name="choices", title="What was chosen at each step", columns=tuple(columns))
    charts = (walked(found),) if folds else ()
    return [Section(title="The walk", words=(words,), charts=charts, tables=(table,))]


def combinations(found: "Sweep", names: Sequence[str]) -> "list[Section]":
    """Give the combinations of a sweep, the best first."""
    from dataclasses import replace

    from ara.reports import Column, Form, Section, Table

    frame = found.trials
    forms = {"total": Form.SHARE, "sharpe": Form.RATIO, "drawdown": Form.SHARE, "fills": Form.COUNT}
    columns = [Column(key=name, head=name, values=[str(one) for one in frame[name].to_list()]) for name in names]
    columns += [
        Column(key=name, head=name.replace("sharpe", "Sharpe"), values=frame[name].to_list(), form=form)
        for name, form in forms.items()
    ]
    whole = Table(name="combinations", title="All combinations", columns=tuple(columns), paper=frame.height <= _BEST)
    tables = [whole]
    if not whole.paper:
        best = tuple(replace(one, values=list(one.values)[:_BEST]) for one in columns)
        tables.insert(0, Table(name="best", title=f"The best {_BEST}", columns=best, sheet=False))
    words = (
        f"{frame.height:,} combinations were tried; this report is of the best. The best of many looks good by luck."
    )
    return [Section(title="What was tried", words=(words,), tables=tuple(tables))]
