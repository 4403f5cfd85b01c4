"""What is asked of a real server, and what is done when it fails."""

import asyncio
import gzip
import hashlib
import logging
import socket
import threading
import zlib
from datetime import UTC, datetime, timedelta

import pytest

from ara.data.access import Access, Limit, Venue
from ara.data.access.board import Board
from ara.data.access.recording import recording
from ara.errors import ConfigurationError, DataProviderError, MissingKeyError, RateLimitError, UnknownSymbolError
from ara.settings import Secret
from ara.testing import FakeClock, FakeVenue, Reply, Request, desk


def served(venue):
    return [request.path for request in venue.requests]


async def test_a_question_and_its_answer(venue, reach):
    venue.on("/v1/bars", json=[1])
    access = reach(key=Secret("s3cret"))
    with access.recording() as received, recording("other") as others, recording() as every:
        assert (
            await access.get("/v1/bars?a=b", {"c": "d"}, secret={"token": "s3cret"}, headers={"X-Who": "me"}) == b"[1]"
        )
    (request,) = venue.requests
    assert request.query == {"a": "b", "c": "d", "token": "s3cret"}
    assert request.headers["x-who"] == "me"
    assert request.headers["user-agent"].startswith("ara-ai/")
    (payload,) = received
    assert payload.url == f"{venue.url}/v1/bars?a=b&c=d"
    assert (payload.source, payload.status, payload.body) == ("acme", 200, b"[1]")
    assert payload.sha256 == hashlib.sha256(b"[1]").hexdigest()
    assert payload.headers["content-type"] == "application/json"
    assert set(payload.headers) <= {"etag", "last-modified", "date", "content-type"}
    assert (others, every) == ([], received)
    assert abs(payload.at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_recordings_of_tasks_are_apart(venue, reach):
    venue.on("/*", handler=lambda request: Reply(body=request.path.encode()))
    access = reach()

    async def one(name):
        with access.recording() as received:
            await access.get(f"/{name}")
        return [payload.body for payload in received]

    with access.recording() as all_of_them:
        assert await asyncio.gather(one("a"), one("b")) == [[b"/a"], [b"/b"]]
    assert len(all_of_them) == 2
    await access.get("/c")
    assert len(all_of_them) == 2, "it has ended"


async def test_faults_that_pass_are_met_by_asking_again(venue, reach):
    venue.on("/x", status=503)
    venue.on("/x", fault="dropped")
    venue.on("/x", fault="truncated", body=b"0123456789")
    venue.on("/x", body=b"done")
    assert await reach(retries=3).get("/x") == b"done"
    assert len(venue.requests) == 4


async def test_it_is_asked_again_so_often_and_no_more(venue, reach):
    venue.on("/x", status=500, body=b"<h1>Oops</h1>")
    with pytest.raises(DataProviderError, match='acme is in trouble; it says 500: "Oops"') as caught:
        await reach(retries=1).get("/x")
    assert len(venue.requests) == 2
    assert caught.value.context["status"] == 500


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 501])
async def test_what_wont_do_better_is_not_asked_again(venue, reach, status):
    venue.on("/x", status=status, body=b"no")
    with pytest.raises(DataProviderError, match=f'{status}: "no"') as caught:
        await reach(retries=3).get("/x")
    assert caught.value.context["status"] == status
    assert len(venue.requests) == 1


async def test_a_refused_key_is_said_and_never_shown(venue, reach):
    venue.on("/x", status=401, body=b"your key s3cretkey of account 4711 is wrong")
    with pytest.raises(DataProviderError, match="acme refuses the key") as caught:
        await reach(key=Secret("s3cretkey")).get("/x", secret={"account": "4711"})
    assert "s3cretkey" not in str(caught.value)
    assert "4711" not in str(caught.value)
    assert "data.providers.acme.key" in caught.value.hint
    with pytest.raises(DataProviderError, match="acme refuses to answer"):
        await reach().get("/x")


