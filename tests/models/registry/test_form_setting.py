"""In which form trained models answer is a setting; what can't be had is said with the forecast."""

import numpy as np
import pytest

from ara.errors import ConfigurationError
from ara.models.form import PLACES, PRECISIONS, Form
from ara.models.registry import Registry, load_artefact
from ara.prediction.compute import Recipe, compute
from ara.settings import Settings
from tests.models.registry.conftest import trained


async def test_graphs_answer_in_the_form_of_the_settings_and_the_forecast_says_what_it_is(opened, panel, tmp_path):
    desk = await opened(tmp_path / "home", models__precision="int8", models__device="tensorrt")
    registry = Registry(desk)
    rows = np.array([len(panel) - 1])
    forms = {}
    for family, params in (("gru", {"epochs": 1, "window": 8}), ("ridge", {}), ("ewma_t", {})):
        artefact = await registry.artefact(await trained(registry, panel, family, **params))
        assert artefact.form == Form(precision="int8", device="tensorrt")
        answer = compute(panel, rows, Recipe(model=family, artefact=artefact))
        forms[family] = answer.notes
        assert Recipe(model=family, artefact=artefact).described()[family]["precision"] == "int8"
        assert np.isfinite(answer.quantiles.values).all()
        assert load_artefact(artefact) is load_artefact(artefact)
    nowhere = "onnxruntime has no tensorrt here"
    assert forms["gru"] == (f"gru runs on cpu: {nowhere}",)
    assert forms["ridge"] == (f"ridge runs on cpu: {nowhere}",)
    assert forms["ewma_t"] == ()


async def test_without_a_word_of_the_settings_models_answer_as_they_were_trained(registry, panel):
    artefact = await registry.artefact(await trained(registry, panel, "ewma_t"))
    assert artefact.form == Form()
    assert artefact.described == {"family": "ewma_t", "artefact": artefact.id}


def test_the_settings_know_each_form_and_no_other():
    for name, allowed in (("precision", PRECISIONS), ("device", PLACES)):
        for value in allowed:
            settings = Settings.load({f"models.{name}": value}, environ={})
            assert getattr(settings.models, name) == value
        with pytest.raises(ConfigurationError, match=f"models.{name}"):
            Settings.load({f"models.{name}": "int4"}, environ={})
