import os
import stat
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ara.errors import ConfigurationError, StoreError
from ara.settings import Secret
from ara.settings.document import parse, read
from ara.settings.edit import changed, put, remove, write
from ara.settings.keys import keys
from ara.settings.load import gather


@pytest.fixture(params=["libyaml", "python"])
def edit(request, monkeypatch):
    if request.param == "python":
        monkeypatch.delattr(yaml, "CSafeLoader")
    return lambda text, key, value: changed(parse(text, Path("f.yaml")), key, value)


CASES = [
    # an empty or commented file
    ("", "log.level", "debug", "log:\n  level: debug\n"),
    ("", "profile", "prod", "profile: prod\n"),
    ("# mine", "log.level", "debug", "# mine\nlog:\n  level: debug\n"),
    ("---\n# a\n...\n", "profile", "prod", "---\n# a\nprofile: prod\n...\n"),
    # a value that is there
    ("log:\n  level: info # why\n", "log.level", "debug", "log:\n  level: debug # why\n"),
    ("log:\n  level: 'info'\n  file: x\n", "log.level", "debug", "log:\n  level: debug\n  file: x\n"),
    ("log: {level: info, file: x} # y\n", "log.level", "debug", "log: {level: debug, file: x} # y\n"),
    ("log:\n  level:   # none yet\n", "log.level", "debug", "log:\n  level: debug   # none yet\n"),
    ("log:\n  level: ~\n", "log.level", "debug", "log:\n  level: debug\n"),
    ("log:\n  level: |\n    info\n# end\n", "log.level", "debug", "log:\n  level: debug\n# end\n"),
    ("log:\n  level: >-\n    info\n  file: x\n", "log.level", "debug", "log:\n  level: debug\n  file: x\n"),
    ('"log":\n  "level": info\n', "log.level", "debug", '"log":\n  "level": debug\n'),
    ("log:\n  level: info", "log.level", "debug", "log:\n  level: debug"),
    ("é😀: x\nlog:\n  level: info\n", "log.level", "debug", "é😀: x\nlog:\n  level: debug\n"),
    ("profile: dev\n", "profile", "prod", "profile: prod\n"),
    # a value that is not there, in a section that is
    (
        "log:\n  level: info\n\n# more\ncli:\n  width: 0\n",
        "log.file",
        "x",
        "log:\n  level: info\n  file: x\n\n# more\ncli:\n  width: 0\n",
    ),
    ("log:\n    level: info # a\n    # b\n", "log.file", "x", "log:\n    level: info # a\n    file: x\n    # b\n"),
    ("log:\n  level: info", "log.file", "x", "log:\n  level: info\n  file: x\n"),
    ("log: {level: info}\n", "log.file", "x", "log: {level: info, file: x}\n"),
    ("log: {level: info,}\n", "log.file", "x", "log: {level: info,file: x}\n"),
    ("log: {}\n", "log.file", "x", "log: {file: x}\n"),
    ("log:\n  # level: info\n", "log.file", "x", "log:\n  file: x\n  # level: info\n"),
    ("log:", "log.file", "x", "log:\n  file: x\n"),
    ("log: ~ # a\n", "log.file", "x", "log: {file: x} # a\n"),
    ("log:\n  level: info\n  file:\n", "log.format", "json", "log:\n  level: info\n  file:\n  format: json\n"),
    ("  log:\n    level: info\n", "log.file", "x", "  log:\n    level: info\n    file: x\n"),
    # a section that is not there
    ("log:\n  level: info\n", "cli.width", "80", "log:\n  level: info\n\ncli:\n  width: 80\n"),
    ("log:\n  level: info\n\n", "cli.width", "80", "log:\n  level: info\n\ncli:\n  width: 80\n"),
    ("log:\n  level: info\n# end", "cli.width", "80", "log:\n  level: info\n# end\n\ncli:\n  width: 80\n"),
    ("log:\n  level: info\n...\n", "cli.width", "80", "log:\n  level: info\n\ncli:\n  width: 80\n...\n"),
    ("{log: {level: info}}\n", "cli.width", "80", "{log: {level: info}, cli: {width: 80}}\n"),
    ("{log: ~}\n", "log.level", "debug", "{log: {level: debug}}\n"),
    ("  log:\n    level: info\n", "cli.width", "80", "  log:\n    level: info\n\n  cli:\n    width: 80\n"),
    # a value above all sections
    ("# head\nlog:\n  level: info\n", "profile", "prod", "# head\nprofile: prod\nlog:\n  level: info\n"),
    ("{log: {level: info}}", "profile", "prod", "{log: {level: info}, profile: prod}"),
    ("  log: {level: info}\n", "profile", "prod", "  profile: prod\n  log: {level: info}\n"),
    # lists
    ("data:\n  providers: [a, b] # c\n", "data.providers", ("x",), "data:\n  providers: [x] # c\n"),
    (
        "data:\n  providers:\n    - a # 1\n    - b\n  # end\n",
        "data.providers",
        ("x", "y"),
        "data:\n  providers:\n    - x\n    - y\n  # end\n",
    ),
    (
        "data:\n  providers:\n  - a\n  - b\nlog: {}\n",
        "data.providers",
        ("x", "y", "z"),
        "data:\n  providers:\n  - x\n  - y\n  - z\nlog: {}\n",
    ),
    ("data:\n  providers: a, b\n", "data.providers", ("x", "y"), "data:\n  providers: [x, y]\n"),
    ("", "data.providers", ("x", "y"), "data:\n  providers: [x, y]\n"),
    # three and four levels
    ("", "data.cache.memory_mb", "5", "data:\n  cache:\n    memory_mb: 5\n"),
    ("data:\n  lake: x\n", "data.cache.redis_mb", "5", "data:\n  lake: x\n  cache:\n    redis_mb: 5\n"),
    ("data:\n  cache:\n    redis_mb: 9 # y\n", "data.cache.redis_mb", "5", "data:\n  cache:\n    redis_mb: 5 # y\n"),
    ("data: {lake: x}\n", "data.cache.redis_mb", "5", "data: {lake: x, cache: {redis_mb: 5}}\n"),
    ("data:\n  providers:\n", "data.providers.a.url", "x", "data:\n  providers:\n    a:\n      url: x\n"),
    ("data: {providers: ~} # k\n", "data.providers.a.key", "z", "data: {providers: {a: {key: z}}} # k\n"),
    (
        "data:\n  providers:\n    a: {url: x}\n  lake: y\n",
        "data.providers.b.key",
        "z",
        "data:\n  providers:\n    a: {url: x}\n    b:\n      key: z\n  lake: y\n",
    ),
    # a list of sources that becomes their order, and back
    (
        "data:\n  providers: [a, b] # c\n",
        "data.providers.a.url",
        "x",
        "data:\n  providers: {order: [a, b], a: {url: x}} # c\n",
    ),
    (
        "data:\n  providers: a, b # c\n",
        "data.providers.a.url",
        "x",
        'data:\n  providers: {order: "a, b", a: {url: x}} # c\n',
    ),
    (
        "data:\n  providers:\n    - a # 1\n    # two\n    - b\n  # end\n",
        "data.providers.a.url",
        "x",
        "data:\n  providers:\n    order:\n    - a # 1\n    # two\n    - b\n    a:\n      url: x\n  # end\n",
    ),
    (
        "data:\n  providers:\n  - a # 1\n  - b\nlog: {}\n",
        "data.providers.a.url",
        "x",
        "data:\n  providers:\n    order:\n    - a # 1\n    - b\n    a:\n      url: x\nlog: {}\n",
    ),
    (
        "data:\n  providers:\n    a: {url: x} # k\n",
        "data.providers",
        ("a", "b"),
        "data:\n  providers:\n    a: {url: x} # k\n    order: [a, b]\n",
    ),
    (
        "data:\n  providers:\n    order: [a] # k\n    a: {url: x}\n",
        "data.providers",
        ("a", "b"),
        "data:\n  providers:\n    order: [a, b] # k\n    a: {url: x}\n",
    ),
    # another system's line ends
    ("log:\r\n  level: info\r\n", "log.file", "x", "log:\r\n  level: info\r\n  file: x\r\n"),
    ("log:\r\n  level: info\r\n", "cli.width", "80", "log:\r\n  level: info\r\n\r\ncli:\r\n  width: 80\r\n"),
    # texts that YAML would take for something else
    ("", "log.file", "a: b # c", 'log:\n  file: "a: b # c"\n'),
    ("log: {file: x}", "log.file", "a,b]}", 'log: {file: "a,b]}"}'),
    ("", "log.file", "null", 'log:\n  file: "null"\n'),
    ("", "log.file", "~", 'log:\n  file: "~"\n'),
    ("", "log.file", "", 'log:\n  file: ""\n'),
    ("", "log.file", "a\ufeffb\u200d\U000e0001", 'log:\n  file: "a\\ufeffb\\u200d\\U000e0001"\n'),
    ("", "log.file", 'C:\\x "y"', 'log:\n  file: "C:\\\\x \\"y\\""\n'),
    ("", "log.file", "ägypten/é 😀", 'log:\n  file: "ägypten/é 😀"\n'),
]


