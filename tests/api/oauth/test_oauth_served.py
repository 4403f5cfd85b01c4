import re
from contextlib import closing
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from ara.settings import Settings
from tests.api.conftest import Served, serve
from tests.api.oauth.conftest import PASSWORD, OAuth2Client

BACK = "https://desk.example/back"
VERIFIER = "v" * 64
ME = "/api/v2/auth/me"


@pytest.fixture(scope="module")
def app(service: Served) -> dict:
    return registered(service, name="<b>Desk</b>")


def registered(service: Served, **more) -> dict:
    asked = {"name": "Desk", "redirects": [BACK], "scopes": ["market:read", "predictions:read"], **more}
    with service.client() as admin:
        made = admin.post("/api/v2/auth/apps", json=asked)
    assert made.status_code == 201
    return made.json()


@pytest.fixture
def browser(service: Served):
    with httpx.Client(base_url=service.url, timeout=60) as client:
        yield client


@pytest.fixture
def program(service: Served, app: dict, monkeypatch):
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    with closing(
        OAuth2Client(
            app["client_id"], app["client_secret"], redirect_uri=BACK, scope="market:read",
            code_challenge_method="S256", base_url=service.url, timeout=60, token_endpoint=f"{service.url}/oauth/token",
        )
    ) as client:  # fmt: skip
        yield client


def address(app: dict, **more: str | None) -> dict:
    asked = {
        "response_type": "code", "client_id": app["client_id"], "redirect_uri": BACK, "state": "xyz",
        "code_challenge": create_s256_code_challenge(VERIFIER), "code_challenge_method": "S256",
    }  # fmt: skip
    return {name: value for name, value in {**asked, **more}.items() if value is not None}


def form_of(page: httpx.Response, **more: str) -> dict:
    assert page.status_code == 200
    sealed = unescape(re.search(r'name="request" value="([^"]+)"', page.text)[1])
    return {"request": sealed, "email": "bob@x.org", "password": PASSWORD, "answer": "allow", **more}


def told(answer: httpx.Response, back: str = BACK) -> dict:
    assert answer.status_code == 303
    place, _, query = answer.headers["location"].partition("?")
    assert place == back
    return dict(parse_qsl(query))


def token(service: Served, app: dict, **form: str) -> httpx.Response:
    auth = (app["client_id"], app["client_secret"]) if app["client_secret"] else None
    return httpx.post(f"{service.url}/oauth/token", data=form, auth=auth, timeout=60)


def test_a_known_client_goes_the_whole_way_until_it_is_taken_back(service, app, browser, program, bob_key):
    where = AuthorizationServerMetadata(browser.get("/.well-known/oauth-authorization-server").json())
    where["issuer"] = where["issuer"].replace("http:", "https:")
    for name in ("authorization_endpoint", "token_endpoint", "revocation_endpoint", "introspection_endpoint"):
        assert where[name].startswith(f"{service.url}/oauth/")
    where.validate()
    url, state = program.create_authorization_url(f"{service.url}/oauth/authorize", code_verifier=VERIFIER)
    answer = browser.post("/oauth/authorize", data=form_of(browser.get(url)))
    back = told(answer)
    assert (back["state"], back["iss"]) == (state, service.url)
    given = program.fetch_token(authorization_response=answer.headers["location"], state=state, code_verifier=VERIFIER)
    assert (given["token_type"], given["scope"]) == ("Bearer", "market:read")
    assert 0 < given["expires_in"] <= 900
    me = program.get(ME).json()
    assert (me["email"], me["permissions"]) == ("bob@x.org", ["market:read"])
    assert program.get("/api/v2/auth/api-keys").status_code == 403
    assert program.post("/api/v2/auth/logout").status_code == 403
    assert program.introspect_token(f"{service.url}/oauth/introspect", token=given["access_token"]).json()["active"]
    fresh = program.refresh_token()
    assert fresh["refresh_token"] != given["refresh_token"]
    with service.client(bob_key) as bob:
        assert [one["client_id"] for one in bob.get("/api/v2/auth/consents").json()["items"]] == [app["client_id"]]
        assert bob.get(f"/api/v2/auth/apps/{app['client_id']}").status_code == 404
        assert bob.delete(f"/api/v2/auth/consents/{app['client_id']}").status_code == 204
    assert program.get(ME).status_code == 401
    revoked = program.revoke_token(f"{service.url}/oauth/revoke", token=fresh["refresh_token"])
    assert (revoked.status_code, revoked.json()) == (200, {})
    replayed = token(
        service, app, grant_type="authorization_code", code=back["code"], redirect_uri=BACK, code_verifier=VERIFIER
    )
    assert (replayed.status_code, replayed.json()["error"]) == (400, "invalid_grant")


