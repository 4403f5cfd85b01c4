"""Anchors that were published, held against a ledger: whole, cut, and written anew with another key."""

import json
import shutil
from dataclasses import asdict

import pytest

from ara.desk import Desk
from ara.errors import ValidationError
from ara.lineage import digest
from ara.prediction import Ledger, PredictionEngine
from ara.prediction.anchors import published
from ara.prediction.verified import verified
from ara.settings import Settings


def text_of(mark):
    lines = (("Digest", mark.digest), ("Entry", f"{mark.sequence:,}"))
    time = f"{mark.at:%Y-%m-%d %H:%M:%S} UTC"
    return "\n".join(f"{name:<8}{value}" for name, value in (*lines, ("Time", time), ("Key", mark.public_key))) + "\n"


def json_of(mark, **changes):
    return json.dumps({"schema": 1, **asdict(mark), "at": mark.at.isoformat(), **changes}, indent=2)


@pytest.fixture
def settings(tmp_path):
    return Settings.load({"home": str(tmp_path / "home")}, environ={}, folder=tmp_path)


async def kept(settings, *lengths):
    """Keep forecasts over so many days, and give an anchor behind each."""
    marks = []
    async with Desk.open(settings) as one:
        for days in lengths:
            await PredictionEngine(one).predict("KO", days=days, model="ewma_t", as_of="2020-02-20")
            marks.append(await Ledger(one).anchor())
    return marks


async def checked(settings, *anchors):
    async with Desk.open(settings) as one:
        return await verified(one, anchors)


async def test_what_was_anchored_is_held_in_each_form(settings, tmp_path):
    first, second = await kept(settings, 1, 2)
    many = tmp_path / "anchors.txt"
    narrow = f"Digest\n{first.digest}\nEntry\n1\n"
    many.write_text(f"# of our site\n{text_of(first)}\n{text_of(second)}{second.digest}\n{narrow}")
    documents = tmp_path / "anchors.json"
    documents.write_text(f"{json_of(first)}\n{json_of(second)}\n[{json_of(second)}]\n")
    found = await checked(settings, str(many), documents, first.digest.upper(), second)
    assert [one.sequence for one in found.anchors] == [1, 2, 2, 1, 1, 2, 2, 1, 2]
    assert (found.ok, found.problem, {one.ok for one in found.anchors}) == (True, None, {True})
    assert "holds" in found.words
    assert [one.digest for one in found.anchors][:2] == [first.digest, second.digest]


async def test_a_ledger_written_anew_with_another_key_is_whole_but_holds_no_anchor(settings, tmp_path):
    old, older = (await kept(settings, 1, 2, 3))[1:]
    shutil.rmtree(tmp_path / "home")
    (new,) = (await kept(settings, 4, 5, 6))[2:]
    assert new.public_key != old.public_key
    file = tmp_path / "anchors.txt"
    file.write_text(text_of(old) + text_of(older))
    found = await checked(settings, file, old, old.digest, new)
    assert found.chain.ok
    assert (found.ok, found.problem, found.entries) == (False, "anchor", 3)
    assert [one.ok for one in found.anchors] == [False, False, False, False, True]
    assert "of entry 2: that entry is not the one that was anchored" in found.words
    assert "give the file with all lines" in found.anchors[3].words
    assert found.as_dict()["anchors"][4]["ok"] is True


async def test_a_ledger_that_ends_before_its_anchor_is_cut(settings, tmp_path):
    mark = (await kept(settings, 1, 2))[1]
    shutil.rmtree(tmp_path / "home")
    await kept(settings, 1)
    found = await checked(settings, mark)
    assert "whole only up to entry 1" in found.words
    assert found.problem == "anchor"
    shutil.rmtree(tmp_path / "home")
    empty = await checked(settings, mark, mark.digest)
    assert (empty.entries, [one.ok for one in empty.anchors]) == (0, [False, False])


async def test_an_anchor_that_was_changed_itself_is_told_from_a_ledger_that_was(settings, tmp_path):
    (mark,) = await kept(settings, 1)
    file = tmp_path / "anchors.json"
    file.write_text(json_of(mark, sequence=2))
    (one,) = (await checked(settings, file)).anchors
    assert (one.ok, "the anchor itself was changed" in one.words) == (False, True)
    file.write_text(text_of(mark).replace(f"{mark.at:%Y}", "1999"))
    (one,) = (await checked(settings, file)).anchors
    assert (one.ok, "the facts beside it are others" in one.words) == (False, True)
    at = "2001-01-01T00:00:00.000000Z"
    facts = {"sequence": 1, "hash": mark.hash, "at": at, "public_key": mark.public_key}
    file.write_text(json.dumps({"digest": digest(facts), **facts}))
    (one,) = (await checked(settings, file)).anchors
    assert (one.ok, "has the anchored hash, but another time" in one.words) == (False, True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no anchor"),
        ("hello\n", "line 1 belongs to no anchor"),
        ("Entry 3\n", "belongs to no anchor"),
        ("Digest abc\n", "belongs to no anchor"),
        ("Digest\n", "belongs to no anchor"),
        (f"Digest {'a' * 64}\nEntry three\n", "belongs to no anchor"),
        (f"Digest {'a' * 64}\nTime yesterday\n", "belongs to no anchor"),
        ("{", "line 1 belongs to no anchor"),
        ("[1]", "belongs to no anchor"),
        ('{"digest": 3}', "belongs to no anchor"),
        ('{"digest": "x"}', "belongs to no anchor"),
        (json.dumps({"digest": "a" * 64, "sequence": "1"}), "belongs to no anchor"),
        (json.dumps({"digest": "a" * 64, "at": "then"}), "belongs to no anchor"),
    ],
)
def test_what_is_no_anchor_is_refused_with_its_line(tmp_path, text, words):
    file = tmp_path / "anchors.txt"
    file.write_text(text)
    with pytest.raises(ValidationError, match=words) as caught:
        published(file)
    assert "ara ledger anchor" in caught.value.hint


def test_what_is_neither_a_digest_nor_a_file_is_refused(tmp_path):
    for given in ("a" * 63, str(tmp_path), str(tmp_path / "gone.txt"), "\0"):
        with pytest.raises(ValidationError, match="no digest of 64 hex digits"):
            published(given)
    file = tmp_path / "bytes"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ValidationError, match="no digest"):
        published(file)
