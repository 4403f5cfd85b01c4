"""Reasons look again at what the members of an ensemble said; whether that is at hand changes no byte."""

from dataclasses import fields, replace

import numpy as np
import pytest

from ara.models import fits
from ara.models.checks import toy_panel
from ara.models.ensemble import Fast, FittedEnsemble, lately, panels
from ara.models.panel import Panel
from ara.models.reasons import Told, of_model
from tests.models.panels import fit, ranged


@pytest.fixture(scope="module")
def panel() -> Panel:
    return ranged(toy_panel(bars=460))


@pytest.fixture(scope="module")
def fast(panel: Panel) -> FittedEnsemble:
    return fit(Fast(), panel)


def content(told: Told) -> list[object]:
    found: list[object] = [told.width.tobytes(), told.drawn]
    for one in fields(Told):
        value = getattr(told, one.name)
        if isinstance(value, dict):
            found += [(one.name, name, np.asarray(part).tobytes()) for name, part in value.items()]
    return found


def test_reasons_are_the_same_with_and_without_what_was_said_before(fast: FittedEnsemble, panel: Panel) -> None:
    row = len(panel) - 1
    lately._lately.clear()
    anew = of_model("fast", fast, panel, row, values=fast.predict(replace(panel), np.array([row])).values[0])
    values = fast.predict(panel, np.array([row])).values[0]
    assert content(of_model("fast", fast, panel, row, values=values)) == content(anew)


def test_what_was_said_is_found_for_that_member_that_panel_and_that_row_alone(
    fast: FittedEnsemble, panel: Panel
) -> None:
    row = len(panel) - 1
    lately._lately.clear()
    fast.predict(panel, np.array([row]))
    told = {name: one for name, one in fast.fitted.items() if lately.said_before(panel, one, row) is not None}
    assert told
    for one in told.values():
        found = lately.said_before(panel, one, row)
        assert found is not None
        assert found.tobytes() == one.predict(panel, np.array([row])).values[0].tobytes()
        found[:] = 0.0
        again = lately.said_before(panel, one, row)
        assert again is not None
        assert again.any()
        assert lately.said_before(replace(panel), one, row) is None
        assert lately.said_before(panel, one, row - 1) is None
    assert lately.said_before(panel, fast, row) is None


def test_many_rows_at_once_leave_nothing_behind(fast: FittedEnsemble, panel: Panel) -> None:
    lately._lately.clear()
    fast.predict(panel, np.arange(len(panel) - 3, len(panel)))
    assert not lately._lately


def test_an_unknown_series_is_cut_once_for_all_members_and_answered_as_if_anew(
    fast: FittedEnsemble, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(panel, symbols=tuple(f"NEW{symbol}" for symbol in panel.symbols))
    row, cuts, until = np.array([len(other) - 1]), list[int](), Panel.until

    def counted(self: Panel, moment: int) -> Panel:
        cuts.append(moment)
        return until(self, moment)

    monkeypatch.setattr(Panel, "until", counted)
    first = fast.predict(other, row).values
    assert len(cuts) == 1
    fits._pasts.clear()
    panels._alone.clear()
    fits._fits.clear()
    assert fast.predict(replace(other), row).values.tobytes() == first.tobytes()
