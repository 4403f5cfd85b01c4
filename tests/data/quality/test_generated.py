"""Real bars without volumes or ranges are not called made up, and those that are drawn still are."""

import numpy as np
import polars as pl
import pytest

from ara.data.quality import Severity, check
from tests.data.quality.planted import SAMPLE, bases, generated

FORMS = {
    "volumes": {"volume": pl.lit(None, pl.Float64)},
    "ranges": {name: pl.col("close") for name in ("open", "high", "low")},
    "ranges or volumes": {"volume": pl.lit(0.0), **{name: pl.col("close") for name in ("open", "high", "low")}},
}
SERIES = ("EURUSD", "GBPUSD", "USDJPY", "AUDUSD", "USDCAD", "USDCHF", "AAPL", "KO", "^GSPC")
REAL = {base.instrument.symbol: base for base in bases(SAMPLE)}


def told(bars, base):
    return [issue for issue in check(bars, base.instrument, base.timeframe).issues if issue.rule == "generated"]


@pytest.mark.parametrize("lacking", ["nothing", *FORMS])
def test_no_window_of_a_year_of_real_bars_is_called_drawn(lacking):
    windows = [
        (base, base.bars[first : first + 300].with_columns(**FORMS.get(lacking, {})))
        for base in (REAL[symbol] for symbol in SERIES)
        for first in (*range(0, base.bars.height - 299, 150), base.bars.height - 300)
    ]
    assert len(windows) == 146
    assert [base.instrument.symbol for base, bars in windows if told(bars, base)] == []


@pytest.mark.parametrize(
    ("lacking", "named"),
    [("volumes", "moves and ranges"), ("ranges", "moves and volumes"), ("ranges or volumes", "moves")],
)
def test_of_drawn_bars_without_a_witness_there_is_a_hint_that_names_what_was_there(lacking, named):
    base = REAL["EURUSD"]
    made = generated(base, np.random.default_rng(1)).bars
    assert [one.severity for one in told(made, base)] == [Severity.ERROR]
    (hint,) = told(made.with_columns(**FORMS[lacking]), base)
    assert hint.severity is Severity.INFO
    assert f": their {named} know no calm or wild times; there are no {lacking} to tell" in hint.words


def test_volumes_that_never_differ_are_no_witness():
    base = REAL["EURUSD"]
    assert told(base.bars.tail(300).with_columns(volume=pl.lit(7.0)), base) == []
