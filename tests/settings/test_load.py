import logging
from pathlib import Path

import pytest

from ara.errors import ConfigurationError
from ara.settings import Secret, Settings
from ara.settings.keys import keys

DIFFERENT = {
    "profile": ("staging", "staging"),
    "home": ("/elsewhere", "/elsewhere"),
    "log.level": ("error", "error"),
    "log.format": ("human", "human"),
    "log.file": ("/var/log/ara.log", "/var/log/ara.log"),
    "store.url": ("memory:", "memory:"),
    "store.pool": ("2", 2),
    "store.replicas": ("postgresql://me@a/x,postgresql://me@b/x", "postgresql://me@a/x,postgresql://me@b/x"),
    "vault.key_file": ("/k", "/k"),
    "vault.keyring": ("yes", True),
    "data.providers": ("sample, other", ("sample", "other")),
    "data.online": ("kraken,ecb", ("kraken", "ecb")),
    "data.lake": ("/lake", "/lake"),
    "data.lake_days": ("30", 30),
    "data.bars": ("postgresql://me@host/bars", "postgresql://me@host/bars"),
    "data.timeout": ("5", 5),
    "data.retries": ("0", 0),
    "data.max_mb": ("1", 1),
    "data.query_mb": ("64", 64),
    "data.currency": ("EUR", "EUR"),
    "data.cache.memory_mb": ("0", 0),
    "data.cache.live_seconds": ("300", 300),
    "data.cache.kept_minutes": ("60", 60),
    "data.cache.redis": ("redis://localhost:6379/0", "redis://localhost:6379/0"),
    "data.cache.redis_mb": ("2048", 2048),
    "data.cache.redis_live_seconds": ("60", 60),
    "prediction.model": ("garch", "garch"),
    "prediction.days": ("30", 30),
    "prediction.seed": ("4294967295", 2**32 - 1),
    "prediction.seconds": ("30", 30),
    "models.folder": ("/models", "/models"),
    "models.objects": ("s3://models/ara?endpoint=http://h:9000", "s3://models/ara?endpoint=http://h:9000"),
    "models.looks": ("5", 5),
    "models.precision": ("half", "half"),
    "models.device": ("auto", "auto"),
    "models.studies": ("sqlite:////studies.db", "sqlite:////studies.db"),
    "workers.threads": ("256", 256),
    "workers.processes": ("4", 4),
    "workers.ray": ("10.0.0.1:6379", "10.0.0.1:6379"),
    "jobs.cpus": ("3", 3),
    "jobs.memory": ("800M", "800M"),
    "jobs.gpus": ("0", 0),
    "accounts.token_minutes": ("5", 5),
    "accounts.refresh_days": ("7", 7),
    "accounts.key_days": ("30", 30),
    "accounts.entries_per_minute": ("9", 9),
    "accounts.wrong_per_minute": ("9", 9),
    "accounts.free.per_minute": ("7", 7),
    "accounts.free.burst": ("3", 3),
    "accounts.free.per_day": ("9", 9),
    "accounts.free.jobs_per_day": ("3", 3),
    "accounts.pro.per_minute": ("70", 70),
    "accounts.pro.burst": ("30", 30),
    "accounts.pro.per_day": ("90", 90),
    "accounts.pro.jobs_per_day": ("33", 33),
    "accounts.enterprise.per_minute": ("700", 700),
    "accounts.enterprise.burst": ("300", 300),
    "accounts.enterprise.per_day": ("900", 900),
    "accounts.enterprise.jobs_per_day": ("333", 333),
    "api.host": ("0.0.0.0", "0.0.0.0"),
    "api.port": ("8080", 8080),
    "api.body_kb": ("64", 64),
    "api.seconds": ("10", 10),
    "api.workers": ("2", 2),
    "api.origins": ("https://example.org", "https://example.org"),
    "api.proxies": ("127.0.0.1/32", "127.0.0.1/32"),
    "api.trust_seconds": ("0", 0),
    "api.url": ("https://ara.example.org", "https://ara.example.org"),
    "api.certificate": ("/etc/ara/tls.pem", "/etc/ara/tls.pem"),
    "api.private_key": ("/etc/ara/tls.key", "/etc/ara/tls.key"),
    "jobs.broker": ("redis://127.0.0.1:6379/1", "redis://127.0.0.1:6379/1"),
    "jobs.free": ("3", 3),
    "jobs.pro": ("11", 11),
    "jobs.enterprise": ("101", 101),
    "jobs.inside": ("2", 2),
    "jobs.seconds": ("60", 60),
    "jobs.schedule.update": ("30m", "30m"),
    "jobs.schedule.score": ("06:00", "06:00"),
    "jobs.schedule.retrain": ("1d", "1d"),
    "jobs.schedule.drift": ("MON-FRI 22:30", "MON-FRI 22:30"),
    "jobs.schedule.regimes": ("MON-FRI 22:30", "MON-FRI 22:30"),
    "jobs.schedule.watched": ("AAPL, SPY", "AAPL, SPY"),
    "jobs.schedule.backup": ("1d", "1d"),
    "jobs.schedule.backup_folder": ("/kept", "/kept"),
    "jobs.schedule.clean": ("1d", "1d"),
    "jobs.schedule.keep_days": ("7", 7),
    "jobs.schedule.zone": ("Europe/Berlin", "Europe/Berlin"),
    "sockets.free": ("6", 6),
    "sockets.pro": ("60", 60),
    "sockets.enterprise": ("600", 600),
    "sockets.most": ("100", 100),
    "sockets.beat": ("5", 5),
    "sockets.history": ("16", 16),
    "sockets.waiting": ("8", 8),
    "sockets.poll": ("30", 30),
    "webhooks.most": ("5", 5),
    "webhooks.networks": ("127.0.0.0/8", "127.0.0.0/8"),
    "webhooks.keep_days": ("7", 7),
    "webhooks.patience_days": ("2", 2),
    "webhooks.seconds": ("5", 5),
    "telemetry.prometheus": ("ON", True),
    "telemetry.otlp_endpoint": ("http://localhost:4318", "http://localhost:4318"),
    "telemetry.sentry_dsn": ("https://a@b/1", Secret("https://a@b/1")),
    "cli.colour": ("never", "never"),
    "cli.width": ("80", 80),
    "cli.timezone": ("Europe/Paris", "Europe/Paris"),
}


