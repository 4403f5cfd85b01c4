import json

import pytest

from ara.errors import ConfigurationError
from ara.settings import CacheSettings, DataSettings, Secret, Settings, SourceSettings
from ara.settings.keys import find, inside, keys, variable_key

KEY = "data.providers.yahoo.url"


def test_a_source_of_which_nothing_is_set_is_as_it_is(place):
    settings = place.load()
    assert settings.data.source("yahoo") == SourceSettings(url="", socket="", key=Secret(), per_minute=0)
    assert settings.data == DataSettings()
    assert settings.data.cache == CacheSettings()
    assert settings.value("data.providers.anything.per_minute") == 0
    assert str(settings.origin(KEY)) == "default"
    assert str(Settings().origin(KEY)) == "set in code"


def test_a_source_is_set_in_every_layer_and_the_later_wins(place):
    place.user_file.write_text("data:\n  providers:\n    yahoo:\n      url: http://user\n      per_minute: 7\n")
    settings = place.load()
    assert settings.data.source("yahoo") == SourceSettings(url="http://user", per_minute=7)
    assert settings.data.providers == ("sample",)
    assert str(settings.origin(KEY)) == f"{place.user_file}:4"
    place.says("data: {providers: {order: [yahoo, sample], yahoo: {url: 'http://project'}}}\n")
    settings = place.load()
    assert settings.data.source("yahoo") == SourceSettings(url="http://project", per_minute=7)
    assert settings.data.providers == ("yahoo", "sample")
    settings = place.load(ARA_DATA_PROVIDERS_YAHOO_URL="http://variable")
    assert settings.value(KEY) == "http://variable"
    assert str(settings.origin(KEY)) == "ARA_DATA_PROVIDERS_YAHOO_URL"
    settings = place.load({KEY: "http://flag"}, ARA_DATA_PROVIDERS_YAHOO_URL="http://variable")
    assert (settings.value(KEY), str(settings.origin(KEY))) == ("http://flag", "the command line")


@pytest.mark.parametrize(
    ("variable", "key"),
    [
        ("ARA_DATA_PROVIDERS_YAHOO_URL", KEY),
        ("ARA_DATA_PROVIDERS_ALPHA_VANTAGE_KEY", "data.providers.alpha_vantage.key"),
        ("ARA_DATA_PROVIDERS_ALPHA_VANTAGE_PER_MINUTE", "data.providers.alpha_vantage.per_minute"),
        ("ARA_DATA_PROVIDERS_MY_URL_SOCKET", "data.providers.my_url.socket"),
    ],
)
def test_the_variable_of_a_source_is_understood(place, variable, key):
    found = variable_key(variable)
    assert found is not None
    assert (found.name, found.variable) == (key, variable)
    assert place.load(**{variable: ""}).data.sources == ()


@pytest.mark.parametrize(
    "variable",
    ["ARA_DATA_PROVIDERS", "ARA_DATA_PROVIDERS_URL", "ARA_DATA_PROVIDERS_YAHOO_COLOUR", "ARA_DATA_PROVIDERS_yahoo_url"],
)
def test_other_variables_are_not(place, variable):
    assert variable_key(variable) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data: {providers: {yahoo: {ulr: x}}}\n", "did you mean data.providers.yahoo.url?"),
        ("data: {providers: {yahoo: {colour: x}}}\n", "allowed here: url, socket, key, per_minute."),
        ("data: {providers: {yahoo: x}}\n", "data.providers.yahoo is a section and can't be"),
        ("data: {providers: {order: {a: b}}}\n", 'data.providers is "a mapping" in'),
        ("data: {providers: {Yahoo!: {url: x}}}\n", 'There is no setting "data.providers.Yahoo!"'),
        ("data: {providers: {yahoo: {url: 'ftp://x'}}}\n", 'data.providers.yahoo.url is "ftp://x" in'),
        ("data: {providers: {yahoo: {socket: 'http://x'}}}\n", "allowed: an address such as wss://"),
        ("data: {providers: {yahoo: {per_minute: many}}}\n", "a whole number from 0 to 1000000"),
        ("data: {cache: 5}\n", "data.cache is a section and can't be"),
        ("data: {cache: {memory_mb: -1}}\n", 'data.cache.memory_mb is "-1" in'),
        ("data: {cache: {redis: 'http://x'}}\n", "allowed: redis://HOST:PORT/0"),
        ("data: {currency: euro}\n", "the three capital letters of a currency"),
    ],
)
def test_what_is_wrong_is_told(place, text, words):
    with pytest.raises(ConfigurationError) as refused:
        place.says(text).load()
    assert words in refused.value.message


def test_nothing_said_is_nothing_set(place):
    settings = place.says("data:\n  providers:\n    yahoo:\n  cache:\n").load()
    assert settings.data.sources == ()


