"""Nothing executable is ever loaded, by no loader of no family."""

import pickle
import shutil
import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from ara import plugins
from ara.errors import AraError, IntegrityError
from ara.models.checks import toy_panel
from ara.models.inputs import attached
from ara.models.model import described
from ara.models.registry.files import check_name, entries, inspect_file, read_file
from ara.models.registry.loading import load_folder
from tests.models.panels import fit, ranged

RAN = []
SMALL = {"epochs": 1, "size": "tiny", "trees": 4}
FEW = ("ewma_t", "har_t")


def run_me(*_: object) -> None:
    RAN.append("ran")


class Bomb:
    def __reduce__(self):
        return run_me, ()


def bombs():
    payload = {0: pickle.dumps(Bomb(), 0), 2: pickle.dumps(Bomb(), 2), 5: pickle.dumps(Bomb(), 5)}
    hidden = BytesIO()
    np.save(hidden, np.array([Bomb()], dtype=object), allow_pickle=True)
    archive = BytesIO()
    np.savez(archive, allow_pickle=True, a=np.array([Bomb()], dtype=object))
    return [*payload.values(), hidden.getvalue(), archive.getvalue()]


def test_the_bomb_goes_off():
    RAN.clear()
    pickle.loads(bombs()[1])
    assert RAN == ["ran"]
    RAN.clear()


def saved(name: str, folder: Path) -> None:
    kind = plugins.load("models", name)
    known = described(kind())["params"]
    small = {key: value for key, value in SMALL.items() if key in known}
    model = kind(**small, **({"members": FEW} if "ewma_t" in known.get("members", ()) else {}))
    panel = attached(ranged(toy_panel(bars=420, horizons=(1, 5))), model)
    fit(model, panel).save(folder)


@pytest.mark.parametrize("name", plugins.names("models"))
def test_no_loader_runs_what_a_file_holds(name, tmp_path):
    whole = tmp_path / "whole"
    whole.mkdir()
    saved(name, whole)
    load_folder(whole)
    kind, damaged = plugins.load("models", name), tmp_path / "damaged"
    RAN.clear()
    for file in entries(whole):
        for bomb in bombs():
            shutil.rmtree(damaged, ignore_errors=True)
            shutil.copytree(whole, damaged)
            (damaged / file).write_bytes(bomb)
            with pytest.raises(IntegrityError, match="is refused"):
                load_folder(damaged)
            with suppress(Exception):  # a family's own loader may fail in its own way, and may not look at every file
                kind.load(damaged)
    assert RAN == []


@pytest.mark.parametrize("name", ["model.pkl", "model.pt", "weights.pth", "a.joblib", "run.py", "lib.so", "graph.exe"])
def test_names_of_files_that_can_run_are_refused(name):
    with pytest.raises(IntegrityError, match=f"{name} is refused") as caught:
        check_name(name)
    assert "numbers alone" in caught.value.hint


@pytest.mark.parametrize(
    "name", ["../a.json", "/a.json", "a//b.json", ".hidden.json", "a/../b.json", "a\\b.json", "", "x" * 200 + ".json",
             "a/b/c/d/e/f/g.json", "a\nb.json", "ä.json"],
)  # fmt: skip
def test_names_that_could_lie_elsewhere_are_refused(name):
    with pytest.raises(IntegrityError):
        check_name(name)


def array(value):
    out = BytesIO()
    np.save(out, value)
    return out.getvalue()


def archive(**values):
    out = BytesIO()
    np.savez(out, **values)
    return out.getvalue()


def announcing(shape):
    """Give the file of three numbers whose header says that there are more."""
    out = BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return out.getvalue() + bytes(24)


def zipped(data):
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as whole:
        whole.writestr("a.npy", data)
    return out.getvalue()


def test_what_is_what_it_says_passes():
    inspect_file("params.json", b'{"a": 1.0}')
    inspect_file("deep/er/a.npy", array(np.arange(3.0)))
    inspect_file("none.npy", array(np.empty((0, 4))))
    inspect_file("one.npy", array(np.float32(1)))
    inspect_file("a.npz", archive(a=np.arange(3), b=np.eye(2)))
    inspect_file("t.safetensors", (2).to_bytes(8, "little") + b"{}" + b"\x00" * 8)
    inspect_file("booster.txt", b"tree\nversion=v4\n")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("params.json", b"\x80\x05x.", "pickle"),
        ("booster.txt", b"cos\nsystem\n(S'true'\ntR.", "pickle"),
        ("params.json", b"{", "no JSON"),
        ("params.json", b"[" * 5000, "no JSON"),
        ("a.npy", b"none", "no array of NumPy"),
        ("a.npy", array(np.arange(3.0))[:-5], "no array of numbers"),
        ("a.npy", announcing((10**13,)), r"announces an array of \(10000000000000,\)"),
        ("a.npy", announcing((10**9, 10**9)), "announces an array"),
        ("a.npy", announcing((-1, -3)), "announces an array"),
        ("a.npy", array(np.arange(3.0)) + b"more", "announces an array"),
        ("a.npy", b"\x93NUMPY\x09\x00" + bytes(200), "no array of numbers"),
        ("a.npz", zipped(announcing((10**13,))), "announces an array"),
        ("a.npz", b"none", "no archive of arrays"),
        ("t.safetensors", pickle.dumps([1]), "no safetensors"),
        ("graph.onnx", b"\x08\x09rest", "the graph is damaged"),
        ("graph.onnx", b"PK\x03\x04rest", "the graph is damaged"),
        ("booster.txt", b"PK\x03\x04rest", "an archive"),
    ],
)
def test_what_is_not_what_it_says_is_refused(name, data, words):
    with pytest.raises(IntegrityError, match=words):
        inspect_file(name, data)


def test_an_archive_of_arrays_holds_arrays_alone(tmp_path):

    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as whole:
        whole.writestr("run.py", b"1")
    with pytest.raises(IntegrityError, match="is no array"):
        inspect_file("a.npz", path.read_bytes())
    with zipfile.ZipFile(path, "w") as whole:
        for number in range(4097):
            whole.writestr(f"{number}.npy", b"")
    with pytest.raises(IntegrityError, match="too many or too large"):
        inspect_file("a.npz", path.read_bytes())


def test_links_and_crowds_are_no_part_of_a_model(tmp_path):
    (tmp_path / "a.json").symlink_to("/etc/hostname")
    with pytest.raises(IntegrityError, match="no regular file"):
        list(entries(tmp_path))
    (tmp_path / "a.json").unlink()
    for number in range(257):
        (tmp_path / f"{number}.json").write_text("{}")
    with pytest.raises(IntegrityError, match="257 files"):
        list(entries(tmp_path))


def test_a_file_that_is_missing_or_too_large(tmp_path, monkeypatch):
    with pytest.raises(IntegrityError, match="No such file"):
        read_file(tmp_path, "a.json")
    monkeypatch.setattr("ara.models.registry.files.LARGEST", 1)
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(IntegrityError, match="2 bytes; allowed are 1"):
        read_file(tmp_path, "a.json")


def test_a_family_that_can_not_read_its_own_files_is_an_error_of_aras(tmp_path):
    saved("ewma_t", tmp_path)
    (tmp_path / "params.json").write_text('{"decay": "high"}')
    with pytest.raises(AraError, match="the family ewma_t can't read"):
        load_folder(tmp_path)
