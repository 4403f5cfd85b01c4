"""The colours of every picture: few, the same everywhere, safe for colour-blind eyes, apart from each other in grey."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ara.errors import ValidationError

__all__ = ["DARK", "LIGHT", "SERIES", "THEMES", "VARIABLES", "Role", "Theme", "theme_of"]

Role = Literal[
    "forecast", "actual", "past", "third", "fourth", "fifth", "sixth", "seventh", "ink", "quiet", "line", "paper"
]
"""What a mark is, never how it looks: blue is what was forecast, orange what came, grey what lies behind."""

SERIES: Final[tuple[Role, ...]] = ("forecast", "actual", "past", "third", "fourth", "fifth", "sixth", "seventh")
"""The roles of several things alike, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """A set of colours.

    Parameters
    ----------
    name
        `light` or `dark`.
    colours
        Of each role, as `#rrggbb`.
    """

    name: str
    colours: Mapping[Role, str]

    def __call__(self, role: Role) -> str:
        """Give a role's colour."""
        return self.colours[role]


LIGHT: Final = Theme(
    name="light",
    colours={
        "forecast": "#3B6FB6", "actual": "#D9822B", "past": "#7D8794", "third": "#1F7F74", "fourth": "#8B5FA8",
        "fifth": "#A8324E", "sixth": "#9AB8DE", "seventh": "#6B4A1E",
        "ink": "#1D2430", "quiet": "#5D6675", "line": "#DCE0E6", "paper": "#FFFFFF",
    },
)  # fmt: skip
"""On white, and for print."""

DARK: Final = Theme(
    name="dark",
    colours={
        "forecast": "#5B8DD6", "actual": "#E59A4F", "past": "#8F99A8", "third": "#43B0A2", "fourth": "#B58FD0",
        "fifth": "#E0718A", "sixth": "#BBD3F2", "seventh": "#B8925A",
        "ink": "#E6E9EE", "quiet": "#A3ACBA", "line": "#333A45", "paper": "#15181D",
    },
)  # fmt: skip
"""On near black; blue and orange are lighter, to read as well as on white."""

THEMES: Final[Mapping[str, Theme]] = {"light": LIGHT, "dark": DARK}
"""Both, by name."""


def _variables(theme: Theme) -> str:
    return " ".join(f"--{role}: {colour};" for role, colour in theme.colours.items())


VARIABLES: Final = (
    f":root {{ color-scheme: light dark; {_variables(LIGHT)} }}\n"
    f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {_variables(DARK)} }} }}\n"
)
"""The colours as variables of CSS, `--forecast` and so on: light on paper, else as the reader's system is."""


def theme_of(name: str) -> Theme:
    """Give a theme by its name.

    Raises
    ------
    ValidationError
        There is none of that name.
    """
    if name not in THEMES:
        raise ValidationError(f"There is no theme {name[:40]!r}.", hint="There are: light, dark.")
    return THEMES[name]
