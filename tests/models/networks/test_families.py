"""Every network: what it answers, keeps, refuses, and how its served form compares with the one that was trained."""

import sys
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch

from ara import plugins
from ara.errors import CancelledError, ModelError
from ara.lineage import digest
from ara.models import LEVELS
from ara.models.checks import toy_panel
from ara.models.families.ewma_t import EwmaT
from ara.models.fits import fit_until
from ara.models.inputs import attached
from ara.models.model import described
from ara.models.networks import SIZES, CnnLstm, Fused, Gru, Network, NetworkEnsemble
from ara.models.networks.export import graph_of, weights_of
from ara.models.networks.fit import _begun, network_of
from ara.models.networks.layers import Forecaster
from ara.models.served import Served
from ara.models.training import lesson
from tests.models.networks.worlds import FAMILIES, cut, featured
from tests.models.panels import fit, go_on, last_rows

each = pytest.mark.parametrize("family", FAMILIES, ids=[one.family for one in FAMILIES])
LONG = pytest.mark.slow
SHORT = {"epochs": 2, "window": 12}
EXTRA = {
    "bilstm": {"attention": (12,)},
    "cnn_lstm": {"embedding": (256,), "direction": (2, 3), "volatility": (2,)},
    "gru": {},
    "seq2seq": {"attention": (2, 12)},
    "transformer": {"attention": (8, 12)},
}
_kept: dict[str, Served] = {}


def trained(family) -> Served:
    if family.family not in _kept:
        _kept[family.family] = fit(family(**SHORT), featured(), seed=5)
    return _kept[family.family]


def test_every_network_is_registered_under_its_name() -> None:
    assert {one.family for one in FAMILIES} | {"networks"} <= set(plugins.names("models"))
    assert plugins.load("models", "networks") is NetworkEnsemble


@each
def test_what_is_served_answers_as_the_network_that_was_trained(family) -> None:
    served, panel = trained(family), featured()
    rows = np.concatenate([last_rows(panel), np.arange(0, len(panel), 37)])
    network = network_of(family(**SHORT), served)
    with torch.no_grad():
        native = {name: value.numpy() for name, value in network(torch.from_numpy(panel.windows(rows, 12))).items()}
    found = served.outputs(panel, rows)
    assert set(found) == set(native) == {"quantiles", *EXTRA[family.family]}
    for name, value in native.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-5, err_msg=name)


@each
def test_what_it_tells_beside_quantiles_has_its_shape(family) -> None:
    panel = featured()
    rows = last_rows(panel)
    found = trained(family).outputs(panel, rows)
    for name, shape in EXTRA[family.family].items():
        assert found[name].shape == (len(rows), *shape)
    if "attention" in found:
        np.testing.assert_allclose(found["attention"].sum(axis=-1), 1.0, atol=1e-5)
        assert (found["attention"] >= 0).all()
    if "volatility" in found:
        assert (found["volatility"] > 0).all()


@each
def test_quantiles_do_not_cross_and_are_finite_on_absurd_features(family) -> None:
    panel = featured()
    rows = last_rows(panel)
    x = panel.x.copy()
    x[rows[0]], x[rows[1], 1:], x[rows[2]] = 1e30, np.nan, -1e30
    values = trained(family).predict(replace(panel, x=x), rows).values
    assert np.isfinite(values).all()
    assert (np.diff(values, axis=-1) >= 0).all()


@each
def test_the_same_seed_gives_the_same_graph_and_another_seed_another(family) -> None:
    panel = featured(bars=260)
    one, same, other = (fit(family(epochs=1, window=12), panel, seed=seed) for seed in (1, 1, 2))
    assert one.graph == same.graph
    assert one.graph != other.graph


def test_fitting_leaves_threads_seeds_and_strictness_as_they_were() -> None:
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(), torch.random.get_rng_state()
    fit(Gru(epochs=1), featured(bars=260))
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before[:2]
    assert torch.equal(torch.random.get_rng_state(), before[2])


@each
def test_it_is_kept_and_loaded_elsewhere(family, tmp_path) -> None:
    served, panel = trained(family), featured()
    rows = last_rows(panel)
    served.save(tmp_path)
    again = family.load(tmp_path)
    assert again.predict(panel, rows).values.tobytes() == served.predict(panel, rows).values.tobytes()
    assert again.head.family == family.family
    assert again.head.window == 12
    assert again.head.extra["best_epoch"] >= 0


@each
@pytest.mark.parametrize("size", [one if one == "tiny" else pytest.param(one, marks=LONG) for one in SIZES])
def test_every_size_begins_with_the_quantiles_that_returns_had(family, size: str) -> None:
    panel = featured(bars=260)
    served = fit(family(size=size, epochs=0, window=12), panel)
    told = served.outputs(panel, last_rows(panel))["quantiles"]
    known = np.sort(panel.y[~np.isnan(panel.y[:, 0]), 0])
    assert np.ptp(told, axis=0).max() < 1e-5
    assert abs(told[0, 0, LEVELS.index(0.9)] - np.quantile(known, 0.9)) < 0.25