@pytest.mark.parametrize(("text", "key", "value", "expected"), CASES)
def test_one_value_changes_and_nothing_else(edit, text, key, value, expected):
    assert edit(text, key, value) == expected
    assert edit(expected, key, value) == expected


def test_what_can_t_be_changed_alone_is_refused(edit):
    for text in ("log: info\n", "log: [a]\n", "- a\n", "? log\n", "? log\n: {level: [a\n]}\n? cli\n"):
        try:
            new = edit(text, "log.level", "debug")
        except ConfigurationError as error:
            new = error.message
        assert "f.yaml" in new or "level: debug" in new


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)
SPACES = st.sampled_from(["", " ", "  # why", "\n\n# words: like a setting\n"])


@st.composite
def files(draw):
    """A settings file as people write them: sections and values in any order, commented, block and flow style."""
    rows = []
    for section in draw(st.lists(st.sampled_from(["log", "cli", "data", "prediction"]), unique=True)):
        leaves = [key.partition(".")[2] for key in keys() if key.rpartition(".")[0] == section]
        chosen = draw(st.lists(st.sampled_from(leaves), unique=True))
        values = [draw(st.sampled_from(["x", "'a b'", "", "~", '"q#"', "[a, b]", "7"])) for _ in chosen]
        if draw(st.booleans()):
            rows.append(
                f"{section}: {{{', '.join(f'{name}: {value}' for name, value in zip(chosen, values, strict=True))}}}"
            )
        else:
            rows.append(f"{section}:{draw(st.sampled_from(['', ' ', '  # why']))}")
            space = " " * draw(st.integers(1, 4))
            rows += [f"{space}{name}: {value}" for name, value in zip(chosen, values, strict=True)]
        rows += draw(st.lists(st.sampled_from(["", "# words: like a setting", "  # inside"]), max_size=2))
    if draw(st.booleans()):
        rows.insert(draw(st.sampled_from([0, len(rows)])), "profile: dev  # mine")
    return draw(st.sampled_from(["\n", "\r\n"])).join(rows) + draw(st.sampled_from(["", "\n"]))


