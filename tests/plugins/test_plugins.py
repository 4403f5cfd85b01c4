import importlib
import importlib.metadata
import shutil
import subprocess
import sys

import pytest

from ara import plugins
from ara.errors import PluginError, ValidationError
from ara.plugins import GROUPS, Check, Offer

METADATA = "Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{more}\n\nA long description.\n"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a distribution into a folder that Python searches, as pip does: its metadata and its modules."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(name, entries, *, modules=None, version="1.2", more=""):
        info = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        info.joinpath("METADATA").write_text(METADATA.format(name=name, version=version, more=more))
        lines = []
        for group, named in entries.items():
            lines += [f"[ara.{group}]", *(f"{key} = {target}" for key, target in named)]
        info.joinpath("entry_points.txt").write_text("\n".join(lines) + "\n")
        for module, text in (modules or {}).items():
            tmp_path.joinpath(f"{module}.py").write_text(text)
        importlib.invalidate_caches()

    yield put
    for module in [name for name in sys.modules if name.startswith("stranger")]:
        del sys.modules[module]


def test_our_own_parts_come_through_the_same_door():
    assert "sample" in plugins.names("providers")
    assert {"trend", "volatility"} <= set(plugins.names("indicators"))
    assert "ewma_t" in plugins.names("models")
    assert {offer.distribution for offer in plugins.offers("models")} == {"ara-ai"}
    assert plugins.load("providers", "sample").__name__ == "Sample"


def test_a_stranger_is_found_while_python_runs(install):
    before = plugins.names("models")
    install("stranger", {"models": [("odd", "stranger_odd:Odd")]}, modules={"stranger_odd": "class Odd: pass"})
    assert plugins.names("models") == tuple(sorted((*before, "odd")))
    (offer,) = [one for one in plugins.offers("models") if one.name == "odd"]
    assert offer == Offer(group="models", name="odd", target="stranger_odd:Odd", distribution="stranger", version="1.2")
    assert plugins.load("models", "odd").__module__ == "stranger_odd"


def test_whose_a_part_is_is_read_once(install, monkeypatch):
    install("stranger", {"models": [("odd", "stranger_odd:Odd")]}, modules={"stranger_odd": "class Odd: pass"})
    plugins.offers("models")
    read, real = [], importlib.metadata.PathDistribution.read_text
    spy = lambda self, name: (read.append(name), real(self, name))[1]  # noqa: E731
    monkeypatch.setattr(importlib.metadata.PathDistribution, "read_text", spy)
    for _ in range(3):
        plugins.load("models", "odd")
        plugins.load("models", "ewma_t")
        plugins.offers("models")
    assert read == []


def test_an_update_while_python_runs_is_seen(install, tmp_path):
    install("stranger", {"models": [("odd", "stranger_odd:Odd")]})
    version = lambda: next(one.version for one in plugins.offers("models") if one.name == "odd")  # noqa: E731
    assert version() == "1.2"
    shutil.rmtree(tmp_path / "stranger-1.2.dist-info")
    install("stranger", {"models": [("odd", "stranger_odd:Odd")]}, version="1.3")
    assert version() == "1.3"


def test_listing_imports_nothing(install):
    install("stranger", {group: [("odd", "stranger_bad:X")] for group in GROUPS}, modules={"stranger_bad": "1 / 0"})
    assert all("odd" in plugins.names(group) and plugins.offers(group) for group in GROUPS)
    assert "stranger_bad" not in sys.modules


def test_listing_loads_no_frame_library():
    code = "import sys; from ara import plugins as p; p.names('models'); p.offers('indicators'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "polars", "ara.models", "ara.features"} & set(loaded)


def test_an_unknown_group_names_those_there_are():
    for ask in (plugins.names, plugins.offers, lambda group: plugins.load(group, "x")):
        with pytest.raises(
            ValidationError, match="no group of plug-ins 'model'; there are providers, indicators, models"
        ):
            ask("model")


def test_an_unknown_name_brings_the_nearest():
    with pytest.raises(PluginError, match=r"There is no model named 'ewma_g'\. Did you mean ewma_t\?") as caught:
        plugins.load("models", "ewma_g")
    assert caught.value.context["nearest"] == ["ewma_t"]
    with pytest.raises(PluginError, match=r"There is no model named 'zzz'\. There are: .*drift, .*ewma_t, "):
        plugins.load("models", "zzz")
    with pytest.raises(PluginError, match=r"There is no broker named 'zzz'\. None is installed\."):
        plugins.load("brokers", "zzz")


