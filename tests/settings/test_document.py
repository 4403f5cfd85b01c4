import os
from pathlib import Path

import pytest
import yaml

from ara.errors import ConfigurationError
from ara.settings.document import LARGEST, Mapped, Scalar, parse, read


@pytest.fixture(params=["libyaml", "python"])
def reader(request, monkeypatch):
    if request.param == "python":
        monkeypatch.delattr(yaml, "CSafeLoader")
    return lambda text: parse(text, Path("f.yaml"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("log:\n\tlevel: info\n", "f.yaml:2 has a tab in its indentation"),
        ("log:\n  level: [\n", "f.yaml:"),
        ("log: {level: info\n", "is not YAML"),
        ("a: 'x\n", "is not YAML"),
        ("a: b: c\n", "f.yaml:1 is not YAML"),
        ("a: \x01\n", "f.yaml:1 has a character that no YAML text may hold"),
        ("x: y\na: \x00\n", "f.yaml:2 has a character"),
        ("log:\n  level: info\nlog:\n  level: debug\n", 'f.yaml:3 says "log" twice, first in line 1'),
        ("log: {level: a, 'level': b}\n", 'f.yaml:1 says "level" twice'),
        ("a: &x b\n", "f.yaml:1 has an anchor or an alias"),
        ("a: b\nc: *x\n", "f.yaml:2"),
        ("a: !!python/object/apply:os.system [ls]\n", "f.yaml:1 has a tag"),
        ("a: !!str 5\n", "f.yaml:1 has a tag"),
        ("[a, b]\n", "f.yaml:1 is not a mapping"),
        ("just words\n", "f.yaml:1 is not a mapping"),
        ("'null'\n", "f.yaml:1 is not a mapping"),
        ("a: b\n---\nc: d\n", "f.yaml:2 holds more than one document"),
        ("[a]: b\n", "f.yaml:1 has a list or a mapping where a name belongs"),
        ("a: " + "[" * 5000, "nested deeper than 8 levels"),
        ("a: " + "{b: " * 5000, "nested deeper than 8 levels"),
    ],
)
def test_what_is_no_settings_file_is_refused_with_its_line(reader, text, words):
    with pytest.raises(ConfigurationError) as refused:
        reader(text)
    assert words in refused.value.message
    assert refused.value.context["place"].startswith("f.yaml")


def test_a_bomb_of_aliases_is_refused_before_it_is_built(reader):
    rows = ["a: &a [x, x]"] + [f"{b}: &{b} [*{a}, *{a}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    with pytest.raises(ConfigurationError, match="an anchor or an alias"):
        reader("\n".join(rows))


@pytest.mark.parametrize("text", ["", "\n\n", "# words\n", "---\n", "---\n...\n", "null\n", "~", " \n# x\n"])
def test_an_empty_file_sets_nothing(reader, text):
    assert reader(text).root is None


def test_every_value_keeps_its_own_text_and_place(reader):
    text = "é😀: on\nb:\n  c: 1:30\n  d: '2021-03-31'\n  e:\n  f: [yes, ~]\n"
    root = reader(text).root
    assert isinstance(root, Mapped)
    first = root.pairs[0][1]
    assert isinstance(first, Scalar)
    assert (first.text, first.line, text[first.start : first.end]) == ("on", 1, "on")
    section = root.pair("b")[1]
    assert [(name.text, value.line) for name, value in section.pairs] == [("c", 3), ("d", 4), ("e", 5), ("f", 6)]
    assert [section.pair(name)[1].text for name in "cd"] == ["1:30", "2021-03-31"]
    assert section.pair("e")[1].null
    assert [item.null for item in section.pair("f")[1].items] == [False, True]
    assert section.pair("g") is None


def test_a_quoted_null_is_text(reader):
    root = reader("a: 'null'\nb: ''\nc: null\nd: ~\n").root
    assert [value.null for _, value in root.pairs] == [False, False, True, True]


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"\xef\xbb\xbfa: b\n")
    assert read(path).text == "a: b\n"


@pytest.mark.parametrize("data", [b"a: \xff\n", "a: b".encode("utf-16"), "x: y\na: é".encode("latin-1")])
def test_a_file_that_is_not_utf_8_is_refused(tmp_path, data):
    path = tmp_path / "f"
    path.write_bytes(data)
    with pytest.raises(ConfigurationError, match=r"f:\d is not UTF-8 text"):
        read(path)


def test_a_file_that_is_too_large_is_refused_without_being_read_whole(tmp_path):
    path = tmp_path / "f"
    with path.open("wb") as file:
        file.truncate(10 * LARGEST)
    with pytest.raises(ConfigurationError, match="is larger than 1 MB"):
        read(path)
    path.write_bytes(b"#" * LARGEST)
    assert read(path).root is None


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in (".", "pipe", "link"):
        with pytest.raises(ConfigurationError, match="is not a file"):
            read(tmp_path / name)


def test_a_file_that_can_t_be_opened_is_refused(tmp_path):
    path = tmp_path / ("x" * 300)
    with pytest.raises(ConfigurationError, match=r"can't be read|is not a file"):
        read(path)
