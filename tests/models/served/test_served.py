"""Served models: they answer as their parts say, keep to their features, and are refused when they are not whole."""

import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from subprocess import run

import msgspec
import numpy as np
import pytest

from ara.errors import ModelError
from ara.models import LEVELS
from ara.models import served as served_module
from ara.models.families.drift import Drift
from ara.models.families.ewma_t import FittedEwmaT
from ara.models.graphs import Output, Parts
from ara.models.head import Head, features_id, read_head
from ara.models.served import Served
from tests.models.panels import fit
from tests.models.served.planted import NAMES, RESIDUALS, head, lines, plain, planted, served, trees

ROWS = np.arange(200, 260)


def test_quantiles_are_location_and_scale_and_residuals_in_units_of_the_panels_scale() -> None:
    panel = planted()
    told = trees().values(panel.x[ROWS])
    unit = told["location"][:, :, None] + np.exp(told["log_scale"])[:, :, None] * 2 * RESIDUALS
    expected = unit * panel.scale[ROWS][:, :, None]
    np.testing.assert_allclose(served().predict(panel, ROWS).values, expected, rtol=1e-5, atol=1e-9)


def test_a_class_that_was_not_met_gets_the_residuals_of_any_other() -> None:
    panel = planted()
    other = replace(panel, groups=("crypto", "stock"))
    told = served().predict(panel, ROWS), served().predict(other, ROWS)
    widths = [one.at(0.9)[:, 0] - one.at(0.1)[:, 0] for one in told]
    np.testing.assert_allclose(widths[0], 2 * widths[1])


def test_horizons_may_be_any_of_those_fitted_in_any_number() -> None:
    panel = planted()
    few = replace(panel, horizons=(5,), scale=panel.scale[:, 1:2], y=panel.y[:, 1:2], y_known=panel.y_known[:, 1:2])
    np.testing.assert_array_equal(served().predict(few, ROWS).values[:, 0], served().predict(panel, ROWS).values[:, 1])
    with pytest.raises(ModelError, match="knows no horizon of 7 bars") as caught:
        served().predict(replace(few, horizons=(7,)), ROWS)
    assert "1, 5, 21" in caught.value.hint


def test_one_row_is_answered_as_many_are_and_no_rows_are_no_answers() -> None:
    model, panel = served(), planted()
    together = model.predict(panel, ROWS).values
    single = np.concatenate([model.predict(panel, ROWS[i : i + 1]).values for i in range(len(ROWS))])
    assert together.tobytes() == single.tobytes()
    assert model.predict(panel, ROWS[:0]).values.shape == (0, 3, len(LEVELS))


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((*NAMES[:2], "other", NAMES[3]), "it lacks gap"),
        ((), "it lacks slope, turn, gap and 1 more"),
        ((*NAMES, "more"), "it has also more"),
        ((NAMES[0], NAMES[2], NAMES[1], NAMES[3]), "in another order: feature 2 is gap, not turn"),
    ],
)
def test_other_features_are_refused_with_what_differs(names, words: str) -> None:
    panel = planted()
    x = np.zeros((len(panel), len(names)), np.float32)
    for ask in (served().predict, served().outputs):
        with pytest.raises(ModelError, match="does not have the features") as caught:
            ask(replace(panel, x=x, names=names), ROWS)
        assert words in caught.value.message
        assert caught.value.context["features"] == features_id(NAMES)


def test_rows_without_features_or_without_a_finite_answer_get_the_baseline() -> None:
    panel = planted()
    x = panel.x.copy()
    x[ROWS[:3]] = np.nan
    x[ROWS[3], 0] = np.inf
    empty = replace(panel, x=x)
    model = served(graph=lines(3).graph(), parts=lines(3))
    got, base = model.predict(empty, ROWS).values, plain(panel).predict(panel, ROWS).values
    strange = ~np.isfinite(x[ROWS]).all(axis=1)
    assert strange.sum() > 4
    np.testing.assert_array_equal(got[strange], base[strange])
    assert not np.isclose(got[~strange], base[~strange]).all(axis=(1, 2)).any()
    of_trees = served().predict(empty, ROWS).values
    np.testing.assert_array_equal(of_trees[:3], base[:3])
    assert np.isfinite(of_trees).all()


