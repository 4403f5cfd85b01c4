"""What learned families look at: a table of features beside the bars, made once for the whole panel."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ara.errors import ModelError
from ara.models.panel import Panel

__all__ = ["RECIPES", "attached"]

_KEPT: Final = 2
_kept: dict[tuple[str, str], Panel] = {}


def attached(panel: Panel, model: object) -> Panel:
    """Give the panel with the features that a model declares by the class attribute `inputs`.

    Unchanged where the model declares none, and where the panel has features already. A row's features depend on that
    row and on rows known no later, so a panel may be cut before or after.
    """
    recipe = getattr(model, "inputs", "")
    if not recipe or panel.names:
        return panel
    if recipe not in RECIPES:
        raise ModelError(
            f"the model asks for the features {recipe!r}, which nobody makes", hint=f"There are: {', '.join(RECIPES)}."
        )
    key = (recipe, panel.digest())
    made = _kept.pop(key, None)
    if made is None:
        names, x = RECIPES[recipe](panel)
        made = replace(panel, names=names, x=x)
    _kept[key] = made
    while len(_kept) > _KEPT:
        _kept.pop(next(iter(_kept)), None)
    return made


def _pooled(panel: Panel) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Give the design of the pooled family: log variances relative to their usual level, shocks, volume, markets."""
    from ara.models.families.pooled.features import AHEAD, COLUMNS, table

    seen = table(panel)
    places = [place for place, name in enumerate(COLUMNS) if place not in AHEAD and name != "one"]
    further = [seen.ewma, seen.second[:, 0], *(seen.timing[:, place] for place in (0, 2, 3))]
    x = np.concatenate([seen.design[:, places], np.stack(further, axis=1)], axis=1).astype(np.float32)
    x[~(seen.usable & np.isfinite(x).all(axis=1))] = np.nan
    return (*(COLUMNS[place] for place in places), "ewma", "rank", "apart", "apart_state", "class_state"), x


RECIPES: Final[Mapping[str, Callable[[Panel], tuple[tuple[str, ...], NDArray[np.float32]]]]] = {"pooled": _pooled}
"""How features are made, by name: each gives their names and `[n, F]` float32; NaN where a row has too little past."""