def test_a_key_never_shows(place):
    settings = place.load({"data.providers.polygon.key": "hunter2", "data.cache.redis": "redis://:hunter2@h/0"})
    assert settings.data.source("polygon").key.reveal() == "hunter2"
    assert "hunter2" not in json.dumps(settings.as_dict())
    assert "hunter2" not in repr(settings.data.source("polygon"))
    problems = place.says("data: {providers: {polygon: {keey: hunter2, key: [hunter2]}}}\n").gather(
        {"data.providers.polygon.token": "hunter2"}
    )
    assert len(problems.problems) == 3
    assert "hunter2" not in str(problems)


def test_sources_travel_and_count_in_the_id(place):
    flags = {KEY: "http://x", "data.providers.a.key": "k", "data.cache.redis_mb": "5", "data.providers": "a,yahoo"}
    settings = place.load(flags)
    assert Settings.from_dict(json.loads(json.dumps(settings.as_dict(reveal=True)))) == settings
    assert hash(settings) == hash(place.load(flags))
    assert settings.id != place.load().id
    assert [name for name, _ in settings.data.sources] == ["a", "yahoo"]


def test_sources_built_in_code_are_checked(tmp_path):
    for sources, words in (
        ((("yahoo", SourceSettings(url="ftp://x")),), "data.providers.yahoo.url"),
        ((("Not a name", SourceSettings()),), "can't be the name of a source"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            Settings(home=str(tmp_path), data=DataSettings(sources=sources))


def test_keys_of_sources_are_found_and_sections_named():
    assert find("data.providers.order").name == "data.providers"
    assert inside("data.providers.order") == ()
    assert inside("data.cache")[0] == "data.cache.memory_mb"
    assert find("data.providers.files.url").is_path
    assert not any(key.startswith("data.providers.") for key in keys())
    with pytest.raises(ConfigurationError, match=r"data\.providers\.yahoo is a section, not a setting; it holds"):
        find("data.providers.yahoo")
    with pytest.raises(ConfigurationError, match=r"did you mean data\.providers\.yahoo\.socket\?"):
        find("data.providers.yahoo.sockets")


def test_the_folder_of_files_starts_where_the_file_is(place):
    settings = place.says("data: {providers: {files: {url: prices}}}\n").load()
    assert settings.data.source("files").url == str(place.project_file.parent / "prices")
    settings = place.says("data: {providers: {files: {url: 'file:///prices'}}}\n").load()
    assert settings.data.source("files").url == "file:///prices"


def test_older_variables_are_read(place):
    settings = place.load(ARA_CACHE_TTL="300", ARA_REDIS_URL="redis://h:1/0")
    assert (settings.data.cache.live_seconds, settings.data.cache.redis) == (300, "redis://h:1/0")
    assert str(settings.origin("data.cache.redis")) == "ARA_REDIS_URL"
    settings = place.load(ARA_CACHE_TTL="300", ARA_DATA_CACHE_LIVE_SECONDS="5")
    assert settings.data.cache.live_seconds == 5


def test_older_keys_in_a_file_are_read_with_a_warning(place):
    gathered = place.says("cache:\n  redis_url: redis://h/0\n  max_size_mb: 7\ndata: {max_retries: 2}\n").gather()
    data = gathered.settings.data
    assert (data.cache.redis, data.cache.memory_mb, data.retries) == ("redis://h/0", 7, 2)
    assert gathered.warnings[0] == f"cache.redis_url in {place.project_file}:2 is the older name of data.cache.redis."
    both = "data: {retries: 1, max_retries: 2, cache: {redis_mb: 9}}\n"
    assert place.says(both).gather().settings.data.retries == 1
    assert [one.key for one in place.says("cache: {enabled: true}\n").gather().problems] == ["cache.enabled"]


def test_the_file_of_an_older_release_is_the_weakest(place):
    older = place.user_file.parent / ".ara" / "config.yaml"
    older.parent.mkdir()
    older.write_text(
        "data: {providers: [sample, yahoo], cache_ttl: 300, max_retries: 5}\nmodel: {gpu: true}\n"
        "logging: {level: error}\nodd: 5\n"
    )
    gathered = place.gather()
    assert gathered.settings.data.providers == ("sample", "yahoo")
    assert gathered.settings.data.cache.live_seconds == 300
    assert gathered.settings.log.level == "error"
    assert 'data.retries is "5" in' in gathered.warnings[0]
    assert "3 of its settings are read" in gathered.warnings[1]
    place.user_file.write_text("log: {level: debug}\n")
    assert place.load().log.level == "debug"
    older.write_bytes(b"\xff")
    assert "are left out" in place.gather().warnings[0]
    older.write_text("")
    assert "0 of its settings" in place.gather().warnings[0]
