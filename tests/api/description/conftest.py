"""A service that has one of each thing that samples ask for, made anew for each request that could use it up."""

import asyncio
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from ara.api.description.samples import VARIABLE
from ara.desk import Desk
from ara.jobs import Worker
from ara.settings import Settings
from tests.api.conftest import Served, serve

PASSWORD = "correct horse battery"
BACK = "https://desk.example/back"
BACKTEST = {"symbol": "AAPL", "strategy": "momentum", "start_date": "2018-01-03", "end_date": "2018-06-29", "cuts": 0}
TRAINING = {"symbol": "AAPL", "model_types": ["ewma_t"], "days": 1, "force_retrain": True}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service that the tests of a module share; jobs wait for a worker elsewhere."""
    home = tmp_path_factory.mktemp("described")
    asked = {"home": str(home), "store.url": f"sqlite:///{home / 'ara.db'}", "data.providers": "sample"}
    more = {
        "jobs.inside": "0",
        "telemetry.prometheus": "true",
        "webhooks.networks": "127.0.0.0/8",
        "webhooks.most": "1000",
    }
    yield from serve(Settings.load({**asked, **more}))


class Things:
    """What samples ask for, by the names of their variables."""

    def __init__(self, service: Served) -> None:
        self._service = service
        self._admin = service.client()
        self._number = 0
        self._forecast = ""
        self._done = ""

    def prepare(self) -> None:
        """Have a model in the registry, so that there is something to compare."""
        self._done = self._done or self._trained()

    def for_(self, method: str, path: str, text: str) -> dict[str, str]:
        """Make what a sample names."""
        made = {"ARA_URL": self._service.url, "ARA_KEY": self._service.key}
        for name in dict.fromkeys(VARIABLE.findall(text)):
            if name not in made:
                made |= getattr(self, f"_{name.lower()}")(method, path)
        return made

    def close(self) -> None:
        self._admin.close()

    def _post(self, path: str, body: Any = None) -> dict[str, Any]:
        answer = self._admin.post(path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def _another(self) -> str:
        self._number += 1
        return f"user{self._number}@example.org"

    def _user(self) -> dict[str, Any]:
        return self._post(
            "/api/v2/auth/admin/users", {"email": self._another(), "password": PASSWORD, "role": "trader"}
        )

    def _forecast_id(self, method: str, path: str) -> dict[str, str]:
        self._forecast = self._forecast or str(
            self._post("/api/v2/forecasts", {"symbol": "AAPL", "days": 1, "model": "ewma_t"})["id"]
        )
        return {"FORECAST_ID": self._forecast}

    def _job_id(self, method: str, path: str) -> dict[str, str]:
        if path.endswith("/result"):
            self._done = self._done or self._trained()
            return {"JOB_ID": self._done}
        asked = TRAINING if "train" in path else BACKTEST
        return {
            "JOB_ID": str(self._post(f"/api/v1/{'models/train' if 'train' in path else 'backtest'}", asked)["job_id"])
        }

    def _trained(self) -> str:
        self._number += 1
        job = str(self._post("/api/v1/models/train", {**TRAINING, "days": self._number % 30 + 1})["job_id"])

        async def work() -> None:
            async with Desk.open(self._service.settings) as desk:
                await Worker(desk, queues=("training",)).run(once=True)

        for one in self._admin.get("/api/v2/jobs", params={"state": "waiting", "queue": "training"}).json()["items"]:
            if str(one["job"]) != job:
                self._admin.post(f"/api/v2/jobs/{one['job']}/cancel")
        asyncio.run(work())
        return job

    def _model(self, method: str, path: str) -> dict[str, str]:
        job = self._trained()
        return {"MODEL": self._admin.get(f"/api/v2/jobs/{job}/result").json()["id"]}

    def _key_id(self, method: str, path: str) -> dict[str, str]:
        return {"KEY_ID": self._post("/api/v2/auth/api-keys", {"name": "one"})["id"]}

    def _user_id(self, method: str, path: str) -> dict[str, str]:
        return {"USER_ID": self._user()["id"]}

    def _email(self, method: str, path: str) -> dict[str, str]:
        return {"EMAIL": self._another() if "users" in path else self._user()["email"]}

    def _password(self, method: str, path: str) -> dict[str, str]:
        return {"PASSWORD": PASSWORD}

    def _refresh_token(self, method: str, path: str) -> dict[str, str]:
        proof = {"email": self._user()["email"], "password": PASSWORD}
        return {"REFRESH_TOKEN": self._post("/api/v2/auth/login", proof)["refresh_token"]}

    def _webhook_id(self, method: str, path: str) -> dict[str, str]:
        asked = {"url": self._hook_url(method, path)["HOOK_URL"], "events": ["prediction_complete"]}
        return {"WEBHOOK_ID": self._post("/api/v2/webhooks", asked)["id"]}

    def _hook_url(self, method: str, path: str) -> dict[str, str]:
        return {"HOOK_URL": f"{self._service.url}/health"}

    def _delivery_id(self, method: str, path: str) -> dict[str, str]:
        hook = self._webhook_id(method, path)["WEBHOOK_ID"]
        return {"WEBHOOK_ID": hook, "DELIVERY_ID": self._post(f"/api/v2/webhooks/{hook}/test")["id"]}

    def _client_id(self, method: str, path: str) -> dict[str, str]:
        asked = {"name": "Desk", "redirects": [BACK], "scopes": ["market:read"]}
        made = self._post("/api/v2/auth/apps", asked)
        told = {"CLIENT_ID": made["client_id"], "CLIENT_SECRET": made["client_secret"] or ""}
        return {**told, **(self._consented(made["client_id"]) if "consents" in path else {})}

    def _token(self, method: str, path: str) -> dict[str, str]:
        program = self._client_id(method, path)
        proof = (program["CLIENT_ID"], program["CLIENT_SECRET"])
        answer = httpx.post(f"{self._service.url}/oauth/token", data={"grant_type": "client_credentials"}, auth=proof)
        return {**program, "TOKEN": answer.json()["access_token"]}

    def _code_challenge(self, method: str, path: str) -> dict[str, str]:
        return {"CODE_CHALLENGE": create_s256_code_challenge("v" * 64)}

    def _page(self, client_id: str) -> dict[str, str]:
        asked = {
            "response_type": "code", "client_id": client_id, "redirect_uri": BACK, "code_challenge_method": "S256",
            "code_challenge": create_s256_code_challenge("v" * 64),
        }  # fmt: skip
        page = httpx.get(f"{self._service.url}/oauth/authorize", params=asked)
        sealed = re.search(r'name="request" value="([^"]+)"', page.text)
        assert sealed is not None
        return {"REQUEST": unescape(sealed[1]), "COOKIE": page.cookies["ara_oauth"]}

    def _cookie(self, method: str, path: str) -> dict[str, str]:
        return self._page(self._client_id(method, path)["CLIENT_ID"])

    _request = _cookie

    def _consented(self, client_id: str) -> dict[str, str]:
        """Have somebody lend something to a program, and give what they are known by."""
        page, email = self._page(client_id), self._user()["email"]
        form = {"request": page["REQUEST"], "email": email, "password": PASSWORD, "answer": "allow"}
        answer = httpx.post(
            f"{self._service.url}/oauth/authorize", data=form, headers={"Cookie": f"ara_oauth={page['COOKIE']}"}
        )
        assert "code=" in answer.headers["location"], answer.text
        return {"ARA_KEY": self._post("/api/v2/auth/login", {"email": email, "password": PASSWORD})["access_token"]}


@pytest.fixture(scope="module")
def things(service: Served) -> Iterator[Things]:
    """One of each thing."""
    found = Things(service)
    yield found
    found.close()
