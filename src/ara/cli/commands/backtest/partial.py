"""What a strategy did until it failed: kept in the same files, marked as partial."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from ara.cli.commands.backtest.task import Task

if TYPE_CHECKING:
    from ara.backtest import Result

__all__ = ["keeping"]


def keeping(task: Task) -> "Callable[[Result], None] | None":
    """Give what writes a result until a failure to `--out` and `--report`; None where neither is asked for.

    The bars were seen, so the look is counted.
    """
    if task.folder is None and task.report is None:
        return None

    def keep(found: "Result") -> None:
        from ara.backtest.document import to_document
        from ara.cli.commands.backtest.looks import counted
        from ara.cli.commands.backtest.report import reported

        look = counted(task.screen, found)
        data = {**to_document(found, look), "partial": True}
        task.written({
            "result.json": json.dumps(data, indent=2) + "\n",
            "equity.csv": found.frame.write_csv(),
            "fills.csv": found.fill_frame().write_csv(),
        })  # fmt: skip
        reported(task, found, look, data)

    return keep
