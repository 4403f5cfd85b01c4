"""Words reach a command as Typer would give them, without what Typer converts others by."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ara.cli.app import COMMANDS
from ara.cli.invocation import built
from ara.cli.plain import _Plain, quickened

NAMES = [name for group in COMMANDS.values() for name in group]


def plain_and_usual(command: Any) -> list[tuple[Any, _Plain]]:
    found = [pair for one in getattr(command, "commands", {}).values() for pair in plain_and_usual(one)]
    both = [(param, param.get_runtime_param()) for param in command.params]
    return found + [(param, mine) for param, mine in both if isinstance(mine, _Plain)]


@pytest.mark.parametrize("name", NAMES)
def test_every_word_of_every_command_arrives_as_by_typer(name: str) -> None:
    for param, mine in plain_and_usual(built(name)):
        usual = mine._usual()
        several = param.multiple or param.nargs == -1
        words: tuple[Any, ...] = (None, (), ("AAPL",), ("a", " b", "")) if several else (None, "AAPL", "", "1e3", "--x")
        if param.type_descriptor.annotation is bool:
            words = (None, "yes", "0")
        for value in words:
            given_one, wanted = mine.coerce(value, param, None), usual.coerce(value, param=param, ctx=None)
            assert (given_one, type(given_one)) == (wanted, type(wanted)), (param.name, value)


@settings(deadline=None, max_examples=25)
@given(word=st.text(st.characters(codec=None), max_size=5))
@example(word="\udcff")
def test_any_text_arrives_as_by_typer(word: str) -> None:
    def answer(one: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return one.coerce(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever is raised has to be the same
            return type(error), str(error)

    param, mine = next(pair for pair in plain_and_usual(built("predict")) if pair[0].name == "model")
    assert answer(mine, word, param, None) == answer(mine._usual(), word, param=param, ctx=None)


def test_a_command_that_is_quickened_twice_is_so_once() -> None:
    command = quickened(built("predict"))
    for _, mine in plain_and_usual(command):
        assert not isinstance(mine._usual(), _Plain)