def test_the_list_above_holds_every_setting():
    assert set(DIFFERENT) == set(keys())


def as_yaml(key: str, text: str) -> str:
    *branches, leaf = key.split(".")
    head = "".join(f"{'  ' * depth}{branch}:\n" for depth, branch in enumerate(branches))
    return f"{head}{'  ' * len(branches)}{leaf}: '{text}'\n"


@pytest.mark.parametrize("key", DIFFERENT)
def test_every_setting_is_taken_from_every_layer_and_says_so(place, key):
    text, value = DIFFERENT[key]
    variable = keys()[key].variable
    line = key.count(".") + 1
    assert str(place.load().origin(key)) == "default"
    place.user_file.write_text(as_yaml(key, text))
    settings = place.load()
    assert (settings.value(key), str(settings.origin(key))) == (value, f"{place.user_file}:{line}")
    place.says(as_yaml(key, text))
    assert str(place.load().origin(key)) == f"{place.project_file}:{line}"
    settings = place.load(**{variable: text})
    assert (settings.value(key), str(settings.origin(key))) == (value, variable)
    settings = place.load({key: text}, **{variable: text})
    assert (settings.value(key), str(settings.origin(key))) == (value, "the command line")


def test_the_later_layer_wins(place):
    place.user_file.write_text("prediction: {days: 1, seed: 1}\nlog: {level: error}\n")
    place.says("prediction: {days: 2}\n")
    settings = place.load()
    assert (settings.prediction.days, settings.prediction.seed, settings.log.level) == (2, 1, "error")
    assert place.load(ARA_PREDICTION_DAYS="3").prediction.days == 3
    assert place.load({"prediction.days": "4"}, ARA_PREDICTION_DAYS="3").prediction.days == 4


def test_only_the_nearest_project_s_file_is_read(place):
    place.says("prediction: {days: 2, seed: 9}\n")
    (place.project / ".ara.yaml").write_text("prediction: {days: 3}\n")
    settings = place.load()
    assert (settings.prediction.days, settings.prediction.seed) == (3, 0)


@pytest.mark.parametrize(
    ("given", "profile"),
    [("prod", "prod"), ("production", "prod"), ("Development", "dev"), ("testing", "test"), ("staging", "staging")],
)
def test_profiles_have_long_names(place, given, profile):
    assert place.load({"profile": given}).profile == profile
    assert place.load(ARA_PROFILE=given).profile == profile
    assert place.load(ARA_ENV=given).profile == profile
    assert place.says(f"profile: {given}\n").load().profile == profile