def test_a_name_that_two_packages_offer_is_refused_with_both(install):
    install("stranger-a", {"brokers": [("twin", "stranger_a:X")]})
    install("stranger-b", {"brokers": [("twin", "stranger_b:X")]})
    assert plugins.names("brokers") == ("twin",)
    assert [offer.distribution for offer in plugins.offers("brokers")] == ["stranger-a", "stranger-b"]
    expected = r"The broker 'twin' is offered twice: stranger-a \(stranger_a:X\) and stranger-b \(stranger_b:X\)\."
    with pytest.raises(PluginError, match=expected) as caught:
        plugins.load("brokers", "twin")
    assert "pip uninstall" in caught.value.hint


def test_a_line_that_stands_twice_in_one_package_counts_once(install):
    install("stranger", {"brokers": [("b", "math:pi"), ("b", "math:pi"), ("c", "math:pi"), ("c", "math:e")]})
    assert plugins.load("brokers", "b") == pytest.approx(3.14159, abs=1e-4)
    with pytest.raises(PluginError, match="offered twice"):
        plugins.load("brokers", "c")


@pytest.mark.parametrize(
    ("requirement", "module", "extra"),
    [
        ("stranger-lib>=2; extra == 'deep'", "stranger_lib.inner", "deep"),
        ('Stranger_Lib[fast] ; python_version > "3" and extra == "a-b"', "stranger_lib", "a-b"),
        ("scikit-learn; extra == 'train'", "sklearn_stranger", ""),
        ("pystranger>=1 ; extra == 'x'", "stranger", "x"),
        ("stranger-cpu==1 ; extra == 'boost'", "stranger", "boost"),
        ("stranger>=1", "stranger", ""),
    ],
)
def test_a_missing_extra_gives_the_pip_line(install, requirement, module, extra):
    install(
        "stranger-dist",
        {"models": [("needy", "stranger_needy:X")]},
        modules={"stranger_needy": f"import {module}"},
        more=f"Requires-Dist: {requirement}",
    )
    root = module.partition(".")[0]
    with pytest.raises(PluginError, match=rf"The model 'needy' of stranger-dist 1\.2 needs .*{root}") as caught:
        plugins.load("models", "needy")
    if extra:
        assert caught.value.hint == f"Install it: pip install 'stranger-dist[{extra}]'"
    else:
        assert caught.value.hint.endswith("pip install --force-reinstall stranger-dist")


def test_wheels_are_known_by_the_name_of_their_module(install, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    more = "Requires-Dist: scikit-learn>=1; extra == 'train'"
    install("stranger", {"models": [("m", "stranger_m:X")]}, modules={"stranger_m": "import sklearn.tree"}, more=more)
    with pytest.raises(PluginError, match="needs sklearn") as caught:
        plugins.load("models", "m")
    assert caught.value.hint == "Install it: pip install 'stranger[train]'"


def test_a_stranger_that_needs_an_extra_of_ara_is_told_so(install, monkeypatch):
    monkeypatch.setitem(sys.modules, "structlog", None)
    install("stranger", {"models": [("m", "stranger_m:X")]}, modules={"stranger_m": "import structlog"})
    with pytest.raises(PluginError) as caught:
        plugins.load("models", "m")
    assert caught.value.hint == "Install it: pip install 'ara-ai[api]'"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def (", "SyntaxError"),
        ("from math import missing", "ImportError: cannot import name 'missing'"),
        ("Y = 1", "AttributeError: .*'X'"),
    ],
)
def test_a_broken_part_names_package_and_cause(install, text, words):
    install("stranger", {"models": [("bad", "stranger_bad:X")]}, modules={"stranger_bad": text})
    with pytest.raises(PluginError, match=rf"The model 'bad' of stranger 1\.2 can't be loaded: {words}") as caught:
        plugins.load("models", "bad")
    assert "stranger" in caught.value.hint
    assert caught.value.__cause__ is not None


def test_a_part_that_says_itself_what_is_missing_is_heard(install):
    text = "from ara.errors import PluginError\nraise PluginError('needs a licence', hint='buy one')"
    install("stranger", {"models": [("paid", "stranger_paid:X")]}, modules={"stranger_paid": text})
    with pytest.raises(PluginError, match=r"^needs a licence$"):
        plugins.load("models", "paid")


def test_a_folder_of_the_import_path_may_be_missing(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, "/nowhere/at/all"])
    assert "ewma_t" in plugins.names("models")


def test_a_check_is_a_name_an_outcome_and_words():
    assert Check("does it", ok=True) == Check(name="does it", ok=True, words="")
