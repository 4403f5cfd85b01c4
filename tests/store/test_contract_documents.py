"""Every document, on every back-end: added once, replaced when known, found by what it says."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, Literal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ara.errors import StoreError, ValidationError
from ara.lineage import digest
from ara.store import Between, ConflictError, Place, Record, Store, revision


class Side(Enum):
    BUY = "buy"
    SELL = "sell"


class Order(Record, frozen=True, kw_only=True):
    kind: ClassVar[str] = "order"
    symbol: str = "AAPL"
    at: datetime = datetime(2024, 1, 2, tzinfo=UTC)
    day: date = date(2024, 1, 2)
    size: float | None = None
    lots: int = 1
    live: bool = False
    side: Side = Side.BUY
    state: Literal["open", "done"] = "open"
    rank: Literal[1, 2] | None = None
    stars: Literal[1, "two"] = 1
    price: Decimal = Decimal("1.10")
    labels: tuple[str, ...] = ()
    notes: dict[str, Any] = msgspec.field(default_factory=dict)


class Note(Record, frozen=True, kw_only=True):
    kind: ClassVar[str] = "note"
    words: str | None = None


async def ids(store: Store, where: dict[str, Any] | None = None, **options: Any) -> list[str]:
    return [order.id async for order in store.find(Order, where, **options)]


async def test_a_document_comes_back_as_it_was(store: Store) -> None:
    order = Order(
        id="1",
        symbol="BRK.B 'x' \"y\" \\u0000 日本 🙂",
        at=datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=5))),
        size=1e-7,
        labels=("a", "b"),
        notes={"deep": [1, 2.5, None, {"x": True}], "day": "2024-01-02"},
    )
    assert await store.add(order)
    assert await store.get(Order, "1") == order
    assert await store.get(Note, "1") is None
    assert await store.get(Order, "2") is None


@given(
    words=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    size=st.floats(allow_nan=False, allow_infinity=False),
    lots=st.integers(-(2**63), 2**63 - 1),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_fits_comes_back_and_is_found(store: Store, words: str, size: float, lots: int) -> None:
    order = Order(id="1", symbol=words, size=size, lots=lots)
    await store.remove(Order, "1")
    assert await store.add(order)
    back = await store.get(Order, "1")
    assert back == order
    assert revision(back) == revision(order)
    assert await ids(store, {"symbol": words, "size": size, "lots": lots}) == ["1"]
    assert await ids(store, {"size": Between(size, size), "lots": Between(None, lots), "symbol": Between(words)}) == [
        "1"
    ]


async def test_add_leaves_alone_what_is_there(store: Store) -> None:
    assert await store.add(Order(id="1", lots=1)) is True
    assert await store.add(Order(id="1", lots=2)) is False
    kept = await store.get(Order, "1")
    assert kept is not None
    assert kept.lots == 1


async def test_put_replaces_what_is_known(store: Store) -> None:
    first, second = Order(id="1", lots=1), Order(id="1", lots=2)
    await store.add(first)
    await store.put(second, replaces=revision(first))
    assert await store.get(Order, "1") == second
    with pytest.raises(ConflictError, match="'1' was changed by somebody else") as caught:
        await store.put(Order(id="1", lots=3), replaces=revision(first))
    assert caught.value.code == "conflict"
    assert isinstance(caught.value, StoreError)
    assert await store.get(Order, "1") == second
    with pytest.raises(ConflictError, match="isn't there"):
        await store.put(Order(id="9"), replaces=revision(first))


async def test_of_racing_writers_one_wins(store: Store) -> None:
    first = Order(id="1", lots=0)
    await store.add(first)
    tries = [store.put(Order(id="1", lots=number), replaces=revision(first)) for number in range(1, 9)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [ConflictError] * 7
    kept = await store.get(Order, "1")
    assert kept is not None
    assert outcomes[kept.lots - 1] is None


async def test_remove_forgets_once_and_for_all(store: Store) -> None:
    await store.add(Order(id="1"))
    await store.remove(Order, "1")
    await store.remove(Order, "1")
    await store.remove(Order, "\0")
    assert await store.get(Order, "1") is None
    assert await store.add(Order(id="1"))


@pytest.mark.parametrize("name", ["", "\0", "a\nb", "\ud800", "x" * 257])
async def test_an_id_that_can_not_be_is_refused(store: Store, name: str) -> None:
    with pytest.raises(ValidationError, match="id of a document"):
        await store.add(Order(id=name))
    assert await store.get(Order, name) is None


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Order(id="1", size=float("nan")), "NaN"),
        (Order(id="1", size=float("inf")), "infinity"),
        (Order(id="1", symbol="a\0b"), "NUL"),
        (Order(id="1", notes={"a\0": 1}), "NUL"),
        (Order(id="1", symbol="\ud800"), "surrogates"),
        (Order(id="1", at=datetime(2024, 1, 2)), "time zone"),  # noqa: DTZ001
    ],
)
async def test_a_document_that_can_not_be_kept_is_refused(store: Store, order: Order, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        await store.add(order)
    assert await store.get(Order, "1") is None


class Nameless(Record, frozen=True, kw_only=True):
    pass


class Sparse(Record, frozen=True, kw_only=True, omit_defaults=True):
    kind: ClassVar[str] = "sparse"
    words: str = ""


async def test_a_kind_is_checked(store: Store) -> None:
    with pytest.raises(ValidationError, match=r"Nameless\.kind is ''"):
        await store.add(Nameless(id="1"))
    with pytest.raises(ValidationError, match="leaves out defaults"):
        await store.add(Sparse(id="1"))


class Basket(Record, frozen=True, kw_only=True):
    kind: ClassVar[str] = "basket"
    symbols: frozenset[str] = frozenset()


def test_a_revision_follows_from_the_content_alone() -> None:
    names = [f"S{number:02}" for number in range(50)]
    assert revision(Basket(id="1", symbols=frozenset(names))) == digest({"id": "1", "symbols": names})
    assert revision(Basket(id="1")) != revision(Basket(id="2"))


class OldNote(Record, frozen=True, kw_only=True):
    kind: ClassVar[str] = "note"
    words: int


async def test_a_document_of_another_version_is_named(store: Store) -> None:
    await store.add(Note(id="1", words="x"))
    with pytest.raises(StoreError, match="can't be read as 'note'"):
        await store.get(OldNote, "1")


async def fill(store: Store) -> None:
    start = datetime(2024, 1, 2, tzinfo=UTC)
    for number in range(6):
        await store.add(
            Order(
                id=f"o{number}",
                symbol=["AAPL", "MSFT"][number % 2],
                at=start + timedelta(hours=number, microseconds=number % 2),
                day=date(2024, 1, 1 + number),
                size=None if number == 3 else number / 2,
                lots=10 - number,
                rank=2 if number == 2 else None,
                live=number > 3,
                side=Side.SELL if number == 5 else Side.BUY,
                state="done" if number == 0 else "open",
            )
        )
    await store.add(Note(id="o9"))


async def test_find_by_what_is_equal(store: Store) -> None:
    await fill(store)
    assert await ids(store) == ["o0", "o1", "o2", "o3", "o4", "o5"]
    assert await ids(store, {"symbol": "AAPL"}) == ["o0", "o2", "o4"]
    assert await ids(store, {"symbol": "AAPL", "live": True}) == ["o4"]
    assert await ids(store, {"live": False, "lots": 9}) == ["o1"]
    assert await ids(store, {"size": None}) == ["o3"]
    assert await ids(store, {"size": 1}) == ["o2"]
    assert await ids(store, {"side": Side.SELL}) == ["o5"]
    assert await ids(store, {"state": "done"}) == ["o0"]
    assert await ids(store, {"id": "o2"}) == ["o2"]
    assert await ids(store, {"rank": 2}) == ["o2"]
    assert await ids(store, {"day": date(2024, 1, 2)}) == ["o1"]
    assert await ids(store, {"symbol": None}) == []


async def test_find_by_range(store: Store) -> None:
    await fill(store)
    start = datetime(2024, 1, 2, tzinfo=UTC)
    assert await ids(store, {"at": Between(start + timedelta(hours=1), start + timedelta(hours=3))}) == ["o1", "o2"]
    elsewhere = (start + timedelta(hours=2)).astimezone(timezone(timedelta(hours=-7)))
    assert await ids(store, {"at": Between(high=elsewhere)}) == ["o0", "o1", "o2"]
    assert await ids(store, {"size": Between(0.5, 2)}) == ["o1", "o2", "o4"]
    assert await ids(store, {"lots": Between(low=9)}) == ["o0", "o1"]
    assert await ids(store, {"symbol": Between("B", "Z")}) == ["o1", "o3", "o5"]
    assert await ids(store, {"id": Between("o1", "o2")}) == ["o1", "o2"]
    assert await ids(store, {"size": Between()}) == ["o0", "o1", "o2", "o3", "o4", "o5"]


async def test_text_sorts_by_code_point_everywhere(store: Store) -> None:
    words = ["b", "B", "a", "A", "é", "_", "a b", "ab", "Z", "🙂", "ﬁ", "10", "9", ""]
    for number, word in enumerate(words):
        await store.add(Order(id=word or "-", symbol=word, lots=number))
    found = [order.symbol async for order in store.find(Order, order="symbol")]
    assert found == sorted(words)
    assert [order.symbol async for order in store.find(Order)] == sorted(words, key=lambda word: word or "-")
    between = [order.symbol async for order in store.find(Order, {"symbol": Between("A", "a")}, order="symbol")]
    assert between == ["A", "B", "Z", "_", "a"]


async def test_find_in_order(store: Store) -> None:
    await fill(store)
    assert await ids(store, order="-id") == ["o5", "o4", "o3", "o2", "o1", "o0"]
    assert await ids(store, order="-at", limit=2) == ["o5", "o4"]
    assert await ids(store, order="lots") == ["o5", "o4", "o3", "o2", "o1", "o0"]
    assert await ids(store, order="size") == ["o3", "o0", "o1", "o2", "o4", "o5"]
    assert await ids(store, order="-size") == ["o5", "o4", "o2", "o1", "o0", "o3"]
    assert await ids(store, order="-symbol") == ["o5", "o3", "o1", "o4", "o2", "o0"]
    assert await ids(store, order="live", limit=0) == []


@pytest.mark.parametrize("order", ["id", "-id", "size", "-size", "symbol", "-symbol", "-at", "live", "-live"])
async def test_pages_join_without_gap_or_overlap(store: Store, order: str) -> None:
    await fill(store)
    await store.add(Order(id="o6", size=None, symbol="AAPL"))
    whole = await ids(store, order=order)
    assert len(whole) == 7
    paged: list[str] = []
    last: Order | None = None
    while page := [one async for one in store.find(Order, order=order, limit=2, after=last)]:
        paged += [one.id for one in page]
        last = page[-1]
    assert paged == whole


@pytest.mark.parametrize("order", ["id", "-id", "size", "-size", "symbol", "-symbol", "-at", "live", "-live"])
async def test_a_place_holds_though_its_document_is_removed(store: Store, order: str) -> None:
    await fill(store)
    whole = [one async for one in store.find(Order, order=order)]
    for number, one in enumerate(whole):
        place = Place(getattr(one, order.removeprefix("-")), one.id)
        await store.remove(Order, one.id)
        assert [rest async for rest in store.find(Order, order=order, after=place)] == whole[number + 1 :]


async def test_find_reads_more_than_a_page(store: Store) -> None:
    async with store.tx():
        for number in range(450):
            await store.add(Order(id=f"{number:03}", lots=number % 7))
    found = await ids(store, {"lots": Between(1, 6)}, order="-lots")
    assert len(found) == len(set(found)) == sum(number % 7 > 0 for number in range(450))
    assert len(await ids(store, order="lots", limit=301)) == 301


@pytest.mark.parametrize(
    "field", ["nothing", "stars", "price", "labels", "notes", "id'; DROP TABLE documents; --", "body", "", "-"]
)
async def test_fields_that_are_none_are_refused(store: Store, field: str) -> None:
    await fill(store)
    with pytest.raises(ValidationError, match="has no field"):
        await ids(store, {field: "x"})
    with pytest.raises(ValidationError, match="has no field"):
        await ids(store, order=field)
    assert len(await ids(store)) == 6


@pytest.mark.parametrize(
    "value",
    ["' OR 1=1 --", "x') OR ('1'='1", "%", "_", "\\", "$1", "?", "'; DELETE FROM documents; --", '"', "{}", "null"],
)
async def test_values_are_only_values(store: Store, value: str) -> None:
    await fill(store)
    assert await ids(store, {"symbol": value}) == []
    await store.add(Order(id="odd", symbol=value))
    assert await ids(store, {"symbol": value}) == ["odd"]
    assert len(await ids(store)) == 7


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"symbol": 1}, "holds a text"),
        ({"lots": "1"}, "holds a number"),
        ({"lots": True}, "holds a number"),
        ({"live": 1}, "holds a flag"),
        ({"size": Decimal(1)}, "holds a number"),
        ({"size": float("nan")}, "finite"),
        ({"lots": 2**63}, "64 bits"),
        ({"symbol": "a\0"}, "no document can hold"),
        ({"symbol": "\ud800"}, "no document can hold"),
        ({"at": datetime(2024, 1, 2)}, "time zone"),  # noqa: DTZ001
    ],
)
async def test_values_of_another_family_are_refused(store: Store, where: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        await ids(store, where)


async def test_a_limit_below_zero_is_refused(store: Store) -> None:
    with pytest.raises(ValidationError, match="limit is -1"):
        await ids(store, limit=-1)


async def test_a_transaction_is_all(store: Store) -> None:
    first = Order(id="1")
    async with store.tx():
        assert await store.add(first)
        assert await store.add(Order(id="2"))
        await store.put(Order(id="1", lots=5), replaces=revision(first))
        assert await ids(store, {"lots": 5}) == ["1"]
        await store.remove(Order, "2")
    assert await ids(store) == ["1"]


async def test_a_transaction_is_nothing_when_it_fails(store: Store) -> None:
    await store.add(Order(id="0"))

    async def work() -> None:
        async with store.tx():
            await store.add(Order(id="1"))
            await store.remove(Order, "0")
            raise OSError("the work's own")

    with pytest.raises(OSError, match="the work's own"):
        await work()
    assert await ids(store) == ["0"]
    assert await store.add(Order(id="2"))


async def test_a_conflict_inside_a_transaction_leaves_it_usable(store: Store) -> None:
    await store.add(Order(id="0"))
    async with store.tx():
        with pytest.raises(ConflictError):
            await store.put(Order(id="0", lots=2), replaces="another")
        assert await store.add(Order(id="0")) is False
        await store.add(Order(id="1"))
    assert await ids(store) == ["0", "1"]


async def test_others_see_nothing_of_an_open_transaction(store: Store) -> None:
    await store.add(Order(id="0"))
    async with store.tx():
        await store.add(Order(id="1"))
        assert await asyncio.create_task(ids(store)) == ["0"]
    assert await asyncio.create_task(ids(store)) == ["0", "1"]


async def test_a_transaction_can_not_be_nested(store: Store) -> None:
    async with store.tx():
        await store.add(Order(id="1"))
        with pytest.raises(StoreError, match="open already"):
            async with store.tx():
                pass
    assert await ids(store) == ["1"]


async def test_a_cancelled_transaction_leaves_nothing(store: Store) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        async with store.tx():
            await store.add(Order(id="1"))
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await ids(store) == []
    assert await store.add(Order(id="1"))


async def test_writers_outside_wait_for_their_turn(store: Store) -> None:
    async with store.tx():
        await store.add(Order(id="1"))
        others = [asyncio.create_task(store.add(Order(id=f"x{number}"))) for number in range(5)]
        await asyncio.sleep(0.01)
    assert await asyncio.gather(*others) == [True] * 5
    assert len(await ids(store)) == 6


async def test_a_cancelled_write_is_done_or_not_begun(store: Store) -> None:
    async def write(number: int) -> None:
        await store.add(Order(id=f"{number:02}"))

    tasks = [asyncio.create_task(write(number)) for number in range(20)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(await ids(store)) <= 20
    assert await store.add(Order(id="after"))


async def test_a_closed_store_keeps_nothing_more(open_at: Callable[[str], Awaitable[Store]], kept_url: str) -> None:
    store = await open_at(kept_url)
    await store.add(Order(id="1"))
    await store.close()
    with pytest.raises(StoreError, match="is closed"):
        await store.add(Order(id="2"))
    with pytest.raises(StoreError, match="is closed"):
        await store.get(Order, "1")
    again = await open_at(kept_url)
    assert await ids(again) == ["1"]
