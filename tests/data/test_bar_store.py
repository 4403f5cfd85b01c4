"""What every bar store promises: one set of tests over the lake and PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ara.clock import SystemClock
from ara.data.bar_store import CATALOGUE, ROWS, Appended, BarStore, open_bar_store, untouched
from ara.data.lake import Lake
from ara.data.provider import SCHEMAS, Kind
from ara.data.timescale import TimescaleStore
from ara.errors import ConfigurationError, ValidationError
from ara.market.instrument import AssetClass, Instrument, OptionTerms, Right
from ara.market.symbols import resolve
from ara.settings import Settings
from tests.data.lake.conftest import FIRST, LEARNED, Answer, bars

DAY = timedelta(days=1)
MICRO = timedelta(microseconds=1)


@pytest.fixture(params=["lake", "postgres"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], BarStore]]:
    """Give a further store over the same place, as another process would."""
    made: list[BarStore] = []
    if request.param == "lake":
        make: Callable[[], BarStore] = lambda: Lake.at(tmp_path / "lake", clock=SystemClock())  # noqa: E731
    else:
        url = request.getfixturevalue("postgres_url")
        make = lambda: TimescaleStore(url, clock=SystemClock())  # noqa: E731

    def opened() -> BarStore:
        made.append(make())
        return made[-1]

    yield opened
    for one in made:
        one.close()
        one.close()


@pytest.fixture
def store(reopen: Callable[[], BarStore]) -> BarStore:
    return reopen()


def test_an_empty_store_has_nothing_and_says_so_in_the_right_columns(store: BarStore) -> None:
    assert store.bars("AAPL", "1d").schema == ROWS
    assert store.revisions("AAPL", "1d", start=FIRST, end=LEARNED).schema == ROWS
    assert store.lasts("1d").schema == ROWS
    assert store.catalogue().schema == CATALOGUE
    assert store.facts(Kind.ACTIONS).schema == pl.Schema(
        {"symbol": pl.String(), "source": pl.String(), **SCHEMAS[Kind.ACTIONS]}
    )
    assert store.instruments() == []
    assert store.append(bars(count=0)) == Appended(new=0, corrected=0, same=0)
    assert store.keep([]) == ""
    assert all(frame.is_empty() for frame in (store.bars("AAPL", "1d"), store.lasts("1d"), store.catalogue()))


def test_what_was_appended_comes_back_sorted_and_as_it_was(store: BarStore) -> None:
    rows = bars(volume=None, adjusted=97.25, fetch="ab" * 32)
    assert store.append(rows.reverse()) == Appended(new=5, corrected=0, same=0)
    assert store.bars("AAPL", "1d").equals(rows)


def test_the_same_again_writes_nothing(store: BarStore, reopen: Callable[[], BarStore]) -> None:
    store.append(bars())
    later = bars(learned=LEARNED + DAY, adjusted=1.0, fetch="another")
    assert reopen().append(later) == Appended(new=0, corrected=0, same=5)
    assert store.bars("AAPL", "1d").equals(bars())


def test_a_value_counts_as_the_same_within_a_millionth(store: BarStore) -> None:
    store.append(bars(count=1, close=100.0))
    nearly = bars(count=1).with_columns(pl.col("open", "high", "low", "close") * (1 + 5e-7))
    assert store.append(nearly).same == 1
    off = bars(count=1).with_columns(pl.col("close") * (1 + 3e-6))
    assert store.append(off).corrected == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"known_at": FIRST + timedelta(hours=3)},
        {"open": 99.0},
        {"high": 199.0},
        {"low": 9.0},
        {"close": 100.5},
        {"volume": None},
        {"basis": "raw"},
        {"imputed": True},
    ],
)
def test_a_correction_is_a_new_row_that_was_learned_later(store: BarStore, changed: dict[str, object]) -> None:
    store.append(bars(count=1))
    corrected = bars(count=1, learned=LEARNED + DAY).with_columns(
        pl.lit(value, ROWS[name]).alias(name) for name, value in changed.items()
    )
    assert store.append(corrected) == Appended(new=0, corrected=1, same=0)
    assert store.bars("AAPL", "1d").equals(corrected)
    assert store.bars("AAPL", "1d", learned_by=LEARNED + DAY - MICRO).equals(bars(count=1))
    assert store.revisions("AAPL", "1d", start=FIRST, end=FIRST + DAY).equals(pl.concat([bars(count=1), corrected]))


def test_a_correction_never_changes_what_was_seen_before_it(store: BarStore) -> None:
    store.append(bars(count=1))
    for turn in range(1, 4):
        store.append(bars(count=1, close=100.0 + turn, learned=LEARNED - DAY))
        assert store.bars("AAPL", "1d", learned_by=LEARNED)["close"].to_list() == [100.0]
        assert store.bars("AAPL", "1d")["close"].to_list() == [100.0 + turn]
    learned = store.revisions("AAPL", "1d", start=FIRST, end=FIRST + DAY)["learned_at"].to_list()
    assert learned == [LEARNED + MICRO * turn for turn in range(4)]


def test_several_revisions_of_a_bar_in_one_append_follow_each_other(store: BarStore) -> None:
    first, second = bars(count=1), bars(count=1, close=101.0, learned=LEARNED + DAY)
    back = bars(count=1, learned=LEARNED + 2 * DAY)
    assert store.append(pl.concat([back, second, first, first])) == Appended(new=1, corrected=2, same=1)
    assert store.bars("AAPL", "1d", learned_by=LEARNED + DAY)["close"].to_list() == [101.0]
    assert store.append(pl.concat([back, first])) == Appended(new=0, corrected=0, same=2)


def test_bounds_of_time_and_source(store: BarStore) -> None:
    store.append(pl.concat([bars(), bars(source="polygon", close=200.0)]))
    assert store.bars("AAPL", "1d")["source"].to_list() == ["polygon"] * 5 + ["yahoo"] * 5
    assert store.bars("AAPL", "1d", sources=["yahoo"]).equals(bars())
    assert store.bars("AAPL", "1d", sources=[]).is_empty()
    found = store.bars("AAPL", "1d", start=FIRST + DAY, end=FIRST + 3 * DAY, sources=["yahoo"])
    assert found["at"].to_list() == [FIRST + DAY, FIRST + 2 * DAY]
    known = store.bars("AAPL", "1d", known_by=FIRST + timedelta(hours=6.5), sources=["yahoo"])
    assert known["at"].to_list() == [FIRST]
    assert store.bars("AAPL", "1h").is_empty()
    assert store.bars("MSFT", "1d").is_empty()


def test_series_are_kept_apart(store: BarStore) -> None:
    hourly = bars(timeframe="1h", step=timedelta(hours=1), close=7.0)
    coin = bars("BTC-USD", asset_class="crypto", close=9.0)
    assert store.append(pl.concat([coin, hourly, bars()])).new == 15
    assert store.bars("AAPL", "1h").equals(hourly)
    assert store.bars("BTC-USD", "1d").equals(coin)
    assert store.bars("AAPL", "1d").equals(bars())


def test_the_catalogue_counts_bars_and_corrections(store: BarStore, reopen: Callable[[], BarStore]) -> None:
    store.append(pl.concat([bars(), bars("MSFT", 3, basis="raw")]))
    store.append(bars(count=2, close=50.0, learned=LEARNED + DAY))
    store.append(bars(count=2, first=FIRST - 9 * DAY, learned=LEARNED - DAY))
    expected = pl.DataFrame(
        [
            ("AAPL", "stock", "1d", "yahoo", "split", 7, FIRST - 9 * DAY, FIRST + 4 * DAY, LEARNED + DAY, 2),
            ("MSFT", "stock", "1d", "yahoo", "raw", 3, FIRST, FIRST + 2 * DAY, LEARNED, 0),
        ],
        schema=CATALOGUE,
        orient="row",
    )
    assert store.catalogue().equals(expected)
    assert reopen().catalogue().equals(expected)


def test_the_cross_section_is_the_newest_bar_of_each_series(store: BarStore, reopen: Callable[[], BarStore]) -> None:
    store.append(pl.concat([bars(), bars("MSFT", 3), bars(source="polygon", count=2), bars(timeframe="1h")]))
    store.append(bars(count=1, first=FIRST + 4 * DAY, close=50.0, learned=LEARNED + DAY))
    for one in (store, reopen()):
        lasts = one.lasts("1d")
        assert lasts.select("symbol", "source").rows() == [("AAPL", "polygon"), ("AAPL", "yahoo"), ("MSFT", "yahoo")]
        assert lasts["close"].to_list() == [101.0, 50.0, 102.0]
        early = one.lasts("1d", known_by=FIRST + DAY + timedelta(hours=6.5))
        assert early["close"].to_list() == [101.0, 101.0, 101.0]
        assert one.lasts("1d", known_by=FIRST).is_empty()


def test_rows_that_are_no_bars_are_refused_and_nothing_is_written(store: BarStore) -> None:
    for name, value, words in [
        ("symbol", None, "have no symbol"),
        ("known_at", None, "have no known_at"),
        ("asset_class", "bond", "no asset_class 'bond'"),
        ("timeframe", "3d", "no timeframe '3d'"),
        ("basis", "net", "no basis 'net'"),
        ("symbol", "", "symbol '' can't be kept"),
        ("symbol", "A\x00", "can't be kept"),
        ("source", "x" * 300, "can't be kept"),
    ]:
        wrong = pl.concat([bars(), bars("MSFT", 1).with_columns(pl.lit(value, ROWS[name]).alias(name))])
        with pytest.raises(ValidationError, match=words):
            store.append(wrong)
    with pytest.raises(ValidationError, match="Bars are kept with the columns"):
        store.append(bars().drop("fetch"))
    assert store.catalogue().is_empty()


@pytest.mark.parametrize(
    "symbol", ["../../etc/passwd", "a/b=c", "'; DROP TABLE bars; --", "𝔘ñí", "%2e%2e", "a b\n", "*"]
)
def test_any_symbol_is_only_a_name(store: BarStore, symbol: str) -> None:
    store.append(pl.concat([bars(symbol), bars()]))
    assert store.bars(symbol, "1d").equals(bars(symbol))
    assert store.lasts("1d").height == 2
    assert store.append(bars(symbol)).same == 5


def test_numbers_that_are_none_are_kept_as_they_are(store: BarStore) -> None:
    strange = bars(count=4).with_columns(
        close=pl.Series([float("nan"), float("inf"), 1e308, -0.0]), open=pl.lit(None, pl.Float64)
    )
    store.append(strange)
    assert store.append(strange).same == 4
    assert store.bars("AAPL", "1d").equals(strange)
    assert store.append(bars(count=4, learned=LEARNED + DAY)).corrected == 4


def test_open_bars_are_corrected_when_they_close(store: BarStore) -> None:
    store.append(bars(count=1, learned=FIRST + timedelta(hours=1)))
    assert store.append(bars(count=1, close=103.0, learned=FIRST + timedelta(hours=7))).corrected == 1
    assert store.bars("AAPL", "1d")["close"].to_list() == [103.0]


def test_payloads_are_kept_once_and_found_by_their_fetch(store: BarStore, reopen: Callable[[], BarStore]) -> None:
    one, two = Answer(body=b'{"a": 1}' * 99, headers={"etag": '"x"'}), Answer(body=b"\x00\xff", status=429)
    fetch = store.keep([one, two, one])
    assert store.keep([one, two, one]) == fetch
    again = reopen().keep([Answer(body=one.body, at=LEARNED + DAY)])
    assert again != fetch
    rows = store.fetched(fetch)
    assert rows["body"].to_list() == [one.body, two.body, one.body]
    assert rows["status"].to_list() == [200, 429, 200]
    assert rows["headers"][0] == '{"etag":"\\"x\\""}'
    later = store.fetched(again)
    assert later["body"].to_list() == [one.body]
    assert later["at"].to_list() == [LEARNED + DAY]
    assert store.fetched("none").is_empty()


def actions(*rows: tuple[datetime, str, float], learned: datetime = LEARNED) -> pl.DataFrame:
    return pl.DataFrame(
        [(at, at, learned, action, value, "USD", "raw") for at, action, value in rows],
        schema=SCHEMAS[Kind.ACTIONS],
        orient="row",
    )


def test_actions_are_kept_once_with_their_corrections(store: BarStore) -> None:
    told = actions((FIRST, "split", 4.0), (FIRST, "dividend", 0.5), (FIRST, "dividend", 0.2))
    assert store.append_facts(Kind.ACTIONS, "AAPL", "yahoo", told) == 3
    assert store.append_facts(Kind.ACTIONS, "AAPL", "yahoo", actions((FIRST, "split", 4.0), learned=LEARNED + DAY)) == 0
    assert store.append_facts(Kind.ACTIONS, "AAPL", "polygon", told) == 3
    assert store.append_facts(Kind.ACTIONS, "AAPL", "yahoo", actions((FIRST, "split", 5.0), learned=LEARNED + DAY)) == 1
    found = store.facts(Kind.ACTIONS, "AAPL").filter(pl.col("source") == "yahoo")
    assert found["value"].to_list() == [0.2, 0.5, 5.0]
    before = store.facts(Kind.ACTIONS, "AAPL", learned_by=LEARNED).filter(pl.col("source") == "yahoo")
    assert before["value"].to_list() == [0.2, 0.5, 4.0]
    assert store.facts(Kind.ACTIONS, "AAPL", known_by=FIRST - MICRO).is_empty()
    assert store.facts(Kind.ACTIONS, "MSFT").is_empty()
    assert store.facts(Kind.ACTIONS).height == 6


def told(value: str | None, at: datetime, *, field: str = "sector", learned: datetime = LEARNED) -> pl.DataFrame:
    return pl.DataFrame([(at, at, learned, field, value)], schema=SCHEMAS[Kind.FACTS], orient="row")


def test_a_fact_that_says_what_was_true_before_is_no_news(store: BarStore) -> None:
    assert store.append_facts(Kind.FACTS, "AAPL", "yahoo", told("Technology", FIRST)) == 1
    assert store.append_facts(Kind.FACTS, "AAPL", "yahoo", told("Technology", FIRST + DAY)) == 0
    assert store.append_facts(Kind.FACTS, "AAPL", "yahoo", told("Hardware", FIRST + 2 * DAY)) == 1
    assert store.append_facts(Kind.FACTS, "AAPL", "yahoo", told("Phones", FIRST + 2 * DAY, field="industry")) == 1
    assert store.append_facts(Kind.FACTS, "AAPL", "yahoo", told("Technology", FIRST + DAY, learned=LEARNED + DAY)) == 0
    found = store.facts(Kind.FACTS, "AAPL", known_by=FIRST + DAY)
    assert found["value"].to_list() == ["Technology"]
    assert store.facts(Kind.FACTS, "AAPL").filter(pl.col("field") == "sector")["value"].to_list() == [
        "Technology",
        "Hardware",
    ]


def test_rates_are_kept_by_their_base(store: BarStore) -> None:
    rates = pl.DataFrame(
        [(FIRST, FIRST, LEARNED, "EUR", quote, rate) for quote, rate in (("USD", 1.1), ("JPY", 130.5))],
        schema=SCHEMAS[Kind.RATES],
        orient="row",
    )
    assert store.append_facts(Kind.RATES, "EUR", "ecb", rates) == 2
    assert store.append_facts(Kind.RATES, "EUR", "ecb", rates) == 0
    assert store.facts(Kind.RATES, "EUR").select("quote", "rate").rows() == [("JPY", 130.5), ("USD", 1.1)]


def test_facts_of_other_kinds_or_columns_are_refused(store: BarStore) -> None:
    with pytest.raises(ValidationError, match="not kept as facts"):
        store.append_facts(Kind.BARS, "AAPL", "yahoo", bars())
    with pytest.raises(ValidationError, match="The columns of actions are"):
        store.append_facts(Kind.ACTIONS, "AAPL", "yahoo", bars())
    for name in ("known_at", "value"):
        lacking = actions((FIRST, "split", 4.0)).with_columns(pl.lit(None, SCHEMAS[Kind.ACTIONS][name]).alias(name))
        with pytest.raises(ValidationError, match=f"have no {name}"):
            store.append_facts(Kind.ACTIONS, "AAPL", "yahoo", lacking)
    with pytest.raises(ValidationError, match="can't be kept"):
        store.append_facts(Kind.ACTIONS, "", "yahoo", actions((FIRST, "split", 4.0)))


OPTION = Instrument(
    symbol="AAPL240119C00150000",
    name="Apple call 150",
    asset_class=AssetClass.OPTION,
    venue="OPRA",
    currency="USD",
    calendar="XNYS",
    timezone="America/New_York",
    tick=Decimal("0.01"),
    lot=Decimal(1),
    option=OptionTerms(
        underlying="AAPL",
        expiry=date(2024, 1, 19),
        strike=Decimal("150.000"),
        right=Right.CALL,
        multiplier=Decimal(100),
    ),
)


def test_instruments_come_back_as_they_were(store: BarStore, reopen: Callable[[], BarStore]) -> None:
    apple = resolve("AAPL")
    store.put_instruments([OPTION, apple, apple], source="polygon", learned_at=LEARNED)
    store.put_instruments([apple], source="polygon", learned_at=LEARNED + DAY)
    assert reopen().instruments() == [apple, OPTION]
    assert store.instruments("apple c") == [OPTION]
    assert store.instruments("aapl24") == [OPTION]
    assert store.instruments("%") == []
    renamed = Instrument(**{name: getattr(apple, name) for name in Instrument.__slots__} | {"name": "Apple, renamed"})
    store.put_instruments([renamed], source="yahoo", learned_at=LEARNED + DAY)
    assert store.instruments("renamed") == [renamed]
    assert store.instruments("AAPL")[0] == renamed


def test_many_threads_at_once_lose_and_double_nothing(store: BarStore) -> None:
    failed: list[BaseException] = []

    def work(turn: int) -> None:
        try:
            store.append(pl.concat([bars(), bars(f"T{turn}", 3)]))
            for count in range(6, 16):
                store.append(bars(count=count, learned=LEARNED + DAY * turn))
            store.bars("AAPL", "1d")
        except BaseException as error:  # noqa: BLE001 - told by the test
            failed.append(error)

    threads = [threading.Thread(target=work, args=(turn,)) for turn in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert store.bars("AAPL", "1d").drop("learned_at").equals(bars(count=15).drop("learned_at"))
    assert store.revisions("AAPL", "1d", start=FIRST, end=LEARNED).height == 15
    assert store.catalogue()["bars"].to_list() == [15] + [3] * 6
    assert store.catalogue()["corrections"].sum() == 0


STEP = st.tuples(
    st.sampled_from(["A", "B"]), st.sampled_from(["yahoo", "polygon"]), st.integers(0, 4), st.integers(0, 2)
)


@given(batches=st.lists(st.lists(STEP, min_size=1, max_size=6), min_size=1, max_size=6))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_appends_agree_with_a_list_of_revisions(
    batches: list[list[tuple[str, str, int, int]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = Lake.at(tmp_path_factory.mktemp("any") / "lake", clock=SystemClock())
    told: dict[tuple[str, str, int], list[int]] = {}
    for turn, batch in enumerate(batches):
        counted = Appended(new=0, corrected=0, same=0)
        rows, moment = [], LEARNED + DAY * turn
        for place, (symbol, source, day, value) in enumerate(batch):
            at, learned = FIRST + DAY * day, moment + MICRO * 100 * place
            rows.append(bars(symbol, 1, first=at, source=source, close=100.0 + value, learned=learned))
            known = told.setdefault((symbol, source, day), [])
            new, same = not known, bool(known) and known[-1] == value
            counted += Appended(new=int(new), corrected=int(not new and not same), same=int(same))
            if not same:
                known.append(value)
        assert store.append(pl.concat(rows)) == counted
    for symbol in ("A", "B"):
        found = store.revisions(symbol, "1d", start=FIRST, end=FIRST + 9 * DAY)
        expected = [
            (source, FIRST + DAY * day, 100.0 + value)
            for (name, source, day), values in sorted(told.items())
            if name == symbol
            for value in values
        ]
        assert found.select("source", "at", "close").rows() == expected
    assert store.catalogue().equals(Lake.at(store.folder, clock=SystemClock()).catalogue())


def test_settings_say_which_store_it_is(tmp_path: Path) -> None:
    here = Settings.load({"home": str(tmp_path)}, environ={})
    lake = open_bar_store(here, clock=SystemClock())
    assert isinstance(lake, Lake)
    assert lake.folder == tmp_path / "lake"
    assert not lake.there
    assert list(tmp_path.iterdir()) == []
    elsewhere = Settings.load({"home": str(tmp_path), "data.lake": str(tmp_path / "other")}, environ={})
    other = open_bar_store(elsewhere, clock=SystemClock())
    assert isinstance(other, Lake)
    assert other.folder == tmp_path / "other"
    shared = Settings.load({"data.bars": "postgresql://ara:secret@127.0.0.1:1/none"}, environ={})
    assert isinstance(open_bar_store(shared, clock=SystemClock()), TimescaleStore)
    with pytest.raises(ConfigurationError, match="names no PostgreSQL database"):
        TimescaleStore("postgresql://[/x", clock=SystemClock())


def test_times_of_the_reader_need_a_zone(store: BarStore) -> None:
    store.append(bars())
    with pytest.raises(ValidationError, match="no time zone"):
        store.bars("AAPL", "1d", known_by=datetime(2020, 1, 1))  # noqa: DTZ001
    assert store.bars("AAPL", "1d", known_by=datetime(2020, 1, 1, tzinfo=UTC)).is_empty()


def test_many_fetches_and_facts_are_kept_as_one_by_one(store: BarStore) -> None:
    """At once, they are what they are one after the other: the same ids, the same rows."""
    fetches = [[Answer(body=b"a"), Answer(body=b"b")], [], [Answer(body=b"b")], [Answer(body=b"a"), Answer(body=b"b")]]
    ids = store.keep_all(fetches)
    assert ids == [store.keep(one) for one in fetches]
    assert ids[0] == ids[3] != ids[2]
    assert ids[1] == ""
    assert store.fetched(ids[2])["body"].to_list() == [b"b"]
    told = {"at": [LEARNED], "known_at": [LEARNED], "learned_at": [LEARNED], "field": ["sector"], "value": ["Energy"]}
    facts = pl.DataFrame(told, schema=SCHEMAS[Kind.FACTS])
    both = [facts.select(pl.lit(symbol).alias("symbol"), pl.lit("yahoo").alias("source"), pl.all()) for symbol in "AB"]
    assert store.append_all_facts(Kind.FACTS, pl.concat(both)) == 2
    assert store.append_facts(Kind.FACTS, "A", "yahoo", facts) == 0
    assert store.facts(Kind.FACTS)["symbol"].to_list() == ["A", "B"]
    with pytest.raises(ValidationError, match="The columns of facts are symbol, source, at"):
        store.append_all_facts(Kind.FACTS, facts)


def test_a_lake_without_a_folder_is_untouched_and_a_server_never_is(tmp_path) -> None:
    def told(**given: str) -> bool:
        return untouched(Settings.load({"home": str(tmp_path), **given}, environ={}, folder=tmp_path))

    assert told()
    assert not told(**{"data.bars": "postgresql://localhost/ara"})
    (tmp_path / "lake").mkdir()
    assert not told()
    assert told(**{"data.lake": str(tmp_path / "other")})
    (tmp_path / "file").write_text("")
    assert not told(**{"data.lake": str(tmp_path / "file" / "lake")})  # the store says what is wrong there
