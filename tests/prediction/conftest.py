"""Worker processes that the tests of a file share: beginning one takes a second, and what it has imported stays."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ara.settings import Settings
from ara.workers import Workers


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> object:
    """Take the name of the test out of the environment: workers of another environment are begun anew."""
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    return (yield)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    shared = Workers(Settings())
    yield shared
    with ThreadPoolExecutor(1) as beside:
        beside.submit(asyncio.run, shared.close()).result()
