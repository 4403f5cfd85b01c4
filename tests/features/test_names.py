"""Who has a name: Ara's own names are nobody else's, everywhere, and kept numbers know whose code made them."""

import importlib
import sys

import numpy as np
import pytest

from ara import plugins
from ara.cli.commands.plugins import _fault, _names
from ara.cli.diagnosis import _plugins as examined
from ara.desk import Desk
from ara.errors import FeatureEngineeringError, PluginError
from ara.features import catalogue
from ara.features.expr import expr
from ara.features.fingerprint import fingerprint
from ara.features.sets import FeatureSet, Item
from ara.features.sets import item as items
from ara.features.stream import Stream
from ara.prediction.features import Features
from ara.settings import Settings
from tests.features.made import cut, sample

HEAD = """import numpy as np
from ara.features import Scale, indicator
WEIGHT = 1.0
def mk(name, weight=None):
    @indicator(inputs=["close"], warmup=0, memory=1, scale=Scale.FREE, bounds=(-np.inf, np.inf), formula="C",
               reference="me", words="w", name=name)
    def made(close): return close * 0 + (WEIGHT if weight is None else weight)
    return made
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a package on Python's path that offers indicators, each by its entry point's name and one constant value."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(owner, *names, version="1.0", text=HEAD, more=""):
        module = f"guest_{owner.replace('-', '_')}"
        made = "".join(f"{name} = mk({name!r})\n" for name in names)
        tmp_path.joinpath(f"{module}.py").write_text(text + made + more)
        for old in tmp_path.glob(f"{module}-*"):
            for file in old.iterdir():
                file.unlink()
            old.rmdir()
        info = tmp_path / f"{module}-{version}.dist-info"
        info.mkdir()
        info.joinpath("METADATA").write_text(f"Metadata-Version: 2.4\nName: {owner}\nVersion: {version}\n")
        lines = [f"{name} = {module}:{name}\n" for name in names]
        info.joinpath("entry_points.txt").write_text("[ara.indicators]\n" + "".join(lines))
        sys.modules.pop(module, None)
        importlib.invalidate_caches()
        plugins._scan.cache_clear()
        items._find.cache_clear()
        expr.cache_clear()

    yield put
    for module in [name for name in sys.modules if name.startswith("guest_")]:
        del sys.modules[module]
    items._find.cache_clear()
    expr.cache_clear()


def prices():
    return {"close": 100.0 * np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.01, 300)))}


def warned():
    return {one.words for one in examined() if one.name == "indicators" and one.state == "warn"}


TAKEN = {
    "rsi": "Ara has an indicator of that name",
    "bbands": "Ara calls bollinger so too",
    "market_beta": "Ara has a feature of that name",
    "highest": "in formulas Ara means something else by it",
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_ara_calls_so_stays_ara_s_everywhere_and_the_guest_is_named(install, name, caplog):
    before = set(catalogue.names())
    item = Item.parse(name).content() if name != "highest" else None
    install("rude", name, "mine_alone")
    words = f"The indicator {name!r} of rude 1.0 (guest_rude:{name}) is left out: {TAKEN[name]}."
    assert set(catalogue.names()) == before | {"mine_alone"}
    assert catalogue.names().count(name) == (name in before)
    assert sum(name in listed for listed in catalogue.families().values()) == (name in before)
    assert words in caplog.text
    assert catalogue.broken()[name].message == words
    assert words in warned()
    assert item is None or Item.parse(name).content() == item
    assert catalogue.compute("mine_alone", prices())[0][-1] == 1.0


def test_a_guest_called_like_an_indicator_changes_no_number(install):
    before = catalogue.compute("rsi", prices())[0]
    formula = expr("rsi(close) - 50").compute(prices())[0]
    install("rude", "rsi")
    np.testing.assert_array_equal(catalogue.compute("rsi", prices())[0], before)
    np.testing.assert_array_equal(expr("rsi(close) - 50").compute(prices())[0], formula)
    assert FeatureSet(name="all", items=(Item("rsi"), Item("macd"))).names[0] == "rsi"
    stream = Stream(["rsi"])
    assert [stream.push({"close": one})["rsi"][0] for one in prices()["close"]][-1] == pytest.approx(before[-1])


def test_a_guest_called_like_a_family_takes_nothing_away(install, caplog):
    before = set(catalogue.families()["momentum"])
    install("rude", "momentum")
    words = "The indicator 'momentum' of rude 1.0 is left out: Ara has a part of that name."
    assert set(catalogue.families()["momentum"]) == before
    assert len(catalogue.compute("rsi", prices())[0]) == 300
    assert words in caplog.text
    assert words in warned()
    assert catalogue.broken()["momentum"].message == words
    assert plugins.load("indicators", "momentum").name == "momentum"
    (offer,) = [one for one in plugins.offers("indicators") if one.name == "momentum" and not one.own]
    assert plugins.refusal(offer).message == words


def test_of_two_guests_of_one_name_none_is_chosen(install):
    install("first", "twin", "one")
    install("second", "twin", "two")
    assert {"one", "two"} <= set(catalogue.names())
    assert "twin" not in catalogue.names()
    with pytest.raises(PluginError, match=r"'twin' is offered twice: first \(guest_first:twin\) and second"):
        catalogue.get("twin")
    assert ["twin' is offered twice" in one.words for one in examined() if one.name == "indicators"].count(True) == 1


def test_a_family_s_member_called_like_another_package_s_indicator_is_refused_too(install, tmp_path):
    folder = tmp_path / "guest_members"
    folder.mkdir()
    folder.joinpath("__init__.py").write_text("")
    made = "".join(f"{name} = mk({name!r})\n" for name in ("rsi", "shared", "third"))
    folder.joinpath("few.py").write_text(f"{HEAD}__all__ = ['rsi', 'shared', 'third']\n{made}")
    family = (
        "from ara.features.families import Family\nmany = Family(name='many', package='guest_members', words='w')\n"
    )
    install("many-of", more=family)
    tmp_path.joinpath("guest_many_of-1.0.dist-info", "entry_points.txt").write_text(
        "[ara.indicators]\nmany = guest_many_of:many\n"
    )
    install("lone", "shared")
    assert set(catalogue.families()["many"]) == {"third"}
    assert catalogue.broken()["shared"].message.startswith("The indicator 'shared' is offered twice: lone 1.0")
    assert "Ara has an indicator of that name" in catalogue.broken()["rsi"].message


def test_the_list_and_the_checks_of_plug_ins_say_it_too(install):
    install("rude", "momentum", "rsi", "fair")
    found = {one.name: one for one in plugins.offers("indicators") if not one.own}
    assert "Ara has a part of that name" in _fault(found["momentum"], load=False)
    assert "Ara has an indicator of that name" in _fault(found["rsi"])
    assert (_fault(found["fair"]), _fault(found["fair"], load=False)) == ("", None)
    for name in ("momentum", "rsi"):
        (check,) = _names("indicators", name)
        assert not check.ok
        assert "is left out" in check.words
    assert _names("indicators", "fair") == []
    assert _names("models", "ewma_t") == []


class Market:
    """Some days of one share."""

    async def instrument(self, text):
        return sample(text).instrument

    async def bars(self, instrument, timeframe=None, *, as_of=None, learned=None):
        return cut(sample(instrument.symbol), 80)


@pytest.mark.parametrize("text", ["tidal", "tidal * 2", "sma(tidal, 3)"])
async def test_what_was_kept_of_other_code_is_not_taken(install, tmp_path, monkeypatch, text):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    async def build():
        chosen = FeatureSet(name="mine", items=(Item.parse(text),))
        async with (
            Desk.open(Settings.load({"home": str(tmp_path / "home")}, environ={})) as desk,
            Features(desk, data=Market()) as features,
        ):
            (block,) = await features.build(chosen, ["AAPL"])
            return chosen.id, float(block.x[-1, 0])

    install("tides", "tidal")
    first = await build()
    assert await build() == first
    install("tides", "tidal", text=HEAD.replace("WEIGHT = 1.0", "WEIGHT = 2.0"))
    second = await build()
    assert second[0] != first[0]
    assert second[1] == 2 * first[1]
    install("tides", "tidal", text=HEAD.replace("WEIGHT = 1.0", "WEIGHT = 2.0"), version="2.0")
    assert (await build())[0] not in (first[0], second[0])


def test_the_id_of_ara_s_own_features_knows_no_code():
    assert "code" not in Item("rsi").content()
    assert "code" not in Item.parse("rsi - 50").content()["uses"][0]


def test_a_fingerprint_sees_files_constants_closures_and_code(install, tmp_path):
    install("tides", "tidal")

    module = importlib.import_module("guest_tides")

    def of(part=None):
        return fingerprint(part or sys.modules["guest_tides"].tidal, "tides 1.0")

    first = of()
    assert of() == first
    module.WEIGHT = 3.0
    assert of() != first
    module.WEIGHT = 1.0
    assert of() == first
    assert of(module.mk("tidal", 1.0)) != of(module.mk("tidal", 2.0)) != first
    assert fingerprint(module.tidal, "tides 1.1") != first
    tmp_path.joinpath("guest_tides.py").write_text(HEAD + "tidal = mk('tidal')\n# other words\n")
    assert of() == first, "what runs is the file as it was when it was loaded"
    del sys.modules["guest_tides"]
    importlib.invalidate_caches()
    importlib.import_module("guest_tides")
    assert of() != first


def test_a_fingerprint_sees_what_the_distribution_installed_beside_the_module(install, tmp_path):
    listed = ["guest_tides.py", "guest_beside.py", "guest_more/deep.txt", "guest_gone.py", "../bin/tides"]
    listed += ["__editable___tides_finder.py", "__pycache__/guest_beside.cpython-311.pyc"]
    tmp_path.joinpath("guest_more").mkdir()
    tmp_path.joinpath("__pycache__").mkdir(exist_ok=True)

    def of(source="guest_tides 1.0", *, lists=True, **written):
        for name in listed[1:3] + listed[5:]:
            tmp_path.joinpath(name).write_text(written.get(name.partition(".")[0].replace("/", "_"), "K = 1.0"))
        install("tides", "tidal")
        info = tmp_path / "guest_tides-1.0.dist-info"
        info.joinpath("INSTALLER").write_text(written.get("installer", "pip"))
        names = [*listed, f"{info.name}/INSTALLER"]
        if lists:
            info.joinpath("RECORD").write_text("".join(f"{name},,\n" for name in names))
        return fingerprint(importlib.import_module("guest_tides").tidal, source)

    first = of()
    assert of() == first
    assert of(guest_beside="K = 2.0") not in (first, of(guest_more_deep="K = 2.0"))
    assert of(guest_more_deep="K = 2.0") != first
    assert of(installer="uv", __editable___tides_finder="else", __pycache___guest_beside="else") == first
    assert of(lists=False) == of(lists=False, guest_beside="K = 2.0") != first
    assert of("nobody 1.0") == of("nobody 1.0", guest_beside="K = 2.0") != of("")


@pytest.mark.parametrize("offered", ["object()", 'mk("another")'])
def test_what_is_no_indicator_of_its_name_is_told_and_might_be_what_is_missed(install, offered):
    install("odd", "strange", more=f"strange = {offered}\n")
    with pytest.raises(PluginError, match=r"What is offered as the indicator 'strange' is not .* nor a family"):
        catalogue.get("strange")
    with pytest.raises(FeatureEngineeringError, match=r"These can't be loaded, .* among them: .*strange"):
        catalogue.get("edges")
