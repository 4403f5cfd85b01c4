"""Settings files to start from: commented, valid, and short enough to be read."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ara.errors import ConfigurationError
from ara.settings.document import parse
from ara.settings.edit import changed
from ara.settings.keys import find, nearest, shown

__all__ = ["TEMPLATES", "render"]

TEMPLATES: Mapping[str, str] = MappingProxyType(
    {
        "minimal": "everything at its default, the usual changes as comments",
        "trader": "forecasts on a screen every day",
        "quant": "research: fixed seed, more of the machine, a log file",
        "service": "a server: JSON logs, profile prod",
    }
)
"""Each template's name with what it is for."""


def render(name: str, answers: Mapping[str, str] | None = None) -> str:
    """Give the text of a template with further values put into it.

    Parameters
    ----------
    name
        One of `TEMPLATES`.
    answers
        Values as texts, by dotted key; each is checked.
    """
    if name not in TEMPLATES:
        near = nearest(name, tuple(TEMPLATES))
        guess = f"; did you mean {near}?" if near else f"; there are {', '.join(TEMPLATES)}."
        raise ConfigurationError(f"There is no template {shown(name)}{guess}", hint="See them: ara config init --help")
    path = Path(__file__).with_name("templates") / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    for key, raw in (answers or {}).items():
        setting = find(key)
        try:
            value = setting.text(setting.parse(raw))
        except ValueError:
            raise ConfigurationError(setting.refusal(raw), key=key, allowed=setting.allowed) from None
        text = changed(parse(text, path), key, value)
    return text
