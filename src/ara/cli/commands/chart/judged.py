"""`ara chart reliability` and `ara chart models`: what `ara evaluate` found."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ara.cli.commands.chart.drawing import OUT, SIZE, THEME, asked
from ara.cli.screen import screen
from ara.cli.words import clean
from ara.errors import ValidationError

__all__ = ["models", "reliability"]

_LARGEST = 256 * 2**20
_LONGEST = 1000

_FILE = Annotated[str, typer.Argument(metavar="FILE", help="evaluation.json of ara evaluate --out DIR, or that folder")]
_HORIZON = Annotated[str, typer.Option("--horizon", metavar="N", help="Bars ahead; the shortest if not given")]


def reliability(
    file: _FILE,
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="Which; the first that was judged")] = "",
    horizon: _HORIZON = "",
    out: OUT = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Draw what forecasts stated beside how often it came.

    ::

        ara chart reliability evaluation.json
        ara chart reliability judged --model fast --horizon 5
        ara chart reliability evaluation.json --out reliability.png
    """
    from ara.reports import charts

    s, drawing = screen(), asked(out, theme, size)
    drawing.show(s, charts.reliability(_document(file), model=model, horizon=_bars(horizon)))


def models(
    file: _FILE,
    horizon: _HORIZON = "",
    out: OUT = "",
    theme: THEME = "light",
    size: SIZE = "",
) -> None:
    """Draw how much better than the baseline each model is, with its interval.

    ::

        ara chart models evaluation.json
        ara chart models judged --horizon 21
        ara chart models evaluation.json --out models.svg
    """
    from ara.reports import charts

    s, drawing = screen(), asked(out, theme, size)
    drawing.show(s, charts.models(_document(file), horizon=_bars(horizon)))


def _bars(text: str) -> int:
    from ara.cli.commands.data.asked import counted

    return counted(text, "--horizon", most=_LONGEST) if text else 0


def _document(file: str) -> dict[str, Any]:
    import json

    path = Path(file)
    path = path / "evaluation.json" if path.is_dir() else path
    hint = "Make one: ara evaluate --out DIR"
    try:
        large = path.stat().st_size > _LARGEST
        found = None if large else json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValidationError(
            f"{clean(str(path))[:200]} can't be read: {error.strerror or error}.", hint=hint
        ) from error
    except (ValueError, RecursionError) as error:
        raise ValidationError(f"{clean(str(path))[:200]} is no JSON.", hint=hint) from error
    if large:
        raise ValidationError(f"{clean(str(path))[:200]} is larger than {_LARGEST // 2**20} MB.", hint=hint)
    if not isinstance(found, dict):
        raise ValidationError(f"{clean(str(path))[:200]} is no evaluation.", hint=hint)
    return found
