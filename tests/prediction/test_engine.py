import subprocess
import sys
from datetime import UTC, date, datetime
from importlib import import_module

import pytest

import ara
from ara.clock import FixedClock
from ara.errors import DataProviderError, PluginError, UnknownSymbolError, ValidationError
from ara.market.timeframe import Timeframe
from ara.prediction import Ledger, PredictionEngine
from ara.testing import FakeProvider, desk


async def test_a_forecast_is_kept_before_it_is_given() -> None:
    async with desk() as one:
        forecast = await PredictionEngine(one).predict("AAPL", days=5)
        (kept,) = await Ledger(one).list()
    assert kept.forecast == forecast
    assert kept.sequence == 1
    assert [day.number for day in forecast.days] == [1, 2, 3, 4, 5]


async def test_the_same_question_is_answered_by_the_same_entry() -> None:
    async with desk() as one:
        engine = PredictionEngine(one)
        first = await engine.keep("aapl", 3)
        again = await engine.keep("AAPL", 3)
        other = await engine.keep("AAPL", 4)
    assert first == again
    assert (first.sequence, other.sequence) == (1, 2)


@pytest.mark.parametrize(
    ("as_of", "last", "close"),
    [
        ("2020-08-28", date(2020, 8, 28), 499.23),
        ("2020-08-31", date(2020, 8, 31), 129.04),
        ("2014-06-06", date(2014, 6, 6), 645.57),
    ],
)
async def test_the_past_is_seen_as_it_was_traded(as_of: str, last: date, close: float) -> None:
    async with desk() as one:
        forecast = await PredictionEngine(one).predict("AAPL", as_of=as_of)
    assert forecast.last == last
    assert forecast.close == pytest.approx(close, abs=0.005)
    low, high = forecast.days[0].band_80
    assert 0.9 * close < low < close < high < 1.1 * close


async def test_an_instant_before_the_close_sees_the_day_before() -> None:
    async with desk() as one:
        engine = PredictionEngine(one)
        before = await engine.predict("AAPL", as_of="2020-02-20T20:59:59Z")
        after = await engine.predict("AAPL", as_of=datetime(2020, 2, 20, 21, tzinfo=UTC))
    assert (before.last, after.last) == (date(2020, 2, 19), date(2020, 2, 20))


@pytest.mark.parametrize("name", ["as_of", "learned"])
async def test_what_is_no_moment_is_called_by_its_own_name(name) -> None:
    async with desk() as one:
        with pytest.raises(ValidationError, match=f"^{name} is 2020-08-28 10:00, a time without a zone"):
            await PredictionEngine(one).keep("AAPL", **{name: "2020-08-28 10:00"})
        with pytest.raises(ValidationError, match=f"^{name} ") as caught:
            await PredictionEngine(one).keep("AAPL", **{name: "tomorrow"})
    assert ("as_of" in caught.value.message) == (name == "as_of")


async def test_a_clock_in_the_past_sees_the_past() -> None:
    async with desk(clock=FixedClock(datetime(2016, 6, 24, 12, tzinfo=UTC))) as one:
        forecast = await PredictionEngine(one).predict("SPY")
    assert forecast.last == date(2016, 6, 23)


async def test_what_can_not_be_answered_is_refused_and_nothing_is_kept() -> None:
    async with desk() as one:
        engine = PredictionEngine(one)
        with pytest.raises(UnknownSymbolError, match="AAPL"):
            await engine.predict("APPL")
        with pytest.raises(ValidationError, match="1 to 30"):
            await engine.predict("AAPL", days=31)
        with pytest.raises(ValidationError, match="not come yet"):
            await engine.predict("AAPL", as_of="2999-01-01")
        with pytest.raises(DataProviderError, match="1d"):
            await engine.predict("AAPL", timeframe=Timeframe.parse("4h"))
        with pytest.raises(DataProviderError, match="first bar of AAPL in the source sample was public at 2009"):
            await engine.predict("AAPL", as_of="2008-01-01")
        with pytest.raises(PluginError, match="no_such_model"):
            await engine.predict("AAPL", model="no_such_model")
        assert await Ledger(one).list() == []


