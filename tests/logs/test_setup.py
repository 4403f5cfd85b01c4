"""Where records go and how they look."""

import asyncio
import contextvars
import io
import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from ara.errors import ConfigurationError, PluginError
from ara.logs import configure, correlation, current, get_logger, with_correlation
from ara.settings import LogSettings, Settings

Listen = Callable[..., io.StringIO]
log = get_logger("ara.store.log")


def test_a_person_reads_short_aligned_lines(listen: Listen):
    stream = listen(format="human")
    log.info("Opened %s.", "ara.db", extra={"entries": 12, "where": "a folder", "all": ["x"]})
    get_logger("ara.prediction").error("No forecast.")
    first, second = stream.getvalue().splitlines()
    assert re.fullmatch(
        r'\d\d:\d\d:\d\dZ info     store      Opened ara\.db\.  entries=12  where="a folder"  all=\["x"\]', first
    )
    assert re.fullmatch(r"\d\d:\d\d:\d\dZ error    prediction No forecast\.", second)


def test_times_are_utc(listen: Listen):
    stream = listen(format="json")
    record = log.makeRecord(log.name, logging.WARNING, "file", 1, "words", (), None)
    record.created = 1_600_000_000.25
    log.handle(record)
    assert json.loads(stream.getvalue())["at"] == "2020-09-13T12:26:40.250Z"
    stream = listen(format="human")
    log.handle(record)
    assert stream.getvalue().startswith("12:26:40Z warning ")


def test_a_machine_reads_json(listen: Listen):
    stream = listen(format="json")
    with with_correlation("r-1"):
        log.warning("Opened %s.", "é", extra={"entries": 12, "price": 1.5})
    found = json.loads(stream.getvalue())
    assert found.pop("at").endswith("Z")
    assert found == {
        "level": "warning",
        "logger": "ara.store.log",
        "message": "Opened é.",
        "process": os.getpid(),
        "correlation": "r-1",
        "fields": {"entries": 12, "price": 1.5},
    }


def failing(**extra: object) -> None:
    try:
        raise ValueError("wrong")
    except ValueError:
        log.exception("Failed.", **extra)


def test_an_error_is_one_line_and_its_traceback_for_debug_only(listen: Listen):
    stream = listen(format="human")
    failing()
    assert stream.getvalue().endswith("Failed.: ValueError: wrong\n")
    assert len(stream.getvalue().splitlines()) == 1
    stream = listen(format="human", level="debug")
    failing()
    first, *rest = stream.getvalue().splitlines()
    assert first.endswith("Failed.: ValueError: wrong")
    assert rest[0] == "  | Traceback (most recent call last):"
    assert rest[-1] == "  | ValueError: wrong"
    assert all(line.startswith("  | ") for line in rest)
    stream = listen(format="json")
    failing(stack_info=True)
    error = json.loads(stream.getvalue())["error"]
    assert (error["type"], error["message"]) == ("ValueError", "wrong")
    assert error["trace"].startswith("Traceback")
    assert "Stack (most recent call last)" in error["trace"]


def test_an_exception_without_words_is_its_type(listen: Listen):
    stream = listen(format="human")
    log.warning("Failed", exc_info=KeyboardInterrupt())
    log.warning("Nothing", exc_info=True)
    first, second = stream.getvalue().splitlines()
    assert first.endswith("Failed: KeyboardInterrupt")
    assert second.endswith("Nothing")


def test_levels(listen: Listen):
    stream = listen(level="warning")
    log.info("quiet")
    log.warning("loud")
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()
    stream = listen(level="debug")
    log.debug("detail")
    logging.getLogger("someone.else").debug("theirs")
    assert "detail" in stream.getvalue()
    assert "theirs" not in stream.getvalue()


def test_others_are_heard_from_warnings_on_and_redacted(listen: Listen):
    stream = listen(level="info")
    logging.getLogger("httpx").info("GET https://host/?apikey=abc")
    logging.getLogger("httpx").warning("GET https://host/?apikey=abc")
    assert stream.getvalue().count("GET") == 1
    assert "abc" not in stream.getvalue()
    stream = listen(level="error")
    logging.getLogger("httpx").warning("warned")
    assert stream.getvalue() == ""