def test_the_old_variable_of_the_profile_gives_way_to_the_new_one(place):
    settings = place.load(ARA_ENV="production", ARA_PROFILE="test")
    assert (settings.profile, settings.origin("profile").place) == ("test", "ARA_PROFILE")
    assert place.load(ARA_ENV="production").origin("profile").place == "ARA_ENV"
    assert place.load(ARA_ENV="nonsense", ARA_PROFILE="test").profile == "test"
    with pytest.raises(ConfigurationError, match='profile is "nonsense" in ARA_ENV'):
        place.load(ARA_ENV="nonsense")


def test_a_profile_changes_defaults_and_nothing_that_was_set(place):
    settings = place.load({"profile": "test"})
    assert (settings.store.url, settings.log.level) == ("memory:", "warning")
    assert str(settings.origin("store.url")) == "profile test"
    assert place.says("log: {level: error}\n").load({"profile": "test"}).log.level == "error"
    assert place.load({"profile": "prod"}).log.format == "json"


def test_empty_files_and_empty_variables_set_nothing(place):
    place.user_file.write_text("")
    place.says("log:\n  level:\nprediction:\n  days: ~\n")
    assert place.load(ARA_LOG_LEVEL="").origin("log.level").kind == "default"


def test_an_empty_text_in_a_file_is_a_value(place):
    place.user_file.write_text("log: {file: /x}\n")
    assert place.says("log: {file: ''}\n").load().log.file == ""


def test_relative_paths_start_where_they_are_written(place, monkeypatch):
    place.says("home: state\nlog: {file: logs/ara.log}\nvault: {key_file: ~/keys/ara}\n")
    settings = place.load(ARA_HOME="")
    assert settings.home == str(place.project_file.parent / "state")
    assert settings.log.file == str(place.project_file.parent / "logs" / "ara.log")
    assert settings.vault.key_file == str(place.home / "keys" / "ara")
    assert place.load(ARA_HOME="state").home == str(place.project / "state")
    assert place.load({"home": "~"}).home == str(place.home)
    assert place.load({"home": "~root"}).home == str(place.project / "~root")
    monkeypatch.chdir(place.home)
    assert Settings.load({"home": "x"}, environ={}).home == str(place.home / "x")


def test_without_a_user_s_folder_everything_else_works(place, monkeypatch):
    place.user_file.write_text("prediction: {days: 9}\n")
    place.says("prediction: {seed: 3}\n")
    settings = Settings.load(environ={}, folder=place.project)
    assert (settings.prediction.days, settings.prediction.seed) == (5, 3)
    assert Path(settings.home).is_absolute()
    assert Settings.load({"home": "~/x"}, environ={}, folder=place.project).home == str(place.project / "~" / "x")


def test_the_process_s_own_environment_is_the_default(place, monkeypatch):
    monkeypatch.setenv("HOME", str(place.home))
    monkeypatch.setenv("ARA_PREDICTION_DAYS", "8")
    monkeypatch.chdir(place.project)
    assert place.says("prediction: {seed: 4}\n").load() != Settings.load()
    assert (Settings.load().prediction.days, Settings.load().prediction.seed) == (8, 4)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("log:\n  level: loud\n", 'log.level is "loud" in {file}:2; allowed: debug, info, warning, error, critical.'),
        ("prediction: {days: 31}\n", 'prediction.days is "31" in {file}:1; allowed: a whole number from 1 to 30.'),
        ("prediction: {days: 5.0}\n", "prediction.days"),
        ("prediction: {days: [5]}\n", "prediction.days"),
        ("prediction: {days: {a: 5}}\n", 'prediction.days is "a mapping" in'),
        ("vault: {keyring: maybe}\n", 'vault.keyring is "maybe" in {file}:1; allowed: true or false.'),
        ("data: {providers: []}\n", "data.providers"),
        ("data: {providers: [sample, Bad Name]}\n", 'data.providers is "sample, Bad Name" in'),
        ("data: {providers: [[sample]]}\n", 'data.providers is "a list" in'),
        ("store: {url: mysql://x}\n", "store.url"),
        ("telemetry: {otlp_endpoint: localhost}\n", "telemetry.otlp_endpoint"),
        ("cli: {timezone: Mars/Base}\n", 'cli.timezone is "Mars/Base" in'),
        ("cli: {timezone: ../etc/passwd}\n", "cli.timezone"),
        ("home: ''\n", "home"),
        ("profile: nowhere\n", 'profile is "nowhere" in {file}:1; allowed: dev, test, staging, prod.'),
        ("log: info\n", 'log is a section and can\'t be "info" in {file}:1; it holds level, format, file.'),
        ("log: [info]\n", 'log is a section and can\'t be "a list" in'),
        ("log: {levl: info}\n", 'no setting "log.levl" (with the value "info" in {file}:1); did you mean log.level?'),
        ("log: {fold: x}\n", "allowed here: level, format, file."),
        ("lgo: {level: info}\n", 'no setting "lgo" (with the value "a mapping" in {file}:1); did you mean log?'),
        ("level: info\n", 'There is no setting "level"'),
        ("log: {zzzzzz: 1}\n", "allowed here: level, format, file."),
        ("zzzzzz: 1\n", "allowed here: profile, home, log, store,"),
        ("log.level: info\n", 'There is no setting "log.level" written in one word'),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_key_value_place_and_what_is_allowed(place, text, words):
    with pytest.raises(ConfigurationError) as refused:
        place.says(text).load()
    assert words.replace("{file}", str(place.project_file)) in refused.value.message
    assert refused.value.exit_code == 2
    assert "ara config check" in refused.value.hint


