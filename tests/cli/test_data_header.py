"""What the line above shown bars says of their adjustment is what was done."""

import json
from datetime import date

import pytest

from ara.cli.render.data import bars as shown
from ara.cli.screen import Flags, Screen
from tests.data.test_view import DIVIDED, SPLIT, Kept, actions, asked, rows, seen
from tests.venues.yahoo import YahooVenue


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ((), "as traded: no split or dividend is known of."),
        ((SPLIT,), "adjusted for splits; no dividend is known of."),
        ((("yahoo", "dividend", date(2020, 8, 26), 0.82, "raw"),), "adjusted for dividends; no split is known of."),
        ((SPLIT, ("yahoo", "dividend", date(2020, 8, 26), 0.82, "raw")), "adjusted for splits and dividends."),
    ],
)
def test_the_header_says_what_was_done(stated, words):
    view = seen(Kept(rows=rows(DIVIDED), actions=actions(asked("yahoo"), *stated)), "2020-09-05")
    screen = Screen(Flags(width=120, colour=False), runner=None)
    assert shown(view.bars, 3, screen).splitlines()[1].endswith(words)


def test_a_source_that_tells_no_split_but_adjusts_its_closes_is_said_to_have_done_so(ara, home, monkeypatch):
    with YahooVenue() as venue:
        monkeypatch.setattr(venue, "happened", lambda symbol: [])
        monkeypatch.setenv("ARA_DATA_PROVIDERS_YAHOO_URL", venue.url)
        monkeypatch.setenv("ARA_DATA_ONLINE", "yahoo")
        assert ara("data", "fetch", "AAPL", "--from", "2020-06-01", "--to", "2020-09-03").code == 0
        said = " ".join(ara("data", "show", "AAPL", "--as-of", "2020-09-02", "-n", "4").out.split())
        told = json.loads(ara("data", "show", "AAPL", "--as-of", "2020-09-02", "--json").out)
    assert "adjusted for splits and dividends. yahoo had adjusted its prices by" in said
    assert "their level may not be what was traded then" in said
    assert (told["basis"], told["splits"], told["dividends"]) == ("total", None, None)