def test_a_program_for_itself_and_what_users_see_of_it(service, program):
    given = program.fetch_token(grant_type="client_credentials")
    assert "refresh_token" not in given
    assert program.get(ME).json()["email"] == "admin@localhost"
    public = registered(service, public=True)
    assert public["client_secret"] is None
    with service.client() as admin:
        mine = [one["client_id"] for one in admin.get("/api/v2/auth/apps").json()["items"]]
        assert public["client_id"] in mine
        assert admin.delete(f"/api/v2/auth/apps/{public['client_id']}").status_code == 204
        assert admin.get(f"/api/v2/auth/apps/{public['client_id']}").status_code == 404
        assert admin.delete(f"/api/v2/auth/consents/{public['client_id']}").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": f"{BACK}?x=1"},
        {"redirect_uri": BACK.upper()},
        {"redirect_uri": None},
        {"client_id": "a" * 16},
        {"client_id": None},
        {"state": "line\nbreak"},
    ],
)
def test_nobody_is_sent_to_a_place_that_is_not_the_programs(app, browser, wrong):
    answer = browser.get("/oauth/authorize", params=address(app, **wrong))
    assert (answer.status_code, answer.headers.get("location")) == (400, None)
    assert "No program that is known here may send you to this place" in answer.text
    assert "evil" not in answer.text


def test_what_stands_twice_is_refused(app, browser):
    answer = browser.get("/oauth/authorize", params=[*address(app).items(), ("redirect_uri", "https://evil.example")])
    assert (answer.status_code, answer.headers.get("location")) == (400, None)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "market:read users:admin"}, "invalid_scope"),
    ],
)
def test_what_a_program_asks_wrongly_it_is_told(service, app, browser, wrong, error):
    back = told(browser.get("/oauth/authorize", params=address(app, **wrong)))
    assert (back["error"], back["state"], back["iss"]) == (error, "xyz", service.url)
    assert "code" not in back


def test_the_page_has_no_script_no_frame_and_one_way_out(app, browser):
    page = browser.get("/oauth/authorize", params=address(app))
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://desk.example;" in policy
    assert "script" not in policy + page.text
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "&lt;b&gt;Desk&lt;/b&gt;" in page.text
    assert "<b>" not in page.text
    cookie = page.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_no_other_page_or_browser_sends_the_form(service, app, browser):
    form = form_of(browser.get("/oauth/authorize", params=address(app)))
    tries = [({}, form, None), (browser.cookies, form, "cross-site"), (browser.cookies, {**form, "request": "x"}, None)]
    tries.append(({"ara_oauth": "A" * 43}, form, None))
    cut = form["request"][:-8] + "AAAAAAA="
    tries.append((browser.cookies, {**form, "request": cut}, None))
    for cookies, sent, site in tries:
        headers = {"Sec-Fetch-Site": site} if site else {}
        with httpx.Client(base_url=service.url, cookies=cookies, headers=headers, timeout=60) as other:
            answer = other.post("/oauth/authorize", data=sent)
        assert (answer.status_code, answer.headers.get("location")) == (400, None)
    assert browser.post("/oauth/authorize", json=form).status_code == 400


def test_a_no_goes_back_and_a_wrong_password_asks_again_the_same_for_all(app, browser):
    form = form_of(browser.get("/oauth/authorize", params=address(app)))
    assert told(browser.post("/oauth/authorize", data={**form, "answer": "deny"}))["error"] == "access_denied"
    pages = [
        browser.post("/oauth/authorize", data={**form, "email": email, "password": "wrong horse battery"})
        for email in ("bob@x.org", "nobody@x.org")
    ]
    assert [page.status_code for page in pages] == [401, 401]
    assert pages[0].text == pages[1].text
    assert "The address or the password is wrong." in pages[0].text
    assert "wrong horse" not in pages[0].text


def test_who_guesses_at_the_form_has_to_wait_as_at_every_door(app, browser):
    form = form_of(browser.get("/oauth/authorize", params=address(app)), email="kim@x.org", password="wrong horse")
    for _ in range(25):  # the pause is two seconds after the fifth try, and twice as long after each further one
        shown = browser.post("/oauth/authorize", data=form)
        if shown.status_code == 429:
            break
    assert shown.status_code == 429
    assert int(shown.headers["retry-after"]) >= 1
    assert "Too many tries" in shown.text


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (b"{}", "application/json"),
        (b"", "text/plain"),
        ("request=\u00e9".encode(), "application/x-www-form-urlencoded"),
        (b"request=%ff", "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % number for number in range(40)), "application/x-www-form-urlencoded"),
    ],
)
def test_a_form_that_can_not_be_read_is_refused(service, browser, content, media):
    token_path, page = [browser.post(path, content=content, headers={"Content-Type": media})
                        for path in ("/oauth/token", "/oauth/authorize")]  # fmt: skip
    assert token_path.status_code in {400, 415}
    assert 400 <= page.status_code < 500
    assert "location" not in page.headers


