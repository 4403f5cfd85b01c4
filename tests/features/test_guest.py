"""Indicators of other packages: what they may not do, and that they harm nobody else."""

import importlib
import json
import signal
import sys
import time

import numpy as np
import pytest

from ara import plugins
from ara.errors import FeatureEngineeringError, PluginError
from ara.features import catalogue
from ara.features.build import build
from ara.features.guest import Guest, own
from ara.features.sets import FeatureSet, Item
from ara.features.stream import Stream
from tests.features.made import sample

FAULTS = {
    "raises": ("raise RuntimeError('boom \\x1b[31m')", r"raises failed: RuntimeError: boom +\[31m"),
    "leaves": ("sys.exit(0)", "leaves failed: SystemExit: 0"),
    "mute": ("raise Mute", "mute failed: Mute"),
    "deep": ("return deep.function(close)", "deep failed: RecursionError"),
    "short": ("return close[:-3]", r"short for each of 40 bars: its shape is \(37,\)"),
    "nothing": ("return None", "gave NoneType for nothing"),
    "text": ("return 'abc'", "gave str for text"),
    "imaginary": ("return close * 1j", "gave an array of complex128 for imaginary"),
    "flat": ("return np.zeros((len(close), 2))", r"its shape is \(40, 2\)"),
    "many": ("return close * 1, close * 1", "gave 2 outputs; it has many"),
    "writes": ("close[:] = 0; return close", "writes writes into the arrays that it is given"),
}

HEAD = """import sys
import numpy as np
from ara.features import Param, Scale, indicator
class Mute(Exception):
    def __str__(self): raise ValueError
def mk(**more):
    told = dict(inputs=["close"], warmup=0, memory=1, scale=Scale.FREE, bounds=(-np.inf, np.inf), formula="C")
    return indicator(**{**told, "reference": "me", "words": "w", **more})
"""

MORE = """
@mk(warmup=10)
def early(close): return close * 1
@mk(bounds=(0.0, 1.0))
def far(close): return close * 1
@mk()
def whole(close): return np.arange(len(close))
@mk()
def endless(close):
    return np.where(close > 0, np.inf, 0.0)
@mk(warmup=lambda: "ten")
def vague(close): return close * 1
@mk(memory=None, step=lambda state, close: 1 / 0)
def stumbles(close): return close * 1
class Bare:
    spec = mk(warmup=lambda: 1)(lambda close: close).spec
    def __init__(self): self.spec = mk(warmup=0, name="bare")(lambda close: close).spec
    def compute(self, inputs, **params): return (inputs["close"] * 2,)
    def memory(self, **params): return 1
bare = Bare()
"""


@pytest.fixture
def evil(tmp_path, monkeypatch):
    """A package on Python's path that offers faulty indicators, and one that isn't there."""
    text = HEAD + "".join(f"@mk()\ndef {name}(close): {body}\n" for name, (body, _) in FAULTS.items()) + MORE
    tmp_path.joinpath("guest_evil.py").write_text(text)
    info = tmp_path / "evil-1.0.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text("Metadata-Version: 2.4\nName: evil\nVersion: 1.0\n")
    found = [*FAULTS, "early", "far", "whole", "endless", "vague", "stumbles", "bare", "gone"]
    lines = [f"{name} = guest_evil:{name}" for name in found]
    info.joinpath("entry_points.txt").write_text("[ara.indicators]\n" + "\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield tmp_path
    sys.modules.pop("guest_evil", None)


def prices():
    return {"close": 100.0 + np.arange(40.0)}


@pytest.mark.parametrize("name", FAULTS)
def test_what_a_guest_does_wrong_is_an_error_that_names_it(evil, name):
    with pytest.raises(FeatureEngineeringError, match=FAULTS[name][1]) as caught:
        catalogue.compute(name, prices())
    assert f"The indicator {name} " in caught.value.message
    assert caught.value.hint == f"See what it does wrong: ara plugins check {name}"
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("early", "gave 100 for early in bar 0; by its own warm-up it has no value in the first 10"),
        ("far", "gave 100 for far; by its own bounds it is 0 to 1"),
        ("vague", "counts 'ten' bars"),
    ],
)
def test_a_guest_is_held_to_its_own_words(evil, name, words):
    with pytest.raises(FeatureEngineeringError, match=words):
        catalogue.compute(name, prices())


def test_what_is_meant_well_is_taken(evil):
    assert catalogue.compute("whole", prices())[0].dtype == np.float64
    assert np.isnan(catalogue.compute("endless", prices())[0]).all()
    np.testing.assert_array_equal(catalogue.compute("bare", prices())[0], prices()["close"] * 2)
    assert catalogue.get("bare").memory() == 1
    assert not own(catalogue.get("bare").part)
    assert not own(catalogue.get("bare"))
    assert not own(Guest(catalogue.get("rsi"))), "what is held to its words is a stranger's, whoever wrote it"
    assert own(catalogue.get("rsi"))


def test_a_guest_harms_no_other_column(evil):
    bars = sample("AAPL")
    alone = build(FeatureSet(name="own", items=(Item("rsi"),)), bars)
    with pytest.raises(FeatureEngineeringError, match="The indicator writes writes into the arrays"):
        build(FeatureSet(name="both", items=(Item("writes"), Item("rsi"))), bars)
    both = build(FeatureSet(name="fair", items=(Item("whole"), Item("rsi"))), bars)
    np.testing.assert_array_equal(both.x[:, 1], alone.x[:, 0])


