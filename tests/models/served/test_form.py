"""Forms: half and 8 bits answer nearly the same, what can't be had is said, and lineages tell of what is not plain."""

import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ara.errors import ModelError
from ara.models.ensemble import Fast
from ara.models.families.ewma_t import EwmaT
from ara.models.form import PLACES, PLAIN, PRECISIONS, Form, Formed, in_form
from ara.models.graphs import session
from ara.models.networks import BiLstm, CnnLstm, FittedNetworks, Gru, SeqToSeq, Transformer
from ara.models.registry.loading import Artefact, load_artefact
from ara.models.served import Served
from tests.models.networks.worlds import featured
from tests.models.panels import fit
from tests.models.served.planted import plain, planted
from tests.models.served.planted import served as trees

slow = pytest.mark.slow
NETWORKS = [
    pytest.param(one, id=one.family, marks=() if one is Gru else slow)
    for one in (BiLstm, CnnLstm, Gru, SeqToSeq, Transformer)
]
PANEL = featured()
ROWS = np.arange(250, 290)
HALF, SMALL = Form(precision="half"), Form(precision="int8")


def trained(family: type = Gru) -> Served:
    return fit(family(epochs=1, window=8), PANEL.until(int(PANEL.known_at[240])))


@pytest.fixture(scope="module")
def gru() -> Served:
    return trained()


def off(served: Served, form: Form) -> float:
    """Give how far the answers in a form are from the plain ones, over the width of the 80 % band."""
    exact, told = (one.predict(PANEL, ROWS) for one in (served, served.in_form(form)))
    width = exact.at(0.9) - exact.at(0.1)
    return float((np.abs(exact.values - told.values) / width[:, :, None]).max())


@pytest.mark.parametrize("family", NETWORKS)
def test_each_network_answers_in_each_precision_and_nearly_the_same(family) -> None:
    served = trained(family)
    for form, most in ((HALF, 0.01), (SMALL, 0.05)):
        light = served.in_form(form)
        assert light.notes == ()
        assert light.sha256 != served.sha256
        assert 0 < off(served, form) < most


def test_the_plain_form_is_the_model_itself(gru: Served) -> None:
    assert in_form(gru, PLAIN) is gru
    assert in_form(gru, Form()) is gru
    assert gru.notes == ()


def test_trees_answer_as_they_are_and_say_so() -> None:
    panel = planted()
    light = in_form(trees(), SMALL)
    assert light.sha256 == trees().sha256
    (note,) = light.notes
    assert note == "ewma_t answers in full precision: a graph of trees gains nothing from less precision"
    rows = np.arange(200, 260)
    np.testing.assert_array_equal(light.predict(panel, rows).values, trees().predict(panel, rows).values)


def test_where_graphs_can_not_be_made_lighter_the_full_one_answers_and_it_is_said(gru: Served, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    light = gru.in_form(HALF)
    assert light.graph == gru.graph
    assert "onnx, which is not installed" in light.notes[0]


@pytest.mark.parametrize("device", ["cuda", "tensorrt"])
def test_a_card_that_is_not_there_is_said_and_the_processor_answers(gru: Served, device: str) -> None:
    if session.available(device)[0] != "CPUExecutionProvider":
        pytest.skip("onnxruntime has a card here")
    there = gru.in_form(Form(device=device))
    assert there.notes == (f"gru runs on cpu: onnxruntime has no {device} here",)
    assert there.device == "cpu"
    assert there.predict(PANEL, ROWS).values.tobytes() == gru.predict(PANEL, ROWS).values.tobytes()


def test_auto_says_nothing_of_what_it_took(gru: Served) -> None:
    there = gru.in_form(Form(device="auto"))
    assert there.notes == ()
    assert there.device == ("cpu" if len(session.available("auto")) == 1 else "auto")


def test_providers_are_called_by_the_names_of_devices(gru: Served, monkeypatch) -> None:
    class Card:
        def __init__(self, *names: str) -> None:
            self.names = names

        def get_providers(self) -> list[str]:
            return [f"{name}ExecutionProvider" for name in self.names]

    for names, device, found, notes in (
        (("CUDA", "CPU"), "cuda", "cuda", 0),
        (("CUDA", "CPU"), "tensorrt", "tensorrt", 1),
        (("Tensorrt", "CUDA", "CPU"), "tensorrt", "tensorrt", 0),
        (("CoreML", "CPU"), "auto", "auto", 0),
        (("CPU",), "cuda", "cpu", 1),
    ):
        card = Card(*names)
        own = session._session(gru.graph, gru.sha256, "cpu")
        monkeypatch.setattr(session, "_sessions", {(gru.sha256, "cpu"): own, (gru.sha256, device): card})
        made = gru.in_form(Form(device=device))
        assert (made.device, len(made.notes)) == (found, notes)


def test_networks_that_answer_together_change_together_and_say_a_thing_once(gru: Served) -> None:
    several = FittedNetworks(members=(gru, gru))
    light = in_form(several, SMALL)
    assert isinstance(light, FittedNetworks)
    assert {one.sha256 for one in light.members} == {gru.in_form(SMALL).sha256}
    assert light.notes == ()
    said = FittedNetworks(members=(trees(), plain(planted()), trees())).in_form(SMALL).notes
    assert said == trees().in_form(SMALL).notes


def test_a_model_without_graphs_is_as_it_was() -> None:
    own = fit(EwmaT(), PANEL)
    assert not isinstance(own, Formed)
    assert in_form(own, HALF) is own


def test_a_trained_model_is_loaded_in_its_form_and_lineages_tell(gru: Served, tmp_path: Path) -> None:
    gru.save(tmp_path)
    artefact = Artefact(id="a" * 64, folder=tmp_path, family="gru", trained_to=0, form=HALF)
    assert load_artefact(artefact).sha256 == gru.in_form(HALF).sha256
    assert artefact.described == {"family": "gru", "artefact": "a" * 64, "precision": "half"}
    plainly = Artefact(id="a" * 64, folder=tmp_path, family="gru", trained_to=0)
    assert load_artefact(plainly).sha256 == gru.sha256
    assert plainly.described == {"family": "gru", "artefact": "a" * 64}
    assert Form(device="auto").described == {"device": "auto"}


def test_unknown_forms_are_refused_with_those_that_there_are() -> None:
    for name, allowed in (("precision", PRECISIONS), ("device", PLACES)):
        with pytest.raises(ModelError, match=f"no {name} 'int4'") as caught:
            Form(**{name: "int4"})
        assert all(one in caught.value.hint for one in allowed)
    assert set(PLACES) == set(session.DEVICES)


def test_members_of_an_ensemble_change_their_form_and_speak_for_themselves(gru: Served) -> None:
    rows = np.arange(len(PANEL))
    own = Fast(members=("ewma_t", "drift")).fit(PANEL, rows, rows[:0], seed=0, watch=lambda _: True)
    with_gru = replace(own, fitted={**own.fitted, "gru": gru, "trees": trees()})
    assert with_gru.notes == ()
    light = in_form(with_gru, SMALL)
    assert light.fitted["gru"].sha256 == gru.in_form(SMALL).sha256
    assert light.fitted["drift"] is own.fitted["drift"]
    assert light.notes == trees().in_form(SMALL).notes
    absent = replace(light, state=msgspec.structs.replace(light.state, absent=("gru",)))
    assert len(absent.notes) == 2
