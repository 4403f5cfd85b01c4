"""What the paths are asked with in examples: parameters by their names, bodies by the names of their shapes."""

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["BODIES", "FORMS", "SHOWN", "VALUES"]

SHOWN: Final[Mapping[str, str]] = {
    "CLIENT_ID": "mz4xk7bq2c", "COOKIE": "as-the-page-set-it",
    "CODE_CHALLENGE": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "DELIVERY_ID": "msg_2b7f", "EMAIL": "ada@example.org", "FORECAST_ID": "6f3a09c1d2e4",
    "HOOK_URL": "https://example.org/hooks/ara", "JOB_ID": "17",
    "KEY_ID": "k7mbq2cxz4ya", "MODEL": "har_t@1", "PASSWORD": "correct horse battery", "REFRESH_TOKEN": "kept by you",
    "REQUEST": "as the page had it", "TOKEN": "kept by the program", "USER_ID": "ada@example.org",
    "WEBHOOK_ID": "wh_4k7mbq2c",
}  # fmt: skip
"""What stands in the description for a variable that samples take from the environment."""

VALUES: Final[Mapping[str, str]] = {
    "client_id": "$CLIENT_ID", "delivery_id": "$DELIVERY_ID", "forecast_id": "$FORECAST_ID", "job_id": "$JOB_ID",
    "key_id": "$KEY_ID", "model": "$MODEL", "model_id": "$MODEL", "name": "rsi", "prediction_id": "$FORECAST_ID",
    "symbol": "AAPL", "symbols": "AAPL,MSFT", "user_id": "$USER_ID", "webhook_id": "$WEBHOOK_ID",
}  # fmt: skip
"""Parameters that a path can't do without."""

_THREE: Final = ["AAPL", "MSFT", "SPY"]
_HALVES: Final = {"AAPL": 0.5, "SPY": 0.5}
_LOG_IN: Final = {"email": "$EMAIL", "password": "$PASSWORD"}

BODIES: Final[Mapping[str, Any]] = {
    "AnalyzeAsked": {"weights": _HALVES},
    "AppRequest": {
        "name": "Morning Desk", "redirects": ["https://desk.example/back"], "scopes": ["market:read"],
    },
    "BacktestAsked": {"symbols": ["AAPL"], "strategy": "momentum", "start": "2016-01-04", "end": "2018-12-28"},
    "BacktestRequest": {
        "symbol": "AAPL", "strategy": "momentum", "start_date": "2016-01-04", "end_date": "2018-12-28",
    },
    "BatchAsked": {"symbols": ["AAPL", "BTC-USD"], "days": 5, "timeframe": "1w"},
    "BatchRequest": {"symbols": ["AAPL", "BTC-USD"], "days": 5, "timeframe": "1w"},
    "Chosen": {"webhook_id": "$WEBHOOK_ID"},
    "DeployAsked": {"stage": "champion", "force": True},
    "DeployRequest": {"model_id": "$MODEL", "environment": "production", "force": True},
    "ForecastAsked": {"symbol": "AAPL", "days": 5},
    "KeyRequest": {"name": "a dashboard", "scopes": ["market:read"], "days": 30},
    "LogIn": _LOG_IN,
    "NewUser": {"email": "$EMAIL", "role": "trader"},
    "OptimizeAsked": {"symbols": _THREE, "method": "risk_parity"},
    "OptimizeRequest": {"assets": _THREE, "optimization_method": "risk_parity"},
    "PredictRequest": {"symbol": "AAPL", "days": 5},
    "RebalanceAsked": {"weights": _HALVES, "held": {"AAPL": 30}, "cash": 10_000},
    "RebalanceRequest": {"target": _HALVES, "held": {"AAPL": 30}, "cash": 10_000},
    "RefreshToken": {"refresh_token": "$REFRESH_TOKEN"},
    "RetrainRequest": {"older_than_days": 92},
    "RoleChange": {"role": "analyst"},
    "TierChange": {"tier": "pro"},
    "TrainAsked": {"symbols": ["AAPL"], "family": "har_t", "period": "5y"},
    "TrainRequest": {"symbol": "AAPL", "model_types": ["har_t"], "data_period": "5y"},
    "WebhookNews": {"name": "trading desk", "events": ["prediction_complete", "backtest_complete"]},
    "WebhookRequest": {"url": "$HOOK_URL", "events": ["prediction_complete"]},
}  # fmt: skip
"""What is sent as JSON, by the name of its shape."""

FORMS: Final[Mapping[str, Mapping[str, str]]] = {
    "/oauth/authorize": {"request": "$REQUEST", **_LOG_IN, "answer": "allow"},
    "/oauth/introspect": {"token": "$TOKEN"},
    "/oauth/revoke": {"token": "$TOKEN"},
    "/oauth/token": {"grant_type": "client_credentials", "scope": "market:read"},
}
"""What is sent as a form, by path."""
