"""Panels with features planted in them, and a model of trees served on them."""

import warnings
from dataclasses import replace
from functools import cache

import numpy as np

from ara.models import LEVELS, Panel
from ara.models.checks import toy_panel
from ara.models.families.ewma_t import EwmaT, FittedEwmaT
from ara.models.graphs import Inputs, Linear, Output, Parts
from ara.models.graphs.boosters import from_lightgbm
from ara.models.head import Head, features_id
from ara.models.served import Served

__all__ = ["NAMES", "RESIDUALS", "head", "lines", "plain", "planted", "served"]

NAMES = ("slope", "turn", "gap", "noise")
RESIDUALS = np.linspace(-2.5, 2.5, len(LEVELS))


@cache
def planted(bars: int = 300) -> Panel:
    panel = toy_panel(bars=bars)
    random = np.random.default_rng(4)
    x = random.normal(size=(len(panel), len(NAMES))).astype(np.float32)
    x[random.random(x.shape) < 0.1] = np.nan
    return replace(panel, x=x, names=NAMES)


def plain(panel: Panel) -> FittedEwmaT:
    rows = np.arange(len(panel))
    return EwmaT().fit(panel, rows, rows[:0], seed=0, watch=lambda _: True)


def head(**changes: object) -> Head:
    whole = {
        "family": "ewma_t", "levels": LEVELS, "horizons": (1, 5, 21), "names": NAMES, "features": features_id(NAMES),
        "gives": "shape", "seed": 3, "trained_to": 1_500_000_000_000_000, "extra": {"rounds": 8.0},
    }  # fmt: skip
    return Head(**(whole | changes))  # type: ignore[arg-type]


def lines(count: int, seed: int = 0, **inputs: object) -> Parts:
    """Give linear parts for as many horizons."""
    random = np.random.default_rng(seed)
    made = [Linear.of(0.1 * random.normal(size=len(NAMES)), 0.0) for _ in range(2 * count)]
    outputs = {"location": Output(regressors=tuple(made[:count])), "log_scale": Output(regressors=tuple(made[count:]))}
    return Parts(width=len(NAMES), outputs=outputs, inputs=Inputs(**inputs))  # type: ignore[arg-type]


@cache
def trees() -> Parts:
    from lightgbm import LGBMRegressor

    panel = planted()
    known = np.isfinite(panel.y).all(axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = [
            from_lightgbm(LGBMRegressor(n_estimators=8, num_leaves=6, n_jobs=1, verbose=-1).fit(panel.x[known], target))
            for place in range(3)
            for target in (panel.y[known, place], np.log(np.abs(panel.y[known, place]) + 0.1))
        ]
    shrunk = Output(regressors=tuple(made[::2]), blend=np.diag([0.3, 0.2, 0.1]))
    return Parts(width=len(NAMES), outputs={"location": shrunk, "log_scale": Output(regressors=tuple(made[1::2]))})


def served(**changes: object) -> Served:
    """Give a model of trees; its residuals are wider for shares than for any other class."""
    parts = trees()
    whole = {
        "head": head(), "graph": parts.graph(), "plain": plain(planted()), "parts": parts,
        "residuals": {"stock": [(2 * RESIDUALS).tolist()] * 3, "": [RESIDUALS.tolist()] * 3},
    }  # fmt: skip
    return Served.of(**(whole | changes))  # type: ignore[arg-type]