@given(text=files(), key=st.sampled_from(list(keys())), value=TEXTS | st.lists(TEXTS, max_size=3).map(tuple))
@settings(deadline=None, max_examples=60)
def test_any_text_can_be_put_into_any_file_with_every_comment_kept(text, key, value):
    document = parse(text, Path("f.yaml"))
    new = changed(document, key, value)
    pair = None
    root = parse(new, Path("f.yaml")).root
    for part in key.split("."):
        pair = root.pair(part)
        root = pair[1]
    got = tuple(item.text for item in root.items) if isinstance(value, tuple) else root.text
    assert got == value
    for line in text.splitlines():
        if "#" in line and '"q#"' not in line:
            assert line[line.index("#") :] in new


SCHEDULED = ("update", "score", "retrain", "drift", "backup", "clean", "regimes")
VALUES = {
    str: st.sampled_from(["", "/a b", "/é", "/x: y", "/# z", "/~"]),
    int: st.integers(1, 30).map(str),
    bool: st.sampled_from(["true", "false", "yes", "off"]),
    tuple: st.lists(st.sampled_from(["sample", "a", "b_2"]), min_size=1, unique=True).map(",".join),
    Secret: st.sampled_from(["", "https://a:b@c/1", "# x"]),
}
OWN = {
    "profile": st.sampled_from(["dev", "test", "staging", "prod", "production"]),
    "home": st.sampled_from(["/x", "/a b/c#"]),
    "log.level": st.sampled_from(["debug", "INFO"]),
    "log.format": st.sampled_from(["auto", "json"]),
    "store.url": st.sampled_from(["", "memory:", "sqlite:///a b", "postgresql://u:p@h/n"]),
    "models.objects": st.sampled_from(["", "s3://abc/d", "s3://abc/d?endpoint=http://h:9000&region=x"]),
    "store.replicas": st.sampled_from(["", "postgresql://u:p@h/n", "postgresql://u:p@h/n,postgres://u@i/n"]),
    "data.bars": st.sampled_from(["", "postgresql://u:p@h/n"]),
    "workers.ray": st.sampled_from(["", "auto", "ray://h:10001"]),
    "jobs.memory": st.sampled_from(["", "800M", "1.5G"]),
    "models.precision": st.sampled_from(["exact", "half", "int8"]),
    "models.device": st.sampled_from(["cpu", "cuda", "tensorrt", "auto"]),
    "models.studies": st.sampled_from(["", "sqlite:///a b", "postgresql://u:p@h/n"]),
    "data.currency": st.sampled_from(["EUR", "BTC"]),
    "data.retries": st.sampled_from(["0", "3"]),
    "data.cache.redis": st.sampled_from(["", "redis://:p@h:1/0", "unix:///a b"]),
    "prediction.model": st.sampled_from(["ewma_t", "x"]),
    "telemetry.otlp_endpoint": st.sampled_from(["", "http://localhost:4318/x?y#z"]),
    "api.origins": st.sampled_from(["", "https://a.example,http://localhost:3000"]),
    "api.proxies": st.sampled_from(["", "127.0.0.1/32,fd00::/8"]),
    "api.url": st.sampled_from(["", "https://ara.example.org"]),
    "api.certificate": st.sampled_from(["", "/a b/tls.pem"]),
    "api.private_key": st.sampled_from(["", "/a b/tls.key"]),
    "jobs.broker": st.sampled_from(["", "redis://:p@h:1/0"]),
    **dict.fromkeys((f"jobs.schedule.{name}" for name in SCHEDULED), st.sampled_from(["", "30m", "MON-FRI 22:30"])),
    "jobs.schedule.watched": st.sampled_from(["", "AAPL,SPY", "AAPL, BTC-USD"]),
    "jobs.schedule.zone": st.sampled_from(["UTC", "Asia/Tokyo"]),
    "webhooks.networks": st.sampled_from(["", "127.0.0.0/8, fd00::/8"]),
    "cli.colour": st.sampled_from(["auto", "never"]),
    "cli.timezone": st.sampled_from(["", "UTC", "Asia/Tokyo"]),
}


