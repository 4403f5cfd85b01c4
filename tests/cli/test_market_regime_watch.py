import json
import os
import re
import signal

import pytest

from ara.cli.screen import Screen
from tests.venues.falls import FALL, FIRST, settings_of, venue_that_falls


@pytest.fixture
def watched(ara, monkeypatch):
    """Watch a coin that falls for so many answers, then press Ctrl-C; a day passes after each of the others."""

    def call(count, *flags):
        with venue_that_falls() as venue:
            monkeypatch.setattr("ara.desk.SystemClock", lambda: venue.clock)
            written, write = [], Screen.write

            def writing(screen, text):
                write(screen, text)
                written.append(text)
                if len(written) == count:
                    os.kill(os.getpid(), signal.SIGINT)
                else:
                    venue.clock.advance(seconds=86_400)

            monkeypatch.setattr(Screen, "write", writing)
            chosen = {"log.level": "error", **settings_of(venue)}  # its answers are dated by the machine's clock
            sets = [word for key, value in chosen.items() for word in ("--set", f"{key}={value}")]
            return ara("market", "regime", "BTC-USDT", "--watch", *flags, *sets)

    return call


def test_a_change_is_told_at_the_bar_that_brings_it_and_ctrl_c_ends_the_watch(watched):
    outcome = watched(3, "--width", "100")
    assert (outcome.code, outcome.err) == (130, "")
    whole, quiet, fallen = re.split(r"\n\n(?=BTC-USDT)", outcome.out)
    assert "▲ bull" in whole
    assert "After such a state began" in whole
    assert quiet.splitlines()[-1] == "No change was told (at 0.80 or more)."
    lines = fallen.splitlines()
    assert re.fullmatch(rf"close 6,200\.0+ USDT on {FALL:%a %d %b %Y}", lines[1])
    assert lines[2].endswith("The likeliest state would be high volatility, 1.00, since today's bar.")
    assert re.fullmatch(rf"Changed: it entered high volatility on {FALL:%a %d %b %Y}, from \w+, 1\.00 sure\.", lines[3])
    assert len(lines) == 4


def test_each_line_of_json_is_a_whole_document(watched):
    outcome = watched(2, "--json")
    assert (outcome.code, outcome.err) == (130, "")
    first, second = map(json.loads, outcome.out.splitlines())
    assert (first["symbol"], first["date"], first["news"]) == ("BTC-USDT", FIRST.isoformat(), [])
    assert second["date"] > first["date"]
    assert second["news"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("AAPL", "--as-of", "2020-01-01"), "--watch and --as-of exclude each other."),
        (("NOPE",), "There is no instrument NOPE here."),
        (("AAPL", "--horizon", "0"), "--horizon is 0"),
    ],
)
def test_what_can_not_be_watched_is_told(ara, words, said):
    outcome = ara("market", "regime", *words, "--watch")
    assert (outcome.code != 0, outcome.out) == (True, "")
    assert said in " ".join(outcome.err.split())