def test_too_little_history_is_answered_by_the_baseline() -> None:
    panel = featured(bars=70)
    rows = last_rows(panel)
    served = fit(Gru(), panel)
    assert served.predict(panel, rows).values.tobytes() == fit(EwmaT(), panel).predict(panel, rows).values.tobytes()
    assert fit(Gru(), panel.until(0)).head.extra == {}


def test_a_constant_target_and_an_empty_feature_are_learned_without_a_word() -> None:
    panel = featured(bars=260)
    x = panel.x.copy()
    x[:, 1], x[:, 2] = np.nan, 7.0
    panel = replace(panel, y=np.where(np.isnan(panel.y), np.nan, 0.5), x=x)
    values = fit(Gru(epochs=1), panel).predict(panel, last_rows(panel)).values
    assert np.isfinite(values).all()
    width = panel.scale[last_rows(panel)][:, :, None]
    assert np.abs(values / width - 0.5).max() < 0.2


def test_one_series_and_a_class_that_training_had_not_are_answered() -> None:
    panel = featured()
    single = fit(Gru(epochs=1), replace(panel.until(int(panel.known_at.max())), group=panel.group))
    other = replace(panel, groups=("coin",))
    assert np.isfinite(single.predict(other, last_rows(other)).values).all()
    mine = panel.series == 0
    names = ("at", "known_at", "series", "group", "bars", "volume", "x", "scale", "y", "y_known")
    alone = replace(panel, symbols=("ONE",), **{name: getattr(panel, name)[mine] for name in names})
    assert np.isfinite(fit(Gru(epochs=1), alone).predict(alone, last_rows(alone)).values).all()


def test_features_of_the_recipe_are_attached_where_there_are_none() -> None:
    raw = toy_panel(bars=420)
    served = fit(Gru(epochs=1), raw)
    panel = attached(raw, Gru())
    assert served.head.names == panel.names
    assert np.isfinite(served.predict(panel, last_rows(panel)).values).all()


def test_a_stopped_training_is_no_model() -> None:
    panel = featured(bars=260)
    rows = np.arange(len(panel))
    with pytest.raises(CancelledError, match="stopped"):
        Gru().fit(panel, rows, rows[:0], seed=0, watch=lambda _: False)


def test_progress_tells_epoch_loss_and_time_left() -> None:
    told = []
    panel = featured(bars=260)
    rows = np.arange(len(panel))
    Gru(epochs=2).fit(panel, rows, rows[:0], seed=0, watch=lambda one: told.append(one) or True)
    words = [one.words for one in told if "epoch" in one.words]
    assert words[0].startswith("epoch 1 of 2, loss 0.")
    assert "s left" in words[0]
    assert "best" not in words[0]
    assert words[-1].startswith("epoch 2 of 2, loss 0.")
    assert "best 0." in words[-1]
    assert told[-2].done <= told[-2].total


@each
def test_a_network_is_trained_further_from_where_another_ended(family) -> None:
    panel = featured()
    begun = trained(family)
    on = family(epochs=0, window=12).fit(panel, np.arange(len(panel)), np.arange(0), seed=9, start=begun, watch=go_on)
    before, after = weights_of(begun.graph), weights_of(on.graph)
    settled = {f"outlook.{name}" for name in ("trust", "belief", "stretch")}
    assert set(before) == set(after)
    assert all(torch.equal(before[name], after[name]) for name in before if name not in settled)
    further = family(**SHORT).fit(panel, np.arange(len(panel)), np.arange(0), seed=9, start=begun, watch=go_on)
    assert further.graph != begun.graph


def test_what_was_held_back_is_free_to_learn_again() -> None:
    panel = featured()
    given = lesson(panel, np.arange(len(panel)), np.arange(0), window=12)
    held = network_of(Gru(**SHORT), trained(Gru)).outlook
    assert float(held.trust.min()) < 1
    free = _begun(Gru(**SHORT), given, trained(Gru)).outlook
    for one in (free.trust, free.belief, free.stretch):
        assert torch.equal(one, torch.ones(2))


def test_fine_tuning_on_one_series_keeps_how_features_are_read() -> None:
    panel = featured()
    begun = trained(Gru)
    mine = np.flatnonzero(panel.series == 1)
    tuned = Gru(**SHORT).fit(panel, mine, mine[:0], seed=2, start=begun, watch=go_on)
    before, after = weights_of(begun.graph), weights_of(tuned.graph)
    for name in ("centre", "spread", "outlook.usual"):
        assert torch.equal(before[name], after[name])
    assert not torch.equal(before["outlook.read.weight"], after["outlook.read.weight"])


@pytest.mark.parametrize(
    ("start", "model", "words"),
    [
        (lambda panel: fit(EwmaT(), panel), Gru(), "can't go on from FittedEwmaT"),
        (lambda _: trained(FAMILIES[0]), Gru(window=12), "can't go on from bilstm"),
        (lambda _: trained(Gru), Gru(window=20), "other window"),
        (lambda _: trained(Gru), Gru(window=12, size="small"), "not a gru of the size small"),
    ],
)
def test_what_does_not_fit_is_not_gone_on_from(start, model, words: str) -> None:
    panel = featured()
    with pytest.raises(ModelError, match=words):
        model.fit(panel, np.arange(len(panel)), np.arange(0), seed=0, start=start(panel), watch=go_on)