def test_quantiles_of_a_graph_take_corrections_and_never_cross() -> None:
    panel, count = planted(), len(LEVELS)
    many = tuple(lines(2 * count).outputs["location"].regressors)[: 2 * count]
    parts = Parts(width=len(NAMES), outputs={"quantiles": Output(regressors=many, shape=(2, count))}).graph()
    own = head(gives="quantiles", horizons=(1, 5))
    few = replace(panel, horizons=(1, 5), scale=panel.scale[:, :2], y=panel.y[:, :2], y_known=panel.y_known[:, :2])
    bare = Served.of(head=own, graph=parts, residuals={}, plain=plain(panel))
    moved = Served.of(head=own, graph=parts, residuals={"stock": np.ones((2, count)).tolist()}, plain=plain(panel))
    seen = np.flatnonzero(np.isfinite(panel.x[ROWS]).all(axis=1))
    one, other = (model.predict(few, ROWS[seen]).values for model in (bare, moved))
    assert (np.diff(one, axis=2) >= 0).all()
    np.testing.assert_allclose(other, one + few.scale[ROWS[seen]][:, :, None], rtol=1e-9)


def test_a_graph_of_windows_sees_the_bars_before_and_nothing_of_another_series(monkeypatch) -> None:
    from onnx import TensorProto, helper, numpy_helper

    panel, window = planted(), 4
    count = window * len(NAMES)
    weights = numpy_helper.from_array(np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32), "w")
    zero = numpy_helper.from_array(np.zeros(1, np.float32), "zero")
    shape = numpy_helper.from_array(np.array([-1, count], np.int64), "flat")
    nodes = [
        helper.make_node("IsNaN", ["x"], ["holes"]),
        helper.make_node("Where", ["holes", "zero", "x"], ["filled"]),
        helper.make_node("Reshape", ["filled", "flat"], ["row"]),
        helper.make_node("MatMul", ["row", "w"], ["location"]),
        helper.make_node("Tanh", ["location"], ["log_scale"]),
        helper.make_node("Identity", ["filled"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", window, len(NAMES)])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
            for name in ("location", "log_scale", "embedding")
        ],
        [weights, zero, shape],
    )
    body = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10).SerializeToString()
    model = served(head=head(window=window), graph=body, parts=None)
    first = panel.span(1)[0]
    rows = np.array([first, first + 2, first + 50])
    told = model.outputs(panel, rows)
    assert told["embedding"].shape == (3, window, len(NAMES))
    assert (told["embedding"][0, :3] == 0).all()
    assert (told["embedding"][1, :1] == 0).all()
    np.testing.assert_array_equal(told["embedding"][2], np.nan_to_num(panel.x[first + 47 : first + 51]))
    flat = np.nan_to_num(panel.windows(rows, window)).reshape(3, -1) @ numpy_helper.to_array(weights)
    np.testing.assert_allclose(told["location"], flat, rtol=1e-5, atol=1e-5)
    together = model.predict(panel, ROWS).values
    assert together.tobytes() == b"".join(model.predict(panel, ROWS[i : i + 1]).values.tobytes() for i in range(60))
    from ara.models.graphs.precision import weigh

    (half,) = weigh(body, panel.windows(ROWS, window), kinds=("fp16",))
    light = model.with_graph(half.graph).predict(panel, ROWS).values
    np.testing.assert_allclose(light, together, rtol=0.02, atol=1e-3)
    assert light.tobytes() != together.tobytes()
    seen, real = [], served_module.run
    monkeypatch.setattr(served_module, "run", lambda *a, **more: seen.append(len(a[2])) or real(*a, **more))
    model.predict(panel, ROWS)
    assert seen == [1] * 60
    batched = replace(model, device="auto").predict(panel, ROWS).values
    assert seen[60:] == [60]
    np.testing.assert_allclose(batched, together, rtol=1e-4, atol=1e-7)


def test_a_saved_model_answers_elsewhere_to_the_last_bit_and_saves_to_the_same_bytes(tmp_path) -> None:
    model, panel = served(), planted()
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    model.save(one)
    again = Served.load(one)
    assert isinstance(again, Served)
    assert again.predict(panel, ROWS).values.tobytes() == model.predict(panel, ROWS).values.tobytes()
    assert again.head == model.head
    assert read_head(one) == model.head
    again.save(two)
    assert {path.name: path.read_bytes() for path in one.iterdir()} == {p.name: p.read_bytes() for p in two.iterdir()}
    assert sorted(path.name for path in one.iterdir()) == [
        "files.json", "graph.onnx", "head.json", "params.json", "parts.npz",
    ]  # fmt: skip