def test_a_guest_s_step_fails_by_name_in_a_stream(evil):
    stream = Stream(["stumbles"])
    with pytest.raises(FeatureEngineeringError, match="The indicator stumbles failed: ZeroDivisionError"):
        stream.push({"close": 1.0})
    assert Stream(["whole"]).push({"close": 1.0}) == {"whole": (0.0,)}


def test_one_that_can_t_be_loaded_disturbs_nobody(evil, caplog):
    assert len(catalogue.compute("rsi", prices())[0]) == 40
    assert "gone" not in catalogue.names()
    assert "rsi" in catalogue.families()["momentum"]
    assert "Left out the indicator gone" in caplog.text
    assert set(catalogue.broken()) == {"gone"}
    with pytest.raises(PluginError, match=r"'gone' of evil 1\.0 can't be loaded: AttributeError"):
        catalogue.get("gone")
    with pytest.raises(FeatureEngineeringError, match=r"These can't be loaded, .* gone"):
        catalogue.get("nobody")


def test_what_has_no_spec_is_no_guest():
    class Odd:
        spec = 5

    with pytest.raises(PluginError, match="no spec that can be read"):
        Guest(Odd())


@pytest.mark.parametrize(
    ("inputs", "params", "words"),
    [
        ({"close": "abc"}, {}, "close is str"),
        ({"close": None}, {}, "close is NoneType"),
        ({"close": np.array(["a"] * 40)}, {}, "close is an array of <U1"),
        ({"close": np.ones(40) * 1j}, {}, "close is an array of complex128"),
        (None, {}, "takes arrays by name, or bars, not NoneType"),
        (prices(), {"window": "7"}, "window of the indicator rsi is '7', a str"),
        (prices(), {"window": None}, "None, a NoneType"),
        (prices(), {"window": [7]}, r"\[7\], a list"),
        (prices(), {"window": True}, "True, a bool"),
        (prices(), {"window": float("nan")}, "window of the indicator rsi is nan"),
    ],
)
def test_wrong_types_are_refused_by_name(inputs, params, words):
    with pytest.raises(FeatureEngineeringError, match=words):
        catalogue.compute("rsi", inputs, **params)


def test_other_kinds_of_numbers_are_taken_and_a_mask_means_no_value():
    plain = catalogue.compute("sma", prices(), window=3)[0]
    for other in (prices()["close"].tolist(), prices()["close"].astype(int), prices()["close"].astype(object)):
        np.testing.assert_array_equal(catalogue.compute("sma", {"close": other}, window=np.int64(3))[0], plain)
    masked = np.ma.array(prices()["close"], mask=np.arange(40) == 20)
    found = catalogue.compute("sma", {"close": masked}, window=3)[0]
    assert np.isnan(found[20])
    assert found[19] == plain[19]


def test_streams_formulas_and_sets_refuse_what_they_are_not_made_for():
    from ara.features import sets
    from ara.features.expr import expr

    stream = Stream(["rsi"])
    for bar, words in [({"close": "x"}, "close 'x'"), ({"close": None}, "close None"), (None, "not NoneType")]:
        with pytest.raises(FeatureEngineeringError, match=words):
            stream.push(bar)
    assert json.dumps(stream.state()) == json.dumps(Stream(["rsi"]).state()), "a bar that is refused leaves no trace"
    for state in (None, b"junk"):
        with pytest.raises(FeatureEngineeringError, match="A state is a mapping"):
            Stream.resume(state)
    with pytest.raises(FeatureEngineeringError, match="A formula is a text, not NoneType"):
        expr(None)
    with pytest.raises(FeatureEngineeringError, match="no feature set None"):
        sets.get(None)
    with pytest.raises(FeatureEngineeringError, match="named by a text, not by int"):
        catalogue.get(5)


def test_doctor_names_what_is_broken(evil):
    from ara.cli.diagnosis import _plugins

    found = {one.state: one for one in _plugins() if one.name == "indicators"}
    assert "'gone' of evil 1.0 can't be loaded" in found["warn"].words
    assert "whole" in found["ok"].words
    assert "trend" not in found["ok"].words


def test_a_limit_is_of_the_one_who_set_it():
    def late(outer, inner):
        with plugins.guest("The outer one", seconds=outer), plugins.guest("The inner one", seconds=inner):
            time.sleep(3600)

    with pytest.raises(PluginError, match="The outer one took longer than"):
        late(0.1, 3600)
    with pytest.raises(PluginError, match="The inner one took longer than"):
        late(0, 0.1)
    with plugins.guest("A quick one", seconds=3600):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_ctrl_c_and_errors_of_ara_pass():
    for error in (KeyboardInterrupt, FeatureEngineeringError("told")):
        with pytest.raises(type(error) if isinstance(error, Exception) else error), plugins.guest("It"):
            raise error


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e-300, 1e300])
@pytest.mark.parametrize("name", ["mcginley", "volume_profile", "volume_profile_position", "rsi"])
def test_prices_at_the_ends_of_what_a_float_holds_fail_nowhere(name, scale):
    close = scale * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, 200)))
    bars = {"high": close * 1.01, "low": close * 0.99, "close": close, "volume": np.full(200, 1e5)}
    for values in catalogue.compute(name, bars):
        assert not np.isinf(values).any()
