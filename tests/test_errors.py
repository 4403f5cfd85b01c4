import inspect
import re

import pytest

from ara import errors
from ara.errors import AraError

FAMILY = sorted(
    {v for v in vars(errors).values() if inspect.isclass(v) and issubclass(v, AraError)}, key=lambda c: c.__name__
)


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_each_says_what_happened_and_what_to_do(kind: type[AraError]) -> None:
    error = kind("it broke", where="here")
    assert str(error) == error.message == "it broke"
    assert error.hint
    assert kind("it broke", hint="mend it").hint == "mend it"
    assert kind("it broke", hint="").hint == ""
    problem = error.problem()
    assert problem["type"] == f"urn:ara:error:{kind.code}"
    assert (problem["status"], problem["detail"], problem["hint"]) == (kind.http_status, "it broke", error.hint)
    assert problem["context"] == {"where": "here"}
    assert 400 <= kind.http_status < 600
    assert 1 <= kind.exit_code < 126


def test_codes_are_unique_and_the_tree_at_the_top_is_true() -> None:
    assert len({kind.code for kind in FAMILY}) == len(FAMILY)
    drawn = dict(re.findall(r"(\w+Error|AraError)\s+(\d+\s+\d+)", errors.__doc__ or ""))
    assert {kind.__name__: f"{kind.exit_code}  {kind.http_status}".split() for kind in FAMILY} == {
        name: pair.split() for name, pair in drawn.items()
    }


def test_an_error_is_told_within_a_sentence() -> None:
    assert errors.words_of(errors.StoreError("it is locked", hint="wait")) == "it is locked"
    assert errors.words_of(KeyError("name")) == "KeyError: 'name'"


def test_bad_input_is_also_a_value_error_for_those_who_catch_that() -> None:
    with pytest.raises(ValueError, match="wrong"):
        raise errors.UnknownSymbolError("wrong")


def test_the_name_of_the_older_packages() -> None:
    assert errors.AraAIException is AraError
