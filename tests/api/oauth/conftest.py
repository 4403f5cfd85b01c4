"""A service with users who log in and programs that they may let in."""

import json
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO

import authlib.deprecate  # noqa: F401 - it shows its warnings always, from the moment it is imported
import pytest

from ara.cli.app import main
from ara.settings import Settings
from tests.api.conftest import Served, serve

with warnings.catch_warnings():  # it would rather have another client of HTTP
    warnings.simplefilter("ignore")
    from authlib.integrations.httpx_client import OAuth2Client

__all__ = ["PASSWORD", "OAuth2Client", "bob_key", "service"]

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service that the tests of a module share; bob logs in by a password."""
    home = tmp_path_factory.mktemp("oauth")
    asked = {"home": str(home), "store.url": f"sqlite:///{home / 'ara.db'}", "data.providers": "sample"}
    for served in serve(Settings.load(asked)):
        with served.client() as admin:
            bob = {"email": "bob@x.org", "role": "trader", "password": PASSWORD}
            assert admin.post("/api/v2/auth/admin/users", json=bob).status_code == 201
        yield served


@pytest.fixture(scope="module")
def bob_key(service: Served) -> str:
    """A key of bob's own, made on the command line of the same installation."""
    flags = ["--set", f"home={service.settings.home}", "--set", f"store.url={service.settings.store.url}"]
    said = StringIO()
    with redirect_stdout(said):
        main(["keys", "make", "bob@x.org", "--json", *flags])
    return str(json.loads(said.getvalue())["key"])
