import dataclasses
import json
import subprocess
import sys

import msgspec
import pytest

from ara.errors import ConfigurationError
from ara.settings import LogSettings, Origin, PredictionSettings, Secret, Settings, TelemetrySettings, WorkerSettings
from ara.settings.keys import keys


def test_the_defaults_are_those_of_the_documentation(place):
    settings = place.load()
    assert settings.profile == "dev"
    assert settings.log == LogSettings(level="info", format="auto", file="")
    assert settings.store.url == ""
    assert (settings.vault.key_file, settings.vault.keyring) == ("", False)
    assert settings.data.providers == ("sample",)
    assert settings.prediction == PredictionSettings(model="auto", days=5, seed=0)
    assert settings.workers == WorkerSettings(threads=2, processes=1)
    assert settings.telemetry == TelemetrySettings(prometheus=False, otlp_endpoint="", sentry_dsn=Secret())
    assert (settings.cli.colour, settings.cli.width, settings.cli.timezone) == ("auto", 0, "")


def test_settings_don_t_change(place):
    settings = place.load()
    with pytest.raises(AttributeError):
        settings.profile = "prod"
    with pytest.raises(AttributeError):
        settings.log.level = "debug"
    with pytest.raises(dataclasses.FrozenInstanceError):
        Origin(kind="default").kind = "file"


def test_a_tree_built_in_code_is_checked_too(tmp_path):
    with pytest.raises(ConfigurationError, match=r'prediction.days is "99"; allowed: a whole number from 1 to 30'):
        Settings(home=str(tmp_path), prediction=PredictionSettings(days=99))
    with pytest.raises(ConfigurationError, match=r'log.level is "loud"; allowed: debug'):
        Settings(home=str(tmp_path), log=LogSettings(level="loud"))
    with pytest.raises(ConfigurationError, match=r"sentry_dsn") as refused:
        Settings(home=str(tmp_path), telemetry=TelemetrySettings(sentry_dsn="hunter2"))
    assert "hunter2" not in str(refused.value)
    with pytest.raises(TypeError):
        Settings(home=str(tmp_path), colour="blue")


def test_a_tree_built_in_code_says_so(tmp_path):
    settings = Settings(home=str(tmp_path))
    assert str(settings.origin("log.level")) == "set in code"
    assert Settings().home


def test_the_id_covers_every_value_and_no_secret(place):
    plain = place.load()
    assert plain.id == place.load().id
    ids = {plain.id, place.load({"log.level": "debug"}).id, place.load({"prediction.seed": "1"}).id}
    assert len(ids) == 3
    one, other = (place.load({"telemetry.sentry_dsn": dsn}) for dsn in ("https://a@b/1", "https://c@d/2"))
    assert one != other
    assert one.id == other.id != plain.id


def test_equal_settings_are_equal_wherever_they_come_from(place):
    flag, variable = place.load({"log.level": "debug"}), place.load(ARA_LOG_LEVEL="debug")
    assert flag == variable
    assert hash(flag) == hash(variable)
    assert flag.origin("log.level") != variable.origin("log.level")


def test_settings_travel_to_another_process(place):
    settings = place.load({"telemetry.sentry_dsn": "https://hunter2@b/1", "data.providers": "sample,other"})
    line = json.dumps(settings.as_dict(reveal=True))
    assert Settings.from_dict(json.loads(line)) == settings


def test_a_dictionary_hides_secrets_and_passwords(place):
    given = {"telemetry.sentry_dsn": "hunter2", "store.url": "postgresql://me:hunter2@host/ara"}
    shown = place.load(given).as_dict()
    assert "hunter2" not in json.dumps(shown)
    assert shown["telemetry"]["sentry_dsn"] == "***"
    assert shown["store"]["url"] == "postgresql://me:***@host/ara"
    assert "hunter2" not in repr(place.load({"telemetry.sentry_dsn": "hunter2"}))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"log": {"level": "loud"}}, "log.level"),
        ({"log": "info"}, "log is a section"),
        ({"lgo": {"level": "info"}}, "lgo"),
        ({"log": {"levl": "info"}}, "log.level"),
        ({"prediction": {"days": "5"}}, "prediction.days"),
        ({"vault": {"keyring": 1}}, "vault.keyring"),
        ({"data": {"providers": [1]}}, "data.providers"),
        ({"telemetry": {"sentry_dsn": 5}}, "telemetry.sentry_dsn"),
    ],
)
def test_a_wrong_dictionary_is_refused_by_key(values, words):
    with pytest.raises(ConfigurationError, match=words):
        Settings.from_dict(values)


def test_values_and_origins_are_found_by_key(place):
    settings = place.load({"prediction.days": "7"})
    assert settings.value("prediction.days") == 7
    assert settings.value("profile") == "dev"
    with pytest.raises(
        ConfigurationError, match=r'There is no setting "prediction.dayz"; did you mean prediction.days\?'
    ):
        settings.value("prediction.dayz")
    with pytest.raises(ConfigurationError, match=r"prediction is a section, not a setting; it holds prediction\.model"):
        settings.origin("prediction")


def test_every_setting_says_what_it_is_for():
    assert all(key.words.endswith(".") and key.allowed for key in keys().values())
    assert len({key.variable for key in keys().values()}) == len(keys())


def test_settings_cost_no_heavy_import(tmp_path):
    code = (
        "import sys; from ara.settings import Settings; Settings.load(environ={'HOME': sys.argv[1]}, folder=None);"
        "print([n for n in ('yaml', 'numpy', 'polars', 'pydantic', 'platformdirs', 'difflib') if n in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert run.stdout.strip() == "[]"


def test_replaced_settings_are_checked(place):
    settings = place.load()
    with pytest.raises(ConfigurationError):
        msgspec.structs.replace(settings, profile="nowhere")
