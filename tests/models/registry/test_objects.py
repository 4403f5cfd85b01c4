"""Models in a bucket, against a server that speaks S3's protocol: fetched, checked, whole or not at all."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import obstore
import pytest

from ara.cli.app import main
from ara.desk import Desk
from ara.errors import ConfigurationError, IntegrityError, StoreError, ValidationError
from ara.models import Panel
from ara.models.registry import Registry, shelf
from ara.models.registry.sharing import share
from ara.models.registry.shelf import Shelf
from ara.store.objects import Objects
from tests.models.registry.conftest import trained

Opened = Callable[..., Awaitable[Desk]]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Bucket:
    """A server of objects in a process of its own, with one bucket; what it holds is gone when it stops."""

    def __init__(self) -> None:
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while True:
            try:
                httpx.put(f"{self.at}/models", headers={"Authorization": _AUTHORITY}).raise_for_status()
            except httpx.TransportError:
                assert time.monotonic() < deadline
                assert self.process.poll() is None
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def at(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, prefix: str) -> str:
        return f"s3://models/{prefix}?endpoint={self.at}"


_AUTHORITY = "AWS4-HMAC-SHA256 Credential=me/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    server = Bucket()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "me")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
async def machines(opened: Opened, bucket: Bucket, tmp_path: Path) -> tuple[Registry, Registry]:
    """Two machines with one store and one bucket, each with a folder of its own."""
    shared = {"store__url": f"sqlite:///{tmp_path}/shared.db", "models__objects": bucket.url(f"ara/{tmp_path.name}")}
    one, other = [Registry(await opened(tmp_path / name, **shared)) for name in ("one", "other")]
    await other.trust(await one._own(), await one.own_fingerprint())
    return one, other


async def test_a_model_of_one_machine_answers_on_another(machines: tuple[Registry, Registry], panel: Panel) -> None:
    one, other = machines
    kept = await trained(one, panel)
    assert not other.shelf.place(kept.id).exists()
    artefact = await other.artefact(kept)
    assert artefact.folder == other.shelf.place(kept.id)
    here, there = (
        {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (one.shelf.place(kept.id), artefact.folder)
    )
    assert here == there
    assert (await other.verified(kept)).ok


async def test_a_model_that_was_changed_in_the_bucket_is_refused(
    machines: tuple[Registry, Registry], panel: Panel
) -> None:
    one, other = machines
    kept = await trained(one, panel)
    objects = one.shelf.objects
    assert objects is not None
    whole = bytes(obstore.get(objects._store, f"{kept.id}.ara").bytes())
    place = whole.index(b'"family"')
    obstore.put(objects._store, f"{kept.id}.ara", whole[:place] + b'"fomily"' + whole[place + 8 :])
    with pytest.raises(IntegrityError):
        await other.artefact(kept)
    assert not other.shelf.place(kept.id).exists()
    obstore.put(objects._store, f"{kept.id}.ara", whole[: len(whole) // 2])
    with pytest.raises(IntegrityError, match="no model that was exported, or was damaged"):
        await other.artefact(kept)
    assert (await one.artefact(kept)).id == kept.id


async def test_a_model_that_is_gone_from_the_bucket_is_named(machines: tuple[Registry, Registry], panel: Panel) -> None:
    one, other = machines
    kept = await trained(one, panel)
    await other.desk.workers.run(other.shelf.drop, kept.id)
    assert one.shelf.objects is not None
    assert one.shelf.objects.names() == {}
    with pytest.raises((IntegrityError, StoreError)):
        await other.artefact(kept)


async def test_models_from_before_the_bucket_are_put_there_once_and_only_those_that_are_whole(
    opened: Opened, bucket: Bucket, panel: Panel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = {"store__url": f"sqlite:///{tmp_path}/shared.db"}
    before = Registry(await opened(tmp_path / "one", **url))
    kept, broken = await trained(before, panel, seed=1), await trained(before, panel, seed=2)
    with pytest.raises(ValidationError, match="There is no bucket"):
        await share(before)
    url["models__objects"] = bucket.url(f"late/{tmp_path.name}")
    one, other = [Registry(await opened(tmp_path / name, **url)) for name in ("one", "other")]
    await other.trust(await one._own(), await one.own_fingerprint())
    path = next(path for path in one.shelf.place(broken.id).rglob("*") if path.suffix == ".json")
    path.write_bytes(path.read_bytes() + b" ")
    away = await share(other)
    first, again = await share(one), await share(one)
    assert ({each.id for each in away.elsewhere}, away.put) == ({kept.id, broken.id}, ())
    assert [each.id for each in first.put] == [kept.id]
    assert [each.kept.id for each in first.refused] == [broken.id]
    assert (again.put, [each.id for each in again.there]) == ((), [kept.id])
    assert again.as_dict()["bucket"] == f"s3://models/late/{tmp_path.name}"
    assert other.shelf.archived() == {kept.id}
    assert (await other.artefact(kept)).id == kept.id
    assert not list(one.shelf.folder.glob(".part-*"))
    given = {"home": str(tmp_path / "one"), **{name.replace("__", "."): value for name, value in url.items()}}
    words = ["models", "share", "--width", "200", *(f"--set={name}={value}" for name, value in given.items())]
    assert await asyncio.to_thread(main, words) == 7
    said = " ".join(capsys.readouterr().err.split())
    assert f"There before: {kept.name}. Not put there, since they are not as they were trained: {broken.name}." in said
    path.write_bytes(path.read_bytes()[:-1])
    assert await asyncio.to_thread(main, words) == 0
    assert f"Now in s3://models/late/{tmp_path.name}: {broken.name}." in " ".join(capsys.readouterr().out.split())


def filled(shelf_: Shelf, text: str) -> Path:
    folder = shelf_.folder / f"made-{text}"
    folder.mkdir(parents=True)
    (folder / "params.json").write_text(f'{{"x": "{text}"}}')
    return folder


def test_of_two_that_keep_the_same_model_the_first_is_kept(bucket: Bucket, tmp_path: Path) -> None:
    url = bucket.url("two")
    one, other = (Shelf(tmp_path / name, objects=Objects(url)) for name in ("a", "b"))
    id = "0" * 64
    assert one.settle(filled(one, "first"), id) is True
    assert other.settle(filled(other, "second"), id) is False
    assert (other.place(id) / "params.json").read_text() == '{"x": "first"}'
    assert not list(other.folder.glob(".part-*"))


def test_what_is_on_its_way_is_not_told_of_as_left_over(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (Shelf(tmp_path / name, objects=Objects(bucket.url("young"))) for name in ("a", "b"))
    id = "1" * 64
    one.settle(filled(one, "x"), id)
    (other.folder / ("2" * 64)).mkdir(parents=True)
    assert id not in one.ids()
    assert other.ids() == {"2" * 64}
    monkeypatch.setattr(shelf, "_YOUNG", timedelta(seconds=-60))
    assert other.ids() == {id, "2" * 64}


def test_a_server_that_is_away_is_named_and_used_again_when_it_is_back(tmp_path: Path) -> None:
    server = Bucket()
    objects = Objects(server.url("away"), tries=0)
    source, goal = tmp_path / "source.ara", tmp_path / "goal.ara"
    source.write_bytes(b"x" * 1000)
    for ask in (lambda: objects.put("x", source), lambda: objects.get("x", goal), objects.names):
        with pytest.raises(StoreError, match="The bucket s3://models/away can't be used") as caught:
            ask()
        assert "hunter2" not in f"{caught.value} {caught.value.hint}"
    server.start()
    try:
        assert objects.put("x", source)
        assert not objects.put("x", source)
        assert objects.get("x", goal)
        assert goal.read_bytes() == source.read_bytes()
        assert not objects.get("y", tmp_path / "none")
        assert not (tmp_path / "none").exists()
        assert list(objects.names()) == ["x"]
        objects.drop("x")
        objects.drop("x")
        assert objects.names() == {}
        nowhere = Objects(f"s3://nobody/x?endpoint={server.at}", tries=0)
        for ask_ in (nowhere.names, lambda: nowhere.put("x", source)):
            with pytest.raises(StoreError, match="can't be used"):
                ask_()
    finally:
        server.stop()


@pytest.mark.parametrize(
    "wrong", ["https://models/x", "s3://", "s3://me:hunter2@models/x", "s3://models/x?key=hunter2", "models"]
)
def test_addresses_that_can_not_be_are_refused(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="no address of a bucket") as caught:
        Objects(wrong)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, bucket: Bucket) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.setitem(sys.modules, "obstore.exceptions", None)
    with pytest.raises(ConfigurationError, match="obstore is not installed") as caught:
        Objects(bucket.url("x")).names()
    assert "pip install 'ara-ai[s3]'" in caught.value.hint
