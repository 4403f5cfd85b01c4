"""`ara backtest sweep`: many combinations of parameters, and how lucky the best of them is."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ara.cli.screen import Screen
from ara.errors import ValidationError

if TYPE_CHECKING:
    from pathlib import Path

    from ara.backtest.sweep import Sweep
    from ara.performance.trials import Look
    from ara.trading import Tape
    from ara.trading.strategies import Made

__all__ = ["swept"]

_SHOWN = 50


def swept(
    s: Screen,
    maker: "Made",
    grid: Mapping[str, Sequence[Any]],
    tapes: "Callable[[], dict[str, Tape]]",
    folder: "Path | None",
    span: Mapping[str, Any],
) -> None:
    """Try all combinations on one instrument, count every one as a look, and tell the best and its luck."""
    from ara.backtest.sweep import sweep
    from ara.cli.render.backtest import sweep_told

    if both := sorted(set(grid) & set(maker.parameters)):
        raise ValidationError(f"{both[0]} is given by --param and by --grid.", hint="Leave one of them out.")

    def made(**chosen: Any) -> Any:
        return maker.kind(**{**maker.parameters, **chosen})

    with s.progress("Sweeping") as step:

        def hear(done: int, total: int) -> bool:
            step(done, total=total)
            return True

        found = sweep(made, grid, _one(tapes()), name=maker.name, watch=hear, **span)
    look = _counted(s, found)
    data = _document(found, grid, look)
    if folder:
        _written(found, data, folder, s)
    s.result(data, lambda: sweep_told(found, list(grid), look, s))


def _one(tapes: "dict[str, Tape]") -> "Tape":
    if len(tapes) != 1:
        raise ValidationError(f"a sweep is of one instrument, not of {len(tapes)}.", hint="Name one symbol.")
    return next(iter(tapes.values()))


def _counted(s: Screen, found: "Sweep") -> "Look":
    from ara.cli.commands.backtest.looks import counted

    return counted(s, found.best, times=found.trials.height)


def _document(found: "Sweep", grid: Mapping[str, Sequence[Any]], look: "Look") -> dict[str, Any]:
    proof = found.proof
    return {
        "schema": 1,
        "grid": {name: list(values) for name, values in grid.items()},
        "combinations": found.trials.height,
        "trials": found.trials.head(_SHOWN).to_dicts(),
        "best": found.best.as_dict(),
        "look": {"number": look.number, "limit": look.limit, "burnt": look.burnt},
        "significance": {
            "trials": proof.trials,
            "probabilistic": proof.probabilistic,
            "best_by_luck": proof.best,
            "deflated": proof.deflated,
            "bars_needed": proof.bars_needed,
        },
    }


def _written(found: "Sweep", data: dict[str, Any], folder: "Path", s: Screen) -> None:
    from ara.whole import write

    folder.mkdir(parents=True, exist_ok=True)
    parts = {"sweep.json": json.dumps(data, indent=2) + "\n", "trials.csv": found.trials.write_csv()}
    for name, text in parts.items():
        write(folder / name, text.encode())
        s.note(f"Written to {folder / name}")
