"""An installation as it is deployed: it does what the quick start says, and bears that each part is killed in turn."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.chaos.clients import Clients
from tests.chaos.installation import ROOT, Installation, wait_for
from tests.chaos.receiver import Receiver
from tests.conftest import PostgresServer, RedisServer
from tools.examples import blocks, matches

pytestmark = pytest.mark.slow

STRIKES = (
    ("api-1", signal.SIGKILL), ("api-2", signal.SIGKILL), ("worker", signal.SIGKILL), ("worker", signal.SIGTERM),
    ("redis", signal.SIGKILL), ("redis", signal.SIGTERM), ("postgres", signal.SIGKILL), ("postgres", signal.SIGINT),
    ("nginx", signal.SIGKILL), ("nginx", signal.SIGTERM),
)  # fmt: skip
AWAY, CALM, ROUNDS, PATIENCE = 4.0, 3.0, 3, 120.0
WORDS = """\
A whole installation on one machine: PostgreSQL, Redis, a Celery worker and two `ara serve` behind nginx, with the
settings of `deploy/compose.yaml` and the configuration of `deploy/nginx/ara.conf`, addresses and ports filled in. Six
clients ask without end (forecasts, batches, kept forecasts, bars, back-tests, the states of jobs), one listens on
`/ws/alerts`, and a webhook is told of all. Each part in turn is ended with all that it had started, is away for four
seconds, and is started again; nothing else is restarted. Then both services are replaced, one after the other, three
times. What changes something is sent with an `Idempotency-Key`, and again where an error says that it passes.