def test_a_saved_model_of_a_family_without_a_graph_is_loaded_by_that_family(tmp_path) -> None:
    panel = planted()
    fitted = fit(Drift(), panel)
    fitted.save(tmp_path)
    again = Served.load(tmp_path)
    assert again.predict(panel, ROWS).values.tobytes() == fitted.predict(panel, ROWS).values.tobytes()
    for damaged in (b"\xff", b"{", b""):
        (tmp_path / "params.json").write_bytes(damaged)
        with pytest.raises(ModelError, match=r"Reading the drift in .* failed|damaged"):
            Served.load(tmp_path)
    (tmp_path / "params.json").unlink()
    with pytest.raises(ModelError, match=r"Reading the drift in .* failed|can't be read"):
        Served.load(tmp_path)


def test_serving_needs_neither_onnx_nor_any_library_that_fits(tmp_path) -> None:
    served().save(tmp_path)
    panel = planted()
    np.savez(tmp_path / "x.npz", x=panel.x[ROWS], expected=served().predict(panel, ROWS).values)
    words = """
import sys
for name in ("onnx", "sklearn", "lightgbm", "xgboost", "catboost", "torch", "scipy", "pandas", "numba"):
    sys.modules[name] = None
from dataclasses import replace
from pathlib import Path
import numpy as np
from ara.models.checks import toy_panel
from ara.models.served import Served
from ara.models import shapley
kept = np.load(sys.argv[1] + "/x.npz")
panel = toy_panel(bars=300)
x = np.zeros((len(panel), 4), np.float32)
x[200:260] = kept["x"]
panel = replace(panel, x=x, names=("slope", "turn", "gap", "noise"))
rows = np.arange(200, 260)
model = Served.load(Path(sys.argv[1]))
np.testing.assert_allclose(model.predict(panel, rows).values, kept["expected"], rtol=1e-5)
assert np.isfinite(shapley.values(model, panel, rows).values["location"]).all()
"""
    done = run([sys.executable, "-c", words, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["head.json", "params.json", "graph.onnx", "parts.npz", "files.json"])
def test_any_flipped_bit_and_any_missing_file_is_refused(tmp_path, name: str) -> None:
    served().save(tmp_path)
    path = tmp_path / name
    whole = path.read_bytes()
    random = np.random.default_rng(len(whole))
    for place in {0, len(whole) - 1, *random.integers(len(whole), size=12).tolist()}:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(random.integers(8))
        path.write_bytes(flipped)
        with pytest.raises(ModelError):
            Served.load(tmp_path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError):
        Served.load(tmp_path)
    path.unlink()
    with pytest.raises(ModelError, match=r"no model in|not whole"):
        Served.load(tmp_path)


def _again(folder, **bodies: bytes) -> None:
    """Put other files into a saved model, with their sums as a careful stranger would."""
    from hashlib import sha256

    sums = msgspec.json.decode((folder / "files.json").read_bytes())
    for name, body in bodies.items():
        path = folder / name.replace("_", ".")
        path.write_bytes(body)
        sums[path.name] = sha256(body).hexdigest()
    (folder / "files.json").write_bytes(msgspec.json.encode(sums))


def test_files_of_a_stranger_are_refused_where_they_are_no_model(tmp_path) -> None:
    def refused(words: str, **bodies: bytes) -> None:
        served().save(tmp_path)
        _again(tmp_path, **bodies)
        with pytest.raises(ModelError, match=words):
            getattr(Served.load(tmp_path), "parts", None)

    refused("damaged", params_json=b"{}")
    refused("damaged", params_json=b"not json")
    refused("damaged", params_json=b'{"more":' + b"[" * 100_000)
    refused("damaged", head_json=b"\xff")
    refused("graph is damaged", graph_onnx=b"\x80\x04cos\nsystem\n")
    refused("files.json is damaged", more_pkl=b"x")
    refused("arrays of the model are damaged", parts_npz=b"no archive")
    params = msgspec.json.decode((tmp_path / "params.json").read_bytes())
    refused("not tables of numbers", params_json=msgspec.json.encode(params | {"residuals": {"": [[1.0], [1.0, 2.0]]}}))
    refused("are not 3 x 25 finite", params_json=msgspec.json.encode(params | {"residuals": {"": [[1.0]]}}))


class _Runs:
    """Whoever unpickles it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


def test_an_archive_with_an_object_in_it_or_without_an_array_is_refused(tmp_path) -> None:
    served().save(tmp_path)
    with np.load(tmp_path / "parts.npz") as file:
        arrays = {name: file[name] for name in file.files}
    from io import BytesIO

    def packed(changed: dict) -> bytes:
        body = BytesIO()
        np.savez(body, **changed)
        return body.getvalue()

    first = next(name for name in arrays if name.startswith("trees"))
    cases = [
        {name: one for name, one in arrays.items() if name != "width"},
        {name: one for name, one in arrays.items() if not name.endswith(".value")},
        arrays | {first: np.array([_Runs(tmp_path / "ran")], dtype=object)},
        arrays | {"output.location.parts": np.array([99])},
    ]
    for case in cases:
        served().save(tmp_path)
        _again(tmp_path, parts_npz=packed(case))
        with pytest.raises(ModelError, match="damaged"):
            getattr(Served.load(tmp_path), "parts", None)
    assert not (tmp_path / "ran").exists()


def test_archives_with_a_flipped_bit_are_read_or_refused_in_words() -> None:
    from ara.models import saved

    whole, refused = served().packed, 0
    random = np.random.default_rng(0)
    central = whole.rindex(b"PK\x01\x02") - 400
    for place in [*random.integers(len(whole), size=150), *range(central, len(whole))]:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(random.integers(8))
        try:
            saved.unpacked(bytes(flipped))
        except ModelError:
            refused += 1
    assert refused > 200


def test_files_that_are_too_large_are_not_read(tmp_path, monkeypatch) -> None:
    from ara.models import saved

    served().save(tmp_path)
    monkeypatch.setattr(saved, "LARGEST", 50_000)
    body = zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED)
    body.writestr("width.npy", bytes(60_000))
    body.close()
    _again(tmp_path, parts_npz=(tmp_path / "bomb.npz").read_bytes())
    with pytest.raises(ModelError, match="arrays of the model are too large"):
        getattr(Served.load(tmp_path), "parts", None)
    monkeypatch.setattr(saved, "LARGEST", 100)
    with pytest.raises(ModelError, match="no model of Ara is so large"):
        Served.load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"head": head(horizons=())}, "has no horizons"),
        ({"head": head(levels=(0.5,))}, "other levels"),
        ({"head": head(gives="wishes")}, "gives 'wishes'"),
        ({"head": head(names=()), "parts": None}, "names features"),
        ({"head": head(features="0" * 64)}, "names features"),
        ({"head": head(names=("a",) * 4, features=features_id(("a",) * 4))}, "names features"),
        ({"head": head(window=5)}, "not \\[N, 5, 4\\]"),
        ({"head": head(names=NAMES[:3], features=features_id(NAMES[:3])), "parts": None}, "not \\[N, 3\\]"),
        ({"head": head(names=NAMES[:3], features=features_id(NAMES[:3]))}, "parts see 4 features, the head names 3"),
        ({"head": head(gives="quantiles")}, "no output quantiles"),
        ({"residuals": {"stock": [RESIDUALS.tolist()] * 3}}, "residuals for any other class"),
        ({"residuals": {"": [RESIDUALS.tolist()] * 2}}, "any class are not 3 x 25"),
        ({"residuals": {"": [(RESIDUALS * np.nan).tolist()] * 3}}, "not 3 x 25 finite"),
        ({"device": "gpu"}, "no device"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(changes, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        served(**changes).predict(planted(), ROWS)


def test_an_old_head_is_still_read(tmp_path) -> None:
    (tmp_path / "head.json").write_bytes(b'{"family":"ewma_t","levels":[0.1,0.5],"horizons":[],"features":""}')
    assert read_head(tmp_path) == Head(family="ewma_t", levels=(0.1, 0.5))
    assert features_id(()) == ""
    assert features_id(("a", "b")) != features_id(("b", "a"))


def test_a_baseline_that_was_fitted_on_nothing_serves_too() -> None:
    model = served(plain=FittedEwmaT(decay=0.94, shapes={}))
    panel = planted()
    empty = replace(panel, x=np.full_like(panel.x, np.nan))
    assert np.isfinite(model.predict(empty, ROWS).values).all()
