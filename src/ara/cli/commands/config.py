"""`ara config`: write, show, change, check and put away settings."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from ara.cli.screen import Screen, screen
from ara.cli.words import clean, padded, width, wrapped
from ara.errors import CancelledError, ConfigurationError, ValidationError
from ara.settings import Problem, Settings
from ara.settings.edit import put, remove, write
from ara.settings.keys import all_keys, find, nearest, sections, shown
from ara.settings.load import files, gather
from ara.settings.places import FILE_NAME, project_file, user_file
from ara.settings.template import TEMPLATES, render

__all__ = ["command"]

command = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=False)
"""The group `ara config`."""

_User = Annotated[bool, typer.Option("--user", help="The user's file, ~/.ara.yaml, not the project's.")]
_Key = Annotated[str, typer.Argument(metavar="KEY", help="A setting's dotted key, such as prediction.days.")]
_STACKED_BELOW = 60
_TOLD = 20


@command.callback()
def _config() -> None:
    """Show, change and check settings.

    ::

        ara config show
        ara config set prediction.days 10
        ara config check

    A value comes from the last of these that gives one: default, profile, ~/.ara.yaml, the project's .ara.yaml,
    ARA_... variables, flags.
    """


@command.command("init")
def _init(
    *,
    template: Annotated[
        str, typer.Option("--template", "-t", help=f"What to start from: {', '.join(TEMPLATES)}.")
    ] = "minimal",
    user: _User = False,
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="Ask three questions first; never without a terminal.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Put a file that is there away as a back-up.")] = False,
) -> None:
    """Write a commented settings file.

    ::

        ara config init
        ara config init --template trader --user
        ara config init --interactive
    """
    s = screen()
    text = render(template)
    path = _own() if user else Path.cwd() / FILE_NAME
    there = os.path.lexists(path)
    if there and not force:
        raise ConfigurationError(
            f"{path} is there already.", hint="Change it by: ara config set KEY VALUE. Or replace it with --force."
        )
    if interactive and s.interactive:
        from ara.cli import wizard

        text = wizard.ask(s, template)
    elif interactive:
        s.note("There is no terminal to ask on, so every answer is the default.")
    backup = remove(path) if there else None
    _say_if_closed(s, path, write(path, text, mode=_mode(path)))
    data = {"schema": 1, "file": str(path), "template": template, "backup": str(backup) if backup else None}
    kept = f" The old one is {_short(backup)}." if backup else ""
    s.result(data, lambda: f"Wrote {_short(path)}.{kept}\nSee what is in force: ara config show")


@command.command("show")
def _show(
    *,
    section: Annotated[str, typer.Option("--section", "-s", help=f"One of {', '.join(sections())}.")] = "",
) -> None:
    """Print every setting, its value and where that came from.

    ::

        ara config show
        ara config show --section log
        ara config show --json

    Secrets and passwords are printed as ***.
    """
    s = screen()
    settings = s.known_settings()
    rows = _rows(settings, section)
    found = files(os.environ)
    data = {
        "schema": 1,
        "profile": settings.profile,
        "id": settings.id,
        "files": [str(path) for path in found],
        "settings": {name: _facts(settings, name) for name in rows},
    }
    s.result(data, lambda: "\n".join(_table(s, settings, rows, found)))


@command.command("get")
def _get(key: _Key) -> None:
    """Print one setting's value and nothing else.

    ::

        ara config get prediction.days
        ara config get store.url
        ara config get log.level --json
    """
    s = screen()
    setting = find(key)
    settings = s.known_settings()
    data = {"schema": 1, "key": key, **_facts(settings, key)}
    s.result(data, lambda: setting.show(setting.of(settings)))


@command.command(name="set")
def _set(
    key: _Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Its value; several are separated by commas.")],
    *,
    user: _User = False,
) -> None:
    """Change one setting in a file; its comments and order stay.

    ::

        ara config set prediction.days 10
        ara config set log.level warning --user
        ara config set data.providers sample

    The project's file is changed where there is one, else the user's.
    """
    s = screen()
    path = _target(user)
    closed = put(path, key, value, mode=_mode(path))
    setting = find(key)
    told = setting.show(setting.parse(value))
    s.result(
        {"schema": 1, "key": key, "value": told, "file": str(path)},
        lambda: f"Set {key} to {told or 'nothing'} in {_short(path)}.",
    )
    _say_if_closed(s, path, closed)
    variable = setting.variable
    if os.environ.get(variable):
        s.warn(f"The variable {variable} is set and goes over the file.")


@command.command("check")
def _check() -> None:
    """Say everything that is wrong with the settings; exit code 2 where anything is.

    ::

        ara config check
        ara config check --json
        ara config check --profile prod
    """
    s = screen()
    gathered = gather(s.flags.as_settings())
    warnings = (*gathered.warnings, *(_strangers(gathered.settings) if gathered.settings else ()))
    data = {
        "schema": 1,
        "ok": not gathered.problems,
        "exit_code": 2 if gathered.problems else 0,
        "files": [str(path) for path in gathered.files],
        "problems": [problem.as_dict() for problem in gathered.problems],
        "warnings": list(warnings),
    }
    s.result(data, lambda: "\n".join(_verdict(s, gathered.problems, warnings, gathered.files)))
    if gathered.problems:
        raise typer.Exit(2)


command.command(name="validate", hidden=True, help="The older name of `check`.")(_check)


@command.command("reset")
def _reset(
    *,
    user: _User = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", "--force", help="Don't ask.")] = False,
) -> None:
    """Put a settings file away, so that everything is at its default again; a back-up stays beside it.

    ::

        ara config reset
        ara config reset --user
        ara config reset --yes
    """
    s = screen()
    path = _target(user)
    if not os.path.lexists(path):
        raise ConfigurationError(f"There is no {path} to put away.", hint="See which files are read: ara config show")
    if not yes and not s.interactive:
        raise ValidationError(f"{path} is only put away after a yes, and nobody can be asked.", hint="Add --yes.")
    if not s.confirm(f"Put {path} away? Its settings no longer apply; a back-up stays beside it.", yes=yes):
        raise CancelledError(f"{path} is as it was.", hint="")
    backup = remove(path)
    data = {"schema": 1, "file": str(path), "backup": str(backup)}
    s.result(data, lambda: f"Put {_short(path)} away as {_short(backup)}.")


def _own() -> Path:
    path = user_file(os.environ)
    if path is None:
        raise ConfigurationError(
            "There is no user's folder: HOME is not set.", hint="Set HOME, or leave --user out for a project's file."
        )
    return path


def _target(user: bool) -> Path:
    if user:
        return _own()
    own = user_file(os.environ)
    return project_file(None, besides=own) or own or Path.cwd() / FILE_NAME


def _mode(path: Path) -> int:
    return 0o600 if path == user_file(os.environ) else 0o666


def _say_if_closed(s: Screen, path: Path, closed: bool) -> None:
    if closed:
        s.note(f"{_short(path)} holds a secret and others could open it; from now on only you can (mode 600).")


def _short(path: Path | str) -> str:
    text = str(path)
    for folder, sign in ((Path.cwd(), ""), (user_file(os.environ), "~/")):
        base = folder.parent if folder is not None and sign else folder
        if base is not None and text.startswith(f"{base}{os.sep}"):
            return clean(sign + text[len(str(base)) + 1 :])
    return clean(text)


def _rows(settings: Settings, section: str) -> list[str]:
    name = section.strip().lower()
    chosen = [key for key in all_keys(settings) if not name or key == name or key.startswith(f"{name}.")]
    if not chosen:
        near = nearest(name, tuple(sections()))
        guess = f"; did you mean {near}?" if near else f"; there are {', '.join(sections())}."
        raise ConfigurationError(f"There is no section {shown(section)}{guess}")
    return chosen


def _facts(settings: Settings, name: str) -> dict[str, Any]:
    setting, value = find(name), settings.value(name)
    plain = (
        value if isinstance(value, (bool, int)) else list(value) if isinstance(value, tuple) else setting.show(value)
    )
    origin = settings.origin(name)
    return {"value": plain, "origin": origin.kind, "place": origin.place}


def _table(s: Screen, settings: Settings, names: list[str], found: tuple[Path, ...]) -> Iterator[str]:
    read = ", ".join(_short(path) for path in found) or "no file"
    paint = s.palette()
    yield from (
        paint(line, "strong") for line in wrapped(f"Settings of profile {settings.profile}, from {read}", s.width)
    )
    cells = [
        (name, find(name).show(settings.value(name)) or '""', _short(str(settings.origin(name)))) for name in names
    ]
    keys_wide = max(len(name) for name in names) + 2
    places_wide = min(max(width(place) for *_, place in cells), max(s.width // 3, 12))
    values_wide = min(max(width(value) for _, value, _ in cells), s.width - keys_wide - places_wide - 2)
    group = None
    for name, value, place in cells:
        if name.rpartition(".")[0] != group:
            group = name.rpartition(".")[0]
            yield ""
        role: Any = "quiet" if place == "default" else "strong"
        if s.width < _STACKED_BELOW:
            yield from (
                _fit(name, s.width),
                f"  {_fit(value, s.width - 2)}",
                paint(f"  {_fit(place, s.width - 2)}", role),
            )
        else:
            value_cell = padded(_fit(value, values_wide), values_wide)
            yield f"{padded(name, keys_wide)}{value_cell}  {paint(_fit(place, places_wide), role)}"


def _fit(text: str, columns: int) -> str:
    """Cut at the front, for the end of a path says most."""
    if width(text) <= columns:
        return text
    while width(text) > columns - 1:
        text = text[1:]
    return f"…{text}"


def _verdict(
    s: Screen, problems: tuple[Problem, ...], warnings: tuple[str, ...], found: tuple[Path, ...]
) -> Iterator[str]:
    read = ", ".join(_short(path) for path in found) or "no settings file"
    if not problems:
        verdict = "All settings are good"
    else:
        verdict = "One problem in the settings" if len(problems) == 1 else f"{len(problems)} problems in the settings"
    yield from wrapped(f"{verdict}; read {read}.", s.width)
    found_out = [("wrong", problem.message) for problem in problems] + [("warning", words) for words in warnings]
    for kind, message in found_out[:_TOLD]:
        first, *others = wrapped(clean(message), max(s.width - 11, 20))
        yield f"  {s.palette()(kind, 'warning')}{' ' * (9 - len(kind))}{first}"
        yield from (f"{' ' * 11}{line}" for line in others)
    if len(found_out) > _TOLD:
        yield f"  and {len(found_out) - _TOLD:,} more; all of them: ara config check --json"


def _strangers(settings: Settings) -> Iterator[str]:
    from ara import plugins
    from ara.prediction.chosen import AUTO

    if settings.log.format == "json" and find_spec("structlog") is None:
        yield (
            f"log.format is json ({settings.origin('log.format')}), which needs a package that is not installed: "
            "pip install 'ara-ai[api]', or set log.format to human."
        )
    named: list[tuple[str, str, tuple[str, ...]]] = [
        ("prediction.model", "models", tuple({settings.prediction.model} - {AUTO})),
        ("data.providers", "providers", settings.data.providers),
    ]
    named += [(f"data.providers.{name}", "providers", (name,)) for name, _ in settings.data.sources]
    if str(settings.origin("data.online")) != "default":
        named.append(("data.online", "providers", settings.data.online))
    for key, group, chosen in named:
        known = plugins.names(group)
        for name in chosen:
            if name not in known:
                near = nearest(name, known)
                guess = f"; did you mean {near}?" if near else f"; there are {', '.join(known)}."
                yield f"{key} is {shown(name)}, which no installed package offers{guess}"
