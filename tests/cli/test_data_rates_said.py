"""What is said of rates that are ahead of the clock, corrected, or asked for with words that don't fit them."""

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from ara.data.lake import Lake
from ara.data.provider import SCHEMAS, Kind
from ara.testing import FakeClock
from tests.venues.ecb import EcbVenue


@pytest.fixture
def venue(home, monkeypatch):
    with EcbVenue(until=date(2023, 12, 28)) as made:
        monkeypatch.setenv("ARA_DATA_PROVIDERS_ECB_URL", made.url)
        monkeypatch.setenv("ARA_DATA_ONLINE", "ecb")
        monkeypatch.setenv("ARA_DATA_RETRIES", "0")
        monkeypatch.setenv("ARA_CLI_TIMEZONE", "UTC")
        yield made


def document(outcome):
    assert outcome.out, outcome.err
    return json.loads(outcome.out)


@pytest.fixture
def ahead(venue, home):
    """Rates that are kept of days which, by this machine's clock, are still to come."""
    now = datetime.now(UTC)
    lake = Lake.at(home / "ara" / "lake", clock=FakeClock(now))
    frame = pl.DataFrame(
        [
            {"at": at, "known_at": at, "learned_at": at, "base": "EUR", "quote": "USD", "rate": 1.0 + step / 100}
            for step, at in enumerate((now - timedelta(days=3), now + timedelta(days=20)))
        ],
        schema=SCHEMAS[Kind.RATES],
    )
    lake.append_facts(Kind.RATES, "EUR", "ecb", frame)
    lake.close()
    return now


def test_with_the_clock_set_back_no_rate_of_the_future_is_shown(ara, ahead):
    for words in (("EUR",), ("EURUSD", "--rates"), ("EUR", "--as-of", f"{ahead + timedelta(days=30):%Y-%m-%d}")):
        shown = ara("data", "show", *words)
        assert "3 days ago" in shown.out or shown.code == 2, (shown.out, shown.err)
        assert "today" not in shown.out
        assert f"{ahead + timedelta(days=20):%Y-%m-%d}" not in shown.out
    doctor = document(ara("doctor", "--json"))
    (clock,) = [one for one in doctor["findings"] if one["name"] == "clock"]
    assert clock["state"] == "warn"
    assert f"data was received {ahead + timedelta(days=20):%Y-%m-%d}" in clock["words"]


def test_where_nothing_was_public_yet_it_is_said(ara, ahead, venue):
    outcome = ara("data", "show", "EUR", "--as-of", "2020-01-01")
    assert outcome.code == 3
    assert "No rates are kept as of 2020-01-02" in outcome.err


def test_rates_that_came_in_time_are_no_matter_for_the_doctor(ara, venue):
    assert ara("data", "fetch", "EUR").code == 0
    assert "clock" not in [one["name"] for one in document(ara("doctor", "--json"))["findings"]]


def test_rates_are_not_withdrawn_and_the_refusal_says_what_corrects_them(ara, venue):
    assert "Nothing that is kept came from 'ecb'" in ara("data", "withdraw", "ecb", "--yes").err
    assert ara("data", "fetch", "EUR").code == 0
    fetch = document(ara("data", "why", "EUR", "2023-12-28", "--json"))["fetches"][0]["fetch"]
    for what in ("ecb", fetch, fetch[:12]):
        refused = ara("data", "withdraw", what, "--yes")
        assert refused.code == 2
        said = " ".join(refused.err.split())
        assert "are rates, and these can't be withdrawn. A later answer of the source corrects them" in said
    assert "Nothing that is kept came from 'ffffffff'" in ara("data", "withdraw", "ffffffff", "--yes").err


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (("--raw",), "--raw"),
        (("--actions",), "--actions"),
        (("--repaired",), "--repaired"),
        (("-t", "1h"), "--timeframe"),
        (("--currency", "USD"), "--currency"),
    ],
)
@pytest.mark.parametrize("whose", [("EUR",), ("USDJPY", "--rates")])
def test_options_that_rates_have_no_use_for_are_refused(ara, venue, whose, words, refused):
    outcome = ara("data", "show", *whose, *words)
    assert outcome.code == 2
    assert f"{refused} has no use with rates" in outcome.err


def test_so_many_currencies_as_were_asked_for_are_shown(ara, venue):
    assert ara("data", "fetch", "EUR").code == 0
    told = document(ara("data", "show", "EUR", "-n", "3", "--json"))
    assert [row["quote"] for row in told["rates"]] == ["AUD", "BRL", "CAD"]
    said = ara("data", "show", "EUR", "-n", "3").out
    assert "15 currencies, 3 of them shown." in " ".join(said.split())
    assert len(said.strip().splitlines()) == 6
    assert len(document(ara("data", "show", "EUR", "--json"))["rates"]) == 15


@pytest.mark.parametrize("columns", [40, 100])
def test_what_many_currencies_lack_alike_is_said_once(ara, venue, columns):
    assert ara("data", "fetch", "EUR").code == 0
    shown = ara("data", "check", "EUR", "--width", str(columns)).out
    said = " ".join(shown.split())
    assert "bars" not in said
    assert "quality 1.00" not in said
    assert said.count("from 1999-01-18 to 2023-12-15: not received") == 1
    assert max(map(len, shown.splitlines())) <= columns
    told = document(ara("data", "check", "EUR", "--json"))
    assert len(told["series"]) == 15
    assert told["score"] < 0.1


def test_where_rates_are_kept_a_query_that_matches_nothing_is_not_told_that_nothing_is(ara, venue):
    assert ara("data", "list", "zzz").out.startswith("Nothing is kept yet.")
    assert ara("data", "fetch", "EUR").code == 0
    assert ara("data", "list", "zzz").out.startswith("Nothing kept matches 'zzz'.")


def test_of_the_only_source_no_other_is_advised(ara, venue):
    venue.on("/stats/eurofxref/eurofxref-hist.zip", status=429, headers={"Retry-After": "600"})
    refused = ara("data", "fetch", "EUR")
    assert refused.code == 3
    assert "Ask again in 10 min." in refused.err
    assert "another source" not in refused.err


def test_a_folder_that_takes_no_back_up_is_the_one_that_is_named(ara, venue, home):
    assert ara("data", "fetch", "EUR").code == 0
    (home / "taken").write_text("")
    for place in ("taken/safe", "/proc/x"):
        refused = ara("data", "backup", place)
        said = " ".join(refused.err.split())
        assert refused.code != 0
        assert f"The folder of back-ups {place} can't be written" in said
        assert "data.lake" not in said


def test_a_year_far_away_is_a_date_all_the_same(ara, venue):
    refused = ara("data", "show", "EUR", "--as-of", "9999-12-31")
    assert refused.code == 2
    assert "dates from 1901 to 2098 are understood" in refused.err


def test_a_folder_without_files_and_a_device_are_called_so(ara, home):
    (home / "d.csv").mkdir()
    assert "The folder d.csv has no files" in ara("data", "import", "d.csv").err
    assert "/dev/null is no file that holds bars" in ara("data", "import", "/dev/null").err
    assert "There is no file e.csv" in ara("data", "import", "e.csv").err