async def test_a_symbol_that_isnt_there(venue, reach):
    access = reach()
    with pytest.raises(UnknownSymbolError, match="acme has no AAPL"):
        await access.get("/AAPL", missing="AAPL")
    with pytest.raises(DataProviderError, match="404"):
        await access.get("/AAPL")


async def test_refusals_that_are_wanted_are_given(venue, reach):
    venue.on("/x", status=400, json={"code": -1121})
    access = reach()
    with access.recording() as received:
        assert await access.get("/x", accept=(400,)) == b'{"code": -1121}'
    assert [payload.status for payload in received] == [400]


async def test_without_a_key_nothing_is_asked(venue, reach):
    access = reach(key_needed=True, key_words="Get one at https://acme.example/keys.")
    with pytest.raises(MissingKeyError, match="acme answers only with a key") as caught:
        await access.get("/x")
    for words in ("https://acme.example/keys", "ara config set data.providers.acme.key", "ARA_DATA_PROVIDERS_ACME_KEY"):
        assert words in caught.value.hint
    with pytest.raises(MissingKeyError):
        await anext(access.messages([]))
    assert venue.requests == ()
    venue.on("/x", body=b"1")
    assert await reach(key_needed=True, key=Secret("k")).get("/x") == b"1"


async def test_too_many_requests_wait_as_long_as_the_venue_says(venue, reach):
    venue.on("/x", status=429, headers={"Retry-After": "0.2"})
    venue.on("/x", body=b"1")
    access = reach(retries=1)
    began = asyncio.get_running_loop().time()
    assert await access.get("/x") == b"1"
    assert asyncio.get_running_loop().time() - began >= 0.2


@pytest.mark.parametrize(("status", "named"), [(429, "100"), (418, "100"), (429, "date")])
async def test_a_longer_wait_than_the_timeout_is_an_error_and_nobody_asks_meanwhile(venue, reach, status, named):
    date = {"Date": "Mon, 01 Jan 2024 00:00:00 GMT", "Retry-After": "Mon, 01 Jan 2024 00:01:40 GMT"}
    headers = {"Retry-After": "100"} if named == "100" else date
    venue.on("/x", status=status, headers=headers)
    access = reach(retries=3)
    with pytest.raises(RateLimitError, match="was asked too often") as caught:
        await access.get("/x")
    assert (caught.value.context["retry_after"], caught.value.context["status"]) == (100, status)
    with pytest.raises(RateLimitError, match=r"wants to be left alone for (100|99) s more") as caught:
        await access.get("/y")
    assert caught.value.context["retry_after"] in {99, 100}
    assert served(venue) == ["/x"]


async def test_a_venue_under_maintenance_says_when_it_is_back(venue, reach):
    venue.on("/x", status=503, headers={"Retry-After": "3600"})
    with pytest.raises(DataProviderError, match="in trouble") as caught:
        await reach(retries=3).get("/x")
    assert caught.value.context["retry_after"] == 3600
    assert len(venue.requests) == 1


@pytest.mark.parametrize("text", ["soon", "", "-5", "99999999999999999999999", "Mon, 99 Foo 2024", "1e9"])
async def test_a_senseless_retry_after_stops_nobody(venue, reach, text):
    venue.on("/x", status=429, headers={"Retry-After": text})
    with pytest.raises(RateLimitError):
        await reach().get("/x")


async def test_own_limits_are_waited_for_or_named(venue, reach):
    venue.on("/*", handler=lambda request: Reply(body=b"1"))
    short = reach(limits=(Limit(requests=2, seconds=0.3),))
    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(short.get("/x") for _ in range(6)))
    assert asyncio.get_running_loop().time() - began >= 0.6
    daily = reach(limits=(Limit(requests=1, seconds=86_400),), board=Board())
    await daily.get("/x")
    with pytest.raises(RateLimitError, match="has given all that its limits allow") as caught:
        await daily.get("/x")
    assert 80_000 < caught.value.context["retry_after"] < 90_000
    plan = reach(limits=(Limit(requests=1, seconds=86_400),), per_minute=3)
    assert [await plan.get("/x") for _ in range(3)] == [b"1"] * 3


