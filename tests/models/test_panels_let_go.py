import gc
from weakref import ref

import numpy as np

from ara.models.ensemble.lately import remember, said_before
from ara.models.families.ewma_t import EwmaT
from ara.models.families.pooled.seen import seen
from tests.models.pooled.worlds import forget, small


def test_what_was_asked_lately_keeps_no_panel_in_memory():
    forget()
    panel = small()
    rows = np.arange(len(panel))
    _, fitted, again = (EwmaT().fit(panel, rows, rows[:0], seed=0, watch=lambda _: True) for _ in range(3))
    assert again is fitted
    assert seen(panel) is seen(panel)
    remember(panel, fitted, 3, np.ones((2, 23)))
    assert said_before(panel, fitted, 3).sum() == 46
    alive = ref(panel)
    del panel
    gc.collect()
    assert alive() is None