def test_again_takes_the_place_of_before(listen: Listen):
    first, second = listen(), listen()
    log.warning("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


def test_standard_error_by_default(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    configure(Settings(home=str(tmp_path)))
    log.warning("heard")
    assert "heard" in capsys.readouterr().err


def test_auto_is_human_on_a_terminal_and_json_elsewhere(listen: Listen, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = listen(terminal=True)
    log.warning("words")
    assert stream.getvalue().endswith("\x1b[33mwarning \x1b[0m store      words\n")
    stream = listen()
    log.warning("words")
    assert json.loads(stream.getvalue())["message"] == "words"


def test_auto_is_human_beside_what_a_person_reads_and_has_no_colour_there(tmp_path: Path, listen: Listen):
    stream = listen(person=True, file=str(tmp_path / "ara.log"))
    log.warning("words")
    assert stream.getvalue().endswith("Z warning  store      words\n")
    assert json.loads((tmp_path / "ara.log").read_text())["message"] == "words"
    stream = listen(person=True, format="json")
    log.warning("words")
    assert json.loads(stream.getvalue())["message"] == "words"


@pytest.mark.parametrize(
    ("colour", "terminal", "no_color", "coloured"),
    [
        ("auto", True, "", True),
        ("auto", True, "1", False),
        ("auto", False, "", False),
        ("never", True, "", False),
        ("always", False, "1", True),
    ],
)
def test_colour(
    listen: Listen, monkeypatch: pytest.MonkeyPatch, colour: str, terminal: bool, no_color: str, coloured: bool
):
    monkeypatch.setenv("NO_COLOR", no_color)
    stream = listen(format="human", colour=colour, terminal=terminal)
    log.info("plain")
    assert "\x1b" not in stream.getvalue()
    log.critical("words")
    assert ("\x1b[1;31m" in stream.getvalue()) is coloured


def test_without_structlog_auto_is_human_and_json_an_error(listen: Listen, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "structlog", None)
    stream = listen()
    log.warning("words")
    assert stream.getvalue().endswith("words\n")
    assert not stream.getvalue().startswith("{")
    with pytest.raises(PluginError) as caught:
        listen(format="json")
    assert "pip install 'ara-ai[api]'" in caught.value.hint
    log.warning("still")
    assert "still" in stream.getvalue()


def test_structlogs_own_loggers_pass_the_same_way(listen: Listen):
    stream = listen(format="json")
    with structlog.contextvars.bound_contextvars(request="r-1"):
        structlog.get_logger("ara.api").info("served", status=200, token="abc", name="n", msg="m")
        log.warning("beside")
    structlog.get_logger("ara.api").debug("below the level")
    try:
        raise ValueError("password=abc")
    except ValueError:
        structlog.get_logger("ara.api").exception("broke")
    first, second, third = map(json.loads, stream.getvalue().splitlines())
    assert first["message"] == "served"
    assert first["logger"] == "ara.api"
    assert first["fields"] == {"request": "r-1", "status": 200, "token": "***", "name_": "n", "msg_": "m"}
    assert second["fields"] == {"request": "r-1"}
    assert third["error"]["message"] == "password=***"
    structlog.reset_defaults()


def test_configuring_loads_no_structlog_and_no_redaction(tmp_path: Path):
    script = (
        "import sys; from ara.settings import Settings; from ara.logs import configure, get_logger;"
        f"configure(Settings(home={str(tmp_path)!r})); get_logger('ara.x').debug('below');"
        "print([name for name in ('structlog', 'ara.redaction') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_a_stream_of_few_characters_gets_the_rest_escaped():
    raw = io.BytesIO()
    configure(Settings(log=LogSettings(format="human")), stream=io.TextIOWrapper(raw, encoding="ascii"))
    log.warning("価格 é")
    assert raw.getvalue().endswith(b"\\u4fa1\\u683c \\xe9\n")


def test_a_stream_that_is_gone_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stream = io.StringIO()
    configure(Settings(home=str(tmp_path)), stream=stream)
    stream.close()
    log.warning("unheard")
    configure(Settings(home=str(tmp_path)), stream=stream)
    full = Path("/dev/full").open("w")  # noqa: SIM115 - closing it fails
    configure(Settings(home=str(tmp_path)), stream=full)
    log.warning("unheard")
    with pytest.raises(OSError, match="No space"):
        full.close()
    monkeypatch.setattr(sys, "stderr", None)
    configure(Settings(home=str(tmp_path)))
    log.warning("unheard")


def test_names_stand_below_ara():
    assert get_logger("ara.store.log").name == "ara.store.log"
    assert get_logger("ara").name == "ara"
    assert get_logger("plugin.x").name == "ara.plugin.x"
    assert get_logger("arable").name == "ara.arable"


# Files


def test_a_file_is_appended_to(tmp_path: Path, listen: Listen):
    place = tmp_path / "new" / "ara.log"
    for words in ("first", "second"):
        listen(format="human", file=str(place), colour="always", terminal=True)
        log.warning(words)
    text = place.read_text()
    assert [line.rpartition(" ")[2] for line in text.splitlines()] == ["first", "second"]
    assert "\x1b" not in text
    assert place.stat().st_mode & 0o777 == 0o640


def test_a_file_gets_json_where_the_terminal_is_human(tmp_path: Path, listen: Listen):
    stream = listen(file=str(tmp_path / "ara.log"), terminal=True)
    log.warning("lone \ud800")
    assert not stream.getvalue().startswith("{")
    assert json.loads((tmp_path / "ara.log").read_text())["message"] == "lone \\ud800"


@pytest.mark.parametrize("gone", [False, True])
def test_a_rotated_file_is_followed(tmp_path: Path, listen: Listen, gone: bool):
    place = tmp_path / "ara.log"
    listen(format="human", file=str(place))
    log.warning("first")
    if gone:
        place.unlink()
    else:
        place.rename(tmp_path / "ara.log.1")
    log.warning("second")
    log.warning("third")
    assert [line.rpartition(" ")[2] for line in place.read_text().splitlines()] == ["second", "third"]
    assert gone or "first" in (tmp_path / "ara.log.1").read_text()


def test_a_truncated_file_goes_on_from_its_start(tmp_path: Path, listen: Listen):
    place = tmp_path / "ara.log"
    listen(format="human", file=str(place))
    log.warning("first")
    os.truncate(place, 0)
    log.warning("second")
    assert place.read_bytes().count(b"\n") == 1
    assert b"\0" not in place.read_bytes()


@pytest.mark.parametrize("place", ["/proc/nowhere/ara.log", "/dev/null/ara.log", "{folder}"])
def test_a_file_that_can_not_be_written_is_an_error(tmp_path: Path, listen: Listen, place: str):
    stream = listen(format="human")
    named = place.format(folder=tmp_path)
    with pytest.raises(ConfigurationError, match=re.escape(f"log.file is '{named}', which can't be written: ")):
        listen(file=named)
    log.warning("still heard")
    assert "still heard" in stream.getvalue()


def test_a_file_that_breaks_later_stops_nothing(tmp_path: Path, listen: Listen):
    folder = tmp_path / "logs"
    stream = listen(format="human", file=str(folder / "ara.log"))
    folder.rename(tmp_path / "moved")
    log.warning("first")
    log.warning("second")
    assert stream.getvalue().count("\n") == 2
    folder.mkdir()
    log.warning("third")
    assert "third" in (folder / "ara.log").read_text()
    listen()


def test_lines_of_several_processes_do_not_mix(tmp_path: Path):
    place = tmp_path / "ara.log"
    script = (
        "import sys; from ara.settings import LogSettings, Settings; from ara.logs import configure, get_logger;"
        f"configure(Settings(log=LogSettings(format='human', file={str(place)!r})), stream=open('/dev/null', 'w'));"
        "[get_logger('ara.x').warning(sys.argv[1] * 15_000) for _ in range(60)]"
    )
    children = [subprocess.Popen([sys.executable, "-c", script, mark]) for mark in "abc"]
    assert [child.wait() for child in children] == [0, 0, 0]
    found = [line.rpartition(" ")[2] for line in place.read_text().splitlines()]
    assert sorted(found) == sorted(mark * 15_000 for mark in "abc" for _ in range(60))


# Correlation


def test_records_within_have_the_id(listen: Listen):
    stream = listen(format="human")
    log.warning("outside")
    with with_correlation("outer") as outer, with_correlation() as inner:
        assert outer == "outer"
        assert re.fullmatch(r"[0-9a-f]{16}", inner)
        log.warning("inside")
    first, second = stream.getvalue().splitlines()
    assert first.endswith("outside")
    assert second.endswith(f"inside  ({inner})")
    assert current() == correlation.get() == ""


def test_an_id_of_a_stranger_is_tamed():
    with with_correlation("a\nb \x1b[31m<script>é" + "x" * 100) as kept:
        assert kept == ("ab31mscript" + "x" * 100)[:64]
    with with_correlation("\n \u202e") as kept:
        assert re.fullmatch(r"[0-9a-f]{16}", kept)


def test_an_error_within_leaves_no_id():
    with pytest.raises(ValueError, match="x"), with_correlation("a"):
        raise ValueError("x")
    assert current() == ""


async def test_tasks_and_threads_keep_their_own():
    async def work(name: str) -> tuple[str, str, str]:
        with with_correlation(name):
            await asyncio.sleep(0)
            child = await asyncio.create_task(asyncio.sleep(0, current()))
            return current(), child, await asyncio.to_thread(current)

    assert await asyncio.gather(work("a"), work("b")) == [("a",) * 3, ("b",) * 3]


def test_a_copied_context_carries_it_into_a_thread():
    found: list[str] = []
    with with_correlation("a"):
        context = contextvars.copy_context()
    for run in (lambda: context.run(lambda: found.append(current())), lambda: found.append(current())):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    assert found == ["a", ""]
