"""What strangers could send, by schemathesis: `python -m tests.load.fuzz --with PATH/TO/schemathesis`.

schemathesis 4 stands in an environment of its own (`pip install "schemathesis>=4,<5"`): it wants other versions than
Ara does. The service runs as `ara serve` does with nothing set up, but for limits that are higher than what is asked.
It is asked by its own description, with all checks, in four runs: all paths without a key; those of v1, those of v2,
and those of accounts and OAuth, each with a key of its own, since what is asked there ends keys and users. Prints one
JSON document; the exit status is 0 where nothing was found.

What a description can't say is told to schemathesis in its hooks: requests that fit their shape and contradict
themselves, or what is there, may be refused with 422 (`CONTRADICTIONS`), as may programs and forms
that nobody knows below /oauth/ with 400.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx

from tests.load.soak import begin

MORE = {
    "ARA_ACCOUNTS_ENTERPRISE_PER_DAY": "1000000",
    "ARA_ACCOUNTS_ENTRIES_PER_MINUTE": "1000000",
    "ARA_ACCOUNTS_WRONG_PER_MINUTE": "1000000",
    "ARA_JOBS_ENTERPRISE": "10000",
    "ARA_JOBS_INSIDE": "0",
    "ARA_TELEMETRY_PROMETHEUS": "true",
    "ARA_WEBHOOKS_MOST": "1000",
    "ARA_WEBHOOKS_NETWORKS": "127.0.0.0/8",
}
ACCOUNTS = r"/auth/|^/oauth/|^/\.well-known/"
RUNS = {
    "without a key": ("", ""),
    "v1, with a key": (r"^/(api/v1/|health|metrics)", ACCOUNTS),
    "v2, with a key": (r"^/api/v2/", ACCOUNTS),
    "accounts and OAuth, with a key of its own": (ACCOUNTS, r"/auth/logout"),
}
ALONE = "examples,coverage,fuzzing"
FOLLOWED = {"v1, with a key": ("stateful",), "v2, with a key": ("stateful",)}
"""Runs in which requests also follow on each other: what one answer names is asked for by the next."""
CONTRADICTIONS = {
    "This Idempotency-Key was sent": "a key of idempotency that another request had",
    "send symbol, or symbols": "one instrument and several at once",
    "host of the address is not known": "an address that nobody knows where the service runs",
    "instruments are named": "the same instrument twice is one",
    "weights of": "weights for more or fewer instruments than are named",
    "is of the class": "a limit for a class of which nothing may be held",
    "worth nothing": "trades of nothing",
    "no instrument": "limits of instruments that may not be held",
    "can't be met": "limits that exclude each other",
    "limits": "limits that exclude each other",
    "bounds": "limits that exclude each other",
    "guessed too easily": "a password that everybody tries",
    "not valid any more": "a key that was revoked meanwhile",
    "without a secret it needs one": "a program without a secret and without an address",
    "is no `next` of an answer": "a cursor that no answer gave",
    "before": "a moment before there were bars, or an end before its start",
    "bars": "fewer bars than are asked about",
}
HOOKS = """
import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance

@schemathesis.check
def accepted_unless_it_contradicts_itself(ctx, response, case):
    try:
        return positive_data_acceptance(ctx, response, case)
    except BaseException:
        if response.status_code == 422:
            said = response.json().get("detail", "")
            if any(words in said for words in CONTRADICTIONS):
                return None
        if case.path.startswith("/oauth/") and response.status_code in (400, 401):
            return None
        raise
"""


def things(url: str, key: str) -> dict[str, str]:
    """Make one of each thing that paths have ids of, and give the ids by the names of parameters."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=120) as client:

        def made(path: str, body: dict[str, Any]) -> Any:
            answer = client.post(f"/api/v2/{path}", json=body)
            answer.raise_for_status()
            return answer.json()

        forecast = made("forecasts", {"symbol": "AAPL", "days": 1, "model": "ewma_t"})["id"]
        job = str(made("backtests", {"symbols": ["AAPL"]})["job"])
        hook = made("webhooks", {"url": f"{url}/health", "events": ["prediction_complete"]})["id"]
        user = made("auth/admin/users", {"email": "ada@example.org", "password": "correct horse battery"})["id"]
        program = made("auth/apps", {"name": "Desk", "redirects": ["https://x.example/"], "scopes": ["market:read"]})
        return {
            "prediction_id": forecast, "forecast_id": forecast, "job_id": job, "webhook_id": hook, "user_id": user,
            "client_id": program["client_id"], "key_id": made("auth/api-keys", {"name": "one"})["id"],
        }  # fmt: skip


def asked(
    program: str, url: str, key: str, run: str, phases: str, *, folder: Path, examples: int, seed: int
) -> dict[str, Any]:
    """Ask in one run, and give what was counted and what was found."""
    only, without = RUNS[run]
    name = re.sub(r"\W+", "_", run)
    (folder / "hooks.py").write_text(f"CONTRADICTIONS = {list(CONTRADICTIONS)!r}\n{HOOKS}", "utf-8")
    known = "".join(f"{one} = {json.dumps(id)}\n" for one, id in things(url, key).items()) if key else ""
    (folder / "schemathesis.toml").write_text(f"[parameters]\n{known}" if phases != "stateful" else "", "utf-8")
    report = folder / f"{name}.json"
    command = [
        program, "run", f"{url}/openapi.json", "--checks", "all", "--exclude-checks", "positive_data_acceptance",
        "--phases", phases, "--max-response-time", "60",
        "--max-examples", str(examples), "--continue-on-failure", "--seed", str(seed), "--request-timeout", "60",
        "--suppress-health-check", "all", "--report", "json", "--report-json-path", str(report),
        *(["-H", f"Authorization: Bearer {key}"] if key else []),
        *(["--include-path-regex", only] if only else []), *(["--exclude-path-regex", without] if without else []),
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(done.stdout, file=sys.stderr)
    assert report.exists(), done.stdout + done.stderr
    told = json.loads(report.read_text("utf-8"))
    return {
        "run": run, "phases": phases, "schemathesis": told["schemathesis_version"],
        "operations": told["operations"]["tested"],
        "requests": told["test_cases"]["generated"], "complete": told["complete"],
        "found": {one["title"]: one["count"] for one in told["failures"]},
        "errors": {one["title"]: one["count"] for one in told["errors"]}, "seconds": round(told["running_time"]),
    }  # fmt: skip


def main() -> None:
    asks = argparse.ArgumentParser(description=__doc__)
    asks.add_argument("--with", dest="program", default="schemathesis", help="the program schemathesis")
    asks.add_argument("--examples", type=int, default=10, help="cases of each path, at random")
    asks.add_argument("--seed", type=int, default=1)
    asks.add_argument("--runs", nargs="*", choices=RUNS, default=list(RUNS), metavar="RUN")
    given = asks.parse_args()
    found = []
    for run, phases in [(one, phases) for one in given.runs for phases in (ALONE, *FOLLOWED.get(one, ()))]:
        with tempfile.TemporaryDirectory() as folder:
            process, url, key = begin(Path(folder), **MORE)
            try:
                found.append(
                    asked(
                        given.program, url, "" if run == "without a key" else key, run, phases, folder=Path(folder),
                        examples=given.examples, seed=given.seed,
                    )
                )  # fmt: skip
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)
            lines = (Path(folder) / "said.txt").read_text("utf-8").splitlines()
            found[-1]["faults"] = sum(" 500 " in line for line in lines)
    print(json.dumps({"runs": found}, indent=2))
    sys.exit(any(one["found"] or one["errors"] or one["faults"] for one in found))


if __name__ == "__main__":
    main()
