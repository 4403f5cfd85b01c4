"""A tree of settings from values by dotted key, and back."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from ara.errors import ConfigurationError
from ara.settings.data import SourceSettings
from ara.settings.keys import SOURCES, Key, all_keys, find, inside, shown
from ara.settings.secret import Secret
from ara.settings.tree import Settings

__all__ = ["build", "from_dict", "to_dict", "validate"]

_Branch = TypeVar("_Branch", bound=msgspec.Struct)


def validate(settings: Settings) -> None:
    """Refuse a tree, however it was built, that holds a value out of bounds."""
    for source, _ in settings.data.sources:
        if not inside(f"{SOURCES}.{source}"):
            raise ConfigurationError(f"{shown(source)} can't be the name of a source of data.", key=SOURCES)
    for key in all_keys(settings).values():
        value = key.of(settings)
        try:
            key.check(value)
        except ValueError:
            raise ConfigurationError(key.refusal(value), key=key.name, allowed=key.allowed) from None


def build(values: Mapping[str, Any]) -> Settings:
    """Make a tree of values by dotted key; what is not given has its default."""
    tree: dict[str, Any] = {}
    sources: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        key = find(name)
        *branches, leaf = key.name.split(".")
        if key.source:
            sources.setdefault(key.source, {})[leaf] = value
            continue
        place = tree
        for branch in branches:
            place = place.setdefault(branch, {})
        place[leaf] = value
    if sources:
        reached = tuple((source, SourceSettings(**sources[source])) for source in sorted(sources))
        tree.setdefault("data", {})["sources"] = reached
    return _made(Settings, tree)


def _made(branch: type[_Branch], values: Mapping[str, Any]) -> _Branch:
    types = {field.name: field.type for field in msgspec.structs.fields(branch)}
    return branch(
        **{name: _made(types[name], each) if isinstance(each, dict) else each for name, each in values.items()}
    )


def to_dict(settings: Settings, *, reveal: bool) -> dict[str, Any]:
    """Give a tree as nested JSON values; see `Settings.as_dict`."""
    whole: dict[str, Any] = {}
    for key in all_keys(settings).values():
        value = key.of(settings)
        if isinstance(value, Secret):
            value = value.reveal() if reveal else key.show(value)
        elif isinstance(value, str) and not reveal:
            value = key.show(value)
        *branches, leaf = ("data", "sources", *key.name.split(".")[2:]) if key.source else key.name.split(".")
        place = whole
        for branch in branches:
            place = place.setdefault(branch, {})
        place[leaf] = list(value) if isinstance(value, tuple) else value
    return whole


def from_dict(values: Mapping[str, Any]) -> Settings:
    """Build a tree of nested JSON values; see `Settings.from_dict`."""
    return build({name: _native(find(name), value) for name, value in _flat(values, "").items()})


def _flat(values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        key = prefix + name
        if key == "data.sources":
            key = SOURCES
        if isinstance(value, Mapping) and (key == SOURCES or inside(key)):
            flat |= _flat(value, f"{key}.")
        else:
            flat[key] = value
    return flat


def _native(key: Key, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return Secret(value) if key.kind is Secret and isinstance(value, str) else value
