"""The first questions: a settings file by three short answers, and never where nobody is there to give them."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ara.errors import AraError
from ara.settings.edit import write
from ara.settings.keys import find
from ara.settings.load import gather
from ara.settings.places import data_folder, user_file
from ara.settings.template import TEMPLATES, render

if TYPE_CHECKING:
    from ara.cli.screen import Screen

__all__ = ["ask", "offer"]

_TRIES = 3
_ROBOTS = ("CI", "GITHUB_ACTIONS", "TF_BUILD")
_ASKED = "wizard-asked"


def ask(screen: "Screen", template: str = "minimal") -> str:
    """Ask what a settings file should say and give its text; an empty answer takes the default, shown in brackets.

    Parameters
    ----------
    screen
        Where to ask; without a terminal every answer is the default.
    template
        The default of the first question.
    """
    for name, words in TEMPLATES.items():
        screen.note(f"{name}: {words}")
    name = _choice(screen, template)
    answers: dict[str, str] = {}
    for key, words, default in _questions(name):
        answer = _valid(screen, key, words, default)
        if answer != default:
            answers[key] = answer
    return render(name, answers)


def _questions(template: str) -> Iterator[tuple[str, str, str]]:
    days = {"trader": "10", "quant": "21"}.get(template, "5")
    yield "prediction.days", "How many trading days should a forecast look ahead, 1 to 30?", days
    yield "cli.timezone", "In which time zone should times be shown, such as Europe/Paris?", ""


def _choice(screen: "Screen", default: str) -> str:
    for _ in range(_TRIES):
        answer = screen.ask(f"Which file do you want to start from? [{default}]", default=default)
        if answer in TEMPLATES:
            return answer
        screen.note(f"Choose one of {', '.join(TEMPLATES)}.")
    return default


def _valid(screen: "Screen", key: str, words: str, default: str) -> str:
    setting = find(key)
    for _ in range(_TRIES):
        answer = screen.ask(f"{words} [{default or 'this machine'}]", default=default)
        try:
            setting.parse(answer)
        except ValueError:
            screen.note(f"Allowed: {setting.allowed}.")
        else:
            return answer
    return default


def offer(screen: "Screen", *, environ: Mapping[str, str] | None = None, folder: Path | None = None) -> bool:
    """Offer the questions once, to a person who has no settings yet; true where a file was written.

    Nothing is asked without a terminal, under `--json` or `--quiet`, on a build machine, where any settings file is
    there, where Ara's home is not the usual folder and so somebody has set Ara up, or where the offer was made before.
    Whatever goes wrong, the command that the user typed goes on.

    Parameters
    ----------
    screen
        Where to ask.
    environ
        The environment; the process's own where none is given.
    folder
        Where the search for a project's file begins; the working folder where none is given.
    """
    known = os.environ if environ is None else environ
    path = user_file(known)
    if path is None or screen.json or screen.quiet or not screen.interactive or any(map(known.get, _ROBOTS)):
        return False
    found = gather(screen.flags.as_settings(), environ=known, folder=folder)
    home = data_folder(known, folder)
    mark = home / _ASKED
    if found.files or found.settings is None or Path(found.settings.home) != home or mark.exists():
        return False
    with suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    if not screen.confirm(f"There are no settings yet. Answer three questions and keep them in {path}?", yes=False):
        screen.note("Everything stays at its default. Whenever you want: ara config init --interactive")
        return False
    try:
        write(path, ask(screen), mode=0o600)
    except AraError as error:
        screen.warn(error.message)
        return False
    screen.note(f"Wrote {path}. Change it by: ara config set KEY VALUE")
    return True