@given(data=st.data())
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_set_is_what_is_got_for_every_key(new_place, data):
    place = new_place()
    wanted = {}
    for key in data.draw(st.lists(st.sampled_from(list(keys())), min_size=1, max_size=6)):
        raw = data.draw(OWN[key] if key in OWN else VALUES[keys()[key].kind])
        put(place.project_file, key, raw)
        wanted[key] = keys()[key].parse(raw)
    loaded = place.load()
    assert {key: loaded.value(key) for key in wanted} == wanted
    assert all(loaded.origin(key).kind == "file" for key in wanted)


def test_a_wrong_value_is_refused_before_anything_is_written(tmp_path):
    path = tmp_path / "f"
    with pytest.raises(ConfigurationError, match=r'prediction.days is "99"; allowed: a whole number from 1 to 30'):
        put(path, "prediction.days", "99")
    with pytest.raises(ConfigurationError, match="There is no setting"):
        put(path, "prediction.dayz", "9")
    assert not path.exists()
    path.write_text("log: info\n")
    with pytest.raises(ConfigurationError, match=r"can't be set in it without changing more"):
        put(path, "log.level", "info")
    assert path.read_text() == "log: info\n"


def test_a_broken_file_is_not_changed(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"log: {\n")
    with pytest.raises(ConfigurationError, match="is not YAML"):
        put(path, "log.level", "info")
    assert path.read_bytes() == b"log: {\n"


