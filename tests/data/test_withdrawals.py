"""Taking back what was received: in every bar store a fact of its own, which changes no view of a moment before it."""

from collections.abc import Callable
from datetime import timedelta

import polars as pl
import pytest

from ara.data.bar_store import BROUGHT, WITHDRAWN, BarStore
from ara.data.lake import Lake
from ara.errors import ValidationError
from tests.data.lake.conftest import FIRST, LEARNED, bars, lake  # noqa: F401 - a fixture
from tests.data.test_bar_store import reopen, store  # noqa: F401 - fixtures

DAY = timedelta(days=1)
SOURCE = "file:aapl"


def taken(kept: BarStore, fetch: str, *, symbol: str = "AAPL", days: int = 10) -> None:
    row = {"symbol": symbol, "source": SOURCE, "fetch": fetch, "learned_at": LEARNED + days * DAY}
    kept.withdraw(pl.DataFrame([row], schema=WITHDRAWN))


def brought(fetch: str, symbol: str = "AAPL", count: int = 5, *, days: int = 0, close: float = 100.0) -> pl.DataFrame:
    learned = LEARNED + days * DAY
    return bars(symbol, count, source=SOURCE, fetch=fetch, learned=learned, close=close)


def test_what_is_withdrawn_is_seen_only_as_of_before(store: BarStore, reopen: Callable[[], BarStore]) -> None:  # noqa: F811
    wrong, other = brought("aa"), bars("AAPL", 3)
    store.append(pl.concat([wrong, other, brought("aa", "MSFT")]))
    assert store.brought(fetch="aa")["symbol"].to_list() == ["AAPL", "MSFT"]
    taken(store, "aa")
    for one in (store, reopen()):
        assert one.bars("AAPL", "1d").equals(other)
        assert one.bars("AAPL", "1d", learned_by=LEARNED + 9 * DAY).equals(pl.concat([wrong, other]))
        assert one.bars("AAPL", "1d", learned_by=LEARNED + 10 * DAY).equals(other)
        assert one.catalogue().select("symbol", "source", "bars").rows() == [
            ("AAPL", "yahoo", 3),
            ("MSFT", SOURCE, 5),
        ]
        assert one.lasts("1d").select("symbol", "source").rows() == [("AAPL", "yahoo"), ("MSFT", SOURCE)]
        assert one.lasts("1d", known_by=FIRST + DAY).select("symbol", "source").height == 2
        assert one.revisions("AAPL", "1d", start=FIRST, end=LEARNED).height == 8
        assert one.withdrawals("AAPL")["fetch"].to_list() == ["aa"]
        assert one.withdrawals("MSFT").schema == WITHDRAWN
        assert one.withdrawals(learned_by=LEARNED).is_empty()
        assert one.brought(fetch="aa").rows() == [("MSFT", SOURCE, "1d", "aa", 5, FIRST, FIRST + 4 * DAY, LEARNED)]


def test_what_was_said_before_stands_again(store: BarStore) -> None:  # noqa: F811
    first = brought("aa")
    store.append(first)
    store.append(brought("bb", count=7, days=1, close=90.0))
    taken(store, "bb")
    assert store.bars("AAPL", "1d").equals(first)
    (row,) = store.catalogue().iter_rows(named=True)
    assert (row["bars"], row["corrections"], row["last"]) == (5, 0, FIRST + 4 * DAY)
    assert store.lasts("1d").equals(first.tail(1))
    assert store.lasts("1d", known_by=FIRST + 2 * DAY).equals(first[1:2])


def test_what_is_received_again_stands_again(store: BarStore, reopen: Callable[[], BarStore]) -> None:  # noqa: F811
    store.append(brought("aa"))
    taken(store, "aa")
    again = brought("aa", days=20)
    assert store.append(again).new == 5
    assert store.append(again).same == 5
    for one in (store, reopen()):
        assert one.bars("AAPL", "1d").equals(again)
        assert one.bars("AAPL", "1d", learned_by=LEARNED + 15 * DAY).is_empty()
        assert one.bars("AAPL", "1d", learned_by=LEARNED).equals(brought("aa"))
        assert one.catalogue()["bars"].to_list() == [5]
    taken(store, "aa", days=30)
    assert store.bars("AAPL", "1d").is_empty()
    assert store.catalogue().is_empty()
    assert store.bars("AAPL", "1d", learned_by=LEARNED + 25 * DAY).equals(again)


def test_nothing_withdrawn_has_the_right_columns(store: BarStore) -> None:  # noqa: F811
    assert store.withdrawals().schema == WITHDRAWN
    assert store.brought().schema == BROUGHT
    assert store.brought(source="file:none").is_empty()


@pytest.mark.parametrize("wrong", [{"fetch": ""}, {"symbol": None}, {"learned_at": None}])
def test_a_withdrawal_names_all(store: BarStore, wrong: dict[str, object]) -> None:  # noqa: F811
    row = {"symbol": "AAPL", "source": SOURCE, "fetch": "aa", "learned_at": LEARNED} | wrong
    with pytest.raises(ValidationError, match="names symbol, source, fetch and time"):
        store.withdraw(pl.DataFrame([row], schema=WITHDRAWN))
    with pytest.raises(ValidationError, match="has the columns"):
        store.withdraw(pl.DataFrame({"symbol": ["AAPL"]}))


def test_queries_see_what_stands(lake: Lake) -> None:  # noqa: F811
    pytest.importorskip("duckdb")
    lake.append(brought("aa"))
    lake.append(brought("bb", count=7, days=1, close=90.0))
    taken(lake, "bb")
    assert lake.query('select close from bars order by "at"')["close"].to_list() == brought("aa")["close"].to_list()
    assert lake.query("select count(*) from revisions").item() == 12
    assert lake.query('select "fetch" from withdrawals').item() == "bb"


def test_a_back_up_holds_withdrawals(lake: Lake) -> None:  # noqa: F811
    lake.append(brought("aa"))
    taken(lake, "aa")
    target = lake.folder.parent / "backups"
    lake.back_up(target)
    lake.restore(target)
    assert lake.bars("AAPL", "1d").is_empty()
    assert lake.withdrawals().height == 1
    assert lake.verify().ok
