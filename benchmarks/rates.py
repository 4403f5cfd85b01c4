"""The service on a socket beside a bare FastAPI application on the same server, asked by wrk.

`*_rate_share`: how many requests a second of the server's processor time answers, as a share of what it answers for
the bare application: `kept` is a kept forecast with its reasons, some 17 kB, asked with a key and counted; `unchanged`
the same for who has it (304); `me` says who asks. Logs are written as they are by default.
`start_s`: seconds of processor time from nothing to the first answer of `ara serve`, in an installation that is there.
Needs wrk; without it there are no figures.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from fastapi import FastAPI

from benchmarks.measure import ROOT, show

__all__ = ["bare", "figures"]

_RUNS = 5
_LASTS = "2s"
_CONNECTIONS = "16"
_HUGE = "1000000"
_TICKS = os.sysconf("SC_CLK_TCK")
_ASKED = {"symbol": "AAPL", "days": 5, "as_of": "2020-02-20", "model": "ewma_t"}
_DAYS = [{"day": day, "price": 100.0 + day, "low": 95.0, "high": 105.0, "confidence": 0.8} for day in range(5)]
_UVICORN = "uvicorn.run('benchmarks.rates:bare', port=0, access_log=False, log_level='info')"

bare = FastAPI()
"""What is compared with."""


@bare.get("/j")
async def _j() -> dict[str, object]:
    return {"symbol": "AAPL", "p": _DAYS}


def figures() -> dict[str, float]:
    """Measure: shares, and seconds of processor time."""
    if shutil.which("wrk") is None:
        return {}
    with tempfile.TemporaryDirectory() as home:
        rich = [f"accounts.enterprise.{one}={_HUGE}" for one in ("burst", "per_minute")]
        flags = [word for one in (f"home={home}", *rich) for word in ("--set", one)]
        command = [sys.executable, "-m", "ara", "serve", "--port", "0", *flags]
        with _served(command) as (_, _, said):
            key = re.search(r"ara_[a-z2-7]{16}_[\w-]{43}", said)
            assert key, said
        known = {"Authorization": f"Bearer {key[0]}"}
        with _served([sys.executable, "-c", f"import uvicorn; {_UVICORN}"]) as (plain, other, _), _served(command) as (
            url, process, _,
        ):  # fmt: skip
            _get(f"{url}/health", {})
            start = _spent(process)
            made = _get(f"{url}/api/v1/predict", {**known, "Content-Type": "application/json"}, body=_ASKED)
            place = f"{url}/api/v1/predictions/{json.loads(made)['prediction_id']}"
            _get(place, known)
            with urlopen(Request(place, headers=known), timeout=60) as answer:
                tag = answer.headers["ETag"]
            sides = {
                "bare": (other, f"{plain}/j", {}),
                "kept": (process, place, known),
                "unchanged": (process, place, {**known, "If-None-Match": tag}),
                "me": (process, f"{url}/api/v1/auth/me", known),
            }
            rates = dict.fromkeys(sides, 0.0)
            for _ in range(_RUNS):
                for name, side in sides.items():
                    rates[name] = max(rates[name], _rate(*side))
    shares = {f"{name}_rate_share": rates[name] / rates["bare"] for name in sides if name != "bare"}
    return {**shares, "start_s": start}


@contextmanager
def _served(command: list[str]) -> Iterator[tuple[str, int, str]]:
    """Run a server; gives its address, its process and what it said until it said that."""
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "said").open("w+") as told:
        running = subprocess.Popen(command, cwd=ROOT, stdout=told, stderr=subprocess.STDOUT)
        try:
            for _ in range(1200):
                said = Path(told.name).read_text(encoding="utf-8")
                if running.poll() is not None:
                    sys.exit(f"{' '.join(command)} ends:\n{said}")
                if found := re.search(r"http://127\.0\.0\.1:\d+", said):
                    break
                time.sleep(0.05)
            else:
                sys.exit(f"{' '.join(command)} does not begin:\n{said}")
            yield found[0], running.pid, said
        finally:
            running.terminate()
            running.wait()


def _rate(process: int, url: str, headers: Mapping[str, str]) -> float:
    """Give how many requests a second of the server's processor time answers."""
    sent = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    before = _spent(process)
    asked = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{_LASTS}", *sent, url]
    text = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    spent = _spent(process) - before
    if "Socket errors" in text or ("Non-2xx" in text and "If-None-Match" not in headers):
        sys.exit(f"{url} fails:\n{text}")
    found = re.search(r"(\d+) requests in", text)
    assert found, text
    return int(found[1]) / spent


def _spent(process: int) -> float:
    """Give the seconds of processor time that a process has had."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _get(url: str, headers: Mapping[str, str], *, body: object = None) -> bytes:
    """Ask, again where the server does not answer yet."""
    data = None if body is None else json.dumps(body).encode()
    for left in range(200, -1, -1):
        try:
            with urlopen(Request(url, data, dict(headers)), timeout=60) as answer:
                told: bytes = answer.read()
                return told
        except ConnectionError:
            if not left:
                raise
            time.sleep(0.05)
    raise AssertionError(url)


if __name__ == "__main__":
    show(figures())
