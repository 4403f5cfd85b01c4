"""Rates on the command line, from a venue on this machine."""

import json
from datetime import date

import pytest

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


@pytest.mark.parametrize(
    "words", [("EUR", "--provider", "ecb"), ("eur",), ("EURUSD", "--provider", "ecb"), ("USDJPY", "-p", "ecb")]
)
def test_fetch(ara, venue, words):
    first = ara("data", "fetch", *words)
    assert first.code == 0, first.err
    assert "rates of the euro are new, by ecb: 15 currencies until 2023-12-28" in " ".join(first.out.split())
    (one,) = document(ara("data", "fetch", *words, "--json"))["rates"]
    assert (one["new"], one["corrected"], one["source"], one["newest"]) == (0, 0, "ecb", "2023-12-28T13:15:00Z")
    assert ara("data", "fetch", *words).out.startswith("No new rate of the euro: 15 currencies until 2023-12-28")


def test_rates_alone_are_backed_up_and_put_back(ara, venue):
    assert ara("data", "fetch", "EUR").code == 0
    before = ara("data", "show", "EUR", "--json").out
    done = ara("data", "backup", "safe")
    assert (done.code, done.out.startswith("Back-up ")) == (0, True), done.err
    refused = ara("data", "restore", "safe")
    assert (refused.code, "--yes" in refused.err) == (10, True)
    assert ara("data", "restore", "safe", "--yes").code == 0
    assert ara("data", "show", "EUR", "--json").out == before


@pytest.mark.parametrize("words", [(), ("--all",), ("--provider", "ecb"), ("EUR",)])
def test_update_brings_what_is_missing(ara, venue, words):
    assert ara("data", "fetch", "EUR").code == 0
    venue.publish(date(2023, 12, 29))
    outcome = ara("data", "update", *words)
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("15 rates of the euro are new, by ecb: 15 currencies until 2023-12-29")


def test_nothing_kept_nothing_updated_unless_named(ara, venue):
    assert "nothing to update" in ara("data", "update").err
    assert ara("data", "update", "--provider", "ecb").code == 0


def test_without_the_venue_what_is_kept_stays_and_its_age_is_said(ara, venue):
    assert ara("data", "fetch", "EUR").code == 0
    venue.down = True
    outcome = ara("data", "update")
    assert outcome.code == 3
    assert "The rates that are kept stay in use; the newest are of 2023-12-28" in " ".join(outcome.err.split())
    assert " ago: 15 currencies." in " ".join(ara("data", "show", "EUR").out.split())


def test_what_is_kept_is_listed_and_shown(ara, venue):
    assert ara("data", "fetch", "EUR").code == 0
    listed = " ".join(ara("data", "list").out.split())
    assert "rates of EUR in 15 currencies by ecb, 1999-01-04 to 2023-12-28" in listed
    assert "Nothing is kept" not in listed
    (one,) = document(ara("data", "list", "--json"))["rates"]
    assert (one["base"], one["source"], one["last"]) == ("EUR", "ecb", "2023-12-28")
    assert document(ara("data", "list", "apple", "--json"))["rates"] == []
    shown = ara("data", "show", "EUR")
    assert "US dollar" in shown.out
    assert "2023-12-28 15:00" in shown.out
    told = document(ara("data", "show", "EUR", "--as-of", "2023-12-21", "--json"))
    assert {row["at"][:10] for row in told["rates"] if row["quote"] == "USD"} == {"2023-12-21"}


def test_any_pair_is_shown_by_way_of_the_euro(ara, venue):
    assert ara("data", "fetch", "EUR").code == 0
    rows = {row["quote"]: row["rate"] for row in document(ara("data", "show", "EUR", "--json"))["rates"]}
    told = document(ara("data", "show", "USDJPY", "--rates", "--json", "-n", "3"))
    assert len(told["rates"]) == 3
    assert told["rates"][-1]["rate"] == pytest.approx(rows["JPY"] / rows["USD"])
    assert "2023-12-28" in ara("data", "show", "USDJPY", "--rates").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fetch", "AAPL", "-p", "ecb"), "has no bars"),
        (("fetch", "XAUUSD", "-p", "ecb"), "has no rates of XAU"),
        (("fetch", "EUR", "-p", "sample"), "has no rates"),
        (("fetch", "EUR", "-t", "1h"), "once a day"),
        (("show", "EUR"), "No rates are kept"),
        (("show", "AAPL", "--rates"), "No rates are kept"),
    ],
)
def test_what_can_not_be_is_said(ara, venue, words, said):
    outcome = ara("data", *words)
    assert outcome.code in {2, 3}
    assert said in " ".join(outcome.err.split())


