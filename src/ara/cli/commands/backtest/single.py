"""One back-test: played, counted, written, told."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ara.cli.commands.backtest.task import Task, hearing, look_document, proof_document

if TYPE_CHECKING:
    from ara.backtest import Result
    from ara.performance.trials import Look

__all__ = ["document", "tested"]


def tested(task: Task, shares: Mapping[str, float], *, worlds: int) -> None:
    """Test a strategy, beside a mix of the given shares where there are any, and live its past again so many times."""
    from ara.backtest import run
    from ara.backtest.monte_carlo import monte_carlo
    from ara.cli.commands.backtest.looks import counted
    from ara.cli.render.backtest import told
    from ara.cli.render.backtest_worlds import worlds_told
    from ara.trading.strategies import made

    s, maker = task.screen, task.maker
    with s.progress("Testing") as step:
        tapes = task.tapes()
        others = [name for name in shares if name not in tapes]
        found = run(
            maker, tapes, name=maker.name, parameters=maker.described(), mix=dict(shares) or None,
            mix_tapes=task.tapes(others) if others else {}, watch=hearing(step), **task.span,
        )  # fmt: skip
    look, carlo = counted(s, found), None
    if worlds:
        with s.progress("Living it again") as step:
            carlo = monte_carlo(
                found, lambda **chosen: made(maker.name, chosen)(), tapes, draws=worlds, watch=hearing(step)
            )  # fmt: skip
    data = document(found, look)
    if carlo is not None:
        data["monte_carlo"] = carlo.as_dict()
    task.written({
        "result.json": json.dumps(data, indent=2) + "\n",
        "equity.csv": found.frame.write_csv(),
        "fills.csv": found.fill_frame().write_csv(),
    })  # fmt: skip
    s.result(data, lambda: told(found, look, s, more=[] if carlo is None else worlds_told(carlo, found, s)))


def document(found: "Result", look: "Look") -> dict[str, Any]:
    """Give the JSON of a back-test."""
    from ara.cli.render.backtest import proven

    return {
        "schema": 1,
        **found.as_dict(),
        "look": look_document(look),
        "significance": proof_document(proven(found, look.number)),
    }