def test_a_text_has_an_end(place):
    assert place.load({"telemetry.sentry_dsn": "x" * 4096}).telemetry.sentry_dsn
    for key, text in (("telemetry.sentry_dsn", "x" * 4097), ("log.file", "x" * 1025)):
        with pytest.raises(ConfigurationError, match=key):
            place.load({key: text})


def test_every_problem_of_every_layer_is_told_at_once(place):
    place.user_file.write_bytes(b"\xff")
    place.says("log: {level: loud, levl: x}\n")
    gathered = place.gather({"prediction.days": "0", "x": "y", "log": "z"}, ARA_CLI_WIDTH="wide")
    assert gathered.settings is None
    assert gathered.files == (place.user_file, place.project_file)
    assert [problem.key for problem in gathered.problems] == [
        "",
        "log.level",
        "log.levl",
        "cli.width",
        "prediction.days",
        "x",
        "log",
    ]
    assert [problem.place for problem in gathered.problems][3:5] == ["ARA_CLI_WIDTH", "the command line"]
    with pytest.raises(ConfigurationError) as refused:
        place.load({"prediction.days": "0", "x": "y", "log": "z"}, ARA_CLI_WIDTH="wide")
    assert refused.value.message.endswith("There are 6 more problems.")
    assert len(refused.value.context["problems"]) == 7
    with pytest.raises(ConfigurationError, match="There is one more problem"):
        place.says("").load({"x": "y"})


def test_secrets_never_stand_in_an_error(place):
    place.says("telemetry: {sentry_dsn: [hunter2, {a: b}], sentry_dns: hunter2}\nstore: {url: 'x://me:hunter2@h'}\n")
    gathered = place.gather({"sentry_token": "hunter2"}, ARA_TELEMETRY_SENTRY_DSN="hunter2\n")
    assert len(gathered.problems) == 5
    assert "hunter2" not in str(gathered.problems)


def test_an_unknown_variable_is_a_warning_with_the_nearest_name(place, caplog):
    with caplog.at_level(logging.WARNING, logger="ara.settings"):
        place.load(ARA_LOG_LEVL="debug", ARA_REDIS="x", _ARA_COMPLETE="x", ARAB="x", ARA_EVIL_="y")
    text = caplog.text
    assert "The environment variable ARA_LOG_LEVL is no setting of Ara; did you mean ARA_LOG_LEVEL?" in text
    assert "ARA_REDIS is no setting of Ara" in text
    assert len(caplog.records) == 3


@pytest.mark.parametrize(
    ("variable", "near"),
    [
        ("ARA_NOPE", ""),
        ("ARA_LOG_FOO", ""),
        ("ARA_HOM", "ARA_HOME"),
        ("ARA_LOGLEVEL", "ARA_LOG_LEVEL"),
        ("ARA_DAYS", ""),
        ("ARA_VAULT_KEYS", "ARA_VAULT_KEY"),
        ("ARA_PREDICTION_DAY", "ARA_PREDICTION_DAYS"),
    ],
)
def test_only_a_variable_that_is_near_is_suggested(place, variable, near):
    (warning,) = place.gather(**{variable: "1"}).warnings
    assert warning.endswith(f"did you mean {near}?" if near else "see all settings: ara config show")


def test_variables_that_are_no_settings_are_known(place, caplog):
    place.load(ARA_DEBUG="1", ARA_VAULT_KEY="k", ARA_CONFORMANCE="/x", ARA_ENV="dev")
    assert not caplog.records


@pytest.mark.parametrize("address", ["https://hunter2@x/1", "https://me:hunter2@x/1", "https://hunter2:@x"])
def test_who_logs_in_at_an_address_is_never_told(place, address):
    problems = place.gather({"profile": address, "sentry": address}, ARA_LOG_LEVEL=address).problems
    assert len(problems) == 3
    assert "hunter2" not in str(problems)
