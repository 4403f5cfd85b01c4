"""A repair is made where it is asked for, is marked, and leaves every byte that is kept as it was."""

import json
from datetime import UTC, datetime
from hashlib import sha256

import polars as pl
import pytest

from ara.cli.app import main
from ara.clock import SystemClock
from ara.data.feed import MarketData
from ara.data.lake import Lake
from ara.market.symbols import resolve
from tests.data.test_view import hurt, wave

APPLE = resolve("AAPL")
PLACE = 200


@pytest.fixture
def lake(tmp_path):
    """A lake in the place of the settings, with one bar whose high is below its close, and its witnesses."""
    kept = Lake.at(tmp_path / "lake", clock=SystemClock())
    kept.append(pl.concat([hurt(wave(), PLACE, high=50.0), wave(source="polygon")]))
    return kept


def printed(folder):
    return {path: sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


async def test_market_data_repairs_only_where_asked_and_keeps_what_came(open_desk, lake, tmp_path):
    before, rows = printed(tmp_path / "lake"), lake.bars("AAPL", "1d")
    async with MarketData(await open_desk("yahoo"), store=lake) as market:
        plain = (await market.bars(APPLE, as_of=datetime(2020, 6, 1, tzinfo=UTC))).frame
        given = (await market.bars(APPLE, as_of=datetime(2020, 6, 1, tzinfo=UTC), repaired=True)).frame
        again = (await market.bars(APPLE, as_of=datetime(2020, 6, 1, tzinfo=UTC))).frame
    assert not plain["imputed"].any()
    assert plain.equals(again)
    assert given.height == plain.height
    assert printed(tmp_path / "lake") == before
    assert lake.bars("AAPL", "1d").equals(rows)
    assert lake.bars("AAPL", "1d", sources=["yahoo"])["high"][PLACE] == 50.0


async def test_a_bar_that_cannot_be_is_stretched_by_its_own_prices(open_desk, tmp_path):
    alone = Lake.at(tmp_path / "lake", clock=SystemClock())
    alone.append(hurt(wave(), PLACE, high=50.0))
    async with MarketData(await open_desk("yahoo"), store=alone) as market:
        given = (await market.bars(APPLE, as_of=datetime(2020, 6, 1, tzinfo=UTC), repaired=True)).frame
        plain = (await market.bars(APPLE, as_of=datetime(2020, 6, 1, tzinfo=UTC))).frame
    assert given.filter("imputed")["at"].to_list() == [plain["at"][PLACE]]
    assert (plain["high"][PLACE], given["high"][PLACE]) == (50.0, given["close"][PLACE])
    assert given["quality"][PLACE] == 0.5


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ARA_HOME", str(tmp_path))
    monkeypatch.setenv("ARA_DATA_PROVIDERS", "sample")
    Lake.at(tmp_path / "lake", clock=SystemClock()).append(hurt(wave(source="file:x"), PLACE, high=50.0))

    def run(*words):
        capsys.readouterr()
        assert main([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_the_command_exports_repaired_bars_marked(command, tmp_path):
    before = printed(tmp_path / "lake")
    for words, marked in (((), 0), (("--repaired",), 1)):
        target = tmp_path / "out.parquet"
        command("data", "export", "AAPL", "--as-of", "2020-06-01", "--out", str(target), *words)
        frame = pl.read_parquet(target)
        assert frame["imputed"].sum() == marked
        assert (frame["high"] == 50.0).sum() == 1 - marked
    assert printed(tmp_path / "lake") == before


def test_the_command_shows_repaired_bars_marked(command, tmp_path, capsys):
    before = printed(tmp_path / "lake")
    words = ("data", "show", "AAPL", "--as-of", "2020-06-01", "-n", "400")
    plain, given = command(*words), command(*words, "--repaired")
    assert [bar["imputed"] for bar in plain["bars"]].count(True) == 0
    (bar,) = [bar for bar in given["bars"] if bar["imputed"]]
    assert bar["high"] == bar["close"]
    assert main([*words, "--repaired", "--width", "160"]) == 0
    assert capsys.readouterr().out.count("repaired") == 1
    assert printed(tmp_path / "lake") == before


@pytest.mark.parametrize("other", ["--raw", "--actions"])
def test_what_was_published_is_never_shown_repaired(command, other, capsys):
    assert main(["data", "show", "AAPL", other, "--repaired"]) == 2
    assert f"{other} and --repaired exclude each other." in capsys.readouterr().err
