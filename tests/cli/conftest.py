import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import NormalDist

import pytest

from ara.cli.app import main
from ara.lineage import Lineage
from ara.market.instrument import AssetClass, Instrument
from ara.models.quantiles import LEVELS
from ara.prediction.forecast import Day, Factor, Forecast

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str = ""

    @property
    def plain(self):
        return ESCAPES.sub("", self.out).replace("\r\n", "\n")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An environment of its own: no setting, file or variable of the machine reaches the command."""
    for name in list(os.environ):
        if name.startswith("ARA_") or name in {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "COLORTERM"}:
            monkeypatch.delenv(name)
    place = tmp_path / "home"
    place.mkdir()
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("ARA_HOME", str(place / "ara"))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("CI", "true")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def ara(home, capsys) -> Callable[..., Outcome]:
    """The command in this process."""

    def call(*words: str) -> Outcome:
        capsys.readouterr()
        code = main(words)
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return call


@pytest.fixture(scope="session")
def sampled():
    """Instruments of the bundled sample: 30 days of all of them are work for more than a second."""
    shares = "AAPL AMZN IBM MSFT JPM JNJ XOM KO BAC SPY QQQ IWM EEM"
    return f"{shares} EURUSD GBPUSD USDJPY USDCHF USDCAD AUDUSD BTC-USD ETH-USD LTC-USD".split()


@pytest.fixture
def process(home) -> Callable[..., Outcome]:
    """The command as a process of its own, its streams in pipes."""

    def call(*words: str, stdin: str = "", **environ: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-m", "ara", *words],
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, **environ},
            timeout=900,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return call


class Terminal:
    """A command on a terminal of its own, as a person sees it."""

    def __init__(self, words, *, columns, environ):
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self._process = subprocess.Popen(
            words,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environ,
            close_fds=True,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.text = ""

    def read(self, until="", *, seconds=900.0):
        """Read until a text has come, or to the end."""
        deadline = time.monotonic() + seconds
        while not until or until not in self.text:
            ready, _, _ = select.select([self._master], [], [], max(deadline - time.monotonic(), 0))
            assert ready, f"nothing more came; so far: {self.text!r}"
            try:
                data = os.read(self._master, 65536)
            except OSError:
                break
            if not data:
                break
            self.text += data.decode("utf-8", "replace")
        return self.text

    def type(self, text):
        os.write(self._master, text.encode())

    def interrupt(self):
        self._process.send_signal(signal.SIGINT)

    def end(self):
        self.read()
        code = self._process.wait(900)
        return Outcome(code, self.text)

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._master)


@pytest.fixture
def terminal(home):
    """Start commands on terminals; they are closed at the end of the test."""
    opened = []

    def start(*words: str, columns: int = 100, program: tuple[str, ...] = (), **environ: str) -> Terminal:
        whole = program or (sys.executable, "-m", "ara", *words)
        opened.append(Terminal(whole, columns=columns, environ={**os.environ, **environ}))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def _next_session(day: date, kind: AssetClass) -> date:
    day += timedelta(1)
    while kind is not AssetClass.CRYPTO and day.weekday() > 4:
        day += timedelta(1)
    return day


@pytest.fixture
def make_forecast() -> Callable[..., Forecast]:
    """Forecasts written by hand, of normal returns."""

    def make(
        symbol="AAPL",
        name="Apple Inc.",
        *,
        close=122.15,
        volatility=0.015,
        kind=AssetClass.STOCK,
        venue="NASDAQ",
        tick="0.01",
        days=5,
        drift=0.0,
        p_up=0.5,
        factors=True,
        **rest,
    ) -> Forecast:
        reasons = (
            Factor(name="volatility", value=1.3, contribution=0.18, description="volatility is 1.3x its year"),
            Factor(name="stress", value=0.1, contribution=-0.03, description="market stress is low"),
        )
        entries, label = [], date(2021, 3, 31)
        for number in range(1, days + 1):
            label = _next_session(label, kind)
            returns = NormalDist(drift * number, volatility * number**0.5)
            entries.append(
                Day(
                    number=number,
                    date=label,
                    at=datetime(label.year, label.month, label.day, 20, tzinfo=UTC),
                    close=close,
                    quantiles=tuple(returns.inv_cdf(level) for level in LEVELS),
                    p_up=p_up,
                    confidence=0.74 - 0.01 * number,
                    usual_move=0.029 * number**0.5,
                    factors=reasons if factors else (),
                )
            )
        instrument = Instrument(
            symbol=symbol,
            name=name,
            asset_class=kind,
            venue=venue,
            currency="USD",
            calendar="XNYS",
            timezone="America/New_York",
            tick=Decimal(tick),
            lot=Decimal("1"),
        )
        return Forecast(
            instrument=instrument,
            as_of=datetime(2021, 3, 31, 20, tzinfo=UTC),
            last=date(2021, 3, 31),
            close=close,
            model=rest.pop("model", "ewma_t"),
            days=tuple(entries),
            source=rest.pop("source", "sample"),
            quality=0.98,
            lineage=Lineage(
                data="ab" * 32, models={"ewma_t": {"half_life": 20.5}}, engine="1", platform={"numpy": "2.4"}
            ),
            **rest,
        )

    return make
