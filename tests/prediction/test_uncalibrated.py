"""What is answered where calibration fails, and what where that without it fails as well."""

from pathlib import Path

import numpy as np
import pytest

from ara.errors import ModelError
from ara.models.panel import Panel, Rows
from ara.models.quantiles import LEVELS, Quantiles
from ara.prediction.compute import Recipe, compute
from ara.testing import FakeModel
from tests.models.panels import last_rows, toy_panel

WIDE, BARE = 0.05, 0.02
NAN = float("nan")


class Twofold:
    """A fitted model whose calibrated answer, and whose answer without, is a band, none, or an error."""

    def __init__(self, calibrated: float | Exception, bare: float | Exception) -> None:
        self.calibrated, self.raw = calibrated, bare

    def predict(self, panel: Panel, rows: Rows) -> Quantiles:
        return self._told(self.calibrated, panel, rows)

    def bare(self, panel: Panel, rows: Rows) -> Quantiles:
        return self._told(self.raw, panel, rows)

    def save(self, folder: Path) -> None:
        """Nothing is kept."""

    def _told(self, size: float | Exception, panel: Panel, rows: Rows) -> Quantiles:
        if isinstance(size, Exception):
            raise size
        unit = np.linspace(-size, size, len(LEVELS))
        return Quantiles(horizons=panel.horizons, values=np.tile(unit, (len(rows), len(panel.horizons), 1)))


def asked(monkeypatch, calibrated, bare):
    """Answer for the last row of a made-up market, where what fails may be spared."""
    monkeypatch.setattr("ara.models.fits._fits", {})
    monkeypatch.setattr(FakeModel, "fit", lambda *_, **__: Twofold(calibrated, bare))
    panel = toy_panel(bars=60)
    return compute(panel, last_rows(panel)[:1], Recipe(model="fake", made=FakeModel()), spare=True)


@pytest.mark.parametrize(
    ("calibrated", "size", "lost"),
    [
        (WIDE, WIDE, ()),
        (NAN, BARE, ("the calibration of fake failed (it gave no finite bands): its bands are not calibrated",)),
        (
            KeyError("no state"),
            BARE,
            ("the calibration of fake failed (KeyError: 'no state'): its bands are not calibrated",),
        ),
    ],
    ids=("sound", "no bands", "an error"),
)
def test_what_is_before_calibration_answers_where_that_fails(monkeypatch, calibrated, size, lost):
    found = asked(monkeypatch, calibrated, BARE)
    assert found.quantiles.values.max() == pytest.approx(size)
    assert found.lost == lost


@pytest.mark.parametrize(
    ("calibrated", "bare", "error", "words"),
    [
        (KeyError("no state"), ZeroDivisionError("no members"), KeyError, "no state"),
        (KeyError("no state"), NAN, KeyError, "no state"),
        (NAN, ZeroDivisionError("no members"), ZeroDivisionError, "no members"),
        (NAN, NAN, ModelError, "fake"),
    ],
    ids=("errors", "an error, no bands", "no bands, an error", "no bands"),
)
def test_where_both_fail_the_first_reason_is_told(monkeypatch, calibrated, bare, error, words):
    with pytest.raises(error, match=words):
        asked(monkeypatch, calibrated, bare)
