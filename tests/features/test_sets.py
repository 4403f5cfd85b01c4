"""Feature sets: their columns, their ids, and files of a user's own."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ara.errors import AraError, FeatureEngineeringError
from ara.features import catalogue, cross, sets
from ara.features.indicator import Scale
from ara.features.sets import FeatureSet, Item
from ara.features.sets.feature_set import ENGINE
from ara.features.sets.shipped import THEMES


def one(*texts, **facts):
    return FeatureSet(name="mine", items=tuple(Item.parse(text) for text in texts), **facts)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("rsi", ("rsi",)),
        ("rsi()", ("rsi",)),
        ("rsi(window=14)", ("rsi",)),
        ("rsi( window = 7 )", ("rsi(window=7)",)),
        ("rsi@1W", ("rsi@1w",)),
        ("rsi(window=7)@1w", ("rsi(window=7)@1w",)),
        ("macd(slow=30,fast=8)", tuple(f"macd(fast=8,slow=30).{one}" for one in ("line", "signal", "histogram"))),
        ("macd.line@1w", ("macd.line@1w",)),
        ("beta:QQQ", ("beta:QQQ",)),
        ("beta(window=20)@1w:BTC-USD", ("beta(window=20)@1w:BTC-USD",)),
        ("beta:^GSPC", ("beta:^GSPC",)),
        ("ewma_volatility(decay=0.97)", ("ewma_volatility(decay=0.97)",)),
        ("ema(close,12)/ema(close,26)-1", ("ema(window=12) / ema(window=26) - 1",)),
        ("(close - open)@1w", ("(close - open)@1w",)),
        ("close / other : SPY", ("(close / other):SPY",)),
        ("rsi(7)", ("rsi(window=7)",)),
        ("close@1w", ("close@1w",)),
    ],
)
def test_an_item_is_written_and_called_in_one_way(text, columns):
    item = Item.parse(text)
    assert tuple(column.name for column in item.columns) == columns
    again = [Item.parse(name) for name in columns]
    assert [column.name for item in again for column in item.columns] == list(columns)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rsl", "There is no indicator 'rsl'. Did you mean rs"),
        ("rsi:QQQ", "The indicator rsi compares with no other instrument"),
        ("rsi(windw=7)", "has no parameter 'windw'; it has window"),
        ("rsi(window=0)", "window of the indicator rsi is 0.0; allowed is a whole number from 2 to"),
        ("rsi(window=2.5)", "allowed is a whole number"),
        ("macd.lin", "has no output 'lin'; it has line, signal, histogram"),
        ("rsi@3d", "there is no timeframe '3d'"),
        ("rsi@1x", "there is no timeframe"),
        ("beta:???", "can't name another instrument"),
        ("beta:" + "A" * 40, "can't name another instrument"),
        ("close +", "column 8: it ends too early"),
        ("rsi(window=1.2.3)", "wrong at column"),
        ("rsi(window=7, window=9)", "given twice"),
        ("x" * 3000, "at most 2000"),
        ("", "it is empty"),
        ("session", "session is no column"),
    ],
)
def test_what_is_no_item_is_refused_with_what_is_allowed(text, words):
    with pytest.raises(FeatureEngineeringError) as caught:
        Item.parse(text)
    assert words in caught.value.message


@given(st.text(max_size=60))
def test_any_text_is_an_item_or_a_typed_error(text):
    try:
        item = Item.parse(text)
    except AraError:
        return
    assert Item.parse(item.columns[0].name).columns[0] == item.columns[0]


def test_the_id_says_what_the_numbers_depend_on_and_nothing_else():
    base = one("rsi", "macd.line")
    assert len(base.id) == 64
    assert one("rsi(window=14)", "macd.line", version="2", words="other words").id == base.id
    assert replace(base, name="yours").id == base.id
    others = [
        one("rsi(window=15)", "macd.line"),
        one("rsi@1w", "macd.line"),
        one("rsi", "macd.signal"),
        one("rsi", "macd"),
        one("macd.line", "rsi"),
        one("cutler_rsi", "macd.line"),
        one("rsi", "macd.line", "adx"),
        one("rsi", "macd.line", "beta"),
        one("rsi", "macd.line", "beta:QQQ"),
    ]
    assert len({base.id, *(other.id for other in others)}) == len(others) + 1


@pytest.mark.parametrize("text", ["ER", "er", "efficiency_ratio"])
def test_a_formula_of_an_indicator_that_others_call_otherwise_has_its_own_name(text):
    (column,) = Item.parse(text).columns
    assert column.name == "efficiency_ratio"
    assert Item.parse(column.name).columns == (column,)
    (other,) = Item.parse(f"{text}(close, 20) + 1").columns
    assert other.name == "efficiency_ratio(window=20) + 1"


def test_the_id_moves_with_formula_default_and_engine(monkeypatch):
    base = one("rsi", "close / ema(close, 9)")
    before, content = base.id, base.content()
    assert content["engine"] == ENGINE
    assert content["items"][0] == {
        "indicator": "rsi",
        "formula": catalogue.get("rsi").spec.formula,
        "uses": [],
        "inputs": ["close"],
        "outputs": ["rsi"],
        "params": {"window": 14, "seeded": 1},
        "timeframe": "",
        "other": "",
    }
    assert content["items"][1]["uses"] == [
        {
            "indicator": "ema",
            "formula": catalogue.get("ema").spec.formula,
            "inputs": ["close"],
            "params": {"window": 9, "seeded": 1},
        }
    ]
    monkeypatch.setattr("ara.features.sets.feature_set.ENGINE", f"{ENGINE}0")
    assert one("rsi", "close / ema(close, 9)").id != before


def test_a_set_has_a_name_items_and_no_column_twice():
    with pytest.raises(FeatureEngineeringError, match="has the column rsi twice"):
        one("rsi", "rsi(close, 14)")
    with pytest.raises(FeatureEngineeringError, match="has 0 items; it needs one at least"):
        one()
    with pytest.raises(FeatureEngineeringError, match="is no name of a feature set"):
        replace(one("rsi"), name="Mine!")
    with pytest.raises(FeatureEngineeringError, match="2000 at most"):
        FeatureSet(name="much", items=(Item("rsi"),) * 2001)


def test_the_shipped_sets_are_what_they_say():
    assert sets.names() == ("all", "ara-default", "ara-fast", "cross", "technical")
    default, fast, technical, every = (sets.get(name) for name in ("ara-default", "ara-fast", "technical", "all"))
    assert 40 <= len(default.names) <= 80
    assert len(fast.names) < 20
    assert all(column.scale is Scale.FREE for found in (default, fast, technical) for column in found.columns)
    free = {
        name
        for family in ("trend", "momentum", "volatility", "volume", "statistical")
        for name, found in catalogue.families()[family].items()
        if found.spec.scale is Scale.FREE
    }
    assert {item.indicator for item in technical.items} == free
    assert {item.indicator for item in every.items} == {*catalogue.names(), *cross.names()}
    assert [item.indicator for item in sets.get("cross").items] == list(cross.names())
    assert all(item.crosses for item in sets.get("cross").items)
    assert all(why.endswith(".") and texts for _, why, texts in THEMES)
    assert len({found.id for found in (default, fast, technical, every)}) == 4
    families = {name: family for family, members in catalogue.families().items() for name in members}
    assert {families[item.indicator] for item in default.items} == {
        "trend",
        "momentum",
        "volatility",
        "volume",
        "statistical",
        "microstructure",
        "spectral",
        "levels",
    }


def test_no_set_of_that_name_names_the_nearest():
    with pytest.raises(FeatureEngineeringError, match="Did you mean ara-default") as caught:
        sets.get("ara-defaul")
    assert "technical" in caught.value.hint
    with pytest.raises(FeatureEngineeringError, match=r"There is no feature set 'zzz'\.$"):
        sets.get("zzz")


TOML = """
name = "mine"
version = "3"
words = "What I look at."
include = ["ara-fast"]
items = [
    "rsi(window=7)@1w",
    "ema(close, 12) / ema(close, 26) - 1",
    { indicator = "beta", params = { window = 120 }, timeframe = "1w", other = "QQQ" },
    { indicator = "macd_v", outputs = ["line"] },
]
"""

YAML = """
name: mine
version: 3
words: What I look at.
include: [ara-fast]
items:
  - rsi(window=7)@1w
  - ema(close, 12) / ema(close, 26) - 1
  - indicator: beta
    params: {window: 120}
    timeframe: 1w
    other: QQQ
  - {indicator: macd_v, outputs: [line]}
