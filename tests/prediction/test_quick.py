"""The synchronous front, in a script and inside a running loop as in a notebook."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import ara
from ara.cli.app import main
from ara.errors import AraError, UnknownSymbolError, ValidationError


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_predict_in_a_script() -> None:
    forecast = ara.predict("AAPL", days=3, as_of=date(2020, 2, 20))
    assert forecast.close == pytest.approx(320.30)
    assert ara.score("AAPL").came_due == 3


async def test_predict_where_a_loop_is_running() -> None:
    assert ara.predict("AAPL", days=3).id == ara.predict("aapl", days=3, model="fast").id


def test_history_is_as_known_then() -> None:
    frame = ara.history("AAPL", as_of="2020-08-28")
    assert frame["close"][-1] == pytest.approx(499.23)
    assert frame["known_at"].max() == frame["known_at"][-1]


async def test_errors_come_through_as_they_are() -> None:
    with pytest.raises(UnknownSymbolError):
        ara.predict("APPL")


def test_what_was_received_later_is_left_out() -> None:
    rows = "symbol,ts,close\n" + "".join(f"ACME,{date.fromordinal(737425 + n)},{10 + n % 7}\n" for n in range(300))
    Path("acme.csv").write_text(rows, "utf-8")
    assert main(["data", "import", "acme.csv"]) == 0
    assert ara.history("ACME", learned=datetime.now(UTC)).height == ara.history("ACME").height > 200
    assert ara.predict("ACME", learned=datetime.now(UTC)).id == ara.predict("ACME").id
    for ask in (ara.history, ara.predict):
        with pytest.raises(AraError):
            ask("ACME", learned="2020-01-01")
        with pytest.raises(ValidationError, match=r"^learned is"):
            ask("ACME", learned="nonsense")
