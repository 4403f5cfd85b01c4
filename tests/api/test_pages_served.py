"""The pages for people: Swagger UI and Redoc, with all that they need from the service itself."""

import re

import pytest

from tests.api.conftest import Served

NEEDED = re.compile(r'(?:src|href|spec-url)="([^"]+)"')


@pytest.mark.parametrize(("page", "least"), [("/docs", 4), ("/redoc", 3)])
def test_a_page_has_all_it_needs_from_here_and_nothing_from_elsewhere(service: Served, page: str, least: int):
    with service.client(None) as stranger:
        told = stranger.get(page)
        places = NEEDED.findall(told.text)
        found = {place: stranger.get(place) for place in places}
    assert (told.status_code, told.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert len(places) >= least
    assert all(place.startswith("/") and not place.startswith("//") for place in places)
    assert {one.status_code for one in found.values()} == {200}
    kinds = {place: one.headers["content-type"].partition(";")[0] for place, one in found.items()}
    for place, kind in kinds.items():
        assert (
            kind
            == {"js": "text/javascript", "css": "text/css", "png": "image/png", "json": "application/json"}[
                place.rpartition(".")[2]
            ]
        )


def test_the_policy_of_a_page_lets_it_load_and_ask_nothing_elsewhere(service: Served):
    with service.client(None) as stranger:
        for page in ("/docs", "/redoc"):
            policy = stranger.get(page).headers["content-security-policy"]
            rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
            assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
            assert rules["script-src"] == rules["connect-src"] == "'self'"
            assert not re.search(r"https?:|\*", policy)


@pytest.mark.parametrize("name", ["nothing.js", "..%2f__init__.py", "%2e%2e%2fcore.py", "swagger-ui.css.map"])
def test_no_other_file_is_given(service: Served, name: str):
    with service.client(None) as stranger:
        told = stranger.get(f"/docs/{name}")
    assert (told.status_code, told.json()["code"]) == (404, "not_found")
