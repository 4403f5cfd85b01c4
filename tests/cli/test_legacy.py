import pytest

from ara.cli.legacy import modern
from ara.errors import ValidationError

NAMES = ("predict", "score", "doctor", "version", "config")


def spelled(line):
    return modern(line.split(), NAMES, known={"aapl", "btc-usd", "eur/usd"}.__contains__)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("AAPL --days 7", "predict AAPL --days 7"),
        ("AAPL MSFT", "predict AAPL MSFT"),
        ("BTC-USD -d 30", "predict BTC-USD -d 30"),
        ("^GSPC", "predict ^GSPC"),
        ("--days 7 AAPL", "predict --days 7 AAPL"),
        ("--days 7 aapl", "predict --days 7 aapl"),
        ("aapl --days 2", "predict aapl --days 2"),
        ("eur/usd", "predict eur/usd"),
        ("AAPL -d 2 -v", "predict AAPL -d 2 --analysis full"),
        ("AAPL --verbose", "predict AAPL --analysis full"),
        ("crypto predict btc-usd -v", "predict btc-usd --analysis full --crypto"),
        ("crypto predict BTC -d 7", "predict BTC -d 7 --crypto"),
        ("forex predict EURUSD", "predict EURUSD --forex"),
        ("--validate", "score"),
        ("--accuracy AAPL", "score AAPL"),
        ("--system-info", "doctor"),
    ],
)
def test_old_spellings_are_understood_and_said_to_be_old(old, new):
    words, notice = spelled(old)
    assert words == new.split()
    assert notice == f"The spelling 'ara {old}' is old; it is now: ara {new}"


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_asking_for_the_version_by_flag_is_no_old_spelling(flag):
    assert spelled(flag) == (["version"], "")


@pytest.mark.parametrize(
    "line", ["predict AAPL", "score", "", "predcit AAPL", "crypto list", "appl", "PREDICT A", "--nonsense", "./file"]
)
def test_everything_else_stays(line):
    assert spelled(line) == (line.split(), "")


@pytest.mark.parametrize(
    ("options", "idle"),
    [
        ("-ex binance", "--exchange has"),
        ("-ex=binance --exchange kraken --exchange=x", "--exchange has"),
        ("--onchain", "--onchain has"),
        ("--onchain -ex binance --defi", "--onchain, --exchange, --defi have"),
    ],
)
def test_options_that_nothing_answers_to_are_taken_out_and_named(options, idle):
    words, notice = spelled(f"crypto predict BTC-USD {options} -d 7")
    assert words == ["predict", "BTC-USD", "-d", "7", "--crypto"]
    assert notice.splitlines()[1] == f"{idle} no effect yet: the setting data.providers chooses the source."


def test_after_two_dashes_nothing_is_an_option():
    line = "-d 7 --crypto -- BTC --defi -v"
    assert spelled("crypto predict -d 7 -- BTC --defi -v")[0] == ["predict", *line.split()]
    assert spelled("AAPL -v -- -v")[0] == ["predict", "AAPL", "--analysis", "full", "--", "-v"]


@pytest.mark.parametrize("flag", ["-ex", "--exchange"])
def test_an_exchange_without_a_name_is_refused(flag):
    with pytest.raises(ValidationError, match=f"{flag} needs a value"):
        spelled(f"crypto predict BTC-USD {flag}")
