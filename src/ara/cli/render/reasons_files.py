"""`--out DIR` of a forecast: its reasons as a page, and as pictures where there is something to draw with."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ara import whole
from ara.cli.render.reasons_page import page
from ara.cli.render.reasons_picture import bars, drawable, heat, horizons
from ara.errors import ValidationError
from ara.prediction.forecast import Forecast

if TYPE_CHECKING:
    from ara.prediction.attention import Attention

__all__ = ["check_folder", "written"]


def check_folder(text: str) -> Path:
    """Give the folder if it can be one, so that nothing is computed in vain."""
    folder = Path(text)
    if folder.exists() and not folder.is_dir():
        raise ValidationError(f"--out: {text!r} is no folder.", hint="Name a folder, new or to be written into.")
    return folder


def written(forecast: Forecast, folder: Path, looked: "Sequence[Attention]" = ()) -> list[Path]:
    """Write what there is to show of a forecast's reasons, each file whole or not at all; nothing where it has none.

    `looked` is where its networks looked, if they say so.
    """
    if not forecast.days or not forecast.days[0].factors or forecast.days[0].wider is None:
        return []
    stem = f"{re.sub(r'[^A-Za-z0-9.-]+', '_', forecast.instrument.symbol)}-{forecast.id[:6]}"
    content: dict[str, str | bytes] = {f"{stem}.html": page(forecast, looked)}
    if drawable():
        content |= {f"{stem}-bars.png": bars(forecast), f"{stem}-heat.png": heat(forecast)}
        content |= {f"{stem}-horizons.png": horizons(forecast)} if len(forecast.days) > 1 else {}
        content |= _maps(forecast, stem, looked)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in content.items():
            whole.write(folder / name, data)
    except OSError as error:
        raise ValidationError(
            f"--out: {str(folder)!r} can't be written into: {error.strerror or error}.",
            hint="Choose a folder that is writable and has room.",
        ) from error
    return [folder / name for name in content]


def _maps(forecast: Forecast, stem: str, looked: "Sequence[Attention]") -> dict[str, str | bytes]:
    if not looked:
        return {}
    from ara.cli.render.attention_picture import attention_map

    names = [f"{stem}-attention-{re.sub(r'[^A-Za-z0-9_]+', '-', one.network)}.png" for one in looked]
    return {name: attention_map(forecast, one) for name, one in zip(names, looked, strict=True)}
