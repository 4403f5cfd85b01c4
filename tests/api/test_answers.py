"""Forecasts that were shown before are answered past the routes: nothing but the work may differ."""

import json

import pytest

from ara.api.answers import Answer, Answers
from ara.cli.app import main
from tests.api.conftest import Served

ASKED = {"symbol": "AAPL", "days": 1, "as_of": "2020-02-20", "model": "ewma_t"}
PATHS = ("/api/v1/predictions/{}", "/api/v2/forecasts/{}")
EACH = ("date", "x-request-id", "ratelimit-remaining", "ratelimit-reset", "content-length")


@pytest.fixture(scope="module")
def id(service: Served) -> str:
    with service.client() as client:
        return str(client.post("/api/v1/predict", json=ASKED).json()["prediction_id"])


def same(first, again):
    """Compare answers but for what says to which request and when each was given."""
    assert first.status_code == again.status_code
    heads = [{key: value for key, value in one.headers.items() if key not in EACH} for one in (first, again)]
    assert heads[0] == heads[1]
    assert set(first.headers) == set(again.headers)


@pytest.mark.parametrize("packed", ["identity", "gzip"])
@pytest.mark.parametrize("path", PATHS)
def test_an_answer_past_the_routes_is_that_of_the_route(service: Served, id, path, packed):
    with service.client(**{"Accept-Encoding": packed}) as client:
        client.get(path.format(id[:12]))
        first, again = (client.get(path.format(one), headers={"X-Request-ID": "asked-once-1"}) for one in (id[:13], id))
        short = client.get(path.format(id[:12]), headers={"X-Request-ID": "asked-once-1"})
        part = client.get(path.format(id), params={"fields": "symbol"}).json()
    same(first, again)
    texts = [one.text.partition('"timestamp":"')[::2] for one in (first, again, short)]
    assert len({(before, after[27:] if after else "") for before, after in texts}) == 1
    assert all(int(one.headers["ratelimit-remaining"]) < int(one.headers["ratelimit-limit"]) for one in (first, again))
    assert part == {"symbol": "AAPL"}


@pytest.mark.parametrize("path", PATHS)
def test_who_has_it_is_told_so_and_head_gives_the_headers_alone(service: Served, id, path):
    with service.client() as client:
        first, again = (client.get(path.format(id)) for _ in range(2))
        known = {"If-None-Match": again.headers["etag"]}
        unchanged = client.get(path.format(id), headers=known)
        other = client.get(path.format(id), headers={"If-None-Match": '"other"'})
        head = client.head(path.format(id))
        slow = client.get(path.format(id[:12]), headers=known)
    assert (unchanged.status_code, unchanged.content, other.status_code) == (304, b"", 200)
    same(slow, unchanged)
    assert (head.status_code, head.content) == (200, b"")
    assert {**head.headers}.keys() == {**first.headers}.keys()


@pytest.mark.parametrize("path", PATHS)
def test_who_asks_is_checked_each_time(service: Served, id, path):
    place = path.format(id)
    with service.client() as client:
        client.get(place)
        made = client.post("/api/v1/auth/api-keys", json={"name": "reader", "scopes": ["predictions:read"]}).json()
        blind = client.post("/api/v1/auth/api-keys", json={"name": "blind", "scopes": ["market:read"]}).json()
        with service.client(made["key"]) as reader, service.client(blind["key"]) as other:
            assert reader.get(place).status_code == 200
            refused = other.get(place), other.get(path.format(id[:12]))
            assert [one.status_code for one in refused] == [403, 403]
            same(*refused)
            client.delete(f"/api/v1/auth/api-keys/{made['id']}")
            assert reader.get(place).status_code == 401
    with service.client(None) as nobody:
        assert nobody.get(place).status_code == 401
        wrong = nobody.get(place, headers={"Authorization": "Bearer ara_no"})
        basic = nobody.get(place, headers={"Authorization": "Basic YTpi"})
    assert (wrong.status_code, basic.status_code) == (401, 401)
    assert wrong.headers["www-authenticate"].startswith("Bearer")


def test_what_was_shown_before_counts_against_the_limits_and_is_logged_by_its_path(service: Served, id, capsys, caplog):
    flags = ["--set", f"home={service.settings.home}", "--set", f"store.url={service.settings.store.url}"]
    assert main(["users", "add", "few@x.org", "--role", "viewer", "-q", *flags]) == 0
    capsys.readouterr()
    assert main(["keys", "make", "few@x.org", "--json", *flags]) == 0
    few = json.loads(capsys.readouterr().out)["key"]
    place = PATHS[0].format(id)
    with service.client() as client:
        client.get(place)
    with caplog.at_level("INFO", "ara.api"), service.client(few) as client:
        told = [client.get(place) for _ in range(4)]
    assert [one.status_code for one in told] == [200, 200, 200, 429]
    assert [one.headers["ratelimit-remaining"] for one in told[:3]] == ["2", "1", "0"]
    assert int(told[3].headers["retry-after"]) >= 1
    said = {one.getMessage().rsplit(" ", 2)[0] for one in caplog.records}  # the last line may come after its answer
    assert "GET /api/v1/predictions/{prediction_id} 200" in said


def answer(number: int, size: int) -> Answer:
    return Answer(route="r", parameter="p", id=str(number), permission="x", tag="t", body=b"x" * size, signed=False)


def test_answers_are_kept_within_bounds():
    kept = Answers(most=3, largest=100)
    for number in range(5):
        kept.keep(str(number), answer(number, 30))
    assert [kept.get(str(number)) is not None for number in range(5)] == [False, False, True, True, True]
    kept.get("2")
    kept.keep("5", answer(5, 60))
    assert [kept.get(one) is not None for one in "2345"] == [True, False, False, True]
    kept.keep("5", answer(5, 20))
    kept.keep("6", answer(6, 50))
    assert [kept.get(one) is not None for one in "256"] == [True, True, True]
    kept.keep("7", answer(7, 101))
    assert len(kept) == 0