async def test_the_model_is_the_callers_then_the_engines_then_the_settings() -> None:
    async with desk() as one:
        assert (await PredictionEngine(one, models=["ewma_t", "other"]).predict("KO")).model == "ewma_t"
        assert (await PredictionEngine(one, models="ewma_t").predict("KO")).model == "ewma_t"
        with pytest.raises(PluginError, match="gone"):
            await PredictionEngine(one, models="gone").predict("KO")
        assert (await PredictionEngine(one, models="gone").predict("KO", model="ewma_t")).model == "ewma_t"


async def test_without_a_desk_a_default_one_is_opened_and_closed(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ARA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    async with PredictionEngine() as engine:
        forecast = await engine.predict("BTC-USD", days=30)
    assert (tmp_path / "ara.db").is_file()
    again = PredictionEngine()
    assert await again.predict("BTC-USD", days=30) == forecast
    await again.close()


async def test_the_older_engines_arguments_keep_their_meaning() -> None:
    async with desk() as one:
        fake = FakeProvider()
        theirs = await PredictionEngine(one, data_providers=[fake], include_analysis=False).predict("AAPL")
        ours = await PredictionEngine(one, data_providers=["sample"]).predict("AAPL")
        kept = await Ledger(one).show(theirs.id)
    assert (theirs.source, ours.source) == ("fake", "sample")
    assert theirs.days[0].factors == ()
    assert kept.forecast.days[0].factors != ()
    assert ours.days[0].factors != ()


@pytest.mark.parametrize(
    ("room", "old", "new"),
    [
        ("ara.prediction", "PredictionResult", "Forecast"),
        ("ara.prediction", "DailyPrediction", "Day"),
        ("ara.prediction", "ConfidenceScore", "Receipt"),
        ("ara.prediction", "Explanations", "Factor"),
        ("ara.data", "IDataProvider", "Provider"),
        ("ara.features", "IFeatureEngine", "Indicator"),
        ("ara.models", "BaseModel", "Model"),
        ("ara.models", "IMLModel", "Model"),
        ("ara.portfolio", "PortfolioOptimization", "Allocation"),
        ("ara.risk", "CurrencyRiskAnalyzer", "currency_risk"),
        ("ara.risk", "RiskCalculator", "tail"),
        ("ara.market", "AssetType", "AssetClass"),
    ],
)
def test_older_names_work_and_warn(room: str, old: str, new: str) -> None:
    module = import_module(room)
    with pytest.warns(DeprecationWarning, match=f"now {room}.{new}"):
        assert getattr(module, old) is getattr(module, new)
    with pytest.warns(DeprecationWarning, match=new):
        assert getattr(ara, old) is getattr(module, new)
    with pytest.raises(AttributeError, match="NoSuchName"):
        module.NoSuchName  # noqa: B018


def test_older_names_of_other_rooms_work_and_warn() -> None:
    from ara.performance import Measures

    for old in ("ara", "ara.portfolio", "ara.risk"):
        with pytest.warns(DeprecationWarning, match=r"now ara\.performance\.Measures"):
            assert import_module(old).PortfolioMetrics is Measures
    with pytest.warns(DeprecationWarning, match=r"now ara\.prediction\.PredictionEngine"):
        from ara.api.prediction_engine import PredictionEngine as Older
    assert Older is PredictionEngine


@pytest.mark.parametrize(
    ("room", "name", "home"),
    [
        ("ara.data", "MarketData", "ara.data.feed"),
        ("ara.data", "QualityReport", "ara.data.quality"),
        ("ara.features", "FeatureSet", "ara.features.sets"),
        ("ara.models", "ModelCard", "ara.models.registry"),
        ("ara.models", "Regime", "ara.models.regimes"),
        ("ara.models", "Served", "ara.models.served"),
        ("ara.models", "State", "ara.models.ensemble.state"),
        ("ara.backtest", "BacktestResult", "ara.backtest.result"),
        ("ara.api", "create", "ara.api.app"),
    ],
)
def test_types_are_found_in_their_rooms(room: str, name: str, home: str) -> None:
    pytest.importorskip("fastapi")
    found = getattr(import_module(home), "Result" if name == "BacktestResult" else name)
    assert getattr(import_module(room), name) is found


@pytest.mark.parametrize(
    "line",
    [
        "from ara.market import AssetType",
        "from ara import AssetType",
        "import ara; ara.IDataProvider",
        "from ara.prediction import PredictionResult",
    ],
)
def test_a_program_is_told_by_default(line: str) -> None:
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert "DeprecationWarning" in done.stderr
    assert "<string>:1" in done.stderr
