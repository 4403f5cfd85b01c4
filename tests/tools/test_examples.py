from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.examples import Block, blocks, check, matches, write


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        (["a"], ["a"], True),
        (["a"], ["b"], False),
        (["a"], [], False),
        ([], [], True),
        ([], ["a"], False),
        (["a ... c"], ["a b c"], True),
        (["a ... c"], ["a b d"], False),
        (["a", "...", "c"], ["a", "c"], True),
        (["a", "...", "c"], ["a", "b", "b", "c"], True),
        (["a", "..."], ["b", "c"], False),
        (["..."], [], True),
        (["a.c"], ["abc"], False),
        (["  ..."], ["x", "y"], True),
        (["a  "], ["a"], True),
    ],
)
def test_three_dots_stand_for_anything(expected, printed, same):
    assert matches(tuple(expected), tuple(printed)) is same


LINE = st.text(st.characters(codec="ascii", exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e"), max_size=20)


@given(st.lists(LINE, max_size=6))
def test_every_output_matches_itself(lines):
    assert matches(tuple(lines), tuple(lines))


PAGE = """
```console
$ echo one
one
$ printf '%s\\n' a \\
> b
a
b
```

1. item

   ```python
   x = 1
   ```

```sh
never run
```

<!-- not run: it needs a server -->

```console
$ false
```

```console
$ true
```
"""


def test_blocks_are_found_with_their_lines():
    assert list(blocks(PAGE)) == [
        Block(
            language="console", line=3, lines=("$ echo one", "one", "$ printf '%s\\n' a \\", "> b", "a", "b"), indent=0
        ),
        Block(language="python", line=14, lines=("x = 1",), indent=3),
        Block(language="console", line=28, lines=("$ true",), indent=0),
    ]


def page(root: Path, text: str) -> list[str]:
    (root / "README.md").write_text(text)
    return [f"{finding.line}: {finding.words}" for finding in check(root)]


def test_a_page_that_tells_the_truth_is_let_through(tmp_path):
    assert page(tmp_path, PAGE) == []


def test_commands_of_a_page_share_a_fresh_home(tmp_path):
    first = "```console\n$ ls -A ~; pwd | xargs basename; echo x > ~/kept\nwork\nwork\n```\n"
    assert page(tmp_path, f"{first}\n```console\n$ cat ~/kept\nx\n```\n") == []


def test_nothing_of_the_environment_comes_in(tmp_path, monkeypatch):
    monkeypatch.setenv("ARA_LOG_LEVEL", "debug")
    assert page(tmp_path, "```console\n$ echo [$ARA_LOG_LEVEL]$TZ $COLUMNS\n[]UTC 100\n```\n") == []


def test_what_is_said_on_standard_error_counts(tmp_path):
    assert page(tmp_path, "```console\n$ echo no >&2; exit 3\nno\n```\n") == []
    (found,) = page(tmp_path, "```console\n$ echo no >&2; exit 3\n```\n")
    assert found.startswith("2: `echo no >&2; exit 3` prints something else")
    assert "+no" in found


def test_python_keeps_its_line_in_the_page(tmp_path):
    (found,) = page(tmp_path, "# Page\n\n```python\nx = 1\n```\n\nText.\n\n```python\nassert x == 2\n```\n")
    assert found.startswith("10: the page's Python fails")
    assert "AssertionError" in found


def test_a_conversation_sees_the_names_of_the_page(tmp_path):
    text = "```python\nx = 1\n```\n\n```pycon\n>>> x + 1\n2\n>>> list(range(9))\n[0, 1, ...]\n```\n"
    assert page(tmp_path, text) == []
    (found,) = page(tmp_path, text.replace("\n2\n", "\n3\n"))
    assert found.startswith("6: the page's Python fails")


STALE = """
```console
$ echo one
old
older
$ echo 1 2 3
1 ... 3
```

  ```console
  $ printf 'a\\n\\nb\\n'
  ```
"""
FRESH = """
```console
$ echo one
one
$ echo 1 2 3
1 ... 3
```

  ```console
  $ printf 'a\\n\\nb\\n'
  a

  b
  ```
"""


def test_write_puts_in_what_is_printed_where_it_differs(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(STALE)
    write(tmp_path, [path])
    assert path.read_text() == FRESH
    assert list(check(tmp_path)) == []
