"""The checks of models find what they are for."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from ara.errors import ModelError
from ara.models import Quantiles
from ara.models.checks import check_model
from ara.models.families.ewma_t import EwmaT
from ara.models.model import described
from ara.testing import FakeModel


class Wrapped:
    """A fitted model whose answers a function spoils."""

    def __init__(self, inner, spoil) -> None:
        self.inner, self.spoil = inner, spoil

    def predict(self, panel, rows):
        return self.spoil(self.inner.predict(panel, rows), panel, rows)

    def save(self, folder: Path) -> None:
        self.inner.save(folder)


@dataclass(frozen=True)
class Spoilt:
    spoil: object
    family: ClassVar[str] = "spoilt"

    def fit(self, panel, train, valid, *, seed, start=None, watch):
        return Wrapped(EwmaT().fit(panel, train, valid, seed=seed, watch=watch), self.spoil)

    @classmethod
    def load(cls, folder: Path):
        return EwmaT.load(folder)


def moved(answer: Quantiles, shift) -> Quantiles:
    return replace(answer, values=answer.values + np.broadcast_to(shift, answer.values.shape[:1])[:, None, None])


def peeks(answer, panel, rows):
    following = np.minimum(rows + 1, len(panel) - 1)
    same = panel.series[following] == panel.series[rows]
    return moved(answer, np.where(same, np.nan_to_num(panel.bars[following, 3]), 0.0))


def scaled_by_all(answer, panel, rows):
    return moved(answer, np.nanstd(panel.bars[:, 3]))


RANDOM = np.random.default_rng()
SPOILS = {
    "crossing": (lambda a, p, r: replace(a, values=a.values[..., ::-1]), "cross"),
    "gaps": (lambda a, p, r: moved(a, np.nan), "NaN"),
    "no quantiles": (lambda a, p, r: a.values, "does not give Quantiles"),
    "unrepeatable": (lambda a, p, r: moved(a, RANDOM.normal()), "other bytes"),
    "peeking": (peeks, "future"),
    "scaled by the whole sample": (scaled_by_all, "future"),
    "later bars": (lambda a, p, r: moved(a, p.bars[-1, 3]), "future"),
    "blind": (lambda a, p, r: replace(a, values=np.tile(a.levels, (*a.values.shape[:2], 1))), "own bar"),
    "together": (lambda a, p, r: moved(a, len(r) * 1e-3), "one row alone"),
    "raising": (lambda a, p, r: 1 / 0, "ZeroDivisionError"),
}


@pytest.mark.parametrize("name", SPOILS)
def test_each_fault_is_found_and_put_into_words(name: str) -> None:
    spoil, words = SPOILS[name]
    outcomes = check_model(Spoilt(spoil))
    assert any(words in one.words for one in outcomes if not one.ok), [one.words for one in outcomes]


def test_a_model_that_loads_differently_is_found() -> None:
    class Forgetful(Spoilt):
        @classmethod
        def load(cls, folder: Path):
            return Wrapped(EwmaT.load(folder), lambda a, p, r: moved(a, 0.01))

    outcomes = check_model(Forgetful(lambda a, p, r: a))
    assert [one.name for one in outcomes if not one.ok] == ["saves and loads"]


def test_good_models_pass() -> None:
    for model in (EwmaT(), FakeModel(sigma=0.02, lean=0.1)):
        assert [one.words for one in check_model(model) if not one.ok] == []


def test_a_model_that_only_wears_the_bars_but_answers_on_a_cut_panel_alike_is_told_of_poison() -> None:
    def later(answer, panel, rows):
        return moved(answer, np.nan_to_num(panel.bars[np.minimum(rows + 5, len(panel) - 1), 3]))

    assert any("future" in one.words or "later bars" in one.words for one in check_model(Spoilt(later)) if not one.ok)


def test_a_model_is_described_by_its_parameters() -> None:
    assert described(EwmaT(decay=0.9)) == {"family": "ewma_t", "params": {"decay": 0.9}}

    class Plain:
        family = "plain"

        def __init__(self) -> None:
            self.depth = 3

    told = described(Plain())
    assert {name: told[name] for name in told if name != "code"} == {"family": "plain", "params": {"depth": 3}}
    assert len(told["code"]) == 64
    assert described(Plain()) == described(Plain())
    odd = Plain()
    odd.net = object()
    with pytest.raises(ModelError, match="can't be written as JSON"):
        described(odd)
