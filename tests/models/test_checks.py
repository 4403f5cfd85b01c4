"""The checks of models find what they are for."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from ara.errors import ModelError
from ara.models import Quantiles
from ara.models.checks import check_model, toy_panel
from ara.models.elsewhere import Elsewhere, answered
from ara.models.families.ewma_t import EwmaT
from ara.models.model import described
from ara.testing import FakeModel
from ara.workers.beside import Beside


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


def wider(answer: Quantiles, factor) -> Quantiles:
    return replace(answer, values=answer.values * factor[:, None, None])


def before(panel, rows):
    """Give how many bars each row's series has before it."""
    return rows - np.searchsorted(panel.series, panel.series[rows])


def initial(panel, rows):
    """Give the number of the first letter of each row's series."""
    return np.array([ord(symbol[0]) for symbol in panel.symbols])[panel.series[rows]]


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
    "by its place": (lambda a, p, r: moved(a, 1e-6 * r), "where a series stands"),
    "by its number": (lambda a, p, r: moved(a, 1e-5 * p.series[r]), "where a series stands"),
    "by its name": (
        lambda a, p, r: moved(a, 1e-5 * initial(p, r)),
        "how a series is called",
    ),
    "by the unit": (lambda a, p, r: wider(a, 1 + 0.01 * np.log(p.volume[r])), "unit in which volume"),
    "wider with each bar": (lambda a, p, r: wider(a, 1 + before(p, r) / 500), "its width goes one way"),
    "higher with each bar": (lambda a, p, r: moved(a, before(p, r) * 1e-5), "its median goes one way"),
    "raising": (lambda a, p, r: 1 / 0, "ZeroDivisionError"),
}


@dataclass(frozen=True)
class Forgetful(Spoilt):
    """Loads as another model than was saved."""

    @classmethod
    def load(cls, folder: Path):
        return Wrapped(EwmaT.load(folder), lambda a, p, r: moved(a, 0.01))


SHIFTS: list[float] = []


@dataclass(frozen=True)
class AtHome(Spoilt):
    """Keeps part of what it learned in this process alone."""

    def fit(self, panel, train, valid, *, seed, start=None, watch):
        SHIFTS[:] = [0.01]
        return Wrapped(EwmaT().fit(panel, train, valid, seed=seed, watch=watch), at_home)

    @classmethod
    def load(cls, folder: Path):
        return Wrapped(EwmaT.load(folder), at_home)


@dataclass(frozen=True)
class Needy(Spoilt):
    """Can't be loaded without what it was trained by."""

    @classmethod
    def load(cls, folder: Path):
        import safetensors

        return EwmaT.load(folder) if safetensors.__version__ else None


@dataclass(frozen=True)
class Unlike(Spoilt):
    """Is served otherwise than it was learned."""

    def twofold(self, panel, train, valid, *, seed, watch):
        fitted = Outspoken(EwmaT().fit(panel, train, valid, seed=seed, watch=watch), lambda a, p, r: a)
        return fitted, lambda panel, rows: self.spoil(fitted.outputs(panel, rows))

    inputs: ClassVar[str] = "pooled"


class Outspoken(Wrapped):
    """A fitted model that tells more than quantiles."""

    def outputs(self, panel, rows):
        return {"location": panel.bars[rows, :3]}


def at_home(answer, panel, rows):
    return moved(answer, SHIFTS[0] if SHIFTS else 0.0)


def plain(answer, panel, rows):
    return answer


@pytest.mark.parametrize("name", SPOILS)
def test_each_fault_is_found_and_put_into_words(name: str, elsewhere: Elsewhere) -> None:
    spoil, words = SPOILS[name]
    outcomes = check_model(Spoilt(spoil), elsewhere=elsewhere)
    assert any(words in one.words for one in outcomes if not one.ok), [one.words for one in outcomes]


def test_a_model_that_loads_differently_is_found(elsewhere: Elsewhere) -> None:
    outcomes = check_model(Forgetful(plain), elsewhere=elsewhere)
    assert [one.name for one in outcomes if not one.ok] == ["saves and loads", "saves and loads elsewhere"]


def test_a_model_that_answers_in_its_own_process_alone_is_found(elsewhere: Elsewhere) -> None:
    outcomes = check_model(AtHome(plain), elsewhere=elsewhere)
    assert [(one.name, one.words) for one in outcomes if not one.ok] == [
        ("saves and loads elsewhere", "another process answers differently")
    ]


def test_a_model_that_no_other_process_can_import_is_told_so(elsewhere: Elsewhere) -> None:
    class Inside(Spoilt):
        pass

    (found,) = (one for one in check_model(Inside(plain), elsewhere=elsewhere) if not one.ok)
    assert found.name == "saves and loads elsewhere"
    assert found.words.endswith("Put it at the top level of a module that can be imported.")


def test_elsewhere_there_is_nothing_that_trains(tmp_path: Path) -> None:
    panel, rows = toy_panel(), np.array([450])
    EwmaT().fit(panel, np.arange(400), rows[:0], seed=0, watch=lambda _: True).save(tmp_path)
    place = f"{Needy.__module__}:Needy"
    with Beside() as other:
        for hidden in (True, False):
            errand = other.submit(answered, place, tmp_path, panel, rows, bare=hidden)
            if hidden:
                with pytest.raises(Exception, match="safetensors"):
                    errand.result(lambda: True)
            else:
                assert errand.result(lambda: True).shape == (1, 3, 25)


@pytest.mark.parametrize(("off", "fine"), [(1e-7, True), (1e-4, False), (np.nan, False)])
def test_a_served_form_that_says_something_else_is_found(off: float, fine: bool, elsewhere: Elsewhere) -> None:
    model = Unlike(lambda told: {name: own + off for name, own in told.items()})
    outcomes = {one.name: one for one in check_model(model, elsewhere=elsewhere)}
    found = outcomes["is served as it was learned, to float32"]
    assert found.ok is fine
    assert fine or "otherwise than the library that learned" in found.words


def test_good_models_pass(elsewhere: Elsewhere) -> None:
    for model in (EwmaT(), FakeModel(sigma=0.02, lean=0.1)):
        assert [one.words for one in check_model(model, elsewhere=elsewhere) if not one.ok] == []


def test_a_model_that_only_wears_the_bars_but_answers_on_a_cut_panel_alike_is_told_of_poison(
    elsewhere: Elsewhere,
) -> None:
    def later(answer, panel, rows):
        return moved(answer, np.nan_to_num(panel.bars[np.minimum(rows + 5, len(panel) - 1), 3]))

    outcomes = check_model(Spoilt(later), elsewhere=elsewhere)
    assert any("future" in one.words or "later bars" in one.words for one in outcomes if not one.ok)


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
