"""What is seldom to be told of users, keys, programs, webhooks, tables and jobs, as a person sees it."""

import asyncio
import io
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ara.accounts import Accounts
from ara.clock import SystemClock
from ara.desk import Desk
from ara.jobs import Queue, Score, State
from ara.jobs.machine import Machine
from ara.settings import Settings


class Then:
    """A clock that stands in a year."""

    def __init__(self, year):
        self.year = year

    def now(self):
        return datetime(self.year, 1, 2, 12, tzinfo=UTC)


def on_desk(work, *, clock=None):
    """Do something in the house that the commands see."""

    async def done():
        async with Desk.open(Settings.load(), clock=clock or SystemClock()) as desk:
            return await work(desk)

    return asyncio.run(done())


def lines_of(told):
    return [" ".join(line.split()) for line in told.plain.splitlines()]


def test_an_account_is_told_as_it_stands(ara, monkeypatch):
    assert "Nothing was done yet." in ara("users", "log").plain
    ara("users", "add", "ada@x.org", "--name", "Ada L")
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    assert "ada@x.org is a viewer" in ara("users", "password", "ada@x.org", "--password-stdin").plain
    shown = ara("users", "show", "ada@x.org").plain
    assert shown.startswith("ada@x.org (Ada L)")
    assert ("Open. Role viewer" in shown, "Logs in by a password." in shown) == (True, True)
    assert "and the account is shut." in ara("users", "disable", "ada@x.org").plain
    assert "Shut since" in ara("users", "show", "ada@x.org").plain
    (head, line) = lines_of(ara("users", "list", "--width", "160"))
    assert head == "user role tier name since id"
    assert (line.startswith("ada@x.org viewer free Ada L"), line.endswith("shut")) == (True, True)
    assert "shut" not in ara("users", "enable", "ada@x.org").plain
    assert "shut" not in ara("users", "list").plain
    assert "The last 1 of 4; all of them: ara users log --last 0" in ara("users", "log", "--last", "1").plain
    assert len(lines_of(ara("users", "log", "--user", "ada@x.org", "--last", "0"))) == 5


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ("UPDATE entries SET body = replace(body, 'user.add', 'user.sad')", "ara users log --verify"),
        ("DELETE FROM entries", ""),
    ],
)
def test_a_log_that_somebody_changed_is_no_proof_and_says_so(ara, changes, said):
    ara("users", "add", "ada@x.org")
    ara("users", "disable", "ada@x.org")
    with sqlite3.connect(Path(Settings.load().home) / "ara.db") as base:
        base.execute(f"{changes} WHERE stream = 'audit' AND sequence = 1")
    base.close()
    told = ara("users", "log", "--verify", "--export", "log.jsonl")
    assert (told.code, told.out) == (7, "")
    assert "Somebody changed the log: compare it with a back-up." in " ".join(told.err.split())
    assert not Path("log.jsonl").exists()
    assert said in " ".join(ara("users", "log").err.split())


def test_keys_tell_what_should_be_done_about_each(ara):
    assert "There is no key. Make one: ara keys make" in ara("keys", "list").plain

    async def made(desk):
        accounts = Accounts(desk)
        user = await accounts.users.add("ada@x.org", role="trader")
        await accounts.keys.make(user, name="over", days=30)
        await accounts.keys.make(user, name="old")

    on_desk(made, clock=Then(2021))
    told = ara("keys", "make", "ada@x.org", "--name", "lasting", "--days", "0").plain
    assert "for 'lasting', and opens all that its owner may." in " ".join(told.split())
    _, *found = lines_of(ara("keys", "list", "--all", "--width", "160"))
    ends = {word: line for line in found for word in ("lasting", "over", "old") if f" {word} all" in line}
    assert (ends["over"].endswith("never expired"), ends["old"].endswith("never rotate it")) == (True, True)
    assert ends["lasting"].endswith("never")


