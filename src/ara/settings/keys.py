"""Every setting as a row: its dotted key, its type, its bounds in words, and how a text becomes its value."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from ara.errors import ConfigurationError
from ara.settings.data import SOURCE_NAME, SourceSettings
from ara.settings.profiles import ALIASES
from ara.settings.secret import Secret
from ara.settings.tree import Settings

__all__ = [
    "SOURCES",
    "Key",
    "all_keys",
    "find",
    "inside",
    "keys",
    "known",
    "near_keys",
    "nearest",
    "sections",
    "shown",
    "source_keys",
    "variable_key",
]

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PASSWORD = re.compile(r"(://[^/?#\s]*?):[^/?#\s]*@")
_NAMED = re.compile(r"://[^/?#\s:@]+:?@")
SOURCES = "data.providers"
"""The setting that lists sources of data, below which those of each source are."""

_SOURCE = re.compile(rf"data\.providers\.(?!order\b)({SOURCE_NAME[1:-1]})(?:\.([a-z_]+))?")
_LONGEST = 4096
_LONGEST_PATH = 1024  # as written; the folder that a relative one starts at comes before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One setting.

    Parameters
    ----------
    name
        Its dotted key, such as `log.level`.
    annotation
        Its type with its bounds, as declared in the tree.
    default
        Its value where nothing sets it; None where it depends on the machine.
    words
        What it is for, in a sentence.
    """

    name: str
    annotation: Any
    default: Any
    words: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "ARA_" + self.name.replace(".", "_").upper()

    @property
    def source(self) -> str:
        """The source of data that it is about; empty for every other setting."""
        found = _SOURCE.fullmatch(self.name)
        return found[1] if found else ""

    @property
    def kind(self) -> Any:
        """Its bare type: str, int, bool, tuple, Secret or a Literal."""
        inner = get_args(self.annotation)[0]
        return tuple if get_origin(inner) is tuple else inner

    @property
    def is_path(self) -> bool:
        """Whether it names a file or folder, which is made absolute when it is read."""
        return bool(self._extra.get("path"))

    @property
    def default_words(self) -> str:
        """The default as it is shown."""
        told: str | None = self._extra.get("default")
        return told if told is not None else self.show(self.default)

    @property
    def allowed(self) -> str:
        """What its value may be, in words."""
        told: str | None = self._extra.get("allowed")
        if told is not None:
            return told
        if get_origin(self.kind) is Literal:
            return ", ".join(get_args(self.kind))
        if self.kind is bool:
            return "true or false"
        if self.kind is int:
            return f"a whole number from {self._meta.ge} to {self._meta.le}"
        if self.is_path:
            return 'the path of a file, or ""'
        return "text without line breaks and control characters"

    @property
    def _meta(self) -> msgspec.Meta:
        meta: msgspec.Meta = get_args(self.annotation)[1]
        return meta

    @property
    def _extra(self) -> Mapping[str, Any]:
        return self._meta.extra or {}

    def of(self, settings: Settings) -> Any:
        """Give its value in a tree."""
        if self.source:
            return getattr(settings.data.source(self.source), self.name.rpartition(".")[2])
        found: Any = settings
        for part in self.name.split("."):
            found = getattr(found, part)
        return found

    def parse(self, raw: str | Sequence[str]) -> Any:
        """Make its value of a text or of a list of texts; ValueError where it is not allowed."""
        if self.kind is tuple:
            parts = raw.split(",") if isinstance(raw, str) else raw
            return self.check(tuple(part.strip() for part in parts))
        return self.check(self._single(raw) if isinstance(raw, str) else None)

    def _single(self, raw: str) -> Any:
        if self.is_path and len(raw) > _LONGEST_PATH:
            return None
        if self.kind in {str, Secret}:
            return self.kind(raw)
        text = raw.strip().lower()
        if self.kind is bool:
            return _WORDS.get(text)
        if self.kind is int:
            return int(text) if _WHOLE.fullmatch(text) else None
        return ALIASES.get(text, text) if self.name == "profile" else text

    def check(self, value: Any) -> Any:
        """Give a value back when it is within the bounds; ValueError else."""
        for text in _texts(value):
            if len(text) > _LONGEST or _UNSEEN.search(text):
                raise ValueError("too long, or with characters that can't be seen")
        good = msgspec.convert(value, self.annotation)  # raises a ValueError of its own
        rule = self._extra.get("rule")
        if rule is not None and not rule(good):
            raise ValueError("not known")
        return good

    def text(self, value: Any) -> str | tuple[str, ...]:
        """Give a value as the text or texts that `parse` makes it of, secrets in clear: what a file holds."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, Secret):
            return value.reveal()
        return value if isinstance(value, tuple) else str(value)

    def show(self, value: Any) -> str:
        """Give a value as one line for people; secrets and passwords as `***`."""
        if isinstance(value, Secret):
            return "***" if value else ""
        text = self.text(value)
        return _PASSWORD.sub(r"\1:***@", text if isinstance(text, str) else ", ".join(text))

    def hides(self, raw: str | Sequence[str]) -> bool:
        """Tell whether a text or list of texts given for it has something that `show` keeps out of sight."""
        texts = (raw,) if isinstance(raw, str) else raw
        return any(text if self.kind is Secret else _PASSWORD.search(text) for text in texts)

    def refusal(self, raw: object, place: str = "") -> str:
        """Say in one sentence that a value is not allowed: key, value, place and what is."""
        where = f" in {place}" if place else ""
        return f"{self.name} is {self.quote(raw)}{where}; allowed: {self.allowed}."

    def quote(self, raw: object) -> str:
        """Give what somebody wrote for it, fit to stand in a message: quoted, escaped, cut; a secret as `***`."""
        return '"***"' if self.kind is Secret else shown(raw)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, Secret):
        return (value.reveal(),)
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, tuple) else ()


def shown(raw: object) -> str:
    """Give any text as one short quoted line: what can't be seen is escaped, and `***` is who logs in.

    A key of some services stands in their address where others have a user's name, so a name alone is left out too.
    """
    text = _PASSWORD.sub(r"\1:***@", _NAMED.sub("://***@", raw if isinstance(raw, str) else str(raw)))
    text = text if len(text) <= 60 else text[:59] + "…"
    return '"' + "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text) + '"'


@cache
def keys() -> Mapping[str, Key]:
    """Give every setting by its dotted key, in the order of the tree; those of single sources are in `source_keys`."""
    return {key.name: key for key in _rows(Settings, "")}


_FILES_URL = Key(
    name=f"{SOURCES}.files.url",
    annotation=Annotated[str, msgspec.Meta(extra={"path": True, "allowed": 'a folder, a file or a pattern, or ""'})],
    default="",
    words="The folder, the file or the pattern such as prices/*.csv whose bars the source `files` reads.",
)


@lru_cache(maxsize=64)
def source_keys(source: str) -> Mapping[str, Key]:
    """Give the settings of one source of data, `data.providers.NAME.…`, by their dotted keys."""
    rows = _rows(SourceSettings, f"{SOURCES}.{source}.")
    if source == "files":
        rows = [_FILES_URL if key.name == _FILES_URL.name else key for key in rows]
    return {key.name: key for key in rows}


def all_keys(settings: Settings) -> Mapping[str, Key]:
    """Give every setting, and those of the sources that something is set of, by their dotted keys."""
    found: dict[str, Key] = {}
    for name, key in keys().items():
        found[name] = key
        if name == SOURCES:
            for source, _ in settings.data.sources:
                found |= source_keys(source)
    return found


def _rows(branch: type[msgspec.Struct], prefix: str) -> list[Key]:
    hints = get_type_hints(branch, include_extras=True)
    rows: list[Key] = []
    for field in msgspec.structs.fields(branch):
        hint = hints[field.name]
        name = prefix + field.name
        if get_origin(hint) is Annotated:
            default = None if field.default is msgspec.NODEFAULT else field.default
            rows.append(Key(name=name, annotation=hint, default=default, words=get_args(hint)[1].description or ""))
        elif get_origin(hint) is None:
            rows += _rows(hint, f"{name}.")
    return rows


@cache
def sections() -> Mapping[str, str]:
    """Give every branch of the tree with the sentence that says what it is about."""
    return _sections(Settings, "")


def _sections(branch: type[msgspec.Struct], prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in msgspec.structs.fields(branch):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            found[prefix + field.name] = (field.type.__doc__ or "").split("\n", 1)[0]
            found |= _sections(field.type, f"{prefix}{field.name}.")
    return found


def known(name: str) -> Key | None:
    """Give the setting of a dotted key; None where there is none of that name."""
    if name == f"{SOURCES}.order":
        return keys()[SOURCES]
    source = _SOURCE.fullmatch(name)
    return source_keys(source[1]).get(name) if source else keys().get(name)


def variable_key(name: str) -> Key | None:
    """Give the setting of a source that an environment variable such as ARA_DATA_PROVIDERS_YAHOO_URL is for."""
    prefix = f"ARA_{SOURCES.replace('.', '_').upper()}_"
    if not name.startswith(prefix) or name != name.upper():
        return None
    for field in SourceSettings.__struct_fields__:
        source = name.removeprefix(prefix).removesuffix(f"_{field.upper()}").lower()
        found = known(f"{SOURCES}.{source}.{field}")
        if found is not None and found.variable == name:
            return found
    return None


def inside(name: str) -> tuple[str, ...]:
    """Give the dotted keys of all settings in a section; none where there is no section of that name."""
    source = _SOURCE.fullmatch(name)
    if source and source[2] is None:
        return tuple(source_keys(source[1]))
    return tuple(key for key in keys() if key.startswith(f"{name}.")) if name in sections() else ()


def nearest(name: str, among: Sequence[str]) -> str:
    """Give the name that was probably meant; empty where none is near. A section that is right makes no key near."""
    from difflib import get_close_matches

    section = name[: name.rfind(".", 0, 100) + 1]
    inside = [other.removeprefix(section) for other in among if section and other.startswith(section)]
    if inside:
        found = get_close_matches(name[len(section) :][:100], inside, n=1, cutoff=0.6)
        return section + found[0] if found else ""
    found = get_close_matches(name[:100], among, n=1, cutoff=0.6)
    return found[0] if found else ""


def find(name: str) -> Key:
    """Give the setting of a dotted key; ConfigurationError with the nearest where there is none of that name."""
    found = known(name)
    if found is not None:
        return found
    held = inside(name)
    if held:
        raise ConfigurationError(f"{name} is a section, not a setting; it holds {', '.join(held)}.", key=name)
    near = nearest(name, near_keys(name))
    guess = f"; did you mean {near}?" if near else "."
    raise ConfigurationError(f"There is no setting {shown(name)}{guess}", key=name[:100], nearest=near)


def near_keys(name: str) -> tuple[str, ...]:
    """Give the dotted keys among which one that was mistyped may be looked for."""
    source = _SOURCE.fullmatch(name)
    return (*keys(), *(source_keys(source[1]) if source else ()))
