"""Tuning on a real Ray cluster of one machine; its workers and then all of it are killed."""

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ara.data.feed import MarketData
from ara.desk import Desk
from ara.errors import WorkerError
from ara.jobs import memory
from ara.models.checks import toy_panel
from ara.models.tuning import Plan, history, tune
from ara.performance.trials import Trials
from ara.prediction.training import Lesson, bars_for
from ara.prediction.tuning import Quest, kept_studies, studies_url, tune_model
from ara.settings import Settings

pytestmark = pytest.mark.slow

PANEL = toy_panel(bars=900)
CUT = int(PANEL.known_at[750])
FOUND: dict[str, object] = {}


@pytest.fixture
def head(ray_head: tuple[subprocess.Popen[str], str]) -> subprocess.Popen[str]:
    return ray_head[0]


@pytest.fixture
def address(ray_head: tuple[subprocess.Popen[str], str]) -> str:
    assert ray_head[1], "the cluster did not begin"
    return ray_head[1]


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process and all that it started."""
    for one in reversed(memory.family(process.pid)):
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    process.communicate()


def workers(process: subprocess.Popen[str]) -> list[int]:
    """Give the processes of the cluster that make trials."""
    found = []
    for one in memory.family(process.pid):
        with suppress(OSError):
            words = Path(f"/proc/{one}/cmdline").read_bytes()
            if b"ray::" in words and b"Agent" not in words:  # without its agents the machine leaves the cluster
                found.append(one)
    return found


def plan(tmp_path: Path, **asked: object) -> Plan:
    told = {"family": "ewma_t", "cut": CUT, "trials": 5, "storage": f"sqlite:///{tmp_path}/studies.db", **asked}
    return Plan(**told)  # type: ignore[arg-type]


def test_one_at_a_time_the_cluster_makes_the_trials_that_are_made_here(address, tmp_path):
    here = tune(PANEL, plan(tmp_path), watch=lambda progress: True)
    (tmp_path / "there").mkdir()
    asked = plan(tmp_path / "there", on="ray", address=address, at_once=1)
    there = tune(PANEL, asked, watch=lambda progress: True)
    assert there.study == here.study
    assert [(one.number, one.state, one.params, one.ratio, one.blocks) for one in there.tried] == [
        (one.number, one.state, one.params, one.ratio, one.blocks) for one in here.tried
    ]
    FOUND["trials equal to those made here"] = f"{len(there.tried)} of {len(here.tried)}"


def test_a_trial_whose_worker_is_killed_is_made_again_and_ends_as_it_would_have(head, address, tmp_path):
    here = tune(PANEL, plan(tmp_path), watch=lambda progress: True)
    killed: list[int] = []

    def watch(progress: object) -> bool:
        if len(killed) < 2:
            for one in workers(head):
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
                    killed.append(one)
        return True

    (tmp_path / "there").mkdir()
    there = tune(PANEL, plan(tmp_path / "there", on="ray", address=address, at_once=1), watch=watch)
    assert len(killed) >= 2
    assert [(one.state, one.params, one.ratio) for one in there.tried] == [
        (one.state, one.params, one.ratio) for one in here.tried
    ]
    FOUND["workers killed"] = len(killed)
    FOUND["trials equal in spite of that"] = f"{len(there.tried)} of {len(here.tried)}"


def test_two_at_once_share_a_study(address, tmp_path):
    found = tune(PANEL, plan(tmp_path, on="ray", address=address, trials=6), watch=lambda progress: True)
    assert [one.number for one in found.tried] == list(range(6))
    assert {one.state for one in found.tried} <= {"complete", "pruned"}
    assert found.winner is not None
    assert found.winner.ratio <= found.tried[0].ratio


async def test_where_the_cluster_goes_what_was_tried_is_kept_and_it_goes_on_here(head, address, tmp_path):
    settings = Settings.load({"home": str(tmp_path), "workers.ray": address})
    lesson = Lesson(family="ewma_t", params={}, days=2)
    quest = Quest(
        lesson=lesson,
        plan=Plan(family="ewma_t", cut=0, trials=6, storage="", on="ray", at_once=1),
        keep=False,
    )
    async with Desk.open(settings) as desk:
        async with MarketData(desk) as market:
            bars = await bars_for(market, ("AAPL",), period="6y", as_of=datetime(2021, 3, 1, tzinfo=UTC))

        def watch(progress: object) -> bool:
            if progress.done >= 2 and head.poll() is None:  # type: ignore[attr-defined]
                kill(head)
            return True

        with pytest.raises(WorkerError, match="The Ray cluster was lost") as caught:
            await tune_model(desk, bars, quest, watch=watch)
        assert "What was done is kept" in caught.value.hint
        (study,) = await kept_studies(desk)
        kept = sum(one.state == "complete" for one in study.tried)
        assert kept >= 2
        looks = (await Trials(desk).verify()).entries
        assert looks == 6
        found, _ = await tune_model(desk, bars, replace(quest, plan=replace(quest.plan, on="here")))
        assert sum(one.state in {"complete", "pruned"} for one in found.tried) == 6
        assert history(studies_url(settings), "ewma_t").study == found.study == study.study
        (tmp_path / "alone").mkdir()
        alone = Settings.load({"home": str(tmp_path / "alone")})
        async with Desk.open(alone) as other:
            whole, _ = await tune_model(other, bars, replace(quest, plan=replace(quest.plan, on="here")))
        made = [one for one in found.tried if one.state != "failed"]
        assert [(one.params, one.ratio) for one in made] == [(one.params, one.ratio) for one in whole.tried]
        FOUND["trials kept when the cluster was killed"] = kept
        FOUND["trials in the end, equal to those of a study without a cluster"] = len(made)
        assert (await Trials(desk).verify()).ok


def test_what_was_seen_is_told(address):
    folder = os.environ.get("ARA_EVIDENCE")
    if not folder:
        pytest.skip("ARA_EVIDENCE names no folder")
    lines = [
        "# Ray",
        "",
        "A study is made on a real Ray cluster of two processors on one machine, beside the same without one. The",
        "workers that make trials are killed (`kill -9`), and then the whole cluster, its head included. Measured by",
        "`make slow`.",
        "",
        f"Seen on {datetime.now(UTC):%Y-%m-%d}:",
        "",
        "| what | seen |",
        "|---|---|",
        *(f"| {what} | {seen} |" for what, seen in FOUND.items()),
    ]
    page = Path(folder) / "ray.md"
    _, mark, networks = (
        page.read_text(encoding="utf-8").partition("\nA network trained") if page.exists() else ("", "", "")
    )
    page.write_text("\n".join(lines) + "\n" + mark + networks, encoding="utf-8")