"""


@pytest.mark.parametrize(("suffix", "text"), [("toml", TOML), ("yaml", YAML), ("yml", YAML)])
def test_a_set_is_read_from_a_file(tmp_path, suffix, text):
    path = tmp_path / f"my set.{suffix}"
    path.write_text(text)
    found = sets.read(path)
    assert (found.name, found.version, found.words) == ("mine", "3", "What I look at.")
    assert found.names[: len(sets.get("ara-fast").names)] == sets.get("ara-fast").names
    assert found.names[-4:] == (
        "rsi(window=7)@1w",
        "ema(window=12) / ema(window=26) - 1",
        "beta(window=120)@1w:QQQ",
        "macd_v.line",
    )
    assert sets.find(str(path)).id == found.id


def test_a_file_without_a_name_gives_the_set_its_own(tmp_path):
    path = tmp_path / "My Set.toml"
    path.write_text('items = ["rsi"]')
    assert sets.read(path).name == "my-set"
    assert sets.find("ara-fast") is sets.get("ara-fast")


@pytest.mark.parametrize(
    ("suffix", "text", "words"),
    [
        ("toml", "items = [", "can't be read"),
        ("toml", 'items = ["rsl"]', "item 1: There is no indicator 'rsl'. Did you mean rs"),
        ("toml", 'items = ["rsi", "rsi"]', "has the column rsi twice"),
        ("toml", 'items = ["rsi(window=0)"]', "item 1: window of the indicator rsi is 0.0"),
        ("toml", 'items = [{indicator = "rsi", params = {window = 1000000}}]', "allowed is a whole number from"),
        (
            "toml",
            'items = [{indicator = "rsi", params = {window = "7"}}]',
            "item 1: params is {'window': '7'}; it names",
        ),
        ("toml", 'items = [{indicator = "rsi", windw = 7}]', "item 1 has the key 'windw'; there are indicator, params"),
        ("toml", "items = [{indicator = 7}]", "item 1: indicator is 7; it is a text"),
        ("toml", 'items = [{indicator = "macd", outputs = "line"}]', "item 1: outputs is 'line'; it is a list"),
        ("toml", "items = [7]", "item 1 is 7; it is a table of"),
        ("toml", 'items = "rsi"', "items is 'rsi'; it is a list"),
        ("toml", 'item = ["rsi"]', "the set has the key 'item'; there are name, version"),
        ("toml", "", "has 0 items"),
        ("toml", 'name = "Not A Name"\nitems = ["rsi"]', "is no name of a feature set"),
        ("toml", 'include = ["nope"]', "include: There is no feature set 'nope'"),
        ("toml", "include = [3]", "include is 3; it is a text"),
        ("toml", "items = " + "[" * 3000 + "]" * 3000, "nested too deeply"),
        ("yaml", "- rsi", "the set is ['rsi']; it is a table of"),
        ("yaml", "items: [a", "can't be read"),
        ("yaml", "items: &a [*a]", "an anchor or an alias"),
        ("yaml", "items: !!python/object/apply:os.system [ls]", "it has a tag"),
        ("yaml", "items: [[[[[[[[[[rsi]]]]]]]]]]", "nested deeper than 8"),
        ("yaml", "", "the set is None"),
        ("txt", "rsi", "its name ends with .toml, .yaml, .yml"),
    ],
)
def test_a_file_that_says_something_else_is_refused_by_name_and_place(tmp_path, suffix, text, words):
    path = tmp_path / f"mine.{suffix}"
    path.write_text(text)
    with pytest.raises(FeatureEngineeringError) as caught:
        sets.read(path)
    assert caught.value.message.startswith(str(path))
    assert words in caught.value.message
    assert not caught.value.message.endswith("?.")


def test_the_hint_is_about_what_is_wrong(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('name = "Not A Name"\nitems = ["rsi"]')
    with pytest.raises(FeatureEngineeringError) as caught:
        sets.read(path)
    assert caught.value.hint == "Name it such as my-set."
    with pytest.raises(FeatureEngineeringError) as caught:
        Item.parse("rsi:QQQ")
    assert "such as beta:QQQ" in caught.value.hint


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path):
    with pytest.raises(FeatureEngineeringError, match="can't be read: No such file"):
        sets.read(tmp_path / "none.toml")
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(FeatureEngineeringError, match="is not UTF-8 text, from byte 0 on"):
        sets.read(path)
    path.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(FeatureEngineeringError, match="is larger than"):
        sets.read(path)


@given(st.binary(max_size=200))
def test_any_file_is_a_set_or_a_typed_error(data):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("toml", "yaml"):
            path = Path(folder, f"mine.{suffix}")
            path.write_bytes(data)
            with pytest.raises(FeatureEngineeringError):
                sets.read(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rsi:", "ends with a colon and names no other instrument"),
        ("beta: ", "ends with a colon"),
        ("macd.line.line", "macd.line is one output already"),
        ("macd.line.signal", "macd.line is one output already"),
    ],
)
def test_what_says_nothing_is_not_passed_over(text, words):
    with pytest.raises(FeatureEngineeringError, match=words):
        Item.parse(text)


def test_parameters_come_by_name():
    with pytest.raises(FeatureEngineeringError, match="The parameters of rsi are numbers by name, not list"):
        Item("rsi", params=[1])


def test_names_of_elsewhere_lead_to_what_they_mean():
    for called, name in {"klinger": "kvo", "fama": "mama", "chikou": "ichimoku", "stoch_full": "stoch"}.items():
        assert catalogue.get(called).spec.name == name
    for called, name in {"aroonosc": "aroon", "min": "rolling_min", "max": "rolling_max", "sum": "rolling_sum"}.items():
        assert catalogue.get(called).spec.name == name
    with pytest.raises(FeatureEngineeringError, match=r"Did you mean roc\(factor=1\)\?"):
        catalogue.get("rocp")
    for called in ("macdext", "macdfix", "sarext"):
        with pytest.raises(FeatureEngineeringError, match="Did you mean"):
            catalogue.get(called)
    assert Item.parse("max(close, open)").spec.name == "expression"