*Errors that say they pass* are problem documents with 409, 429, 502, 503 or 504. *No answer* can be had only where
nginx itself is away. *Other* would be a failure: there may be none. The seconds are those from the part's start until
each of the six kinds was answered again, where that was later than the moment at which it had taken up work; clients
ask every quarter of a second, and for back-tests every four seconds. Where a service is killed that had a key of
idempotency, the same key is answered with 409 for the rest of a minute, since nobody knows what became of its request.
"""
COMMAND = "    ARA_EVIDENCE=docs/evidence pytest -m slow tests/chaos/test_killed_services.py"
HOW = {
    signal.SIGKILL: "kill -9", signal.SIGTERM: "SIGTERM", signal.SIGINT: "SIGINT (fast)"
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """What clients saw of a strike: outcomes of requests, and the seconds until all kinds were answered again."""

    part: str
    how: str
    outcomes: Counter[str]
    errors: Counter[str]
    again: float


@pytest.fixture
def installation(tmp_path: Path, own_postgres: PostgresServer, own_redis: RedisServer) -> Iterator[Installation]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    tmp_path.chmod(0o755)
    made = Installation(tmp_path, own_postgres, own_redis, program)
    yield made
    made.end()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def client_of(installation: Installation) -> httpx.Client:
    headers = {"Authorization": f"Bearer {installation.key}"}
    return httpx.Client(base_url=installation.url, headers=headers, timeout=60)


def register(client: httpx.Client, receiver: Receiver) -> None:
    events = ["prediction_complete", "backtest_complete", "model_trained"]
    made = client.post("/api/v1/webhooks", json={"url": receiver.url, "events": events})
    assert made.status_code == 201, made.text
    receiver.secret = made.json()["secret"]


def quick_start(installation: Installation) -> int:
    """Run the curl lines of the page by nginx, and give how many there are; each prints what the page says."""
    home = installation.folder / "reader"
    home.mkdir()
    (home / "asks").write_text(f'header = "Authorization: Bearer {installation.key}"\nsilent\n')
    (home / "url").write_text(installation.url)
    text = (ROOT / "docs" / "how_to" / "service.md").read_text("utf-8")
    block = next(one for one in blocks(text) if one.lines[0].startswith("$ ara serve"))
    starts = [number for number, line in enumerate(block.lines) if line.startswith("$ ")]
    count = 0
    for start, end in zip(starts, [*starts[1:], len(block.lines)], strict=True):
        if not block.lines[start].startswith("$ curl"):
            continue
        environ = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
        line = ["bash", "-c", block.lines[start][2:]]
        done = subprocess.run(line, cwd=home, env=environ, capture_output=True, text=True, check=True, timeout=120)
        assert matches(block.lines[start + 1 : end], tuple(done.stdout.splitlines())), (line, done.stdout)
        count += 1
    return count


def ended(client: httpx.Client, path: str) -> dict[str, Any]:
    """Wait for a job, and give what came of it."""
    found: dict[str, Any] = {}

    def over() -> bool:
        told = client.get(path)
        found.update(told.json() if told.status_code == 200 else {})
        return found.get("status") in {"done", "failed", "cancelled"}

    wait_for(over, f"{path} ends", 180)
    return found


def whole_use(installation: Installation, client: httpx.Client, receiver: Receiver) -> None:
    """Forecasts, a batch, a back-test and a training to their ends, a socket, and the webhook that tells of them."""
    asked = {"symbol": "AAPL", "days": 2, "as_of": "2013-06-28", "model": "ewma_t"}
    one = client.post("/api/v1/predict", json=asked)
    assert one.status_code == 200, one.text
    many = client.post("/api/v1/predict/batch", json={"symbols": ["MSFT", "SPY"], "days": 2, "as_of": "2013-06-28"})
    assert many.json()["successful_count"] == 2, many.text
    tested = client.post("/api/v1/backtest", json={"symbol": "AAPL", "strategy": "momentum", "cuts": 0})
    taught = client.post("/api/v1/models/train", json={"symbol": "AAPL", "model_types": ["ewma_t"], "days": 5})
    for job in (tested, taught):
        assert job.status_code == 202, job.text
        assert ended(client, job.headers["location"])["status"] == "done"
    headers = {"Authorization": f"Bearer {installation.key}"}
    address = f"ws{installation.url.removeprefix('http')}/ws/predictions/AAPL?days=2"
    with connect(address, additional_headers=headers) as line:
        heard = [json.loads(line.recv(timeout=60))["type"] for _ in range(2)]
    assert heard == ["hello", "forecast"]
    wait_for(lambda: one.json()["prediction_id"] in receiver.of("prediction_complete", "prediction_id"), "a webhook")
    wait_for(lambda: receiver.of("backtest_complete", "job") and receiver.of("model_trained", "job"), "two webhooks")


def test_the_quick_start_and_all_kinds_of_requests_work_as_deployed(
    installation: Installation, receiver: Receiver
) -> None:
    assert quick_start(installation) == 10
    with client_of(installation) as client:
        register(client, receiver)
        whole_use(installation, client, receiver)
        outside = {path: client.get(path).status_code for path in ("/metrics", "/health/metrics", "/health/ready")}
    assert outside == {"/metrics": 404, "/health/metrics": 404, "/health/ready": 200}
    assert receiver.forged == 0


def test_where_no_service_is_there_nginx_says_so_as_ara_does(installation: Installation) -> None:
    with client_of(installation) as client:
        large = client.post("/api/v1/predict", content=b" " * 300_000, headers={"Content-Type": "application/json"})
        for part in ("api-1", "api-2"):
            assert installation.stop(part, signal.SIGTERM) == 0
        away = [client.get("/health"), client.post("/api/v1/predict", json={"symbol": "AAPL"})]
        for told, status in ((large, 413), *((one, 502) for one in away)):
            assert told.status_code == told.json()["status"] == status, told.text
            assert told.headers["content-type"] == "application/problem+json"
            assert {"type", "title", "detail", "code", "hint", "request_id", "error", "message"} <= set(told.json())
        assert {one.headers["retry-after"] for one in away} == {"1"}
        installation.start("api-1")
        wait_for(lambda: client.get("/health").status_code == 200, "it answers")


def test_each_part_is_killed_under_load_and_nothing_acknowledged_is_lost(
    installation: Installation, receiver: Receiver
) -> None:
    with client_of(installation) as client:
        register(client, receiver)
        load = Clients(installation.url, installation.key)
        try:
            wait_for(lambda: load.again(0.0) or load.told.wrong, "all kinds of requests are answered")
            struck = [strike(installation, load, part, how) for part, how in STRIKES]
            struck += [rolling(installation, load) for _ in range(ROUNDS)]
        finally:
            load.stop()
        facts = settled(client, load, receiver)
    tell(struck, facts)
    assert load.told.wrong == []
    for one in struck:
        assert one.outcomes["cut"] == 0 or one.part == "nginx", one
        assert one.outcomes["typed"] == 0 or not one.part.startswith(("worker", "redis", "both")), one
    assert facts["jobs"] == facts["jobs done once"] > len(STRIKES)
    assert facts["forecasts"] == facts["forecasts in the ledger"] > 10 * len(STRIKES)
    assert facts["forged messages"] == 0


def strike(installation: Installation, load: Clients, part: str, how: signal.Signals) -> Struck:
    """End a part, have it away for a while, start it again, and wait until everything is answered."""
    time.sleep(CALM)
    others = {name: pid for name, pid in installation.pids().items() if name != part}
    before = (load.told.answers.copy(), load.told.errors.copy())
    code = installation.stop(part, how)
    assert how is signal.SIGKILL or code in {0, None}, f"{part} ended with {code} after {HOW[how]}"
    time.sleep(AWAY)
    said = len(installation.said("worker"))
    installation.start(part)
    begun = time.monotonic()
    if part == "worker":
        wait_for(lambda: "begins" in installation.said(part)[said:], "the worker takes a job")
    again = wait_for(lambda: load.again(begun), f"all is answered after {part}", PATIENCE)
    assert others.items() <= installation.pids().items()
    return seen(load, before, part=part, how=HOW[how], again=again)


def rolling(installation: Installation, load: Clients) -> Struck:
    """Replace both services, one after the other, while they are asked."""
    time.sleep(CALM)
    before = (load.told.answers.copy(), load.told.errors.copy())
    for part in ("api-1", "api-2"):
        assert installation.stop(part, signal.SIGTERM) == 0
        installation.start(part)
        time.sleep(CALM)  # nginx passes over a server for two seconds after it refused
    begun = time.monotonic()
    again = wait_for(lambda: load.again(begun), "all is answered after the services were replaced", PATIENCE)
    return seen(load, before, part="both services, in turn", how="SIGTERM", again=again)


def seen(
    load: Clients, before: tuple[Counter[tuple[str, str]], Counter[str]], *, part: str, how: str, again: float
) -> Struck:
    outcomes = Counter[str]()
    for (_, outcome), count in (load.told.answers - before[0]).items():
        outcomes[outcome] += count
    print(part, how, dict(outcomes), dict(load.told.errors - before[1]), f"{again:.1f} s", flush=True)
    return Struck(part=part, how=how, outcomes=outcomes, errors=load.told.errors - before[1], again=again)


def settled(client: httpx.Client, load: Clients, receiver: Receiver) -> dict[str, int]:
    """Wait for what is under way, and count what was acknowledged and what there is."""
    states = {id: ended(client, f"/api/v1/backtest/{id}")["status"] for id in load.told.jobs}
    logs = {id: client.get(f"/api/v1/jobs/{id}/logs").json()["lines"] for id in states}
    once = [id for id, state in states.items() if state == "done" and told_done(logs[id]) == 1]
    for id in set(states) - set(once):
        print("job", id, states[id], [one["words"] for one in logs[id]], flush=True)
    there = [id for id in load.told.forecasts if client.get(f"/api/v1/predictions/{id}").status_code == 200]
    assert client.get("/api/v1/ledger/verify").json()["ok"] is True
    jobs = {f"{one}" for one in load.told.jobs}

    def all_heard() -> bool:
        return load.told.forecasts <= set(receiver.of("prediction_complete", "prediction_id")) and jobs <= {
            f"{one}" for one in receiver.of("backtest_complete", "job")
        }

    with suppress(AssertionError):  # what is missing is counted
        wait_for(all_heard, "webhooks", PATIENCE)
    return {
        "jobs": len(states),
        "jobs done once": len(once),
        "jobs told by webhook": len(jobs & {f"{one}" for one in receiver.of("backtest_complete", "job")}),
        "forecasts": len(load.told.forecasts),
        "forecasts in the ledger": len(there),
        "forecasts told by webhook": len(
            load.told.forecasts & set(receiver.of("prediction_complete", "prediction_id"))
        ),
        "messages that came twice": sum(one > 1 for one in receiver.times.values()),
        "forged messages": receiver.forged,
        "times the socket was opened": load.told.hellos,
    }


def told_done(lines: list[dict[str, Any]]) -> int:
    """Count how often a job's log says that it was done."""
    return sum(one["words"].startswith("done") for one in lines)


