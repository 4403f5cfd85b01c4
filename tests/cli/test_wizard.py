import asyncio
import os
import pty
import re
import sys
import threading

import pytest

from ara.cli.screen import Flags, Screen
from ara.cli.wizard import offer
from ara.settings import Settings


@pytest.fixture
def folders(tmp_path):
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    project.mkdir()
    return home, project


@pytest.fixture
def asked(folders, monkeypatch):
    """Make the offer on a terminal with these lines typed; gives what it returned and what was printed."""
    home, project = folders

    def make(*lines: str, flags: Flags | None = None, **variables: str) -> tuple[bool, str]:
        master, slave = pty.openpty()
        seen: list[bytes] = []
        reader = threading.Thread(target=_collect, args=(master, seen))
        reader.start()
        with (
            os.fdopen(os.dup(slave), "r") as keyboard,
            os.fdopen(slave, "w") as picture,
            monkeypatch.context() as patch,
        ):
            patch.setattr(sys, "stdin", keyboard)
            patch.setattr(sys, "stderr", picture)
            os.write(master, "".join(f"{line}\n" for line in lines).encode() + b"\x04" * 9)
            environ = {"HOME": str(home), "USERPROFILE": str(home), **variables}
            done = offer(Screen(flags, runner=asyncio.run), environ=environ, folder=project)
        reader.join()
        return done, re.sub(r"\x1b\[[0-9;]*m", "", b"".join(seen).decode())

    return make


def _collect(master: int, seen: list[bytes]) -> None:
    try:
        while data := os.read(master, 4096):
            seen.append(data)
    except OSError:
        os.close(master)


def test_a_yes_leads_to_a_file(asked, folders):
    home, project = folders
    done, words = asked("y", "trader", "3", "UTC")
    assert done
    assert f"Wrote {home}/.ara.yaml" in " ".join(words.split())
    settings = Settings.load(environ={"HOME": str(home)}, folder=project)
    assert (settings.prediction.days, settings.cli.timezone, settings.log.level) == (3, "UTC", "warning")
    assert (home / ".ara.yaml").stat().st_mode & 0o777 == 0o600


def test_a_no_is_remembered(asked, folders):
    done, words = asked("")
    assert not done
    assert "ara config init --interactive" in " ".join(words.split())
    assert not (folders[0] / ".ara.yaml").exists()
    again, words = asked("y")
    assert not again
    assert words.strip() in {"", "y"}  # nothing but what the terminal may echo


def test_nothing_is_offered_to_scripts(asked, folders):
    for flags in (Flags(json=True), Flags(quiet=True)):
        assert not asked("y", flags=flags)[0]
    assert not asked("y", CI="true")[0]
    assert not asked("y", HOME="", USERPROFILE="")[0]
    assert not offer(Screen(runner=asyncio.run), environ={"HOME": str(folders[0])}, folder=folders[1])
    assert list(folders[0].iterdir()) == []


def test_nothing_is_offered_where_there_are_settings(asked, folders):
    (folders[1] / ".ara.yaml").touch()
    again, words = asked("y")
    assert not again
    assert words.strip() in {"", "y"}  # nothing but what the terminal may echo


def test_nothing_is_offered_where_the_home_is_set_to_elsewhere(asked, folders):
    home, project = folders
    elsewhere = str(project / "state")
    for done, words in (asked("y", ARA_HOME=elsewhere), asked("y", flags=Flags(settings={"home": elsewhere}))):
        assert not done
        assert words.strip() in {"", "y"}  # nothing but what the terminal may echo
    assert list(home.iterdir()) == list(project.iterdir()) == []
    assert asked("y", "", "", "", ARA_HOME=f"{home}/.local/share/ara")[0]


def test_nothing_is_offered_where_the_settings_are_wrong(asked):
    assert not asked("y", ARA_LOG_LEVEL="loud")[0]


def test_on_a_narrow_terminal_lines_break_between_words(asked, folders):
    done, words = asked("y", "trader", "3", "UTC", flags=Flags(width=20))
    assert done
    lines = [line.strip() for line in re.split(r"\n|(?<=\]) ", words.replace("\r", ""))]
    assert [line for line in lines if len(line) > 20 and " " in line] == []
    assert "There are no" in lines
    assert "trader: forecasts on" in lines


def test_a_folder_that_can_t_be_written_stops_nothing(asked, folders):
    (folders[0] / "file").touch()
    done, words = asked("y", "", "", "", HOME=f"{folders[0]}/file")
    assert not done
    assert "can't be written" in words.replace("\r\n", " ")