async def test_a_venue_that_keeps_failing_is_left_alone_and_tried_again(venue, reach):
    now = 1_000_000.0
    venue.on("/x", status=500)
    access = reach(board=Board(now=lambda: now))
    for _ in range(5):
        with pytest.raises(DataProviderError, match="500"):
            await access.get("/x")
    with pytest.raises(DataProviderError, match="failed again and again and is left alone for 5 s") as caught:
        await access.get("/x")
    assert caught.value.context["state"] == "open"
    assert len(venue.requests) == 5
    now += 5
    asked, answered = threading.Event(), threading.Event()

    def slow(_: Request) -> Reply:
        asked.set()
        answered.wait(600)
        return Reply(body=b"1")

    venue.on("/slow", handler=slow)
    probe = asyncio.create_task(access.get("/slow"))
    assert await asyncio.to_thread(asked.wait, 600)
    with pytest.raises(DataProviderError, match="is being tried by another request"):
        await access.get("/x")
    answered.set()
    assert await probe == b"1"
    venue.on("/y", body=b"2")
    assert await access.get("/y") == b"2"


async def test_refusals_dont_open_the_breaker(venue, reach):
    venue.on("/x", status=400)
    access = reach()
    for _ in range(8):
        with pytest.raises(DataProviderError, match="400"):
            await access.get("/x")


async def test_what_hasnt_changed_is_not_sent_again(venue, reach):
    venue.on("/x", body=b"long", headers={"ETag": '"1"'})
    venue.on("/x", status=304, headers={"ETag": '"1"'})
    access = reach()
    with access.recording() as received:
        assert [await access.get("/x", {"a": "1"}, secret={"k": "s"}) for _ in range(2)] == [b"long"] * 2
    assert [payload.status for payload in received] == [200, 304]
    assert received[0].sha256 == received[1].sha256
    first, second = venue.requests
    assert "if-none-match" not in first.headers
    assert second.headers["if-none-match"] == '"1"'
    await access.get("/x", {"a": "2"})
    assert "if-none-match" not in venue.requests[-1].headers, "another question"


async def test_packed_answers_are_unpacked(venue, reach):
    body = b"0123456789" * 300_000
    raw = zlib.compressobj(wbits=-15)
    packings = {
        "gzip": gzip.compress(body),
        "x-gzip": gzip.compress(body[:100]) + gzip.compress(body[100:]),
        "deflate": zlib.compress(body),
        "Deflate": raw.compress(body) + raw.flush(),
        "identity": body,
    }
    access = reach()
    for coding, packed in packings.items():
        venue.on(f"/{coding}", body=packed, headers={"Content-Encoding": coding})
        assert await access.get(f"/{coding}") == body, coding
    zeros = bytes(8 << 20)
    venue.on("/zeros", body=gzip.compress(zeros), headers={"Content-Encoding": "gzip"})
    assert await access.get("/zeros") == zeros
    odd = zlib.compressobj(9, wbits=-15)
    tail = bytes((1 << 20) + 100)
    venue.on("/tail", body=odd.compress(tail) + odd.flush(), headers={"Content-Encoding": "deflate"})
    assert await access.get("/tail") == tail, "what the unpacker holds back at the end of its input"
    venue.on("/empty", headers={"Content-Encoding": "gzip"})
    assert await access.get("/empty") == b""


@pytest.mark.parametrize(
    ("coding", "body", "words"),
    [
        ("br", b"x", "packed in a way that nobody asked for"),
        ("gzip", b"this is no gzip at all", "can't be unpacked"),
        ("deflate", b"\xff\xff\xff\xff\xff", "can't be unpacked"),
        ("gzip", gzip.compress(b"0123456789" * 100)[:-9], "hung up in the middle"),
        ("gzip", gzip.compress(b"0123456789") + b"junk", "can't be unpacked"),
    ],
)
async def test_what_cant_be_unpacked_is_said(venue, reach, coding, body, words):
    venue.on("/x", body=body, headers={"Content-Encoding": coding})
    with pytest.raises(DataProviderError, match=words):
        await reach().get("/x")


