"""The old names, called as old programs call them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import ara
from ara.errors import ValidationError


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_predict_stock_gives_the_old_shape_with_aras_figures() -> None:
    from meridianalgo.core import predict_stock

    with pytest.warns(DeprecationWarning, match=r"ara\.predict"):
        old = predict_stock("AAPL", days=5)
    new = ara.predict("AAPL", 5)
    assert set(old) >= {"symbol", "current_price", "predictions", "timestamp", "model_info"}
    assert (old["symbol"], old["current_price"]) == ("AAPL", new.close)
    assert [line["day"] for line in old["predictions"]] == [1, 2, 3, 4, 5]
    for line, day in zip(old["predictions"], new.days, strict=True):
        assert set(line) == {"day", "date", "predicted_price", "change", "change_pct", "confidence"}
        assert line["date"] == day.date.isoformat()
        assert line["predicted_price"] == day.price
        assert line["change"] == pytest.approx(day.price - new.close)
        assert line["change_pct"] == pytest.approx(100 * line["change"] / new.close)  # percent, as in 2.x
        assert line["confidence"] == day.confidence
    told = [factor for factor in new.days[0].factors if factor.name != "else"]
    assert old["explanations"]["top_factors"] == [factor.name for factor in told]
    assert old["explanations"]["natural_language"] == "; ".join(factor.description for factor in told)
    assert json.loads(json.dumps(old)) == old


def test_every_old_name_works_and_warns(capsys: pytest.CaptureFixture[str]) -> None:
    import meridianalgo

    with pytest.warns(DeprecationWarning, match="deprecated"):
        front = meridianalgo.AraAI(verbose=True)
    assert front.predict("BTC-USD", days=2, use_cache=False)["symbol"] == "BTC-USD"
    assert "explanations" not in front.predict("BTC-USD", include_analysis=False)
    assert front.predict_with_ai("EURUSD=X")["symbol"] == "EURUSD"
    assert front.validate_predictions()["came_due"] == 0
    assert front.analyze_accuracy("btc-usd")["symbol"] == "btc-usd"
    assert front.get_system_info()["version"] == ara.__version__
    assert "BTC-USD" in capsys.readouterr().out
    with pytest.warns(DeprecationWarning, match="deprecated"):
        assert meridianalgo.quick_predict("KO")["symbol"] == "KO"
    with pytest.warns(DeprecationWarning, match="deprecated"):
        assert meridianalgo.StockPredictor().predict("KO", days=1)["predictions"][0]["day"] == 1
    with pytest.warns(DeprecationWarning, match="deprecated"):
        assert meridianalgo.analyze_accuracy()["scored"] == 0
    with pytest.warns(DeprecationWarning, match="deprecated"):
        assert meridianalgo.get_version_info()["version"] == ara.__version__


def test_bad_input_is_aras_error() -> None:
    from meridianalgo.core import predict_stock

    with pytest.warns(DeprecationWarning, match="deprecated"), pytest.raises(ValidationError, match="1 to 30"):
        predict_stock("AAPL", days=0)


def test_the_old_command_speaks_aras_words() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from meridianalgo.cli import main; raise SystemExit(main())",
            "AAPL",
            "--days",
            "2",
            "--json",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["symbol"] == "AAPL"
    assert "now called ara" in done.stderr


def test_a_name_that_never_was_is_none() -> None:
    import meridianalgo

    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        meridianalgo.nothing_of_the_kind  # noqa: B018


def test_market_data_comes_from_the_data_room() -> None:
    pytest.importorskip("pandas")
    import meridianalgo

    with pytest.warns(DeprecationWarning, match=r"ara\.history"):
        market = meridianalgo.MarketDataManager(verbose=True)
    new = ara.history("AAPL")
    whole = market.get_stock_data("aapl", period="max")
    assert list(whole.columns) == ["Open", "High", "Low", "Close", "Volume"]
    assert whole["Close"].tolist() == new["close"].to_list()
    assert whole.index[-1].date() == new["known_at"][-1].date()
    year = market.get_stock_data("AAPL")
    assert 240 < len(year) < 260
    assert year["Close"].tolist() == new["close"].to_list()[-len(year) :]
    assert len(market.get_stock_data("AAPL", "5d")) < 6
    assert market.get_current_price("AAPL") == new["close"][-1]
    for period in ("", "y", "1x", "0d", "-1y", "1.5y"):
        with pytest.raises(ValidationError, match="no length of time"):
            market.get_stock_data("AAPL", period)


def test_the_cache_is_that_of_the_data_room(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import meridianalgo
    from ara.cli.app import main

    monkeypatch.setenv("ARA_DATA_CACHE_REDIS", redis_url)
    with pytest.warns(DeprecationWarning, match="ara data cache"):
        cache = meridianalgo.CacheManager()
    cache.clear_cache()
    (Path.cwd() / "aapl.csv").write_text("date,close\n2020-02-03,10\n2020-02-04,11\n")
    assert main(("data", "import", "aapl.csv")) == 0
    assert main(("data", "show", "AAPL")) == 0
    assert set(cache.get_cache_stats()["tiers"]) == {"memory", "redis"}
    assert cache.clear_cache("MSFT") == 0
    assert cache.clear_cache("aapl") > 0
    assert cache.clear_cache("aapl") == 0


def test_a_cache_without_redis_answers_too() -> None:
    import meridianalgo

    with pytest.warns(DeprecationWarning, match="deprecated"):
        cache = meridianalgo.CacheManager()
    assert cache.clear_cache() == 0
    assert cache.get_cache_stats()["shared"] is None
