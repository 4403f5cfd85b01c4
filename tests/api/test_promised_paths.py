"""What was promised is there: each path of the specification, and the shapes that clients of the old version parse."""

import re

import pytest

from ara.api import create
from ara.settings import Settings
from tests.api.conftest import Served

OLD = {
    "POST": "predict predict/batch backtest portfolio/optimize portfolio/rebalance models/train models/retrain "
    "models/deploy webhooks webhooks/test auth/login auth/api-keys auth/api-keys/ID/revoke auth/api-keys/ID/rotate",
    "GET": "predictions/ID backtest/ID portfolio/analyze models/status models/compare models/train/ID market/regime "
    "market/sentiment market/correlations market/indicators regime sentiment correlations indicators webhooks "
    "webhooks/ID webhooks/ID/deliveries auth/me auth/api-keys auth/admin/users ledger evaluation indicators/list "
    "patterns levels bars jobs jobs/ID jobs/ID/result jobs/ID/logs",
    "DELETE": "models/ID cache webhooks/ID auth/api-keys/ID jobs/ID",
    "PATCH": "webhooks/ID",
    "PUT": "auth/admin/users/ID/tier auth/admin/users/ID/role",
}
"""Paths of the first version."""
NEW = {
    "POST": "forecasts forecasts/batch backtests portfolios/optimize portfolios/rebalance portfolios/analyze "
    "models/train models/retrain models/ID/deploy webhooks webhooks/ID/test auth/login auth/api-keys "
    "auth/api-keys/ID/revoke auth/api-keys/ID/rotate jobs/ID/cancel ws/ticket",
    "GET": "forecasts forecasts/ID forecasts/ID/receipt models models/compare instruments/ID/regime "
    "instruments/ID/sentiment instruments/ID/readings instruments/ID/bars instruments/ID/patterns "
    "instruments/ID/levels instruments/ID/indicators/ID correlations indicators ledger scores jobs jobs/ID "
    "jobs/ID/result jobs/ID/logs webhooks webhooks/ID webhooks/ID/deliveries auth/me auth/admin/users",
    "DELETE": "models/ID cache webhooks/ID auth/api-keys/ID",
    "PATCH": "webhooks/ID",
    "PUT": "auth/admin/users/ID/tier auth/admin/users/ID/role",
}
"""Paths of the second."""
BESIDE = "health health/live health/ready health/detailed health/metrics metrics oauth/authorize"
AS_OF = "2013-06-28"
PREDICTION = {
    "day": int,
    "date": str,
    "predicted_price": float,
    "change": float,
    "change_pct": float,
    "confidence": float,
}
STAMPED = {"request_id": str, "timestamp": str}
PREDICTED = {
    **STAMPED,
    "symbol": str,
    "asset_type": str,
    "current_price": float,
    "model_version": str,
    "predictions": list,
}
JOB = {"job_id": str, "status": str, "message": str, "timestamp": str}
ERROR = {"error": str, "message": str, "details": dict, "timestamp": str, "request_id": str}


@pytest.fixture(scope="module")
def offered() -> set[tuple[str, str]]:
    """Each operation of the application, by method and path; names of ids are left out."""
    found = create(Settings.load({})).openapi()["paths"]
    return {(method.upper(), re.sub(r"\{\w+\}", "ID", path)) for path, item in found.items() for method in item}


@pytest.mark.parametrize(("prefix", "wanted"), [("/api/v1/", OLD), ("/api/v2/", NEW), ("/", {"GET": BESIDE})])
def test_every_path_that_was_promised_is_there(offered, prefix: str, wanted: dict[str, str]):
    there = {(method, f"{prefix}{path}") for method, paths in wanted.items() for path in paths.split()}
    assert there - offered == set()


def test_sockets_that_were_promised_are_there():
    from ara.api.sockets import routes

    found = {route.path for route in routes.router.routes}
    assert found == {"/ws/predictions/{symbol}", "/ws/market-data/{symbol}", "/ws/alerts"}


def parsed(document: dict, shape: dict[str, type]) -> None:
    """Read a document as a client does that knows the old shape alone."""
    for name, kind in shape.items():
        assert isinstance(document[name], (int, float) if kind is float else kind), (name, document[name])


def test_old_clients_read_forecasts(service: Served):
    asked = {"symbol": "AAPL", "days": 2, "asset_type": "stock", "analysis_level": "full", "as_of": AS_OF}
    with service.client() as client:
        for level in ("minimal", "basic", "standard", "full"):
            told = client.post("/api/v1/predict", json={**asked, "model": "ewma_t", "analysis_level": level}).json()
            parsed(told, PREDICTED)
            for day in told["predictions"]:
                parsed(day, PREDICTION)
            for one in told["factors"]:
                parsed(one, {"name": str, "value": float, "contribution": float, "description": str})
        batch = {"symbols": ["AAPL", "NOSUCH"], "days": 1, "as_of": AS_OF, "model": "ewma_t"}
        several = client.post("/api/v1/predict/batch", json=batch).json()
    counted = {"total_count": int, "successful_count": int, "failed_count": int, "failed_symbols": list}
    parsed(several, {**counted, "predictions": list})
    parsed(several["predictions"][0], PREDICTED)


def test_old_clients_read_jobs_errors_and_portfolios(service: Served):
    tested = {"symbol": "AAPL", "start_date": "2018-01-03", "end_date": "2018-12-27", "initial_capital": 10000}
    more = {"strategy": "buy_and_hold", "walk_forward_window": 252, "retraining_frequency": 30}
    trained = {"symbol": "AAPL", "data_period": "2y", "model_types": ["ewma_t"], "force_retrain": False}
    with service.client() as client:
        for path, body in (("backtest", {**tested, **more}), ("models/train", trained)):
            begun = client.post(f"/api/v1/{path}", json=body)
            assert begun.status_code == 202, begun.text
            parsed(begun.json(), JOB)
            parsed(client.get(f"/api/v1/{path}/{begun.json()['job_id']}").json(), JOB)
            client.post(f"/api/v1/jobs/{begun.json()['job_id']}/cancel")
        for method, path, body in (
            ("GET", "predictions/000000", None), ("GET", "market/sentiment?symbol=AAPL", None),
            ("POST", "predict", {"symbol": "AAPL", "days": 99}), ("POST", "models/deploy", {"model_id": "har_t@99"}),
        ):  # fmt: skip
            answer = client.request(method, f"/api/v1/{path}", json=body)
            assert 400 <= answer.status_code < 500
            parsed(answer.json(), ERROR)
        wanted = {"assets": ["AAPL", "SPY"], "risk_tolerance": "moderate", "as_of": AS_OF}
        for method in ("mpt", "risk_parity", "kelly"):
            told = client.post("/api/v1/portfolio/optimize", json={**wanted, "optimization_method": method}).json()
            parsed(told, {**STAMPED, "weights": dict})