@pytest.mark.parametrize("fault", ["bomb", "endless"])
async def test_an_answer_without_end_is_cut_off(venue, reach, fault):
    venue.on("/x", fault=fault)
    with pytest.raises(DataProviderError, match="more than 2 MB, and was cut off") as caught:
        await reach(max_mb=2, retries=3).get("/x")
    assert "data.max_mb" in caught.value.hint
    assert len(venue.requests) == 1


async def test_packed_nothing_without_end_is_cut_off_too(venue, reach):
    """Empty blocks of deflate: much is received, nothing ever comes out."""
    headers = {"Content-Encoding": "deflate"}
    venue.on("/x", body=b"\x00\x00\x00\xff\xff" * 10_000, headers=headers, fault="endless")
    with pytest.raises(DataProviderError, match="more than 2 MB, and was cut off"):
        await reach(max_mb=2).get("/x")


async def test_an_answer_that_says_it_is_too_large_is_not_read(venue, reach):
    venue.on("/x", body=bytes(3 << 20))
    with pytest.raises(DataProviderError, match="more than 2 MB"):
        await reach(max_mb=2).get("/x")
    venue.on("/y", body=bytes(2 << 20))
    assert len(await reach(max_mb=2).get("/y")) == 2 << 20


@pytest.mark.parametrize("how", [{"delay": 600}, {"fault": "slow", "body": b"x" * 1_000}])
async def test_a_slow_answer_ends_at_the_timeout(venue, reach, how):
    venue.on("/x", **how)
    with pytest.raises(DataProviderError, match=r"acme didn't answer within 0\.2 s"):
        await reach(timeout=0.2).get("/x")


async def test_a_dropped_line_is_said(venue, reach):
    venue.on("/x", fault="dropped")
    with pytest.raises(DataProviderError, match="acme hung up in the middle of its answer"):
        await reach().get("/x")


async def test_redirects_stay_with_the_host(venue, reach):
    venue.on("/a", status=302, headers={"Location": "/b?x=1"})
    venue.on("/b", body=b"here")
    venue.on("/loop", status=307, headers={"Location": "/loop"})
    venue.on("/away", status=301, headers={"Location": "http://169.254.169.254/secrets"})
    venue.on("/port", status=301, headers={"Location": "http://127.0.0.1:1/x"})
    venue.on("/odd", status=301, headers={"Location": "http://[:::"})
    venue.on("/nowhere", status=301)
    access = reach()
    assert await access.get("/a") == b"here"
    with pytest.raises(DataProviderError, match="from one address to the next, 5 times"):
        await access.get("/loop")
    for path in ("/away", "/port"):
        with pytest.raises(DataProviderError, match="sends elsewhere"):
            await access.get(path)
    with pytest.raises(DataProviderError, match="Invalid URL in location header"):
        await access.get("/odd")
    with pytest.raises(DataProviderError, match="says 301, without a word"):
        await access.get("/nowhere")


async def test_a_network_that_isnt_there_is_said_in_words():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{probe.getsockname()[1]}"
    words = {
        closed: "acme: 127.0.0.1 refuses connections",
        "http://no.such.host.invalid": "no network: the name no.such.host.invalid can't be found",
        "http://255.255.255.255": "acme: 255.255.255.255 can't be reached: ",
        "http://": "can't be asked: Request URL is missing",
        "gopher://acme": "can't be asked",
        "http://[::": "can't be asked for this",
    }
    for url, said in words.items():
        access = Access(Venue(name="acme", url=url), clock=FakeClock(), retries=0, timeout=5)
        with pytest.raises(DataProviderError, match=said):
            await access.get("/x")
        await access.close()


async def test_who_cant_be_trusted_is_not_asked(tmp_path):
    from tests.data.access.certificate import serving

    with serving(tmp_path) as url:
        access = Access(Venue(name="acme", url=url), clock=FakeClock(), retries=0, timeout=5)
        with pytest.raises(DataProviderError, match="can't be trusted: the certificate of localhost isn't valid"):
            await access.get("/x")
        await access.close()


