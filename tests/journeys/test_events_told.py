"""Each event that can be asked for, from what really causes it to a receiver: signed, and once."""

import asyncio
import csv
import json
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import msgspec
import pytest

from ara.accounts import Accounts, User
from ara.alerts import EVENTS, Deliverer, Webhooks, events_after, genuine, publish
from ara.alerts.notifiers.webhook import WebhookNotifier
from ara.cli.app import main
from ara.desk import Desk
from ara.jobs import Backtest, Predict, Queue, Review, Score, Train, Worker
from ara.jobs.work import do
from ara.models.registry import Registry
from ara.models.registry.stages import deploy
from ara.prediction.training import Lesson
from ara.settings import Secret, Settings
from tests.alerts.conftest import HandClock, Receiver, alone, clock, receiver

__all__ = ["HandClock", "alone", "clock", "receiver"]

TRAIN = Train(symbols=("AAPL",), lesson=Lesson(family="ewma_t", params={}, days=1, period="2y", validate=False))


@dataclass
class House:
    """An installation with an administrator and a trader, each with a webhook that asks for everything."""

    settings: Settings
    clock: HandClock
    receiver: Receiver
    users: dict[str, User]
    secrets: dict[str, Secret]

    @property
    def flags(self) -> list[str]:
        asked = {"home": self.settings.home, "store.url": self.settings.store.url, "cli.timezone": "UTC"}
        return [one for name, value in asked.items() for one in ("--set", f"{name}={value}")]

    def ara(self, *words: str, flags: tuple[str, ...] = ()) -> int:
        with redirect_stdout(StringIO()):
            return main([*words, "-q", *self.flags, *flags])

    async def heard(self) -> dict[tuple[str, str], list[dict[str, object]]]:
        """Deliver what waits, and give what came by who and type: signed for whom it was sent to, and new."""
        async with Desk.open(self.settings, clock=self.clock) as desk:
            sender = WebhookNotifier(self.settings.webhooks)
            while await Deliverer(desk, sender, may=Accounts(desk).may).drain():
                pass
            await sender.close()
        came: dict[tuple[str, str], list[dict[str, object]]] = {}
        seen = set()
        for path, headers, body in self.receiver.got:
            who = path.removeprefix("/")
            assert genuine(self.secrets[who], headers, body, now=self.clock.now())
            assert (who, headers["webhook-id"]) not in seen
            seen.add((who, headers["webhook-id"]))
            told = json.loads(body)
            came.setdefault((who, told["type"]), []).append(told["data"])
        self.receiver.got.clear()
        return came


@pytest.fixture
async def house(tmp_path: Path, clock: HandClock, receiver: Receiver) -> House:
    asked = {"home": str(tmp_path / "home"), "store.url": f"sqlite:///{tmp_path / 'ara.db'}"}
    settings = Settings.load({**asked, "webhooks.networks": "127.0.0.0/8", "data.providers": "sample"})
    users, secrets = {}, {}
    async with Desk.open(settings, clock=clock) as desk:
        for name, role in (("root", "admin"), ("ada", "trader")):
            users[name] = await Accounts(desk).users.add(f"{name}@x.org", role=role)
            place = f"http://127.0.0.1:{receiver.port}/{name}"
            _, secrets[name] = await Webhooks(desk).add(users[name].id, place, list(EVENTS))
    return House(settings, clock, receiver, users, secrets)


async def test_a_forecast_of_the_command_line_is_the_administrators(house: House):
    assert await asyncio.to_thread(house.ara, "predict", "AAPL", "--days", "1", "--model", "ewma_t") == 0
    house.clock.instant = datetime.now(UTC)  # the command has the real clock
    came = await house.heard()
    assert list(came) == [("root", "prediction_complete")]
    assert came["root", "prediction_complete"][0]["symbol"] == "AAPL"


