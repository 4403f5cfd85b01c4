import struct
import zipfile

import pytest

from ara.errors import IntegrityError, ModelError, ValidationError
from ara.models.registry import Registry
from ara.models.registry.bundle import pack, unpack
from ara.models.registry.signing import fingerprint
from tests.models.registry.conftest import trained


@pytest.fixture
async def kept(registry, panel):
    return await trained(registry, panel)


@pytest.fixture
async def exported(registry, kept, tmp_path):
    await registry.export(kept, tmp_path / "har.ara")
    return tmp_path / "har.ara"


@pytest.fixture
async def elsewhere(opened, tmp_path):
    return Registry(await opened(tmp_path / "elsewhere"))


async def test_a_model_is_the_same_bytes_each_time(registry, kept, exported, tmp_path):
    assert await registry.export(kept, tmp_path / "again.ara") == exported.stat().st_size
    assert (tmp_path / "again.ara").read_bytes() == exported.read_bytes()
    assert not list(tmp_path.glob(".*"))


async def test_another_installation_takes_it_once_its_key_is_trusted(registry, kept, exported, elsewhere, clock):
    clock.instant = clock.instant.replace(year=2031)
    with pytest.raises(IntegrityError, match="a key that is not trusted here") as caught:
        await elsewhere.take_in(exported)
    key = await registry.own_fingerprint()
    assert caught.value.context["fingerprint"] == key != await elsewhere.own_fingerprint()
    with pytest.raises(IntegrityError, match="The fingerprint of the key is"):
        await elsewhere.take_in(exported, trust="0000-0000")
    assert await elsewhere.all() == []
    assert elsewhere.shelf.ids() == set()
    taken, new = await elsewhere.take_in(exported, trust=key.upper())
    assert (taken.card, new) == (kept.card, True)
    assert await elsewhere.take_in(exported) == (taken, False)
    found = await elsewhere.verified(taken)
    assert (found.ok, found.own, found.fingerprint) == (True, False, key)
    assert [one.fingerprint for one in await elsewhere.keys()] == [key]
    await elsewhere.distrust(key)
    assert "not trusted here" in (await elsewhere.verified(taken)).words
    with pytest.raises(ValidationError, match="No key with the fingerprint"):
        await elsewhere.distrust(key)


async def test_a_model_of_tomorrow_is_refused(registry, panel, exported, clock):
    clock.instant = clock.instant.replace(year=2001)
    with pytest.raises(ModelError, match="have not come yet by this clock"):
        await registry.take_in(exported)


async def test_a_damaged_model_is_not_exported(registry, kept, tmp_path):
    (registry.shelf.place(kept.id) / "params.json").write_text("{}")
    with pytest.raises(IntegrityError, match=r"params\.json was changed"):
        await registry.export(kept, tmp_path / "x.ara")
    assert not (tmp_path / "x.ara").exists()


async def test_where_it_can_not_go(registry, kept, tmp_path):
    with pytest.raises(ValidationError, match="is a folder"):
        await registry.export(kept, tmp_path)
    with pytest.raises(ValidationError, match="There is no folder"):
        await registry.export(kept, tmp_path / "none" / "x.ara")
    with pytest.raises(ValidationError, match="There is no file"):
        await registry.take_in(tmp_path / "none.ara")


async def test_every_flipped_bit_of_the_file_is_found(elsewhere, registry, exported):
    whole, key = exported.read_bytes(), await registry.own_fingerprint()
    for place in range(0, len(whole), max(1, len(whole) // 97)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        exported.write_bytes(damaged)
        try:
            taken, _ = await elsewhere.take_in(exported, trust=key)
        except IntegrityError:
            continue
        assert (await elsewhere.verified(taken)).ok  # a bit of the archive's own, such as a date, tells nothing


async def test_every_cut_of_the_file_is_found(elsewhere, exported, registry):
    whole, key = exported.read_bytes(), await registry.own_fingerprint()
    for size in range(0, len(whole), max(1, len(whole) // 41)):
        exported.write_bytes(whole[:size])
        with pytest.raises(IntegrityError):
            await elsewhere.take_in(exported, trust=key)
    assert elsewhere.shelf.ids() == set()
    assert not list(elsewhere.shelf.folder.glob(".part-*"))


def archived(path, files, *, method=zipfile.ZIP_STORED, mode=0o100644):
    with zipfile.ZipFile(path, "w", method) as whole:
        for name, data in files:
            info = zipfile.ZipInfo(name)
            info.compress_type, info.external_attr = method, mode << 16
            whole.writestr(info, data)
    return path


@pytest.mark.parametrize(
    ("files", "options", "words"),
    [
        ([], {}, "holds 0 files"),
        ([(f"{n}.json", b"{}") for n in range(257)], {}, "holds 257 files"),
        ([("a.json", b"{}"), ("A.json", b"{}")], {}, "two files of one name"),
        ([("../a.json", b"{}")], {}, "can't hold a file called"),
        ([("/etc/a.json", b"{}")], {}, "can't hold a file called"),
        ([("model.pkl", b"\x80\x05.")], {}, "model.pkl is refused"),
        ([("a.json", b"\x80\x05.")], {}, "pickle"),
        ([("a.json", b"[" + b"1," * 10000 + b"1]")], {"method": zipfile.ZIP_DEFLATED}, "compressed or too large"),
        ([("a.json", b"/etc/passwd")], {"mode": 0o120777}, "no regular file"),
        ([("a.json", b"{}")], {}, "card.json can't be read"),
    ],
)
async def test_hostile_files_are_refused_before_anything_is_kept(elsewhere, tmp_path, files, options, words):
    path = archived(tmp_path / "x.ara", files, **options)
    with pytest.raises(IntegrityError, match=words):
        await elsewhere.take_in(path)
    assert elsewhere.shelf.ids() == set()
    assert not list(elsewhere.shelf.folder.glob(".part-*"))


def test_a_file_that_lies_about_its_size(tmp_path, monkeypatch):
    path = archived(tmp_path / "x.ara", [("a.json", b"[1, 2, 3]")])
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x01\x02")
    struct.pack_into("<II", data, place + 20, 4, 4)
    path.write_bytes(data)
    with pytest.raises(IntegrityError):
        unpack(path, tmp_path / "out")
    monkeypatch.setattr("ara.models.registry.bundle.WHOLE", 3)
    with pytest.raises(IntegrityError, match="more than 3 bytes"):
        unpack(archived(tmp_path / "y.ara", [("a.json", b"[1, 2, 3]")]), tmp_path / "out")
    monkeypatch.setattr("ara.models.registry.bundle.WHOLE", -(2**20))
    with pytest.raises(IntegrityError, match="larger than any model"):
        unpack(path, tmp_path / "out")


def test_a_fingerprint_is_for_people():
    assert fingerprint("00" * 32) == "6668-7aad-f862-bd77-6c8f-c18b-8e9f-8e20"


def test_an_export_that_fails_leaves_nothing(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "a.json").symlink_to("/etc/hostname")
    with pytest.raises(IntegrityError):
        pack(tmp_path / "model", tmp_path / "x.ara")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
