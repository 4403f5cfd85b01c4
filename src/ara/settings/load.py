"""Gathering the settings of a run from all layers, with the place that each value came from."""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ara.errors import ConfigurationError
from ara.settings.document import Mapped, Scalar, Sequenced, read
from ara.settings.keys import Key, inside, keys, known, near_keys, nearest, sections, shown, variable_key
from ara.settings.older import OLD_KEYS, OLD_VARIABLES, older_file
from ara.settings.origin import Origin, Problem
from ara.settings.places import data_folder, project_file, user_file, user_folder
from ara.settings.profiles import PROFILES
from ara.settings.secret import Secret
from ara.settings.tree import Settings
from ara.settings.values import build

__all__ = ["KNOWN_VARIABLES", "Gathered", "files", "gather", "load"]

KNOWN_VARIABLES = frozenset({"ARA_CONFORMANCE", "ARA_DEBUG", "ARA_VAULT_KEY"})
"""Variables that Ara reads and that are no settings."""

_log = logging.getLogger("ara.settings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the layers say, right or wrong.

    Parameters
    ----------
    settings
        The tree; None where there is any problem.
    problems
        Everything that is wrong, in the order of the layers.
    warnings
        What is suspicious and was left out, in sentences.
    files
        The settings files that were read, the weaker one first.
    """

    settings: Settings | None
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    key: Key
    value: Any
    origin: Origin


def load(
    flags: Mapping[str, str] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """Gather the settings of a run or raise what is wrong; see `Settings.load`."""
    gathered = gather(flags, environ=environ, folder=folder)
    for warning in gathered.warnings:
        _log.warning("%s", warning)
    if gathered.settings is not None:
        return gathered.settings
    first, *others = gathered.problems
    more = f" There are {len(others)} more problems." if len(others) > 1 else " There is one more problem."
    raise ConfigurationError(
        first.message + (more if others else ""),
        hint="Correct it; every problem at once: ara config check",
        problems=[problem.as_dict() for problem in gathered.problems],
    )


def gather(
    flags: Mapping[str, str] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Gathered:
    """Read all layers without raising, so that every problem can be told at once."""
    environ = os.environ if environ is None else environ
    layers = _Layers(environ=environ, folder=folder)
    older = older_file(environ)
    if older is not None:
        layers.add_older(older)
    for path in files(environ, folder):
        layers.add_file(path)
    layers.add_environment()
    layers.add_flags(flags or {})
    return layers.gathered()


def files(environ: Mapping[str, str], folder: Path | None = None) -> tuple[Path, ...]:
    """Give the settings files that are there: the user's, then the project's, which goes over it."""
    own = user_file(environ)
    found = [own] if own is not None and os.path.lexists(own) else []
    project = project_file(folder, besides=own)
    return tuple(found if project is None else [*found, project])


class _Layers:
    def __init__(self, *, environ: Mapping[str, str], folder: Path | None) -> None:
        self._environ = environ
        self._folder = folder
        self._given: dict[str, _Given] = {}
        self._problems: list[Problem] = []
        self._warnings: list[str] = []
        self._files: list[Path] = []

    def add_file(self, path: Path) -> None:
        self._files.append(path)
        try:
            document = read(path)
        except ConfigurationError as error:
            self._problems.append(Problem(message=error.message, place=error.context["place"]))
            return
        if document.root is not None:
            self._add_branch(document.root, "", path)

    def add_older(self, path: Path) -> None:
        """Take from a file of older releases what still has a meaning; the rest of it is not read."""
        try:
            document = read(path)
        except ConfigurationError as error:
            self._warnings.append(f"The settings of an older release are left out: {error.message}")
            return
        moved = (
            [self._add_old(f"{section.text}.", node, path) for section, node in document.root.pairs]
            if document.root
            else []
        )
        self._warnings.append(
            f"{path} is a settings file of an older release; {sum(moved)} of its settings are read. Write a new one:"
            " ara config init --user"
        )

    def _add_old(self, prefix: str, node: Scalar | Sequenced | Mapped, path: Path) -> int:
        found = 0
        for name, inner in node.pairs if isinstance(node, Mapped) else ():
            key = prefix + name.text
            setting = known(OLD_KEYS.get(key, key if key in {"data.providers", "data.timeout"} else ""))
            if setting is None:
                continue
            before = len(self._problems)
            self._add_node(setting, inner, f"{path}:{name.line}", path.parent)
            self._warnings += [f"{problem.message} It is left out." for problem in self._problems[before:]]
            found += len(self._problems) == before
            del self._problems[before:]
        return found

    def _add_renamed(self, key: str, node: Scalar | Sequenced | Mapped, place: str, path: Path) -> None:
        setting = keys()[OLD_KEYS[key]]
        self._warnings.append(f"{key} in {place} is the older name of {setting.name}.")
        given = self._given.get(setting.name)
        if given is None or not given.origin.place.startswith(f"{path}:"):
            self._add_node(setting, node, place, path.parent)

    def _add_branch(self, branch: Mapped, prefix: str, path: Path) -> None:
        for name, node in branch.pairs:
            key = prefix + name.text
            place = f"{path}:{name.line}"
            setting = known(key)
            if "." in name.text:
                self._refuse_dotted(key, place)
            elif isinstance(node, Mapped) and (inside(key) or key == "data.providers"):
                self._add_branch(node, f"{key}.", path)
            elif setting is not None:
                self._add_node(setting, node, place, path.parent)
            elif key in OLD_KEYS:
                self._add_renamed(key, node, place, path)
            elif isinstance(node, Mapped) and any(old.startswith(f"{key}.") for old in OLD_KEYS):
                self._add_branch(node, f"{key}.", path)
            elif inside(key):
                if not (isinstance(node, Scalar) and node.null):
                    self._refuse_section(key, node, place)
            else:
                self._refuse_unknown(key, _text(node), place, prefix=prefix)

    def _add_node(self, key: Key, node: Scalar | Sequenced | Mapped, place: str, folder: Path) -> None:
        if isinstance(node, Scalar):
            if not node.null:
                self._add(key, node.text, Origin(kind="file", place=place), folder)
        elif isinstance(node, Sequenced) and all(isinstance(item, Scalar) for item in node.items):
            texts = tuple(item.text for item in node.items if isinstance(item, Scalar))
            self._add(key, texts, Origin(kind="file", place=place), folder)
        else:
            self._refuse_value(key, _text(node), place)

    def add_environment(self) -> None:
        variables = {key.variable: key for key in keys().values()}
        for old, name in OLD_VARIABLES.items():
            if self._environ.get(old) and not self._environ.get(keys()[name].variable):
                self._add(keys()[name], self._environ[old], Origin(kind="environment", place=old), self._folder)
        for name, text in sorted(self._environ.items()):
            setting = variables.get(name) or variable_key(name)
            if setting is not None:
                if text:
                    self._add(setting, text, Origin(kind="environment", place=name), self._folder)
            elif name.startswith("ARA_") and name not in {*KNOWN_VARIABLES, *OLD_VARIABLES}:
                dotted = {_dotted(known): known for known in (*variables, *KNOWN_VARIABLES)}
                near = dotted.get(nearest(_dotted(name), tuple(dotted)), "")
                guess = f"; did you mean {near}?" if near else "; see all settings: ara config show"
                self._warnings.append(f"The environment variable {shown(name)[1:-1]} is no setting of Ara{guess}")

    def add_flags(self, flags: Mapping[str, str]) -> None:
        for name, text in flags.items():
            place = "the command line"
            setting = known(name)
            if setting is not None:
                self._add(setting, text, Origin(kind="flag", place=place), self._folder)
            elif inside(name):
                self._refuse_section(name, None, place)
            else:
                self._refuse_unknown(name, text, place, prefix="")

    def _add(self, key: Key, raw: str | Sequence[str], origin: Origin, folder: Path | None) -> None:
        try:
            value = key.parse(raw)
            if key.is_path:
                value = _absolute(value, folder, self._environ)
        except ValueError:
            self._refuse_value(key, raw if isinstance(raw, str) else ", ".join(raw), origin.place)
        else:
            self._given[key.name] = _Given(key=key, value=value, origin=origin)

    def _refuse_value(self, key: Key, raw: str, place: str) -> None:
        quoted = key.quote(raw)
        message = key.refusal(raw, place)
        self._problems.append(Problem(message=message, place=place, key=key.name, value=quoted[1:-1]))

    def _refuse_section(self, key: str, node: Scalar | Sequenced | Mapped | None, place: str) -> None:
        held = ", ".join(name.removeprefix(f"{key}.") for name in inside(key))
        value = "" if node is None else shown(_text(node))
        what = f" and can't be {value}" if value else ""
        message = f"{key} is a section{what} in {place}; it holds {held}."
        self._problems.append(Problem(message=message, place=place, key=key, value=value[1:-1]))

    def _refuse_dotted(self, key: str, place: str) -> None:
        message = f"There is no setting {shown(key)} written in one word in {place}; each part has a line of its own."
        self._problems.append(Problem(message=message, place=place, key=shown(key)[1:-1]))

    def _refuse_unknown(self, key: str, raw: str, place: str, *, prefix: str) -> None:
        everything = (*near_keys(key), *sections())
        here = [name for name in everything if name.startswith(prefix)]
        near = nearest(key, here) or nearest(key, everything)
        around = ", ".join(name.removeprefix(prefix) for name in here if "." not in name.removeprefix(prefix))
        guess = f"did you mean {near}?" if near else f"allowed here: {around}."
        value = shown("***" if _is_secret(key, near) else raw)
        message = f"There is no setting {shown(key)} (with the value {value} in {place}); {guess}"
        self._problems.append(Problem(message=message, place=place, key=shown(key)[1:-1], value=value[1:-1]))

    def gathered(self) -> Gathered:
        settings = None if self._problems else self._tree()
        return Gathered(
            settings=settings,
            problems=tuple(self._problems),
            warnings=tuple(self._warnings),
            files=tuple(self._files),
        )

    def _tree(self) -> Settings:
        chosen = self._given.get("profile")
        profile = "dev" if chosen is None else chosen.value
        values: dict[str, Any] = {}
        origins: dict[str, Origin] = {}
        for given in self._given.values():
            values[given.key.name], origins[given.key.name] = given.value, given.origin
        for key in keys().values():
            if key.name in values:
                continue
            if key.name in PROFILES[profile]:
                value, origin = key.parse(PROFILES[profile][key.name]), Origin(kind="profile", place=profile)
            elif key.name == "home":
                value, origin = str(data_folder(self._environ, self._folder)), Origin(kind="default")
            else:
                value, origin = key.default, Origin(kind="default")
            values[key.name], origins[key.name] = value, origin
        settings = build(values)
        vars(settings)["_origins"] = origins
        return settings


def _dotted(variable: str) -> str:
    """Give a variable as a key, so that what all variables begin with counts for nothing."""
    rest = variable.removeprefix("ARA_").lower()
    branch, _, leaf = rest.partition("_")
    return f"{branch}.{leaf}" if leaf and branch in sections() else rest


def _text(node: Scalar | Sequenced | Mapped) -> str:
    if isinstance(node, Scalar):
        return node.text
    return "a list" if isinstance(node, Sequenced) else "a mapping"


def _is_secret(key: str, near: str) -> bool:
    meant = known(near)
    if meant is not None and meant.kind is Secret:
        return True
    words = ("secret", "password", "passwd", "token", "dsn", "api_key", "apikey", "private", "providers.")
    return any(word in key.lower() for word in words)


def _absolute(text: str, folder: Path | None, environ: Mapping[str, str]) -> str:
    if not text or "://" in text:
        return text
    own = user_folder(environ)
    if own is not None and (text == "~" or text.startswith("~/")):
        return str(own / text[2:])
    path = Path(text)
    if path.is_absolute():
        return text
    return str((folder.absolute() if folder is not None else Path.cwd()) / path)
