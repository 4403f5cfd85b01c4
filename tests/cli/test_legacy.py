import pytest

from ara.cli.legacy import modern

NAMES = ("predict", "score", "doctor", "version", "config")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("AAPL --days 7", "predict AAPL --days 7"),
        ("AAPL MSFT", "predict AAPL MSFT"),
        ("BTC-USD -d 30", "predict BTC-USD -d 30"),
        ("^GSPC", "predict ^GSPC"),
        ("--days 7 AAPL", "predict --days 7 AAPL"),
        ("crypto predict BTC -d 7", "predict BTC -d 7 --crypto"),
        ("forex predict EURUSD", "predict EURUSD --forex"),
        ("--validate", "score"),
        ("--accuracy AAPL", "score AAPL"),
        ("--system-info", "doctor"),
    ],
)
def test_old_spellings_are_understood_and_said_to_be_old(old, new):
    words, notice = modern(old.split(), NAMES)
    assert words == new.split()
    assert notice == f"The spelling 'ara {old}' is old; it is now: ara {new}"


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_asking_for_the_version_by_flag_is_no_old_spelling(flag):
    assert modern([flag], NAMES) == (["version"], "")


@pytest.mark.parametrize("line", ["predict AAPL", "score", "", "predcit AAPL", "crypto list", "--nonsense", "./file"])
def test_everything_else_stays(line):
    assert modern(line.split(), NAMES) == (line.split(), "")
