"""From what is held to what is wanted: files of trades, what makes trading due, the lots that are sold, the risk."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from ara.errors import ValidationError
from ara.market.instrument import AssetClass, Instrument
from ara.portfolio import Entry, Lot, Portfolio, Position, Taxes, Triggers, outlook, read_statement, rebalance
from ara.risk import Moves

D = Decimal
TODAY = date(2024, 3, 1)


def share(symbol, currency="USD", lot="1"):
    return Instrument(
        symbol=symbol, name=symbol, asset_class=AssetClass.STOCK, venue="NYSE", currency=currency, calendar="XNYS",
        timezone="America/New_York", tick=D("0.01"), lot=D(lot),
    )  # fmt: skip


def bought(symbol, on, quantity, amount):
    return Entry(symbol=symbol, on=date.fromisoformat(on), quantity=D(quantity), amount=D(amount))


AB = (share("A"), share("B"))
AT = {"A": D(10), "B": D(20)}


def test_a_portfolio_knows_what_it_is_worth_in_one_currency():
    euro = share("E", "EUR")
    lot = Lot(symbol="E", quantity=D(3), bought=TODAY, cost=D(30), since=TODAY)
    mine = Portfolio(
        cash={"USD": D(100), "EUR": D(-10)},
        positions=(
            Position(instrument=AB[0], quantity=D(5), price=D(10)),
            Position(instrument=euro, quantity=D(3), price=D(20), lots=(lot,)),
        ),
    )
    assert mine.value("USD", {"EUR": D("1.1")}) == 100 + 50 + D("1.1") * 50
    assert mine.weights("USD", {"EUR": D(1)}) == {"A": 0.25, "E": 0.3}
    assert [one.unrealised for one in mine.positions] == [None, 30]
    assert mine.as_dict()["positions"][1]["cost"] == "30"
    with pytest.raises(ValidationError, match="no rate of EUR in USD"):
        mine.value("USD")
    with pytest.raises(ValidationError, match="there twice"):
        Portfolio(positions=mine.positions[:1] * 2)
    with pytest.raises(ValidationError, match="are not 4 together"):
        Position(instrument=euro, quantity=D(4), price=D(20), lots=(lot,))
    with pytest.raises(ValidationError, match="are numbers"):
        Position(instrument=euro, quantity=D("NaN"), price=D(20))
    with pytest.raises(ValidationError, match="worth nothing"):
        Portfolio().weights("USD")
    with pytest.raises(ValidationError, match="no price of B"):
        Portfolio.marked(AB[:1], AT, held={"B": D(1)})


@pytest.mark.parametrize(
    ("method", "gain", "left"), [("fifo", D(950) - 500, {"2023-06-01"}), ("hifo", D(950) - 1100, {"2022-01-03"})]
)
def test_the_lots_that_are_sold_and_those_that_stay(method, gain, left):
    entries = [bought("A", "2022-01-03", 100, 500), bought("A", "2023-06-01", 100, 1100)]
    found = rebalance(
        {"A": 0.5, "B": 0.45}, AB, AT, on=TODAY, entries=entries, cost=D("0.05"), taxes=Taxes(method=method)
    )
    assert [(one.symbol, one.quantity) for one in found.trades.orders] == [("A", -100), ("B", D(45))]
    assert found.gained(long=True) + found.gained(long=False) == gain
    assert {str(one.bought) for one in found.after.positions[0].lots} == left
    assert found.after.positions[1].lots[0].cost == 45 * 20 * D("1.05")
    assert found.after.cash == {"USD": found.trades.cash}
    told = found.as_dict()
    assert told["gains"]["short" if method == "hifo" else "long"] == str(gain)
    assert found.after.value("USD") == found.before.value("USD") - found.trades.costs


def test_all_may_be_sold_and_a_purchase_holds_an_earlier_loss_back():
    entries = [
        bought("A", "2023-01-03", 100, 2000), bought("A", "2024-02-12", -50, 500), bought("B", "2023-01-03", 10, 100),
    ]  # fmt: skip
    found = rebalance({"A": 1.0, "B": 0}, AB, AT, on=TODAY, entries=entries, taxes=Taxes(wash_sales=True))
    assert [(one.symbol, one.quantity) for one in found.trades.orders] == [("B", -10), ("A", 20)]
    assert [(str(one.on), one.disallowed, one.gain) for one in found.held_back] == [("2024-02-12", 200, -300)]
    assert sum(one.cost for one in found.after.positions[0].lots) == 1000 + 200 + 200
    none = rebalance({"A": 0.0}, AB, AT, on=TODAY, entries=entries)
    assert (none.after.positions, none.after.cash) == ((), {"USD": D(700)})
    bare = rebalance({"A": 0.5}, AB, AT, on=TODAY, held={"A": D(8)}, cash=D(20))
    assert (bare.sold, bare.after.positions[0].lots, bare.after.positions[0].quantity) == ((), (), 5)


def test_named_lots():
    entries = [bought("A", "2022-01-03", 100, 500), bought("A", "2023-06-01", 100, 1100)]
    picks = {"A": {date(2023, 6, 1): D(40)}}
    found = rebalance({"A": 0.7}, AB, AT, on=TODAY, entries=entries, taxes=Taxes(method="specific", picks=picks))
    assert sorted((str(one.bought), one.quantity) for one in found.sold) == [("2022-01-03", 20), ("2023-06-01", 40)]
    with pytest.raises(ValidationError, match="Lots of A are named, and none of it is sold"):
        rebalance({"A": 1.0}, AB, AT, on=TODAY, entries=entries, taxes=Taxes(method="specific", picks=picks))


def test_what_can_not_be_rebalanced():
    entries = [bought("A", "2024-03-02", 1, 1)]
    with pytest.raises(ValidationError, match="after 2024-03-01"):
        rebalance({"A": 1.0}, AB, AT, on=TODAY, entries=entries)
    with pytest.raises(ValidationError, match="with lots and without"):
        rebalance({"A": 1.0}, AB, AT, on=date(2024, 3, 2), entries=entries, held={"A": D(1)})
    with pytest.raises(ValidationError, match="E in EUR and A in USD"):
        rebalance({"A": 1.0}, (*AB, share("E", "EUR")), AT, on=TODAY, cash=D(1))
    with pytest.raises(ValidationError, match="Nothing is held or wanted"):
        rebalance({}, (), {}, on=TODAY)


def judged(triggers, **more):
    return triggers.judge(**{"off": 0.04, "today": TODAY, **more})


@pytest.mark.parametrize(
    ("every", "last", "due"),
    [
        ("month", date(2024, 2, 29), True), ("month", TODAY, False), ("quarter", date(2024, 1, 1), False),
        ("quarter", date(2023, 12, 31), True), ("year", date(2023, 12, 31), True), ("year", date(2024, 1, 1), False),
        ("week", date(2024, 2, 26), False), ("week", date(2024, 2, 25), True), ("30", date(2024, 1, 31), True),
        ("30", date(2024, 2, 1), False), ("month", None, True),
    ],
)  # fmt: skip
def test_a_schedule(every, last, due):
    found = judged(Triggers(every=every), last=last)
    assert found.due is due
    assert len(found.reasons) == 1


def test_thresholds_volatility_and_any_of_them():
    assert judged(Triggers()).due
    assert not judged(Triggers(), off=0.0).due
    assert judged(Triggers(threshold=0.03)).reasons == ("a weight is off by 4.0 %, and 3.0 % is allowed",)
    assert not judged(Triggers(threshold=0.04)).due
    calm, wild = np.tile([0.01, -0.01], 126), np.tile([0.02, -0.02], 11)[:21]
    stirred = Triggers(volatility=1.5)
    assert judged(stirred, returns=np.concatenate([calm, wild])).due
    assert judged(stirred, returns=np.concatenate([calm * 4, wild])).due
    assert not judged(stirred, returns=np.concatenate([calm * 2, wild])).due
    assert judged(stirred, returns=calm[:100]).reasons == ("100 days are too few to tell whether volatility changed",)
    assert judged(stirred, returns=np.concatenate([calm * 0, wild])).reasons == ("volatility began",)
    assert not judged(stirred, returns=calm * 0).due
    both = judged(Triggers(threshold=0.1, every="month"), last=date(2024, 1, 1))
    assert both.as_dict() == {"due": True, "reasons": ["a new month has begun since 2024-01-01"]}
    assert len(judged(Triggers(threshold=0.1, every="month"), last=TODAY).reasons) == 2
    nothing = rebalance({"A": 0.9}, AB, AT, on=TODAY, held={"A": D(8)}, cash=D(20), triggers=Triggers(threshold=0.2))
    assert (nothing.trades.orders, nothing.after) == ((), nothing.before)
    for wrong in ({"every": "day"}, {"every": "0"}, {"threshold": 2.0}, {"volatility": 1.0}):
        with pytest.raises(ValidationError):
            Triggers(**wrong)
    with pytest.raises(ValidationError, match="after 2024-03-01"):
        judged(Triggers(every="month"), last=date(2024, 3, 2))


def test_what_weights_would_have_been_like():
    dice = np.random.default_rng(5)
    days = [date(2020, 1, 1) + timedelta(days=one) for one in range(300)]
    moves = Moves(symbols=("A", "B"), dates=tuple(days), returns=dice.normal(0, 0.01, (300, 2)), per_year=252)
    one, both = outlook({"A": 1.0}, moves), outlook({"A": 0.5, "B": 0.5}, moves)
    assert one.volatility == pytest.approx(moves.returns[:, 0].std(ddof=1) * 252**0.5)
    assert (one.holdings, both.holdings) == (1, 2)
    assert both.volatility < one.volatility
    assert both.cvar > both.var > 0
    assert one.fall > 0
    empty = outlook({}, moves)
    assert (empty.volatility, empty.holdings, empty.fall) == (0, None, 0)


def written(tmp_path, text):
    path = tmp_path / "trades.csv"
    path.write_text(text)
    return path


def test_a_file_of_trades(tmp_path):
    text = "Symbol, date, quantity, price, fee, lot\naapl,2020-01-02,10,100,1\nAAPL,2020-08-31,4:1\n\n"
    text += "AAPL,2020-09-01,-8,130,0.5,2020-01-02\ncash,,1500.25\ncash,,-500\n"
    found = read_statement(written(tmp_path, text))
    assert found.cash == D("1000.25")
    assert [(one.symbol, one.quantity, one.amount) for one in found.entries] == [
        ("AAPL", 10, 1001), ("AAPL", 4, 0), ("AAPL", -8, D("1039.5")),
    ]  # fmt: skip
    assert found.entries[2].picks == {date(2020, 1, 2): 8}


HEAD = "symbol,date,quantity,price,fee,lot\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column symbol"),
        ("symbol,date,quantity,price,tax\n", "a column 'tax'"),
        (HEAD, "no line below the first"),
        ("symbol,date,quantity,price,price\n", "the column price twice"),
        (HEAD + "A,2020-01-02,ten,1", "line 2: the quantity is 'ten'"),
        (HEAD + "A,2020-01-02,0,1", "line 2: the quantity is 0"),
        (HEAD + "A,2020-13-02,1,1", "line 2: the date is '2020-13-02'"),
        (HEAD + "A,2020-01-02,1", "line 2: there is no price"),
        (HEAD + "A,2020-01-02,1,-1", "the price is '-1'"),
        (HEAD + "A,2020-01-02,1,1e99", "the price is '1e99'"),
        (HEAD + "A,2020-01-02,1,nan", "the price is 'nan'"),
        (HEAD + "A,2020-01-02,4:0", "the split is '4:0'"),
        (HEAD + "A,2020-01-02,x:1", "the split is 'x:1'"),
        (HEAD + "A,2020-01-02,1,1,0,2020-01-01", "a purchase names a lot"),
        (HEAD + "A,2020-01-02,-1,1,2", "the fee is more"),
        (HEAD + ",2020-01-02,1,1", "there is no symbol"),
    ],
)
def test_what_is_wrong_in_a_file(tmp_path, text, words):
    with pytest.raises(ValidationError, match=words):
        read_statement(written(tmp_path, text))


def test_what_is_no_file(tmp_path):
    with pytest.raises(ValidationError, match="There is no file"):
        read_statement(tmp_path / "none.csv")
    with pytest.raises(ValidationError, match="is a folder"):
        read_statement(tmp_path)
    path = tmp_path / "bytes.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValidationError, match="can't be read as text"):
        read_statement(path)
