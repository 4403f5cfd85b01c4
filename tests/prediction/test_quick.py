"""The synchronous front, in a script and inside a running loop as in a notebook."""

from datetime import date
from pathlib import Path

import pytest

import ara
from ara.errors import UnknownSymbolError


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_predict_in_a_script() -> None:
    forecast = ara.predict("AAPL", days=3, as_of=date(2020, 2, 20))
    assert forecast.close == pytest.approx(320.30)
    assert ara.score("AAPL").came_due == 3


async def test_predict_where_a_loop_is_running() -> None:
    assert ara.predict("AAPL", days=3).id == ara.predict("aapl", days=3, model="ewma_t").id


def test_history_is_as_known_then() -> None:
    frame = ara.history("AAPL", as_of="2020-08-28")
    assert frame["close"][-1] == pytest.approx(499.23)
    assert frame["known_at"].max() == frame["known_at"][-1]


async def test_errors_come_through_as_they_are() -> None:
    with pytest.raises(UnknownSymbolError):
        ara.predict("APPL")
