"""What `ara backtest` says in cases that are seldom met."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ara.backtest.cross import Crossed
from ara.cli.render.backtest_worlds import crossed_told, sham_told
from ara.cli.screen import Flags, Screen
from ara.evidence.sham import Sham

BARS = 150
CLASSES = """
from ara.trading import Signal

class Geared:
    def decide(self, view):
        return Signal(symbol=view.symbols[0], size=1.9)

class Idle:
    def decide(self, view):
        return None

class Whole:
    def decide(self, view):
        return Signal(symbol=view.symbols[0], size=1.0)
"""


@pytest.fixture
def three(ara, home, monkeypatch):
    """Bars of a coin that falls, one that walks and one that stands still, and three strategies."""
    random = np.random.default_rng(3)
    falls, walks = (100 * np.exp(np.cumsum(random.normal(*by, BARS))) for by in ((-0.004, 0.03), (0.0, 0.02)))
    at = [datetime(2018, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(BARS)]
    frames = []
    for name, close in (("FALL", falls), ("WALK", walks), ("STIL", np.full(BARS, 50.0))):
        prices = dict.fromkeys(("open", "high", "low", "close"), close)
        one = pl.DataFrame({"ts": at, **prices, "volume": np.full(BARS, 1e9)})
        frames.append(one.with_columns(symbol=pl.lit(f"{name}-USD"), asset_class=pl.lit("crypto")))
    pl.concat(frames).write_parquet(home / "three.parquet")
    (home / "seldom_met.py").write_text(CLASSES)
    monkeypatch.syspath_prepend(str(home))

    def call(symbol, *words):
        outcome = ara("backtest", symbol, "--bars", "three.parquet", *words, "--width", "100")
        assert (outcome.code, outcome.err) == (0, "")
        return " ".join(outcome.out.split())

    return call


def test_a_margin_call_is_told_with_its_day(three):
    geared = ("--strategy", "seldom_met:Geared", "--cost", "leverage=2", "--cost", "maintenance=0.4", "--cuts", "0")
    found = three("FALL-USD", *geared)
    assert "Margin was called 1 time, first on 2018-03-05." in found
    assert "not replayed on shorter bars: nothing shows that the strategy saw no future" in found


def test_a_mix_stands_beside_it_in_words(three):
    found = three("WALK-USD", "--mix", "FALL-USD=0.6", "--mix", "STIL-USD=0.4", "--cuts", "0")
    assert "The mix FALL-USD 60 %, STIL-USD 40 %, brought back each month: -25.5 %, Sharpe -2.05" in found


def test_what_can_t_be_lived_again_is_said(three):
    found = three("WALK-USD", "--strategy", "seldom_met:Whole", "--monte-carlo", "5")
    assert "Not all was lived again: two round trips are the least that can be put in another order." in found
    assert "Not all was lived again: it has no parameter that could be shaken." in found
    assert "Replayed on 12 shorter pasts: it decided alike there" in found


def test_who_never_trades_has_nothing_beside_it(three):
    found = three("WALK-USD", "--strategy", "seldom_met:Idle", "--cuts", "1", "--placebo", "2", "--monte-carlo", "5")
    assert "there is nothing to compare with random entry." in found
    assert "they are too few, or too even, to prove anything." in found
    assert "nothing was traded: the strategy gave no signal in 150 bars" in found
    assert "Nothing moved: there is nothing to hold against placebo markets." in found
    walked = three("WALK-USD", "--strategy", "seldom_met:Idle", "--walk-forward", "40", "--hold-out", "0")
    assert "with the same parameters." in walked
    assert "nothing was traded" in walked


def test_a_strategy_that_works_where_nothing_can_is_not_trusted():
    screen = Screen(Flags(width=100), runner=lambda _: None)
    sham = Sham(markets=100, sharpe=1.2, low=0.1, median=0.9, high=1.4, p=0.2, worked=40, flagged=True)
    assert "it works where nothing can. Don't trust it." in " ".join(sham_told(sham, screen))


def test_a_cross_validation_of_few_bars_tells_what_it_knows():
    screen = Screen(Flags(width=200), runner=lambda _: None)
    few = {"combinations": 2, "groups": 3, "judged": 1, "splits": 3, "paths": (0.5, 0.1), "learned": 0.7, "often": ()}
    told = " ".join(crossed_told(Crossed(**few, overfitting=None, held=None), screen))
    assert told.endswith("and 0.30 in the 2 pasts made of what was judged (0.10 to 0.50).")


def test_a_coin_that_coins_are_priced_in_has_no_rate(ara, home):
    at = [datetime(2018, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(BARS)]
    prices = dict.fromkeys(("open", "high", "low", "close"), np.full(BARS, 50.0))
    frame = pl.DataFrame({"ts": at, **prices, "volume": np.full(BARS, 1e9)})
    frames = [frame.with_columns(symbol=pl.lit(name), asset_class=pl.lit("crypto")) for name in ("A-USDT", "B-USD")]
    pl.concat(frames).write_parquet(home / "two.parquet")
    for named in (("A-USDT", "B-USD"), ("B-USD", "A-USDT")):
        outcome = ara("backtest", *named, "--bars", "two.parquet")
        assert outcome.code != 0
        assert "A-USDT is priced in USDT, of which no rate in USD is known" in " ".join(outcome.err.split())
    assert ara("backtest", "A-USDT", "--bars", "two.parquet", "--cuts", "0").code == 0


@pytest.mark.parametrize("named", ["AAPL=0.5,MSFT=0.5", "AAPL,MSFT=50%"])
def test_a_portfolio_with_weights_is_sent_to_where_they_are_taken(ara, named):
    outcome = ara("backtest", "--portfolio", named)
    assert outcome.code == 2
    assert "--portfolio holds its instruments alike" in outcome.err
    assert "ara portfolio analyze" in outcome.err
