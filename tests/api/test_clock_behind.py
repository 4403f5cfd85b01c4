"""A machine whose clock was put back: nothing is dated before what the ledger holds, and that is said, by all paths."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ara.desk import Desk
from ara.prediction import PredictionEngine
from ara.settings import Settings
from ara.testing import FakeClock
from tests.api.conftest import serve

ASKED = {"days": 1, "model": "ewma_t", "as_of": "2013-06-28"}


async def test_a_ledger_that_is_ahead_takes_nothing_and_a_batch_says_so_as_a_whole(tmp_path: Path):
    settings = Settings.load({"home": str(tmp_path), "data.providers": "sample"}, environ={})
    ahead = FakeClock(datetime.now(UTC) + timedelta(hours=1))
    async with Desk.open(settings, clock=ahead) as desk:
        await PredictionEngine(desk).predict("KO", days=1, as_of="2013-06-28", model="ewma_t")
    for service in serve(settings):
        with service.client(**{"Idempotency-Key": "sent-again"}) as client:
            for path, asked in (
                ("/api/v1/predict", {"symbol": "AAPL", **ASKED}),
                ("/api/v1/predict/batch", {"symbols": ["AAPL", "MSFT"], **ASKED}),
                ("/api/v1/predict/batch", {"symbols": ["AAPL", "MSFT"], **ASKED}),
                ("/api/v2/forecasts/batch", {"symbols": ["AAPL"], **ASKED}),
            ):
                told = client.post(path, json=asked)
                assert (told.status_code, told.json()["code"]) == (503, "store"), told.text
                assert "clock" in told.json()["detail"]
            kept = client.get("/api/v1/ledger").json()["forecasts"]
            assert [one["symbol"] for one in kept] == ["KO"]