def test_why_says_who_set_the_rates_of_a_day_and_how_they_came(ara, venue):
    assert ara("data", "fetch", "EUR").code == 0
    said = " ".join(ara("data", "why", "EUR", "2023-12-28").out.split())
    assert "15 rates of EUR by ecb, set 2023-12-28 13:15 UTC, public from 2023-12-28 15:00 UTC, received" in said
    assert said.endswith("ecb answered.")
    told = document(ara("data", "why", "EUR", "2023-12-28T13:15:00Z", "--json"))
    assert (len(told["rates"]), told["fetches"][0]["source"]) == (15, "ecb")
    missing = ara("data", "why", "EUR", "2023-12-25")
    assert missing.code == 3
    assert "No rates of 2023-12-25 are kept; those beside it are of 2023-12-22 and 2023-12-27." in missing.err


def test_who_failed_to_answer_first_is_told(ara, venue, monkeypatch):
    monkeypatch.setenv("ARA_DATA_ONLINE", "ecb,stranger")
    assert ara("data", "fetch", "EUR").code == 0
    assert "by ecb" in ara("data", "list").out


def test_a_corrected_rate_is_counted(ara, venue):
    assert ara("data", "fetch", "EUR").code == 0
    venue.table, venue.tag = venue.table.replace("2023-12-28,1.1114", "2023-12-28,1.1115"), '"corrected"'
    assert "0 rates of the euro are new, 1 corrected" in ara("data", "fetch", "EUR").out


def test_a_correction_is_named_and_a_leap_is_warned_of(ara, venue):
    assert ara("data", "fetch", "EUR").code == 0
    venue.table, venue.tag = venue.table.replace("2023-12-28,1.1114", "2023-12-28,111.14"), '"a slip"'
    said = " ".join(ara("data", "fetch", "EUR").out.split())
    assert "Corrected: EURUSD of 2023-12-28, from 1.1114 to 111.14." in said
    assert "Look at EURUSD: the newest rate, 111.14 on 2023-12-28, is far from 1.1065 on 2023-12-27." in said
    venue.table, venue.tag = venue.table.replace("2023-12-28,111.14", "2023-12-28,1.1114"), '"mended"'
    (told,) = document(ara("data", "fetch", "EUR", "--json"))["rates"]
    day = {"base": "EUR", "quote": "USD", "at": "2023-12-28T13:15:00Z"}
    assert told["corrections"] == [{**day, "before": 111.14, "after": 1.1114}]
    assert told["leaps"] == []


def test_many_corrections_are_summed_up(ara, venue):
    assert ara("data", "fetch", "EUR").code == 0
    rows = venue.table.splitlines()
    day, *cells = rows[1].split(",")
    rows[1] = ",".join([day, *(f"9{cell}" if cell[:1].isdigit() else cell for cell in cells)])
    venue.table, venue.tag = "\n".join(rows) + "\n", '"all wrong"'
    said = " ".join(ara("data", "fetch", "EUR").out.split())
    assert said.count("Corrected: ") == 3
    assert said.count("And 12 more; each of them: --json") == 2


def test_a_history_that_was_cut_is_refused(ara, venue):
    whole = venue.table
    for length, words in ((3000, "a row has"), (whole.index("\n", 3000) + 1, "not 1999-01-04, so the table was cut")):
        venue.table, venue.tag = whole[:length], f'"{length}"'
        outcome = ara("data", "fetch", "EUR")
        assert outcome.code == 3
        assert words in " ".join(outcome.err.split())
        assert ara("data", "show", "EUR").code == 3


def test_check_judges_each_currency(ara, venue):
    assert ara("data", "check", "EUR").code == 3
    days = ("1999-01-04,1.09", "1999-01-05,1.50", "1999-01-06,1.09", "1999-01-08,1.10")
    venue.table = "Date,USD,\n" + ",\n".join(reversed(days)) + ",\n"
    assert ara("data", "fetch", "EUR").code == 0
    told = document(ara("data", "check", "EUR", "--json"))
    assert [(one["symbol"], one["rule"], one["count"]) for one in told["issues"]] == [
        ("EURUSD", "missing", 1),
        ("EURUSD", "outlier", 1),
    ]
    said = ara("data", "check", "EUR").out
    assert "EURUSD  ecb, 4 rates " in said
    assert "bars" not in said
    assert "1 working day is without a rate: 1999-01-07" in said
    assert "1 rate is far from both neighbours: 1999-01-05" in said