def tell(struck: list[Struck], facts: dict[str, int]) -> None:
    """Write the result where `make slow` collects evidence."""
    folder = os.environ.get("ARA_EVIDENCE")
    if not folder:
        print(json.dumps([(one.part, one.how, one.outcomes, one.errors, round(one.again, 1)) for one in struck]))
        print(json.dumps(facts))
        return
    lines = ["# Killed services", "", *WORDS.splitlines(), ""]
    lines += [f"Measured on {datetime.now(UTC):%Y-%m-%d} with {os.cpu_count()} processor cores by", "", COMMAND, ""]
    names = (
        "part",
        "how it ended",
        "answered",
        "errors that say they pass",
        "no answer",
        "other",
        "s until all answer",
    )
    lines += [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    for one in struck:
        counts = [one.outcomes[name] for name in ("ok", "typed", "cut", "wrong")]
        lines += [f"| {one.part} | {one.how} | {' | '.join(map(str, counts))} | {one.again:.1f} |"]
    errors = sum((one.errors for one in struck), Counter[str]())
    rows = (f"| {name} | {count} |" for name, count in sorted(errors.items()))
    lines += ["", "| what passed | times |", "|---|---|", *rows]
    lines += ["", "| afterwards | |", "|---|---|", *(f"| {name} | {count} |" for name, count in facts.items())]
    page = Path(folder) / "service_kills.md"
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
