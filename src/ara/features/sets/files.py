"""Feature sets of a user's own, from a TOML or YAML file."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ara.errors import FeatureEngineeringError
from ara.features.sets.feature_set import FeatureSet
from ara.features.sets.item import Item

__all__ = ["SUFFIXES", "read"]

SUFFIXES: Final = (".toml", ".yaml", ".yml")
"""What the names of such files end with."""

_KEYS: Final = ("name", "version", "words", "include", "items")
_ITEM_KEYS: Final = ("indicator", "params", "timeframe", "other", "outputs")
_LARGEST: Final = 1 << 20
_DEEPEST: Final = 8
_HINT: Final = 'It needs a list such as: items = ["rsi", "rsi(window=7)@1w", "macd.histogram"]'


def read(path: Path | str) -> FeatureSet:
    """Read a feature set from a file.

    Parameters
    ----------
    path
        TOML or YAML with the keys `items`, and where wanted `name` (else the file's), `version`, `words` and `include`,
        shipped sets whose items come first. An item is a text as its column is called, such as `rsi(window=7)@1w`, an
        expression, or a table of `indicator`, `params`, `timeframe`, `other` and `outputs`.

    Raises
    ------
    FeatureEngineeringError
        There is no such file, or what it says can't be: the message names the place, and what is allowed.
    """
    from ara.features.sets.shipped import get

    path = Path(path)
    told = _mapping(_parsed(path), path, _KEYS, "the set")
    included = _list(told.get("include", []), path, "include")
    try:
        items = [item for name in included for item in get(_text(name, path, "include")).items]
    except FeatureEngineeringError as error:
        raise _refused(path, f"include: {error.message}", hint=error.hint) from None
    items += [_item(one, path, number) for number, one in enumerate(_list(told.get("items", []), path, "items"), 1)]
    name = told.get("name", path.stem.lower().replace(" ", "-"))
    try:
        return FeatureSet(
            name=_text(name, path, "name"),
            version=str(told.get("version", "1")),
            items=tuple(items),
            words=_text(told.get("words", ""), path, "words"),
        )
    except FeatureEngineeringError as error:
        raise _refused(path, error.message, hint=_HINT if not items else error.hint) from None


def _parsed(path: Path) -> Any:
    if path.suffix.lower() not in SUFFIXES:
        raise _refused(path, f"is no file of a feature set; its name ends with {', '.join(SUFFIXES)}")
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise _refused(path, f"can't be read: {error.strerror or error}") from None
    if len(data) > _LARGEST:
        raise _refused(path, f"is larger than {_LARGEST} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(path, f"is not UTF-8 text, from byte {error.start} on") from None
    try:
        return tomllib.loads(text) if path.suffix.lower() == ".toml" else _yaml(text)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise _refused(path, f"can't be read: {reason[:200]}") from None


def _yaml(text: str) -> Any:
    """Read YAML without anchors, aliases and tags, and not deep; ValueError where it isn't that."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_events(yaml.parse(text, Loader=loader))
        return yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _check_events(events: Iterator[Any]) -> None:
    import yaml

    depth = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise ValueError("it has an anchor or an alias (& or *), which a feature set doesn't need")
        if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None) is not None:
            raise ValueError("it has a tag (!), which a feature set doesn't need")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise ValueError(f"it is nested deeper than {_DEEPEST} levels")


def _item(told: Any, path: Path, number: int) -> Item:
    place = f"item {number}"
    try:
        if isinstance(told, str):
            return Item.parse(told)
        facts = _mapping(told, path, _ITEM_KEYS, place)
        outputs = _list(facts.get("outputs", []), path, f"{place}: outputs")
        return Item(
            _text(facts.get("indicator", ""), path, f"{place}: indicator"),
            params=_numbers(facts.get("params", {}), path, f"{place}: params"),
            timeframe=_text(facts.get("timeframe", ""), path, f"{place}: timeframe"),
            other=_text(facts.get("other", ""), path, f"{place}: other"),
            outputs=tuple(_text(one, path, f"{place}: outputs") for one in outputs),
        )
    except FeatureEngineeringError as error:
        if error.message.startswith(str(path)):
            raise
        raise _refused(path, f"{place}: {error.message}", hint=error.hint) from None


def _mapping(told: Any, path: Path, keys: tuple[str, ...], place: str) -> Mapping[str, Any]:
    if not isinstance(told, Mapping):
        raise _refused(path, f"{place} is {_shown(told)}; it is a table of {', '.join(keys)}", hint=_HINT)
    strange = [name for name in told if name not in keys]
    if strange:
        raise _refused(path, f"{place} has the key {_shown(strange[0])}; there are {', '.join(keys)}")
    return told


def _numbers(told: Any, path: Path, place: str) -> dict[str, float]:
    wrong = not isinstance(told, Mapping) or any(type(value) not in {int, float} for value in told.values())
    if wrong or not all(isinstance(name, str) for name in told):
        raise _refused(path, f"{place} is {_shown(told)}; it names each parameter with its number")
    return dict(told)


def _list(told: Any, path: Path, place: str) -> list[Any]:
    if not isinstance(told, list):
        raise _refused(path, f"{place} is {_shown(told)}; it is a list", hint=_HINT)
    return told


def _text(told: Any, path: Path, place: str) -> str:
    if not isinstance(told, str):
        raise _refused(path, f"{place} is {_shown(told)}; it is a text")
    return told


def _shown(told: Any) -> str:
    text = repr(told)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _refused(path: Path, reason: str, *, hint: str | None = None) -> FeatureEngineeringError:
    ending = "" if reason.endswith("?") else "."
    return FeatureEngineeringError(f"{path}: {reason.rstrip('.')}{ending}", hint=hint or _HINT)