def test_what_users_lend_to_a_program_is_listed_and_taken_back(ara):
    ara("users", "add", "ada@x.org", "--role", "trader")
    app = json.loads(ara("apps", "add", "ada@x.org", "--name", "Desk", "--scope", "market:read", "--json").out)

    async def lent(desk):
        accounts = Accounts(desk)
        user = await accounts.users.get("ada@x.org")
        await accounts.consents.give(user.id, app["client_id"], ("market:read",))

    on_desk(lent)
    shown = lines_of(ara("apps", "show", app["client_id"], "--width", "120"))
    assert shown[-2:] == ["user lends since", shown[-1]]
    assert shown[-1].startswith("ada@x.org market:read ")
    assert "Sends users nowhere." in " ".join(shown)
    taken = json.loads(ara("apps", "revoke", app["client_id"], "ada@x.org", "--json").out)
    assert (taken["client_id"], taken["email"], taken["scopes"]) == (app["client_id"], "ada@x.org", ["market:read"])
    assert "No user lets it in." in ara("apps", "show", app["client_id"]).plain


def test_a_webhook_is_told_with_its_secret_once_and_as_it_stands(ara):
    ara("users", "add", "ada@x.org", "--role", "trader")
    asked = ("ada@x.org", "http://127.0.0.1:9/", "-e", "prediction_complete", "--set", "webhooks.networks=127.0.0.0/8")
    first, *rest = ara("webhooks", "add", *asked).plain.splitlines()
    assert first.startswith("whsec_")
    assert "tells ada@x.org's http://127.0.0.1:9/ of prediction_complete." in " ".join(" ".join(rest).split())
    (hook,) = json.loads(ara("webhooks", "list", "--json").out)["webhooks"]
    assert ara("webhooks", "log", hook["id"]).plain.strip() == "Nothing was sent."
    assert "off" not in ara("webhooks", "list", "--width", "160").plain
    ara("webhooks", "update", hook["id"], "--off")
    assert lines_of(ara("webhooks", "list", "--width", "160"))[-1].endswith("off")
    assert ara("webhooks", "deliver").plain.strip() == "0 tries were made."


def test_tables_of_a_newer_ara_are_left_alone(ara, monkeypatch):
    from ara.store.migrations import known, newest

    ara("store", "migrate")
    top, names = newest(), known()[:-1]
    monkeypatch.setattr("ara.store.migrations.known", lambda: names)
    monkeypatch.setattr("ara.store.migrating.known", lambda: names)
    told = " ".join(ara("store", "status").plain.split())
    assert f"made by a newer Ara: their step is {top}, this one knows up to {names[-1]}. Update Ara" in told


@pytest.mark.parametrize(("retries", "left"), [("2", "1 retry is left"), ("3", "2 retries are left")])
def test_a_job_that_rests_says_until_when_and_how_often_it_is_tried_again(ara, retries, left):
    assert "update all kept bars" in ara("jobs", "add", "--retries", retries, "data", "update", "--all").plain
    assert ara("jobs", "logs", "1").plain.strip() == "Nothing was said of job 1."

    async def failed(desk):
        queue = Queue(desk)
        taken = await queue.take(Machine.of(desk.settings), owner="me")
        await queue.end(taken.job, State.FAILED, words="the source was away", passing=True)
        taken.hold.free()
        await queue.add(Score())

    on_desk(failed, clock=Then(2100))
    told = " ".join(ara("jobs", "show", "1").plain.split())
    assert "It rests until 2100-01-02" in told
    assert f"{left}." in told
    assert "the source was away" in told
    assert "ara jobs logs" not in told


@pytest.mark.parametrize(("again", "said"), [("correct horse battery", "a viewer now"), ("other", "not the same")])
def test_a_password_is_typed_twice_and_never_shown(ara, terminal, again, said):
    shown = terminal("users", "add", "ada@x.org", "--password")
    for asked, typed in (("Password: ", "correct horse battery"), ("Once more: ", again)):
        shown.read(until=asked)
        shown.type(f"{typed}\n")
    told = shown.end()
    assert said in " ".join(told.plain.split())
    assert "horse" not in told.plain
    users = json.loads(ara("users", "list", "--json").out)["users"]
    assert [one["password"] for one in users] == ([True] if told.code == 0 else [])