async def test_a_proxy_of_the_environment_is_used(venue, monkeypatch):
    with FakeVenue() as proxy:
        proxy.on("/x", body=b"by proxy")
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        access = Access(Venue(name="acme", url="http://acme.example"), clock=FakeClock(), retries=0)
        assert await access.get("/x") == b"by proxy"
        await access.close()
        monkeypatch.setenv("HTTP_PROXY", "nonsense://x")
        access = Access(Venue(name="acme", url="http://acme.example"), clock=FakeClock(), retries=0)
        with pytest.raises(ConfigurationError, match="No connection to acme can be made"):
            await access.get("/x")
        await access.close()


async def test_clocks_that_are_far_apart_are_said_once(venue, reach, caplog):
    venue.on("/x", headers={"Date": "Fri, 02 Jan 2026 12:00:00 GMT"})
    clock = FakeClock(datetime(2026, 1, 2, 12, 0, 59, tzinfo=UTC))
    access = reach(clock=clock)
    await access.get("/x")
    assert caplog.text == ""
    clock.advance(minutes=-3)
    for _ in range(2):
        await access.get("/x")
    assert caplog.text.count("is 121 s behind") == 1
    venue.on("/cached", headers={"Date": "Fri, 02 Jan 2026 11:00:00 GMT", "Age": "3600"})
    await reach(clock=FakeClock()).get("/cached")
    assert "ahead" not in caplog.text


async def test_no_secret_reaches_a_log_or_a_payload(venue, reach, caplog):
    caplog.set_level(logging.DEBUG)
    venue.on("/x", status=503)
    venue.on("/x", status=500)
    venue.on("/x", body=b"1")
    access = reach(key=Secret("s3cretkey"), url=venue.url.replace("//", "//user:passw0rd@"), retries=3)
    with access.recording() as received:
        await access.get("/x", {"a": "b"}, secret={"apikey": "s3cretkey"}, headers={"X-Key": "s3cretkey"})
    everything = caplog.text + repr(received) + repr(venue.requests[0].path)
    assert "s3cretkey" not in everything
    assert "passw0rd" not in everything
    assert "Asked again in" in caplog.text


async def test_settings_and_vault_say_how_a_venue_is_reached(venue, tmp_path):
    from ara.settings import Settings, StoreSettings

    venue.on("/x", body=b"1")
    known = Venue(name="acme", url="http://acme.example", limits=(Limit(requests=1, seconds=1),), key=True)
    home = str(tmp_path / "home")
    flags = {"home": home, "store.url": "memory:", "data.providers.acme.url": venue.url, "data.retries": "0"}
    settings = Settings.load({**flags, "data.providers.acme.per_minute": "7"}, environ={}, folder=tmp_path)
    async with desk(settings=settings) as opened:
        opened.vault.put("acme.key", "from the vault")
        access = Access.of(known, opened.settings, clock=opened.clock, vault=opened.vault)
        assert (access.url, access.key.reveal()) == (venue.url, "from the vault")
        assert await access.get("/x") == b"1"
        await access.close()
        await access.close()
        assert (tmp_path / "home" / "venues.db").exists()
    with_key = Settings.load({**flags, "data.providers.acme.key": "mine"}, environ={}, folder=tmp_path)
    access = Access.of(known, with_key, clock=FakeClock())
    assert access.key.reveal() == "mine"
    assert isinstance(Settings(store=StoreSettings(url="memory:")), Settings)


async def test_a_key_that_the_venue_repeats_is_kept_nowhere(venue, reach, tmp_path):
    """Some venues quote the user's key in a refusal of status 200, and the answer is kept with its validators."""
    secret = "K3Y-OF-THE-USER-0001"
    venue.on("/v1/bars", Reply(body=f'{{"Note": "your key {secret}"}}'.encode(), headers={"ETag": '"1"'}))
    access = reach(key=Secret(secret))
    with access.recording() as received:
        assert await access.get("/v1/bars", secret={"apikey": secret}) == b'{"Note": "your key ***"}'
    assert secret.encode() not in received[0].body
    await access.close()
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes()
