"""Plans within limits, trades in whole lots with the cash there is, and how plans would have done."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ara.errors import ValidationError
from ara.portfolio import AVERSIONS, METHODS, Limits, Plan, allocate, historical_mean, shrunk_mean, trades, walk
from ara.risk import Moves

D = Decimal


def moves(width=4, days=260, seed=0):
    dice = np.random.default_rng(seed)
    returns = (dice.standard_normal((days, 1)) + dice.standard_normal((days, width))) * dice.uniform(0.004, 0.02, width)
    return Moves(
        symbols=tuple("ABCDEFGH"[:width]),
        dates=tuple(date(2020, 1, 1) + timedelta(days=place) for place in range(days)),
        returns=returns + 0.0005,
        per_year=252,
    )


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_weights_within_limits(method):
    past = moves()
    found = allocate(past, Plan(method=method, cost=0.001), limits=Limits(highest=0.3, held=np.full(4, 0.25)))
    weights = np.array(list(found.weights.values()))
    assert weights.max() <= 0.3 + 1e-6
    assert weights.min() >= -1e-9
    assert weights.sum() + found.cash == pytest.approx(1)
    if method != "kelly":
        assert found.cash == pytest.approx(0, abs=1e-9)
    assert sum(found.shares.values()) == pytest.approx(1)
    assert found.risk == pytest.approx((past.returns @ weights).std() * 252**0.5, rel=0.1)
    assert found.cvar >= found.var > 0
    assert found.costs == pytest.approx(np.abs(weights - 0.25).sum() * 0.001)
    assert set(found.as_dict()) >= {"sharpe", "var_95", "binding", "relaxed", "cash"}


def test_a_timid_plan_risks_less():
    past = moves()
    past.returns[:] += np.linspace(0, 0.002, 4) * past.returns.std(axis=0).argsort().argsort()
    risks = [allocate(past, Plan(method="mean_variance", aversion=one)).risk for one in AVERSIONS.values()]
    assert risks[0] < risks[1] < risks[2]


def test_limits_move_what_knows_none_as_little_as_can_be():
    free = allocate(moves(), Plan(method="equal"))
    assert list(free.weights.values()) == [0.25] * 4
    for limits in (
        Limits(most=2),
        Limits(group="aabb", groups={"a": (0.0, 0.2)}),
        Limits(held=np.array([1.0, 0, 0, 0]), turnover=0.5),
        Limits(lowest=np.array([0.4, 0, 0, 0])),
    ):
        found = allocate(moves(), Plan(method="equal"), limits=limits)
        assert found.binding
        assert not found.relaxed
    half = allocate(moves(), Plan(method="hrp"), limits=Limits(invested=0.5))
    assert half.cash == pytest.approx(0.5)


def test_means_are_drawn_together_by_what_chance_would_make_of_them():
    past = moves(days=500)
    matrix = np.cov(past.returns, rowvar=False)
    drawn, share = shrunk_mean(past.returns, matrix)
    own = historical_mean(past.returns)
    assert 0.1 < share < 1
    assert drawn.std() < own.std()
    apart, less = shrunk_mean(past.returns + np.arange(4) * 0.01, matrix)
    assert less < 0.05
    assert apart == pytest.approx((past.returns + np.arange(4) * 0.01).mean(axis=0), abs=2e-3)
    with pytest.raises(ValidationError, match="without gaps"):
        historical_mean(np.full((3, 2), np.nan))


def test_unknown_names_are_said():
    with pytest.raises(ValidationError, match="no method 'luck'"):
        allocate(moves(), Plan(method="luck"))
    with pytest.raises(ValidationError, match="by 'luck'"):
        allocate(moves(), Plan(expected="luck"))


def test_one_instrument_has_all():
    for method in METHODS:
        if method != "kelly":
            assert allocate(moves(1), Plan(method=method)).weights == {"A": pytest.approx(1)}


def test_trades_are_whole_lots_that_the_cash_suffices_for():
    found = trades(
        {"A": 0.5, "B": 0.5},
        prices={"A": D(100), "B": D(30)},
        lots={"A": D(1), "B": D(1)},
        cash=D(1000),
        cost=D("0.001"),
    )
    assert found.quantities == {"A": D(5), "B": D(16)}
    assert found.cash == D(1000) - D(980) * D("1.001")
    assert found.costs == D("0.980")
    assert [one.as_dict()["side"] for one in found.orders] == ["buy", "buy"]
    assert sum(found.weights.values()) == pytest.approx(float(1 - found.cash / (found.cash + 980)))


def test_what_has_no_weight_is_sold_first_and_dust_is_left():
    found = trades(
        {"B": 1.0}, prices={"A": D(10), "B": D(10)}, lots={"A": D(1), "B": D("0.5")}, held={"A": D(10), "B": D(5)}
    )
    assert [(one.symbol, one.quantity) for one in found.orders] == [("A", D(-10)), ("B", D(10))]
    assert (found.cash, found.weights["A"]) == (D(0), 0.0)
    same = trades(
        {"A": 0.51, "B": 0.49}, prices={"A": D(10), "B": D(10)}, lots={"A": D(1), "B": D(1)},
        held={"A": D(50), "B": D(50)}, least=D(100),
    )  # fmt: skip
    assert same.orders == ()


def test_costs_are_paid_by_buying_less_or_selling_more():
    prices, lots = {"A": D(10), "B": D(10)}, {"A": D("0.01"), "B": D("0.01")}
    found = trades({"A": 0.5, "B": 0.5}, prices=prices, lots=lots, cash=D(100), cost=D("0.01"))
    assert 0 <= found.cash < D("0.2")
    assert all(abs(float(one) - 4.95) < 0.1 for one in found.quantities.values())
    whole = trades({"A": 1.0}, prices=prices, lots=lots, held={"B": D(10)}, cost=D("0.01"))
    assert 0 <= whole.cash < D("0.2")
    assert float(whole.quantities["A"]) == pytest.approx(9.8, abs=0.05)
    borrowed = trades({"A": 1.5}, prices=prices, lots=lots, cash=D(100), cost=D("0.01"))
    assert (borrowed.quantities["A"], borrowed.cash) == (D(15), D("-51.5"))


def test_a_sale_is_not_a_lot_too_large():
    found = trades({"A": 0.5}, prices={"A": D(10)}, lots={"A": D(1)}, held={"A": D(9)}, cash=D(1), cost=D("0.1"))
    assert found.quantities == {"A": D(5)}  # of 91, half is 4.55 units
    assert found.cash == 1 + D(40) - D(4)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(1, 5000), st.sampled_from(["1", "100", "0.001"]), st.integers(0, 50)),
        min_size=1,
        max_size=6,
    ),
    st.integers(0, 100_000),
    st.sampled_from(["0", "0.01"]),
)
def test_nothing_is_made_or_lost_but_the_costs(rows, cash, cost):
    names = "ABCDEF"[: len(rows)]
    whole = sum(row[0] for row in rows)
    weights = {name: row[0] / max(whole, 1.0) for name, row in zip(names, rows, strict=True)}
    prices = {name: D(row[1]) / 100 for name, row in zip(names, rows, strict=True)}
    lots = {name: D(row[2]) for name, row in zip(names, rows, strict=True)}
    held = {name: row[3] * D(row[2]) for name, row in zip(names, rows, strict=True)}
    before = cash + sum(held[name] * prices[name] for name in names)
    if not before:
        return
    found = trades(weights, prices=prices, lots=lots, held=held, cash=D(cash), cost=D(cost))
    after = found.cash + sum(found.quantities.get(name, D(0)) * prices[name] for name in names)
    assert after + found.costs == before
    assert found.cash >= 0
    assert all(found.quantities.get(name, D(0)) % lots[name] == 0 for name in names)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"prices": {"A": D(0)}}, "no price"),
        ({"lots": {}}, "no lot"),
        ({"cash": D(0)}, "worth nothing"),
        ({"cost": D(1)}, "cost is 1"),
    ],
)
def test_trades_that_can_not_be_are_refused(words, said):
    given_ = {"prices": {"A": D(1)}, "lots": {"A": D(1)}, "cash": D(1)} | words
    with pytest.raises(ValidationError, match=said):
        trades({"A": 1.0}, **given_)


def test_a_walk_knows_the_past_alone_and_pays():
    past = moves(days=220)
    plan = Plan(method="minimum_volatility", covariance="sample")
    free, dear = walk(
        past, [plan, Plan(method="minimum_volatility", covariance="sample", cost=0.01)], window=100, every=30
    )
    assert len(free.returns) == len(free.dates) == 120
    assert free.choices == 4
    assert dear.measures.total < free.measures.total
    changed = Moves(symbols=past.symbols, dates=past.dates, returns=past.returns.copy(), per_year=252)
    changed.returns[160:] *= -3
    assert (walk(changed, [plan], window=100, every=30)[0].returns[:60] == free.returns[:60]).all()
    first = allocate(
        Moves(symbols=past.symbols, dates=past.dates[:100], returns=past.returns[:100], per_year=252), plan
    )
    assert free.returns[0] == pytest.approx(past.returns[100] @ list(first.weights.values()), abs=1e-6)


def test_equal_parts_that_drift_are_the_mean_of_what_each_grew_to():
    past = moves(days=30)
    (found,) = walk(past, [Plan(method="equal")], window=5, every=100)
    grown = np.prod(1 + past.returns[5:], axis=0).mean()
    assert np.prod(1 + found.returns) == pytest.approx(grown)
    assert (found.turnover, found.choices) == (0.0, 1)


def test_walks_that_can_not_be_are_refused():
    with pytest.raises(ValidationError, match="262 are needed"):
        walk(moves(), [Plan()], window=260)
    with pytest.raises(ValidationError, match="every 0"):
        walk(moves(), [Plan()], every=0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("past", ["still", "alike", "mirrored"])
def test_every_method_has_an_answer_where_nothing_moves_or_all_moves_alike(method, past):
    given_ = moves(width=3)
    first = given_.returns[:, :1]
    made = {"still": 0 * given_.returns, "alike": np.tile(first, 3), "mirrored": first * [1.0, -1.0, 0.5]}[past]
    found = allocate(replace(given_, returns=made), Plan(method=method))
    weights = np.array(list(found.weights.values()))
    assert np.isfinite(weights).all()
    assert weights.min() >= -1e-9
    assert weights.sum() == pytest.approx(1) or method == "kelly"
    assert np.isfinite(found.risk)


def test_shrunk_means_are_those_of_the_inverse_also_where_it_is_none():
    past = moves(width=4).returns
    for table in (past, past[:, [0, 1, 1]], np.zeros((50, 3))):
        matrix = np.cov(table, rowvar=False)
        mean, share = shrunk_mean(table, matrix)
        inverse, ones = np.linalg.pinv(matrix, hermitian=True), np.ones(len(matrix))
        whole = ones @ inverse @ ones
        level = ones @ inverse @ table.mean(axis=0) / whole if whole > 0 else table.mean()
        away = table.mean(axis=0) - level
        wanted = (len(matrix) + 2) / (len(matrix) + 2 + len(table) * (away @ inverse @ away))
        assert share == pytest.approx(wanted, rel=1e-9)
        assert mean == pytest.approx((1 - share) * table.mean(axis=0) + share * level)
