import importlib.metadata
import subprocess
import sys

import pytest

import ara

HEAVY = ("numpy", "polars", "pandas", "torch", "sklearn", "sqlalchemy", "scipy", "msgspec", "typing", "asyncio")


def test_import_loads_nothing():
    code = f"import sys, ara; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"],
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize("name", ara.__all__)
def test_every_name_is_there_and_in_one_place(name):
    assert getattr(ara, name) is getattr(ara, name)
    assert name in dir(ara)


def test_names_come_from_the_room_that_holds_them():
    from ara.errors import AraError
    from ara.prediction.engine import PredictionEngine

    assert ara.PredictionEngine is PredictionEngine
    assert ara.AraError is AraError
    assert ara.AraAIException is AraError


def test_a_name_is_looked_up_once():
    code = "import ara; ara.AraError; print('AraError' in vars(ara), 'PredictionEngine' in vars(ara))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'ara' has no attribute 'forecats'"):
        ara.forecats  # noqa: B018
    with pytest.raises(AttributeError):
        ara._ROOMZ  # noqa: B018


def test_the_version_is_the_distributions():
    assert ara.__version__ == importlib.metadata.version("ara-ai")
