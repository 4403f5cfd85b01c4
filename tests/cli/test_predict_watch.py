import asyncio
import io
import json
import os
import signal
from datetime import timedelta

import pytest

from ara.cli.commands.predict_watch import tell
from ara.cli.screen import Flags, Screen
from ara.clock import SystemClock
from ara.errors import DataProviderError, UnknownSymbolError
from ara.prediction import Missed
from ara.prediction.watch import Trouble
from tests.venues.binance import BinanceVenue, minutes


@pytest.fixture
def venue():
    with BinanceVenue(SystemClock()) as one:
        now = one.clock.now().replace(second=0, microsecond=0)
        one.bars["BTCUSDT"]["1m"] = minutes(now - timedelta(minutes=120), 180)
        yield one


@pytest.mark.parametrize("flags", [("--json",), ("--analysis", "basic")])
def test_the_first_forecast_is_printed_at_once_and_ctrl_c_ends_the_watch(ara, venue, flags):
    def script(line):
        os.kill(os.getpid(), signal.SIGINT)
        line.wait(600)

    venue.stream(script)
    chosen = {
        "data.providers": "binance",
        "data.providers.binance.url": venue.url,
        "data.providers.binance.socket": venue.socket_url,
    }
    sets = [word for key, value in chosen.items() for word in ("--set", f"{key}={value}")]
    outcome = ara("predict", "BTC-USDT", "--timeframe", "1m", "-d", "2", "--watch", *flags, *sets)
    assert (outcome.code, outcome.err) == (130, "")
    if "--json" in flags:
        (line,) = outcome.out.splitlines()
        assert (json.loads(line)["symbol"], json.loads(line)["kept"]) == ("BTC-USDT", {"sequence": 1})
        assert len(json.loads(line)["days"]) == 2
    else:
        assert outcome.out.startswith("BTC-USDT")
        assert outcome.out.count("Kept as") == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--as-of", "2020-01-01"), "--as-of"),
        (("--learned", "2020-01-01"), "--learned"),
        (("-e", "x.csv"), "--export"),
        (("--out", "pictures"), "--out"),
    ],
)
def test_a_watch_is_of_the_present(ara, more, said):
    outcome = ara("predict", "AAPL", "--watch", *more)
    assert (outcome.code, outcome.out) == (2, "")
    assert f"--watch and {said} exclude each other." in outcome.err


def test_a_watch_does_not_wait_for_a_key_that_nobody_gave(ara):
    outcome = ara("predict", "AAPL", "--watch", "--set", "data.providers=polygon,sample", "--set", "data.retries=0")
    assert (outcome.code, outcome.out) == (3, "")
    words = " ".join(outcome.err.split())
    assert words.startswith("polygon answers only with a key, and there is none. Get one at https://polygon.io/")


def test_what_nobody_knows_is_not_watched(ara):
    outcome = ara("predict", "NOPE", "--watch")
    assert (outcome.code, outcome.out) == (2, "")
    assert "There is no instrument NOPE here." in outcome.err


@pytest.fixture
def printed(capsys):
    """Print what a watch tells, and give exit code and output."""

    def call(heard, *, single=False, **flags):
        async def told():
            for one in heard:
                yield one

        async def dressed(one):
            return {"symbol": one}, lambda: f"forecast of {one}"

        out = io.StringIO()
        screen = Screen(Flags(**flags), runner=asyncio.run, out=out)
        code = asyncio.run(tell(screen, told(), single=single, dressed=dressed))
        return code, out.getvalue(), capsys.readouterr().err

    return call


TROUBLE = Trouble(symbol="KO", error=DataProviderError("The source fails."), seconds=2.0)
GONE = Missed(symbol="NOPE", error=UnknownSymbolError("There is none."))


def test_troubles_stand_beside_the_forecasts_and_the_first_that_is_lost_gives_the_exit_code(printed):
    code, out, err = printed(["KO", TROUBLE, "KO", GONE])
    assert (code, out) == (2, "forecast of KO\n\nforecast of KO\n")
    assert err == "KO: The source fails. Asked again in 2 s.\nNOPE: There is none.\n"


def test_before_the_first_forecast_it_is_said_that_no_live_source_answers_and_what_helps(printed):
    none = Trouble(symbol="KO", error=DataProviderError("All are away.", hint="Give a key."), seconds=0.0)
    code, out, err = printed([none, "KO"])
    assert (code, out) == (0, "forecast of KO\n")
    assert " ".join(err.split()) == (
        "KO: no live source gives new bars yet. All are away. What helps: Give a key. "
        "Until one does, the answer is of the bars that are kept."
    )


def test_each_line_is_a_document_of_its_own(printed):
    code, out, err = printed(["KO", TROUBLE], json=True)
    first, second = map(json.loads, out.splitlines())
    assert (code, first, err) == (0, {"symbol": "KO"}, "")
    assert (second["symbol"], second["error"]) == ("KO", TROUBLE.error.problem())


def test_the_only_one_that_is_lost_is_an_error(printed):
    with pytest.raises(UnknownSymbolError):
        printed([GONE], single=True)
