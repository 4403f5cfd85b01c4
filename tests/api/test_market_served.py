import json

import pytest

from ara.cli.app import main
from tests.api.conftest import Served


def printed(service: Served, capsys, *words: str) -> dict:
    """What the command prints as JSON for the same installation."""
    flags = ["--set", f"home={service.settings.home}", "--set", f"store.url={service.settings.store.url}"]
    assert main([*words, "--json", *flags]) == 0
    told: dict = json.loads(capsys.readouterr().out)
    return told


@pytest.mark.parametrize(
    ("path", "asked", "words"),
    [
        ("regime", {"symbol": "AAPL", "as_of": "2012-06-30"}, ["regime", "AAPL", "--as-of", "2012-06-30"]),
        (
            "indicators",
            {"symbol": "aapl", "category": "momentum", "horizon": 10},
            ["indicators", "AAPL", "-c", "momentum", "--horizon", "10"],
        ),
        (
            "correlations",
            {"symbols": "AAPL,MSFT,SPY", "window": 60},
            ["correlations", "AAPL", "MSFT", "SPY", "--window", "60"],
        ),
    ],
)
def test_the_market_is_told_over_http_as_by_the_command(service: Served, capsys, path, asked, words):
    with service.client() as client:
        told = client.get(f"/api/v1/market/{path}", params=asked)
    assert told.status_code == 200, told.text
    assert told.json() == printed(service, capsys, "market", *words)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("regime", 422, "symbol"),
        ("regime?symbol=NOSUCH", 404, "NOSUCH"),
        ("regime?symbol=AA%20PL%0A!", 422, "symbol"),
        ("regime?symbol=AAPL&as_of=1971-01-04", 404, "The first bar of AAPL in the source sample was public at 2009"),
        ("regime?symbol=AAPL&horizon=0", 422, "horizon"),
        ("regime?symbol=AAPL&as_of=2999-01-01", 404, "not come yet"),
        ("indicators?symbol=AAPL&category=luck", 422, "category"),
        ("correlations?symbols=AAPL", 422, "1 instruments"),
        ("correlations?symbols=AAPL,AAPL", 422, "1 instruments"),
        ("correlations?symbols=AAPL,MSFT&window=6", 422, "window"),
        ("correlations", 422, "symbols: Field required"),
        ("correlations?symbols=AAPL,MSFT&assets=AAPL,SPY", 422, "symbols and assets mean the same"),
        ("correlations?assets=AAPL,MSFT&window=60&period=1mo", 422, "window and period mean the same"),
        ("correlations?assets=AAPL,MSFT&period=2y", 422, "period: '2y'"),
        ("sentiment?symbol=AAPL", 404, "No source configured"),
    ],
)
def test_a_wrong_question_about_the_market_is_told_as_a_problem(service: Served, path, status, words):
    with service.client() as client:
        for prefix in ("/api/v1/market", "/api/v1"):
            answer = client.get(f"{prefix}/{path}")
            assert answer.status_code == answer.json()["status"] == status, answer.text
            assert words in answer.json()["detail"]
            assert answer.json()["hint"]


def test_the_market_models_and_ledger_are_told_to_nobody_unknown(service: Served):
    with service.client(None) as client:
        paths = client.get("/openapi.json").json()["paths"]
        told = [one for one, what in paths.items() if "get" in what and "{" not in one]
        asked = [one for one in told if any(part in one for part in ("market", "models", "ledger"))]
        assert len(asked) >= 8
        for one in asked:
            assert client.get(one, params={"symbol": "AAPL", "symbols": "AAPL,MSFT"}).status_code == 401


def test_the_paths_are_there_without_the_word_market_too(service: Served):
    with service.client() as client:
        asked = {"symbols": "AAPL,MSFT", "as_of": "2014-06-30"}
        short, long = (client.get(f"/api/v1/{path}correlations", params=asked).json() for path in ("", "market/"))
        paths = client.get("/openapi.json").json()["paths"]
    assert short == long
    for one in ("regime", "indicators", "correlations", "sentiment"):
        assert {f"/api/v1/{one}", f"/api/v1/market/{one}"} <= set(paths)


def test_correlations_are_told_by_the_old_words_too(service: Served):
    with service.client() as client:
        old = client.get("/api/v1/market/correlations", params={"assets": "AAPL,MSFT", "period": "3mo"}).json()
        new = client.get("/api/v1/market/correlations", params={"symbols": "AAPL,MSFT", "window": 63}).json()
        usual = client.get("/api/v1/correlations", params={"symbols": "AAPL,MSFT"}).json()
        described = client.get("/openapi.json").json()["paths"]["/api/v1/correlations"]["get"]["parameters"]
    assert old == new
    assert (old["window"], usual["window"]) == (63, 90)
    assert {one["name"]: one["required"] for one in described} == {"symbols": True, "window": False, "as_of": False}
    (bounds,) = [one["schema"] for one in described if one["name"] == "window"]
    assert (bounds["minimum"], bounds["maximum"]) == (7, 365)