def test_other_features_and_a_graph_without_a_network_are_refused() -> None:
    panel = featured(width=6)
    rows = np.arange(len(panel))
    with pytest.raises(ModelError, match="other features"):
        Gru(window=12).fit(panel, rows, rows[:0], seed=0, start=trained(Gru), watch=go_on)
    other = featured(horizons=(1, 3))
    with pytest.raises(ModelError, match="other horizons"):
        Gru(window=12).fit(other, np.arange(len(other)), rows[:0], seed=0, start=trained(Gru), watch=go_on)
    stripped = onnx.load_model_from_string(trained(Gru).graph)
    for one in stripped.graph.initializer:
        one.name = one.name.replace("network.centre", "middle")
    for node in stripped.graph.node:
        node.input[:] = [name.replace("network.centre", "middle") for name in node.input]
    bare = replace(trained(Gru), graph=stripped.SerializeToString())
    with pytest.raises(ModelError, match="no network in it"):
        network_of(Gru(window=12), bare)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"size": "huge"}, "no size 'huge'"),
        ({"window": 1}, "window = 1"),
        ({"window": 2000}, "window = 2000"),
        ({"drop": 0.95}, "drop = 0.95"),
        ({"rate": float("nan")}, "rate = nan"),
        ({"epochs": -1}, "epochs = -1"),
        ({"augment": ("noise",)}, "no augmentation 'noise'"),
        ({"curriculum": "size"}, "no curriculum 'size'"),
        ({"device": "abacus"}, "no device 'abacus'"),
    ],
)
def test_settings_that_make_no_network_are_refused(settings: dict, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        Gru(**settings)


@pytest.mark.parametrize("name", ["direction", "volatility"])
@pytest.mark.parametrize("share", [-1.0, float("nan"), float("inf"), 1e9])
def test_a_share_of_the_loss_that_makes_no_sense_is_refused(name: str, share: float) -> None:
    with pytest.raises(ModelError, match=f"cnn_lstm can't be had with {name} ="):
        CnnLstm(**{name: share})


@pytest.mark.parametrize("kind", [Fused, NetworkEnsemble])
@pytest.mark.parametrize("settings", [{"size": "huge"}, {"window": 10**9}, {"epochs": -1}])
def test_what_is_made_of_networks_refuses_what_they_refuse(kind: type, settings: dict) -> None:
    with pytest.raises(ModelError, match=next(iter(settings))):
        kind(**settings)


def test_a_family_that_says_too_little_says_so() -> None:
    with pytest.raises(TypeError, match="what its network is"):
        Network.network(Gru(), None)
    with pytest.raises(TypeError, match="how it reads"):
        Forecaster(torch.zeros(1), torch.ones(1)).read(torch.zeros(1, 2, 1))


def test_parameters_tell_one_network_from_another() -> None:
    assert described(Gru())["params"]["window"] == 20
    assert len({digest(described(one())) for one in FAMILIES}) == len(FAMILIES)
    assert digest(described(Gru())) != digest(described(Gru(rate=0.002)))


def test_missing_libraries_are_named_with_the_pip_line(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ModelError, match="safetensors, which is not installed") as error:
        fit(Gru(), featured(bars=260))
    assert error.value.hint == "pip install 'ara-ai[deep]'"


def test_a_fit_is_kept_by_what_it_is_made_of() -> None:
    panel = featured(bars=260)
    moment = int(panel.known_at[250])
    assert fit_until(Gru(epochs=1), panel, moment, seed=1) is fit_until(Gru(epochs=1), panel, moment, seed=1)


def test_rows_to_stop_by_may_be_given() -> None:
    panel = featured()
    past, _ = cut(panel, 0.9)
    rows = np.arange(len(past))
    late = past.known_at > np.quantile(past.known_at, 0.7)
    given = Gru(epochs=1).fit(past, rows[~late], rows[late], seed=1, watch=go_on)
    own = fit(Gru(epochs=1), past, seed=1)
    assert given.graph != own.graph


@pytest.mark.slow
@each
@pytest.mark.filterwarnings("ignore")
def test_the_newer_exporter_gives_the_same_answers(family) -> None:
    import onnxruntime

    served, panel = trained(family), featured()
    network = network_of(family(**SHORT), served)
    graph = graph_of(network, window=12, dynamo=True)
    x = panel.windows(last_rows(panel), 12)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (told,) = session.run(["quantiles"], {"x": x})
    np.testing.assert_allclose(told, served.outputs(panel, last_rows(panel))["quantiles"], rtol=1e-5, atol=1e-5)


@each
def test_weights_that_equal_others_are_found_again(family) -> None:
    panel = featured(bars=260)
    served = fit(family(epochs=0, window=12), panel)
    network = network_of(family(epochs=0, window=12), served)
    assert torch.equal(network.outlook.median, network.outlook.usual)
    further = family(epochs=1, window=12).fit(
        panel, np.arange(len(panel)), np.arange(0), seed=1, start=served, watch=go_on
    )
    assert further.graph != served.graph
