"""Without the packages of the service accounts say what to install, whatever is asked of them first."""

import sys

import pytest

from ara.accounts import passwords
from ara.accounts.refusal import challenge_of, refusal
from ara.errors import PluginError
from ara.settings import Secret


@pytest.mark.parametrize(
    ("package", "ask"),
    [
        ("authlib.oauth2.rfc6749", lambda: refusal("invalid_request", "It can't be read.")),
        ("authlib.oauth2.rfc7636", lambda: challenge_of("v" * 43)),
        ("argon2", lambda: passwords.hashed(Secret("correct horse battery"))),
    ],
)
def test_the_line_to_install_them_is_told(monkeypatch, package, ask):
    passwords._hasher.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(PluginError) as told:
        ask()
    assert 'pip install "ara-ai[api]"' in told.value.hint
    passwords._hasher.cache_clear()


async def test_tokens_tell_it_too(accounts, monkeypatch):
    user = await accounts.users.add("ada@example.org")
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(PluginError) as told:
        await accounts.tokens.issue(user)
    assert 'pip install "ara-ai[api]"' in told.value.hint