async def test_doubtful_bars_are_told_to_all_once_for_each_last_bar(house: House, tmp_path: Path):
    with (tmp_path / "BAD.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["date", "open", "high", "low", "close", "volume"])
        for number in range(400):
            day = datetime(2019, 1, 1, tzinfo=UTC).toordinal() + number
            out.writerow([datetime.fromordinal(day).date(), 10, 9, 11, 10 + number % 7, 100])  # high below low
    near = ("--set", "data.providers=files", "--set", f"data.providers.files.url={tmp_path}")
    for _ in range(2):
        assert await asyncio.to_thread(house.ara, "predict", "BAD", "--days", "1", "--model", "ewma_t", flags=near) == 0
    house.clock.instant = datetime.now(UTC)
    came = await house.heard()
    assert {who: len(found) for who, found in came.items()} == {
        ("root", "prediction_complete"): 2, ("root", "data_quality_issue"): 1, ("ada", "data_quality_issue"): 1,
    }  # fmt: skip
    (doubt,) = came["ada", "data_quality_issue"]
    assert (doubt["symbol"], doubt["quality"] < 0.8) == ("BAD", True)


@pytest.mark.slow
async def test_models_that_come_to_answer_are_told_whoever_had_them_do_so(house: House):
    """By the commands and by a review: trained, deployed, rolled back, rolled back by itself."""
    for period in ("2y", "3y"):
        words = ("models", "train", "AAPL", "--model", "ewma_t", "--days", "1", "--period", period, "--no-validate")
        assert await asyncio.to_thread(house.ara, *words) == 0
    for words in (("deploy", "ewma_t@1", "--force"), ("deploy", "ewma_t@2", "--force"), ("rollback", "ewma_t")):
        assert await asyncio.to_thread(house.ara, "models", *words) == 0
    house.clock.instant = datetime.now(UTC)
    async with Desk.open(house.settings, clock=house.clock) as desk:
        registry = Registry(desk)
        one, two = [await registry.find(f"ewma_t@{number}") for number in (1, 2)]
        await deploy(registry, two, force=True)  # in Python: whoever does so tells by themselves
        (registry.shelf.place(two.id) / "params.json").write_bytes(b"{}")
        found = await do(desk, Review(families=("ewma_t",)), watch=lambda progress: True)
        assert found["reviews"][0]["deed"] == "roll back"
    came = await house.heard()
    assert set(came) == {(who, type) for who in ("root", "ada") for type in ("model_trained", "model_deployed")}
    for who in ("root", "ada"):
        assert [one["model"] for one in came[who, "model_trained"]] == ["ewma_t@1", "ewma_t@2"]
        told = [(one["model"]["name"], one.get("deed")) for one in came[who, "model_deployed"]]
        assert told == [("ewma_t@1", None), ("ewma_t@2", None), ("ewma_t@1", "roll back"), ("ewma_t@1", "roll back")]
    assert one.id


@pytest.mark.slow
async def test_what_jobs_do_is_told_to_whom_it_concerns(house: House):
    """Done by a worker, each in a process of its own, as they are in a service."""
    ada = house.users["ada"].id
    async with Desk.open(house.settings, clock=house.clock) as desk:
        house.clock.instant = datetime(2021, 1, 4, 12, tzinfo=UTC)
        queue = Queue(desk)
        await queue.add(Predict(symbols=("AAPL", "MSFT"), days=1, model="ewma_t"), account=ada)
        await queue.add(Backtest(symbols=("AAPL",), start="2019-01-02", end="2019-06-28", cuts=0), account=ada)
        await queue.add(TRAIN)
        await queue.add(msgspec.structs.replace(TRAIN, symbols=("NOSUCH",)))
        await queue.add(Score())
        await Worker(desk).run(once=True)
    came = await house.heard()
    assert {who: len(found) for who, found in came.items()} == {
        ("ada", "prediction_complete"): 2, ("ada", "backtest_complete"): 1, ("ada", "model_trained"): 1,
        ("root", "model_trained"): 1, ("root", "system_error"): 1,
    }  # fmt: skip
    assert "NOSUCH" in str(came["root", "system_error"][0]["words"])
    assert {one["symbol"] for one in came["ada", "prediction_complete"]} == {"AAPL", "MSFT"}


async def test_an_alert_is_told_by_whoever_watches_for_it(house: House):
    """Conditions come with a room of their own: it calls one function, and all the rest is here."""
    ada = house.users["ada"].id
    async with Desk.open(house.settings, clock=house.clock) as desk:
        for _ in range(2):
            await publish(desk, "alert_triggered", {"alert": "a1", "symbol": "AAPL"}, user=ada, key="a1:2021-01-04")
        streamed = [(one.type, one.user) for one in await events_after(desk, datetime(2000, 1, 1, tzinfo=UTC))]
    assert streamed == [("alert_triggered", ada)]
    assert await house.heard() == {("ada", "alert_triggered"): [{"alert": "a1", "symbol": "AAPL"}]}
