from datetime import UTC, datetime

import polars as pl
import pytest

from ara.data.files import members
from ara.data.files.factors import Factors, factors, is_map
from ara.market.calendar import calendar

NOW = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def stated(tmp_path):
    def reading(text):
        (tmp_path / "KO.csv").write_text(text)
        (member,) = members(tmp_path / "KO.csv")[0]
        found = factors(member, calendar("XNYS"), now=NOW)
        return None if found is None else (found.actions.select("action", "value").rows(), found.unclear)

    return reading


def test_steps_state_splits_and_dividends(stated):
    assert stated("20200102,1,0.5,10\n20200103,1,1,10\n") == ([("split", 2.0)], 0)
    assert stated("20200102,1,1,10\n20200103,1,0.1,10\n") == ([("split", 0.1)], 0)
    assert stated("20200102,0.975,1,10\n20200103,1,1,10\n") == ([("dividend", 0.25)], 0)
    assert stated("20200102,0.975,0.5,10\n20200103,1,1,10\n") == ([("split", 2.0), ("dividend", 0.25)], 0)
    assert stated("20200102,1,1,10\n20501231,1,1,0\n") == ([], 0)


def test_a_step_that_tells_no_one_amount_is_counted(stated):
    assert stated("20200102,1,0.5011337,10\n20200103,1,1,10\n") == ([], 1)
    assert stated("20200102,0.97512345,1,10\n20200103,1,1,10\n") == ([], 1)
    assert stated("20200102,0.975,1,100000\n20200103,1,1,10\n") == ([], 1)
    assert stated("20200102,1,1,10\n20200103,0.975,1,10\n") == ([], 1)


@pytest.mark.parametrize(
    ("held", "unclear", "new", "words"),
    [
        (0, 0, 0, "0 splits and dividends, 0 of them new"),
        (1, 0, 1, "1 split or dividend, new"),
        (1, 0, 0, "1 split or dividend, known before"),
        (1200, 1, 3, "1,200 splits and dividends, 3 of them new; 1 more was left out, whose amount the file's"),
        (2, 2, 0, "2 splits and dividends, 0 of them new; 2 more were left out, whose amounts the file's"),
    ],
)
def test_what_a_file_states_is_counted_in_words(held, unclear, new, words):
    said = Factors(actions=pl.DataFrame({"value": [1.0] * held}), unclear=unclear).words(new=new)
    assert said == words + (" rounded factors don't tell" if unclear else "")


def test_what_is_still_to_come_is_left_out(stated):
    assert stated("20270104,1,0.5,10\n20501231,1,1,10\n") == ([], 0)
    assert stated("20200102,0,0.5,10\n20200103,1,1,10\n") == ([], 0)


@pytest.mark.parametrize(
    "text",
    ["", "Date,Close,a,b\n20200102,1,2,3\n", "20200102,5,1,10\n20200103,9,1,1\n", "2020,1,1,1\n", "20200102,x,1,1\n"],
)
def test_other_tables_are_no_factors(stated, text):
    assert stated(text) is None


def test_a_list_of_tickers_is_recognised(tmp_path):
    for text, told in (
        ("19980102,aapl,Q\n20501231,aapl,Q\n", True),
        ("19980102,aapl\n20501231,aapl\n", True),
        ("19980102,5\n", False),
        ("x,aapl,Q\ny,aapl,Q\n", False),
    ):
        (tmp_path / "KO.csv").write_text(text)
        assert is_map(members(tmp_path / "KO.csv")[0][0]) is told
    (tmp_path / "KO.csv").write_bytes(b"1" * ((1 << 20) + 1))
    assert not is_map(members(tmp_path / "KO.csv")[0][0])
