"""Whether a model has something of its own to say, or learned nothing."""

import numpy as np

from ara.models.families.ewma_t import EwmaT
from ara.models.model import Fitted
from ara.models.panel import Panel
from ara.models.registry.card import BASELINE

__all__ = ["is_plain"]


def is_plain(panel: Panel, fitted: Fitted, *, family: str, seed: int) -> bool:
    """Tell whether a fit answers as the baseline does at the newest bar of each series, to the last byte.

    So answer families that had too little to learn from, and ensembles of which no member was found to be better. The
    baseline itself is never meant.

    Parameters
    ----------
    panel
        What the fit knows.
    fitted, family, seed
        The fit, and how it was made.
    """
    if family == BASELINE:
        return False
    every = np.arange(len(panel))
    newest = np.searchsorted(panel.series, np.unique(panel.series), side="right") - 1
    baseline = EwmaT().fit(panel, every, every[:0], seed=seed, watch=lambda _: True)
    own, other = (one.predict(panel, newest).values for one in (fitted, baseline))
    return bool(np.array_equal(own, other, equal_nan=True))
