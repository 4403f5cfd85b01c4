"""What models answer on a made-up panel, here or in a process of its own: NAME..."""

import sys
from hashlib import sha256

import numpy as np

from ara import plugins
from ara.models.checks import toy_panel
from ara.models.inputs import attached
from ara.models.regimes import Inputs, regimes


def answers(*names: str) -> bytes:
    """Give what models of one series answer, one after the other."""
    panel = toy_panel(horizons=(1, 5, 21))
    rows = np.arange(len(panel))
    told = []
    for name in names:
        fitted = plugins.load("models", name)().fit(panel, rows, rows[:0], seed=0, watch=lambda _: True)
        told.append(fitted.predict(panel, rows[-30::3]).values.tobytes())
    return b"".join(told)


def states() -> bytes:
    """Give how likely each regime was."""
    panel = toy_panel(horizons=(1, 5, 21))
    volatility = np.log(0.001 + np.abs(panel.bars[:500, 3]))
    values = np.stack([panel.bars[:500, 3], np.cumsum(np.nan_to_num(panel.bars[:500, 3])), volatility], axis=1)
    inputs = Inputs(
        known_at=panel.known_at[:500], names=("return", "momentum_50", "realised_volatility"), values=values, missing={}
    )
    told = regimes(inputs).probabilities
    assert np.isfinite(told[300:]).all()
    return np.nan_to_num(told).tobytes()


def digests(*names: str) -> bytes:
    """Give the names of learners, and what their graphs and answers come to."""
    rows, told = np.arange(900), []
    for name in names:
        model = plugins.load("models", name)()
        panel = attached(toy_panel(bars=300), model)
        fitted = model.fit(panel, rows, rows[:0], seed=0, watch=lambda _: True)
        values = fitted.predict(panel, rows[-30::3]).values.tobytes()
        told.append(f"{name} {sha256(fitted.graph).hexdigest()} {sha256(values).hexdigest()}")
    return "\n".join(told).encode()


if __name__ == "__main__":
    what, names = sys.argv[1], sys.argv[2:]
    told = answers(*names) + states() if what == "models" else {"answers": answers, "digests": digests}[what](*names)
    sys.stdout.buffer.write(told)
