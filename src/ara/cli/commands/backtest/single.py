"""One back-test: played, counted, written, told."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ara.cli.commands.backtest.task import Task, hearing, priced, stoppable

if TYPE_CHECKING:
    from ara.backtest import Result
    from ara.trading import Tape

__all__ = ["tested"]


def tested(
    task: Task, shares: Mapping[str, float], *, worlds: int, markets: int, patience: int, workers: int, on: str
) -> None:
    """Test a strategy, beside a mix of the given shares where there are any, in other pasts and on placebo markets."""
    from ara.backtest import run
    from ara.backtest.document import to_document
    from ara.backtest.taping import book_of
    from ara.cli.commands.backtest.looks import counted
    from ara.cli.commands.backtest.partial import keeping
    from ara.cli.commands.backtest.report import reported
    from ara.cli.render.backtest import told

    s, maker = task.screen, task.maker
    with s.progress("Testing") as step:
        tapes = task.tapes()
        others = [name for name in shares if name not in tapes]
        mixed = task.tapes(others, book=book_of(tapes, task.currency)) if others else {}
        found = run(
            maker, tapes, name=maker.name, parameters=maker.described(), mix=dict(shares) or None,
            mix_tapes=mixed, patience=patience, partial=keeping(task), watch=hearing(step), **task.spanned(tapes),
        )  # fmt: skip
    priced(s, found)
    look = counted(s, found)
    data, more = to_document(found, look), []
    address = str(s.settings().workers.ray) if on != "here" else ""
    place = {"workers": workers, "on": on, "address": address, "patience": patience}
    if worlds:
        more += _lived_again(task, found, tapes, worlds, data, place)
    if markets:
        more += _sham(task, tapes, markets, data, place)
    task.written({
        "result.json": json.dumps(data, indent=2) + "\n",
        "equity.csv": found.frame.write_csv(),
        "fills.csv": found.fill_frame().write_csv(),
    })  # fmt: skip
    reported(task, found, look, data)
    s.result(data, lambda: told(found, look, s, more=more))


def _lived_again(
    task: Task, found: "Result", tapes: "dict[str, Tape]", worlds: int, data: dict[str, Any], place: dict[str, Any]
) -> list[str]:
    from ara.backtest.monte_carlo import monte_carlo
    from ara.cli.render.backtest_worlds import worlds_told

    with stoppable(task.screen, "Living it again", "other pasts") as hear:
        kept = _kept(task, "worlds")
        carlo = monte_carlo(found, task.maker, tapes, draws=worlds, kept=kept, watch=hear, **place)
    data["monte_carlo"] = carlo.as_dict()
    return worlds_told(carlo, found, task.screen)


def _sham(task: Task, tapes: "dict[str, Tape]", markets: int, data: dict[str, Any], place: dict[str, Any]) -> list[str]:
    from ara.cli.render.backtest_worlds import sham_told
    from ara.evidence.sham import on_placebos

    span = {name: value for name, value in task.spanned(tapes).items() if name != "cuts"}
    with stoppable(task.screen, "On placebo markets", "placebo markets") as hear:
        kept = _kept(task, "placebos")
        sham = on_placebos(task.maker, tapes, markets=markets, kept=kept, watch=hear, **span, **place)
    data["placebo"] = sham.as_dict()
    return sham_told(sham, task.screen)


def _kept(task: Task, what: str) -> Path:
    """Give the folder from which long work goes on."""
    return Path(task.screen.settings().home) / "backtest" / what