def test_the_token_path_refuses_as_oauth_has_it(service, app):
    with httpx.Client(timeout=60) as asks:
        url = f"{service.url}/oauth/token"
        id, secret = app["client_id"], app["client_secret"]
        form = {"grant_type": "client_credentials"}
        for answer in (
            asks.post(url, data=form, auth=(id, "wrong")),
            asks.post(url, data=form, auth=("a" * 16, "wrong")),
        ):
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
            assert answer.headers["www-authenticate"].startswith("Basic")
            assert answer.headers["cache-control"] == "no-store"
        twice = asks.post(url, data={**form, "client_secret": secret}, auth=(id, secret))
        assert twice.json()["error"] == "invalid_request"
        public = {"client_id": registered(service, public=True)["client_id"], "redirect_uri": BACK}
        guess = {**public, "grant_type": "authorization_code", "code": f"arao_{'a' * 16}_{'A' * 43}"}
        assert asks.post(url, data={**guess, "code_verifier": VERIFIER}).json()["error"] == "invalid_grant"
        assert asks.post(url, data={**guess, "client_secret": secret}).json()["error"] == "invalid_client"
        assert token(service, app, grant_type="password").json()["error"] == "unsupported_grant_type"
        assert token(service, app).json()["error"] == "invalid_request"
        assert token(service, app, scope="users:admin", **form).json()["error"] == "invalid_scope"
        assert asks.post(url, json=form, auth=(id, secret)).json()["error"] == "invalid_request"
        for header in ("Basic", "Basic !!", "Basic /////w==", "Bearer x"):
            answer = asks.post(url, data=form, headers={"Authorization": header})
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert asks.get(url).headers["allow"] == "POST"
        assert asks.post(f"{service.url}{ME}", data=form, auth=(id, secret)).status_code == 415


def test_a_place_of_its_own_is_named_in_the_policy(service, browser):
    phone = registered(service, public=True, redirects=["org.example.desk:/back?a=1"])
    asked = address(phone, redirect_uri="org.example.desk:/back?a=1")
    page = browser.get("/oauth/authorize", params=asked)
    assert "form-action 'self' org.example.desk:;" in page.headers["content-security-policy"]
    answer = browser.post("/oauth/authorize", data=form_of(page, answer="deny"))
    assert urlsplit(answer.headers["location"]).query.startswith("a=1&error=access_denied")


def test_nobody_is_told_that_the_service_is_where_a_stranger_says(service: Served, app):
    where, host = "/.well-known/oauth-authorization-server", service.url.removeprefix("http://")
    port = host.rpartition(":")[2]
    asked = {"response_type": "code", "client_id": app["client_id"], "redirect_uri": BACK, "scope": "market:read",
             "code_challenge": "a" * 43, "code_challenge_method": "S256"}  # fmt: skip
    places = ((where, {}), ("/oauth/authorize", asked))
    odd_ones = ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", f"{host}@evil.example", "[::1", "x:y")
    with httpx.Client(base_url=service.url, timeout=60) as client:
        for own in (host, f"localhost:{port}", "localhost", f"[::1]:{port}"):
            told = client.get(where, headers={"Host": own})
            assert (told.status_code, told.json()["issuer"]) == (200, f"http://{own}")
        for odd in odd_ones:
            told = [client.get(one, headers={"Host": odd}, params=more) for one, more in places]
            assert [one.status_code for one in told] == [404, 404], odd
            assert "evil" not in told[0].text + told[1].text
            assert "api.url" in told[0].json()["hint"]


def test_a_service_that_was_told_its_address_says_that_one_alone(tmp_path):
    asked = {"home": str(tmp_path), "store.url": f"sqlite:///{tmp_path / 'ara.db'}", "data.providers": "sample"}
    for served in serve(Settings.load({**asked, "api.url": "https://ara.example.org"})):
        for host in (None, "evil.example"):
            more = {"Host": host} if host else {}
            told = httpx.get(f"{served.url}/.well-known/oauth-authorization-server", headers=more, timeout=60).json()
            assert told["issuer"] == "https://ara.example.org"
            assert told["token_endpoint"] == "https://ara.example.org/oauth/token"
