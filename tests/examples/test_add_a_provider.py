"""The page about a provider of one's own, followed by its text alone."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from ara.clock import SystemClock

PAGE = (Path(__file__).parents[2] / "docs" / "how_to" / "add_a_provider.md").read_text(encoding="utf-8")
*PROVIDER, VENUE, CHECK, SERVE = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def package(tmp_path):
    """Give a folder that holds the page's package as if it were installed."""
    site = tmp_path / "site"
    (site / "your_package").mkdir(parents=True)
    (site / "your_package" / "lighthouse.py").write_text("".join(PROVIDER))
    about = site / "your_package-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: your-package\nVersion: 1.0\n")
    (entry,) = re.findall(r'```toml\n\[project\.entry-points\."ara\.providers"\]\n(.*?)```', PAGE, flags=re.DOTALL)
    (about / "entry_points.txt").write_text(f"[ara.providers]\n{entry.replace(chr(34), '')}")
    return site


@pytest.fixture
def venue(tmp_path):
    names = runs(tmp_path / "venue.py", VENUE)
    assert "with venue_at(SystemClock()) as venue:" in SERVE
    with names["venue_at"](SystemClock()) as served:
        yield served


def runs(file, *blocks):
    """Run blocks of the page as the file that its reader makes of them, and give what it defines."""
    file.write_text("".join(blocks))
    return runpy.run_path(str(file))


def commands():
    return [line.removeprefix("$ ara ").split() for line in PAGE.splitlines() if line.startswith("$ ara ")]


def ara(package, url, *words):
    code = "import sys; from ara.cli.app import main; sys.exit(main())"
    (name,) = re.findall(r"export (\w+)=", PAGE)
    own = {"PYTHONPATH": str(package), "ARA_HOME": str(package.parent / "home"), "HOME": str(package.parent), name: url}
    environ = {**os.environ, **own, "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, "-c", code, *words], env=environ, capture_output=True, text=True, check=False
    )


def test_the_checks_of_the_page_pass_and_warn_of_nothing(caplog, tmp_path):
    runs(tmp_path / "page.py", *PROVIDER, VENUE, CHECK)
    assert caplog.text == ""


def test_the_commands_of_the_page_do_what_it_says(package, venue):
    assert [words[:2] for words in commands()] == [["plugins", "check"], ["data", "fetch"], ["data", "fetch"]]
    for words in commands():
        done = ara(package, venue.url, *words)
        assert (done.returncode, "behind" in done.stderr) == (0, False), done.stdout + done.stderr
        assert "stale" not in done.stdout
    hours = ara(package, venue.url, "data", "fetch", "BTC-USD", "--provider", "lighthouse", "--timeframe", "1h")
    assert hours.returncode == 3
    assert "Try again later" not in hours.stderr
