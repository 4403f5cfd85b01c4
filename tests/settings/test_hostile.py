"""Whatever text comes in, by whatever way, it is taken or refused; nothing else happens."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ara.errors import ConfigurationError
from ara.settings import Settings
from ara.settings.document import parse
from ara.settings.edit import put
from ara.settings.keys import find, keys, shown

SHARES = 8


def taken(load):
    try:
        return load()
    except ConfigurationError as error:
        refusal = error
    assert refusal.message.isprintable()
    assert len(refusal.message) < 3000
    assert json.dumps(refusal.problem())
    return None


def test_there_are_enough_hostile_strings(hostile):
    assert len(set(hostile)) >= 200


def try_every_way(place, key, texts):
    for text in texts:
        by_flag = taken(lambda text=text: place.load({key: text}))
        if by_flag is not None:
            assert Settings.from_dict(by_flag.as_dict(reveal=True)) == by_flag
        if text:
            by_variable = taken(lambda text=text: place.load(**{find(key).variable: text}))
            assert (by_variable is None) == (by_flag is None)
        place.project_file.unlink(missing_ok=True)
        taken(lambda text=text: put(place.project_file, key, text))
        if by_flag is None:
            assert not place.project_file.exists()
        else:
            value = place.load().value(key)
            assert value == by_flag.value(key) or find(key).is_path


@pytest.mark.parametrize(("number", "key"), list(enumerate(keys())))
def test_a_hostile_value_is_taken_or_refused_on_every_way(place, hostile, number, key):
    """Each key is tried with a share of the texts, and each text with a share of the keys."""
    try_every_way(place, key, hostile[number % SHARES :: SHARES])


@pytest.mark.slow
@pytest.mark.parametrize("key", list(keys()))
def test_every_hostile_value_is_taken_or_refused_on_every_way(place, hostile, key):
    try_every_way(place, key, hostile)


def test_a_hostile_text_in_a_file_is_taken_or_refused(place, hostile):
    for text in hostile:
        for written in (
            text,
            f"log: {text}",
            f"log:\n  level: {text}",
            f"{text}: x",
            f"log: {{file: {text}",
            f"'{text}': x",
        ):
            taken(place.says(written).load)


def test_a_hostile_key_is_refused_everywhere(place, hostile):
    for text in hostile:
        with pytest.raises(ConfigurationError) as refused:
            place.load({text: "x"})
        assert "\n" not in refused.value.message
        for use in (find, place.load().origin, lambda key: put(place.project_file, key, "x")):
            with pytest.raises(ConfigurationError):
                use(text)
        taken(lambda text=text: place.load(**{f"ARA_{text}": "x"}))


@given(text=st.text(), key=st.sampled_from(list(keys())))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_value_or_a_refusal(place, text, key):
    loaded = taken(lambda: place.load({key: text}))
    if loaded is not None and not find(key).is_path:
        assert loaded.value(key) == find(key).parse(text)


@given(text=st.text(alphabet=st.sampled_from("ab:-#&*!|>'\"{}[],?%@` \n\t~0é\x00")) | st.text() | st.binary())
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_file_or_a_refusal(place, text):
    taken(place.says(text).load)


@given(text=st.text())
def test_what_is_shown_is_one_short_printable_line(text):
    line = shown(text)
    assert line.isprintable()
    assert len(line) <= 62 + 10 * 60


def test_a_very_deep_and_a_very_wide_file_are_read_or_refused_soon(place):
    taken(place.says("a:\n" + "".join(" " * n + f"k{n}:\n" for n in range(1, 900))).load)
    taken(place.says("\n".join(f"k{n}: v" for n in range(8_000))).load)
    with pytest.raises(ConfigurationError):
        parse("? " * 3000, place.project_file)
