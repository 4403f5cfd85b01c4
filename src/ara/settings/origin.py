"""Where a value comes from, and what can be wrong with it."""

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Origin", "Problem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The place that a value was taken from; its text is what `ara config show` prints.

    Parameters
    ----------
    kind
        Which layer won.
    place
        The file with its line, the variable, the flag or the profile; empty for defaults and values set in code.
    """

    kind: Literal["default", "profile", "file", "environment", "flag", "code"]
    place: str = ""

    def __str__(self) -> str:
        return {
            "default": "default",
            "profile": f"profile {self.place}",
            "code": "set in code",
        }.get(self.kind, self.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in the settings, in words and in parts.

    Parameters
    ----------
    message
        One sentence that names key, value, place and what is allowed.
    place
        The file with its line, the variable or the flag.
    key
        The dotted key; empty where a file can't be read at all.
    value
        The value as it is shown: escaped, cut, and `***` for a secret.
    """

    message: str
    place: str = ""
    key: str = ""
    value: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give the parts as JSON values."""
        return {"message": self.message, "place": self.place, "key": self.key, "value": self.value}
