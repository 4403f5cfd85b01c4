"""A source that is down and a model that breaks at once; and a forecast that can't be kept, whatever answered.

Which test tries which link, broken, slow, or with another at once:

=================  ==========================================  =======================================================
link               broken                                      slow
=================  ==========================================  =======================================================
name               test_engine                                 test_fallback: a name that no source explains in time
bars               here; tests/data/test_collect               test_fallback: a source that never answers
other instruments  test_chosen: others that nobody knows       test_chosen: others that are late
choice of a model  test_chosen: a damaged champion             (a read of the store: refused after its own patience)
model              test_fallback: raises, dies, two at once    test_fallback: one that never comes back
calibration        test_fallback, test_uncalibrated            test_fallback: calibration that hangs
reasons, regime    test_fallback, test_replay_degraded         test_fallback: reasons that hang
record             test_record                                 (a file of the package)
ledger             here; test_many; tests/chaos                tests/store: a lock that another process holds
=================  ==========================================  =======================================================

Two at once: calibration and reasons, calibration and members, a model and the look-up of the next, two models, a slow
source and a slow model, a slow source and slow reasons (test_fallback); a source that is down and a model that breaks,
a model that breaks and a ledger that can't be written (here).
"""

from datetime import timedelta

import pytest

from ara.errors import StoreError
from ara.market.timeframe import Timeframe
from ara.models.families.har import HarT
from ara.prediction import PredictionEngine
from ara.prediction.replay import replay
from ara.settings import Settings
from ara.testing import FakeClock, Reply, desk
from tests.venues.binance import NOW, BinanceVenue, minutes

ONE = Timeframe.parse("1m")


@pytest.fixture
def venue():
    with BinanceVenue(FakeClock(NOW + timedelta(seconds=5))) as one:
        one.bars["BTCUSDT"]["1m"] = minutes(NOW - timedelta(minutes=120), 129, price=100)
        yield one


@pytest.fixture
async def opened(venue, tmp_path):
    chosen = {
        "home": str(tmp_path),
        "log.level": "error",
        "data.providers": "binance",
        "data.providers.binance.url": venue.url,
        "data.providers.binance.socket": venue.socket_url,
    }
    async with desk(settings=Settings.load(chosen, environ={}, folder=tmp_path), clock=venue.clock) as one:
        yield one


def fails(*_, **__):
    raise ZeroDivisionError("no luck")


async def test_a_source_that_is_down_and_a_model_that_breaks_are_both_said(opened, venue, monkeypatch):
    async with PredictionEngine(opened) as engine:
        healthy = await engine.keep("BTC-USDT", 2, timeframe=ONE, model="ewma_t")
        venue.on("/api/v3/klines", handler=lambda _: Reply(status=503, body=b"down"))
        venue.clock.advance(minutes=3)
        monkeypatch.setattr(HarT, "fit", fails)
        kept = await engine.keep("BTC-USDT", 2, timeframe=ONE, model="har_t")
        again = await replay(opened, kept.id)
    down, broke = kept.forecast.degraded
    assert "not brought up to date" in down
    assert broke == "har_t failed (ZeroDivisionError: no luck): ewma_t answered instead"
    assert kept.forecast.as_of == healthy.forecast.as_of  # what is kept was taken
    assert kept.forecast.lineage.settings["failed"] == 2
    for day, whole in zip(kept.forecast.days, healthy.forecast.days, strict=True):
        assert day.quantiles[-1] - day.quantiles[0] > whole.quantiles[-1] - whole.quantiles[0]
        assert day.confidence < whole.confidence
    assert again.same


async def test_what_can_not_be_kept_is_not_given_whatever_answered(opened, monkeypatch):
    monkeypatch.setattr(HarT, "fit", fails)
    await opened.store.log("ledger").close()
    async with PredictionEngine(opened) as engine:
        with pytest.raises(StoreError):
            await engine.predict("BTC-USDT", 2, timeframe=ONE, model="har_t")
