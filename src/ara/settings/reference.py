"""The page of all settings, made from the tree: `python -m ara.settings.reference > docs/reference/settings.md`."""

import sys

from ara.settings.keys import Key, keys, sections, source_keys
from ara.settings.load import KNOWN_VARIABLES
from ara.settings.older import OLD_KEYS, OLD_VARIABLES
from ara.settings.profiles import PROFILES

__all__ = ["render"]

_OPENING = """\
# Settings

Every setting of Ara, its bounds and its default. A value is taken from the last of these places that gives one:

1. the default below
2. the profile (`profile`), where it has another default
3. `~/.ara.yaml`, the user's file: in the user's folder (`HOME`), wherever `home` is
4. `.ara.yaml`, the project's file: the nearest one, going up from the working folder
5. the environment variable; an empty one counts as not set
6. the command line: `--set prediction.days=10`, `--profile prod`

`ara config show` prints every value with the place it came from, `ara config check` everything that is wrong. An
unknown key in a file is an error, an unknown `ARA_` variable a warning. Relative paths in a file start at the file's
folder, others at the working folder; `~` is the user's folder.

```yaml
prediction:
  days: 10
log:
  level: warning
```
"""

_VARIABLES = {
    "ARA_CONFORMANCE": "the folder of the conformance data, for tests",
    "ARA_DEBUG": "the same as `--debug`",
    "ARA_VAULT_KEY": "the key that encrypts the vault, in place of a file",
}

_EACH = """\
How one source is reached; NAME is that of any source, such as `yahoo`. In a file these stand below `providers`, and the
list of sources moves to `order`:

```yaml
data:
  providers:
    order: [yahoo, sample]
    yahoo:
      per_minute: 30
```"""


def render() -> str:
    """Give the page as Markdown."""
    whole = [_OPENING, *_table("General", "", [key for key in keys().values() if "." not in key.name])]
    for section, words in sections().items():
        rows = [key for key in keys().values() if key.name.rpartition(".")[0] == section]
        whole += _table(section, words, rows)
        if section == "data":
            whole += _sources()
    whole += ["## Profiles", "", "| profile | sets |", "|---|---|"]
    for profile, values in PROFILES.items():
        sets = ", ".join(f"`{key}` to `{value}`" for key, value in values.items())
        whole.append(f"| `{profile}` | {sets or 'nothing: all defaults as above'} |")
    whole += ["", "## Variables that are no settings", "", "| variable | meaning |", "|---|---|"]
    whole += [f"| `{name}` | {_VARIABLES[name]} |" for name in sorted(KNOWN_VARIABLES)]
    whole += ["", "These older names are read where the newer one is not set:", "", "| older | newer |", "|---|---|"]
    whole += [f"| `{old}` | `{keys()[name].variable}` |" for old, name in OLD_VARIABLES.items()]
    whole += [f"| `{old}` in a file | `{name}` |" for old, name in OLD_KEYS.items()]
    whole += [
        "",
        "Of `~/.ara/config.yaml`, the file of older releases, these, `data.providers` and `data.timeout` are read.",
    ]
    return "\n".join(whole) + "\n"


def _sources() -> list[str]:
    rows = _table("data.providers.NAME", _EACH, list(source_keys("name").values()))
    return [row.replace("providers.name.", "providers.NAME.") for row in rows]


def _table(title: str, words: str, rows: list[Key]) -> list[str]:
    head = [f"## {title}", "", *([words, ""] if words else [])]
    head += ["| setting | allowed | default | variable |", "|---|---|---|---|"]
    return head + [_row(key) for key in rows] + [""]


def _row(key: Key) -> str:
    default = (
        f"`{key.default_words}`" if key.default is not None and key.default_words else key.default_words or "empty"
    )
    cells = (f"`{key.name}`<br>{key.words}", key.allowed, default, f"`{key.variable}`")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(render())