def test_a_problem_elsewhere_does_not_stop_a_correction(place):
    place.says("prediction: {days: 99}\nlog: {level: loud}\n")
    put(place.project_file, "log.level", "info")
    assert [problem.key for problem in place.gather().problems] == ["prediction.days"]
    put(place.project_file, "prediction.days", "9")
    assert gather(environ=place.environ(), folder=place.project).settings.prediction.days == 9


def test_mode_link_and_byte_order_mark_of_a_file_stay(tmp_path):
    target, link = tmp_path / "dotfiles", tmp_path / ".ara.yaml"
    target.write_bytes(b"\xef\xbb\xbflog:\r\n  level: info\r\n")
    target.chmod(0o640)
    link.symlink_to(target)
    put(link, "log.level", "debug")
    assert link.is_symlink()
    assert target.read_bytes() == b"\xef\xbb\xbflog:\r\n  level: debug\r\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == [".ara.yaml", "dotfiles"]


def test_a_new_file_has_the_mode_asked_for(tmp_path):
    old = os.umask(0o022)
    try:
        write(tmp_path / "own" / "f", "", mode=0o600)
        write(tmp_path / "g", "")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "own" / "f").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "g").stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("key", "value", "secret"),
    [
        ("telemetry.sentry_dsn", "https://hunter2@x/1", True),
        ("telemetry.sentry_dsn", "", False),
        ("store.url", "postgresql://me:hunter2@h/n", True),
        ("store.url", "postgresql://me@h/n", False),
        ("data.providers", "sample", False),
    ],
)
def test_a_file_with_a_secret_is_its_owner_s_alone(tmp_path, key, value, secret):
    new, old, closed = tmp_path / "new", tmp_path / "old", tmp_path / "closed"
    for path, mode in ((old, 0o664), (closed, 0o400)):
        path.touch()
        path.chmod(mode)
    before = os.umask(0o022)
    try:
        assert [put(path, key, value) for path in (new, old, closed)] == [False, secret, False]
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (new, old, closed)]
    assert modes == ([0o600, 0o600, 0o400] if secret else [0o644, 0o664, 0o400])
    assert put(old, "prediction.days", "7") is False


def test_a_file_that_can_t_be_read_is_taken_to_hold_a_secret(tmp_path):
    write(tmp_path / "f", "a: [")
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600


def test_where_nothing_can_be_written_the_old_file_stays(tmp_path, monkeypatch):
    path = tmp_path / "f"
    path.write_text("log: {level: info}\n")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="f can't be written: No space left on device"):
        put(path, "log.level", "debug")
    assert path.read_text() == "log: {level: info}\n"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(StoreError, match="can't be written"):
        write(path / "below", "")


def test_a_file_put_away_overwrites_no_older_back_up(tmp_path):
    path = tmp_path / ".ara.yaml"
    names = []
    for text in "abc":
        path.write_text(text)
        names.append(remove(path).name)
    assert names == [".ara.yaml.bak", ".ara.yaml.bak2", ".ara.yaml.bak3"]
    assert [(tmp_path / name).read_text() for name in names] == ["a", "b", "c"]
    with pytest.raises(StoreError, match="can't be put away"):
        remove(path)


def test_the_file_of_another_user_stays_theirs(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    path = tmp_path / "f"
    path.write_text("")
    os.chown(path, 12345, 12345)
    put(path, "log.level", "info")
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12345)
    assert read(path).root is not None
