"""What is secret goes; what is not stays."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ara.redaction import HIDDEN, LONGEST, is_secret_name, redact, redact_tree
from ara.settings import Secret

TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=36, max_size=60)
FORMS = {
    "stripe": "sk_live_{}",
    "stripe test": "rk_test_{}",
    "stripe hook": "whsec_{}",
    "github": "ghp_{}",
    "github fine": "github_pat_{}",
    "gitlab": "glpat-{}",
    "slack": "xoxb-{}",
    "slack hook": "https://hooks.slack.com/services/T0/B0/{}",
    "discord hook": "https://discord.com/api/webhooks/123/{}",
    "google": "AIza{}",
    "openai": "sk-proj-{}",
    "sendgrid": "SG.{}.tail",
    "npm": "npm_{}",
    "pypi": "pypi-{}",
    "hugging face": "hf_{}",
    "vault": "ara_vk1_{}",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{}.sig",
    "jwt cut": "eyJ{}",
    "pem": "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
    "pem cut": "-----BEGIN PRIVATE KEY-----\n{}",
    "pem escaped": "-----BEGIN OPENSSH PRIVATE KEY-----\\n{}\\n-----END OPENSSH PRIVATE KEY-----",
    "bearer": "bearer {}",
    "basic": "Basic {}==",
    "address": "postgresql://user:{}@host:5432/db",
    "address of a key": "https://{}@o1.ingest.sentry.io/2",
    "query": "https://host/query?symbol=AAPL&apikey={}",
    "query key": "https://host/query?key={}",
}
AROUND = st.text(st.characters(exclude_categories=["Cs", "L", "N"]), max_size=20)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(form=st.sampled_from(sorted(FORMS)), token=TOKEN, before=AROUND, after=ANY)
def test_a_secret_is_known_by_its_form(form: str, token: str, before: str, after: str):
    assert token not in redact(f"{before} {FORMS[form].format(token)} {after}")


@given(token=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=16, max_size=16), before=AROUND)
def test_amazons_keys(token: str, before: str):
    assert token not in redact(f"{before}AKIA{token}")


def test_keys_of_venues_and_messengers():
    assert redact(f"{'a1' * 16}-{'b2' * 16}") == HIDDEN
    assert redact("bot 1234567890:AAbb_cc-dd" + "x" * 25) == f"bot {HIDDEN}"


NAMES = st.sampled_from(
    [
        *(
            "password",
            "PASSWORD",
            "db_password",
            "passwd",
            "pwd",
            "pass",
            "secret",
            "client_secret",
            "token",
            "auth_token",
        ),
        *("api_key", "apikey", "apiKey", "X-Api-Key", "CB-ACCESS-KEY", "CB-ACCESS-SIGN", "private_key", "accessKey"),
        *("dsn", "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "session_id", "credentials"),
        "ARA_VAULT_KEY",
    ]
)
PLAIN = st.text(
    st.characters(exclude_categories=["Cs", "Z", "C"], exclude_characters="\"'[]{}()"), min_size=6, max_size=30
)
LOOSE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=6, max_size=30)


def shapes(name: str, secret: str) -> Iterator[str]:
    """Write a name and its value in every way that logs have them."""
    both = {name: secret, "symbol": "AAPL"}
    yield f"{name}={secret} symbol=AAPL"
    yield f"{name}: {secret}"
    yield f"{name} = {secret}"
    yield f"{name} => {secret}"
    yield f"GET /?{name}={quote(secret)}&symbol=AAPL"
    yield f"--{name} {secret} --verbose"
    yield f"--{name}={secret}"
    yield from quoted_shapes(both, name, secret)


def quoted_shapes(both: dict[str, Any], name: str, secret: str) -> Iterator[str]:
    yield repr(both)
    yield repr(list(both.items()))
    yield repr((name.encode(), secret.encode()))
    yield json.dumps(both)
    yield json.dumps(both, separators=(",", ":"))
    yield json.dumps(both, indent=1)
    yield json.dumps({"body": json.dumps(both)})
    yield json.dumps(json.dumps(json.dumps(both)))
    yield f"Login({name}={secret!r}, symbol='AAPL')"


def marked(text: str) -> str:
    """Put a mark at both ends, so that half a secret left over is seen too."""
    return f"first7q{text}last7q"


@given(name=NAMES, secret=PLAIN)
@example(name="password", secret="a&b;c,d")
@example(name="password", secret="******")
def test_a_value_goes_with_its_name(name: str, secret: str):
    for shape in shapes(name, marked(secret)):
        assert "7q" not in redact(shape), shape


@given(name=NAMES, secret=LOOSE)
@example(name="token", secret='it\'s "both" and a \\')
@example(name="token", secret='a" b')
@example(name="token", secret="a' b")
@example(name="token", secret="a\\ b")
@example(name="token", secret='a\\" b')
@example(name="token", secret="', 'b': '")
@example(name="token", secret='", "b": "')
def test_a_quoted_value_goes_whole(name: str, secret: str):
    for shape in quoted_shapes({name: marked(secret), "symbol": "AAPL"}, name, marked(secret)):
        assert "7q" not in redact(shape), shape


def test_what_stands_beside_a_secret_stays():
    assert redact("GET /?symbol=AAPL&apikey=abc failed") == f"GET /?symbol=AAPL&apikey={HIDDEN} failed"
    assert redact("{'password': 'a b', 'symbol': 'AAPL'}") == f"{{'password': {HIDDEN}, 'symbol': 'AAPL'}}"
    assert redact('{"token":"a","symbol":"AAPL"}') == f'{{"token":{HIDDEN},"symbol":"AAPL"}}'
    assert redact("postgresql://me:pw@db.host:5432/ara is down") == f"postgresql://{HIDDEN}@db.host:5432/ara is down"
    assert redact("postgresql://me:p@ss@w@rd@host/db") == f"postgresql://{HIDDEN}@host/db"
    assert redact("password='it''s' next") == f"password={HIDDEN} next"
    assert redact('password="""a "b" c""" next') == f"password={HIDDEN} next"
    assert redact('password="cut short') == f"password={HIDDEN}"
    assert redact("credentials=(me, you) next") == f"credentials={HIDDEN} next"


@pytest.mark.parametrize(
    "text",
    [
        "AAPL closed at 122.15 on Wed 31 Mar 2021",
        "risk-adjusted-returns-of-the-whole-year",
        "session: 2024-01-02, author=Jane, monkey=1, keyboard: us",
        "The key file /srv/ara/vault.key: mode 0644",
        "The token is invalid; a password has 12 characters",
        "see https://docs.host/path?symbol=AAPL and mail a@b.c",
        "lineage " + "0f" * 32,
        "a basic understanding of auth. The bearer of it",
        "12:30:05 [worker-1] sk-learn 1.9, hf_model, eyJ",
        "-----BEGIN",
    ],
)
def test_ordinary_words_stay(text: str):
    assert redact(text) == text


@given(text=st.text(st.characters(exclude_categories=[]), max_size=200))
def test_it_takes_any_text_and_settles(text: str):
    once = redact(text)
    assert len(redact(once)) <= len(once) + 3


@given(extra=st.integers(1, 4 * LONGEST), token=TOKEN, data=st.data())
def test_a_long_text_is_cut_and_no_half_secret_stays(extra: int, token: str, data: st.DataObject):
    edge = data.draw(st.sampled_from([LONGEST, 4 * LONGEST]))
    fill = edge - data.draw(st.integers(0, 60))
    whole = "." * fill + f"AIza{token}" + "." * extra
    left = redact(whole)
    assert len(left) < LONGEST + 40
    assert token[:8] not in left
    assert left.endswith(" characters)") is (len(whole) > LONGEST)


@pytest.mark.parametrize("seen", range(16))
def test_the_shrunk_middle_does_not_uncover_a_cut_end(seen: int):
    key = "then AKIA" + "Q" * 16
    text = "password='" + "x" * (4 * LONGEST - 12 - 9 - seen) + f"' {key}" + "." * LONGEST
    assert text[: 4 * LONGEST].endswith("AKIA" + "Q" * seen)
    assert "AKIA" not in redact(text)


HOSTILE = [
    *("password", "eyJ", "://", "-----BEGIN A", "'", "password='", "--", "password=[", "sk-", "\\", 'token="\\', "{"),
    *("--token", "bearer ", "cookie:", 'secret:\\"', "1", "://a:", "auth\\\\\\", "://a@", "[?key=", "a", " "),
]


@pytest.mark.parametrize("part", HOSTILE)
def test_hostile_texts_come_through(part: str):
    """Where the time grew with the square of the length, this would not end."""
    assert len(redact(part * (100_000 // len(part)), longest=100_000)) <= 150_000


def test_a_tree_keeps_its_form():
    tree = {
        "symbol": "AAPL",
        "n": 3,
        "share": 0.5,
        "none": None,
        "yes": True,
        "at": datetime(2021, 3, 31, tzinfo=UTC),
        "path": Path("/a/b"),
        "list": ["password=x", ("a", "b", "c"), 1],
        "api_key": {"any": ["thing"]},
        "bytes": b"token=abc \xff",
        "secret_number": 12345,
    }
    assert redact_tree(tree) == {
        "symbol": "AAPL",
        "n": 3,
        "share": 0.5,
        "none": None,
        "yes": True,
        "at": "2021-03-31 00:00:00+00:00",
        "path": "/a/b",
        "list": [f"password={HIDDEN}", ["a", "b", "c"], 1],
        "api_key": HIDDEN,
        "bytes": f"token={HIDDEN} \\xff",
        "secret_number": HIDDEN,
    }


def test_pairs_are_names_and_values():
    headers = [("Authorization", "abc def"), (b"X-Api-Key", b"abc"), ("Accept", "*/*")]
    assert redact_tree(headers) == [["Authorization", HIDDEN], ["X-Api-Key", HIDDEN], ["Accept", "*/*"]]


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Torn(list[int]):
    def __iter__(self) -> Iterator[int]:
        raise RuntimeError("no")


def test_strange_things_become_words():
    assert redact_tree(Secret("hunter2")) == HIDDEN
    assert redact_tree({Secret("hunter2"): 1}) == {HIDDEN: 1}
    assert redact_tree(float("nan")) == "nan"
    assert redact_tree(float("-inf")) == "-inf"
    assert redact_tree(10**5000) == "<integer of 16,610 bits>"
    assert redact_tree(Broken()) == "<Broken: RuntimeError>"
    assert redact_tree(Torn([1])) == "<Torn: RuntimeError>"
    assert redact_tree({Broken(): {1}}) == {"<Broken: RuntimeError>": [1]}
    assert redact_tree(range(3)) == [0, 1, 2]


def test_a_tree_is_bounded():
    endless: list[Any] = []
    endless.extend([endless] * 300)
    assert len(json.dumps(redact_tree(endless))) < 50_000
    assert len(redact_tree(range(10**12))) <= 2_000
    wide = redact_tree({str(number): "x" * 10_000 for number in range(50)})
    assert sum(map(len, wide.values())) < LONGEST + 100 * 50
    deep: Any = "x"
    for _ in range(50):
        deep = [deep]
    assert json.dumps(redact_tree(deep), ensure_ascii=False) == "[" * 8 + '"…"' + "]" * 8


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner),
    max_leaves=20,
)


@given(tree=TREES)
def test_every_tree_becomes_json(tree: Any):
    json.loads(json.dumps(redact_tree(tree), allow_nan=False))


@given(name=NAMES, secret=PLAIN, tree=TREES)
def test_a_planted_secret_survives_in_no_tree(name: str, secret: str, tree: Any):
    marked = f"planted{secret}planted"
    said = json.dumps(redact_tree([tree, {name: [marked]}, {"deep": [{name: marked}]}, (name, marked)]))
    assert "planted" not in said


def test_names_of_secrets():
    for name in ("password", "X-API-Key", "sentry_dsn", "Set-Cookie", "accessToken", "bearer", "AUTH", "oauth_secret"):
        assert is_secret_name(name)
    for name in ("symbol", "author", "session", "key", "keyboard", "passenger", "compass_bearing", "sign"):
        assert not is_secret_name(name)


def test_basic_credentials_in_a_header():
    box = base64.b64encode(b"user:hunter2-and-more").decode()
    for text in (f"Authorization: Basic {box}", f"'Authorization': 'Basic {box}'", f"sent Basic {box}"):
        assert box not in redact(text)
    left = redact('Authorization: Digest username="u", response="6629fae49393a05397450978507c4ef1"\nnext')
    assert left == f"Authorization: {HIDDEN}\nnext"
