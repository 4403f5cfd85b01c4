import io
import json
from pathlib import Path

import pytest


@pytest.fixture
def told(monkeypatch):
    """Gives a line to the command's input."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_users_keys_and_the_log_from_the_first_to_the_erasure(ara, told):
    assert "There is no user. Make one: ara users add" in ara("users", "list").plain
    told("correct horse battery\n")
    root = json.loads(ara("users", "add", "root@x.org", "--role", "admin", "--password-stdin", "--json").out)
    assert (root["role"], root["password"]) == ("admin", True)
    assert "ada@x.org is a trader now" in ara("users", "add", "Ada@x.org", "--role", "trader").plain
    made = json.loads(ara("keys", "make", "ada@x.org", "--name", "desk", "--scope", "market:read", "--json").out)
    assert made["key"].startswith(f"ara_{made['id']}_")
    assert made["scopes"] == ["market:read"]
    next_ = json.loads(ara("keys", "rotate", made["key"], "--overlap", "2", "--json").out)
    assert next_["follows"] == made["id"]
    assert [one["id"] for one in json.loads(ara("keys", "list", "--json").out)["keys"]] == [made["id"], next_["id"]]
    assert "is void." in ara("keys", "revoke", made["id"]).plain
    assert made["id"] not in ara("keys", "list", "ada@x.org").plain
    assert "revoked" in ara("keys", "list", "--all").plain
    assert ara("users", "disable", "root@x.org").code == 2
    assert (
        "an analyst, with the tier pro"
        in [ara("users", *words).plain for words in (("role", "ada@x.org", "analyst"), ("tier", "ada@x.org", "pro"))][1]
    )
    assert "models:train" in ara("users", "show", "ada@x.org", "--width", "60").plain
    assert ara("users", "erase", "ada@x.org").code == 10
    assert ara("users", "erase", "ada@x.org", "--yes").plain.strip() == "ada@x.org is erased."
    log = ara("users", "log", "--verify", "--export", "log.jsonl").plain
    assert "is whole: nothing was changed or taken out." in log
    assert "root@x.org" in log
    assert "ada@x.org" not in log
    actions = [json.loads(line)["action"] for line in Path("log.jsonl").read_text("utf-8").splitlines()]
    assert actions[:5] == ["user.add", "user.add", "key.make", "key.make", "key.rotate"]
    assert actions[-1] == "user.erase"


def test_signing_keys_rotate_and_users_are_logged_out(ara):
    assert "No token was signed yet" in ara("tokens", "keys").plain
    made = json.loads(ara("tokens", "rotate", "--json").out)["kid"]
    (key,) = json.loads(ara("tokens", "keys", "--json").out)["keys"]
    assert (key["kid"], key["alg"], key["crv"]) == (made, "EdDSA", "Ed25519")
    ara("users", "add", "ada@x.org")
    assert "logged out everywhere" in ara("tokens", "revoke", "ada@x.org").plain
    assert ara("tokens", "clean").plain.strip() == "0 are forgotten."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("users", "add", "nobody"), "'nobody' is no address of mail"),
        (("users", "add", "a@b.c", "--role", "boss"), "Roles are: viewer"),
        (("users", "show", "a@b.c"), "There is no user 'a@b.c'"),
        (("users", "add", "a@b.c", "--password"), "There is no terminal to type a password on"),
        (("users", "log", "--last", "few"), "--last is few"),
        (("keys", "make", "a@b.c"), "There is no user"),
        (("keys", "revoke", "ara_"), "Which key?"),
        (("keys", "rotate", "x", "--overlap", "91"), "--overlap is 91"),
        (("keys", "make", "a@b.c", "--days", "-1"), "--days is -1"),
    ],
)
def test_wrong_words_are_told_with_what_to_do(ara, words, said):
    done = ara(*words)
    assert done.code == 2
    assert said in " ".join(done.err.split())
    assert "Traceback" not in done.err


def test_a_password_of_the_input_is_not_empty_and_never_told(ara, told):
    told("\n")
    assert "holds no password" in ara("users", "add", "a@b.c", "--password-stdin").err
    told("short\n")
    done = ara("users", "add", "a@b.c", "--password-stdin", "--debug")
    assert done.code == 2
    assert "12 to 256 characters; this one has 5" in done.err
    assert "short" not in done.err.replace("shortest", "")


def test_programs_of_others_from_the_first_to_the_last(ara):
    ara("users", "add", "ada@x.org", "--role", "trader")
    assert "There is no program. Register one: ara apps add" in ara("apps", "list").plain
    asked = ("apps", "add", "ada@x.org", "--name", "Desk", "--scope", "market:read")
    made = json.loads(ara(*asked, "--redirect", "https://desk.example/back", "--json").out)
    assert made["client_secret"].startswith(f"arac_{made['client_id']}_")
    shown = ara(*asked, "--public", "--redirect", "example.desk:/back", "--width", "60").plain
    assert "client_secret" not in shown
    assert "It has no secret: PKCE proves it." in " ".join(shown.split())
    listed = json.loads(ara("apps", "list", "ada@x.org", "--json").out)["apps"]
    assert [(one["email"], one["public"], one["users"]) for one in listed] == [
        ("ada@x.org", False, 0),
        ("ada@x.org", True, 0),
    ]
    assert "public" in ara("apps", "list").plain
    assert "No user lets it in." in ara("apps", "show", made["client_id"]).plain
    for words, said in (
        (asked, "users nowhere"),
        ((*asked, "--scope", "users:admin"), "can't be lent"),
        ((*asked, "--redirect", "http://desk.example"), "sent back to safely"),
        ((*asked, "--public"), "without a secret it needs one"),
        (("apps", "show", "x"), "There is no program 'x'"),
        (("apps", "revoke", made["client_id"], "ada@x.org"), "Nothing is lent"),
    ):
        done = ara(*words)
        assert said in " ".join((done.err or done.plain).split())
    assert ara("apps", "remove", made["client_id"]).code == 10
    gone = ara("apps", "remove", made["client_id"], "--yes").plain
    assert gone.strip() == f"{made['client_id']} is forgotten; 0 users had let it in."
