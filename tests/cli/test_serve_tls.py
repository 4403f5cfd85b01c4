"""`ara serve` with a certificate: TLS 1.3 and nothing older; files that can't be used are told before anything else."""

import json
import re
import signal
import socket
import ssl

import httpx
import pytest

from ara.api.serving import configuration
from ara.settings import Settings
from tests.cli.test_serve import begun
from tests.data.access.certificate import certificate


@pytest.fixture
def files(tmp_path):
    whole = certificate(tmp_path).read_text()
    end = "-----END PRIVATE KEY-----\n"
    key, _, chain = whole.partition(end)
    (tmp_path / "key.pem").write_text(key + end)
    (tmp_path / "chain.pem").write_text(chain)
    return tmp_path


def test_a_service_with_a_certificate_speaks_tls_1_3_and_nothing_older(home, files):
    words = ["--set", f"api.certificate={files / 'chain.pem'}", "--set", f"api.private_key={files / 'key.pem'}"]
    with begun(home, *words) as service:
        url = re.search(r"https://127\.0\.0\.1:\d+", service.stderr.readline())[0]
        trusting = ssl.create_default_context(cafile=str(files / "chain.pem"))
        with httpx.Client(verify=trusting, timeout=60) as client:
            told = client.get(f"{url}/.well-known/oauth-authorization-server")
            assert told.json()["issuer"] == url
            assert "max-age=" in told.headers["strict-transport-security"]
        trusting.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(httpx.ConnectError), httpx.Client(verify=trusting, timeout=60) as older:
            older.get(f"{url}/health")
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{url.replace('https:', 'http:')}/health", timeout=60)
        service.send_signal(signal.SIGTERM)
        said = service.communicate(timeout=60)
        assert service.returncode == 0, said
        assert "Traceback" not in said[1]


@pytest.mark.parametrize(
    ("certificate", "key", "words"),
    [
        ("", "key.pem", "api.certificate nothing"),
        ("none.pem", "", "No such file"),
        ("chain.pem", "", "holds no private key"),
        ("key.pem", "chain.pem", "holds no certificate"),
    ],
)
def test_a_certificate_that_can_not_be_used_is_told_and_nobody_is_made(ara, home, files, certificate, key, words):
    asked = {"api.certificate": certificate and str(files / certificate), "api.private_key": key and str(files / key)}
    done = ara("serve", "--port", "0", *(word for name, one in asked.items() for word in ("--set", f"{name}={one}")))
    assert done.code == 2
    assert words in " ".join(done.err.split())
    assert "ara_" not in done.out


@pytest.mark.parametrize(
    ("left", "state", "words"), [(-1, "fail", "ended on"), (3, "warn", "ends on"), (99, "ok", "until")]
)
def test_the_doctor_says_until_when_a_certificate_is_valid(ara, home, tmp_path, left, state, words):
    named = ("--set", f"api.certificate={certificate(tmp_path, days=left)}")
    done = ara("doctor", "--json", *named)
    [found] = [one for one in json.loads(done.out)["findings"] if one["name"] == "certificate"]
    assert (found["state"], done.code) == (state, 2 if state == "fail" else 0)
    assert words in found["words"]
    assert ("SIGHUP" in found["hint"]) == (state != "ok")


def test_the_doctor_says_what_is_wrong_with_a_certificate_and_nothing_where_there_is_none(ara, home, files):
    told = json.loads(ara("doctor", "--json", "--set", f"api.certificate={files / 'none.pem'}").out)["findings"]
    [found] = [one for one in told if one["name"] == "certificate"]
    assert (found["state"], "none.pem can't be read" in found["words"]) == ("fail", True)
    assert "certificate" not in {one["name"] for one in json.loads(ara("doctor", "--json").out)["findings"]}


def test_a_certificate_that_has_ended_is_told_before_the_service_starts(ara, home, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as ear:
        ended = f"api.certificate={certificate(tmp_path, days=-1)}"
        done = ara("serve", "--port", str(ear.getsockname()[1]), "--set", ended)
    assert done.code == 6
    assert "ended on" in done.err


def test_a_process_that_can_not_read_the_new_certificate_says_so_and_ends(home, files, caplog):
    settings = Settings.load({"api.certificate": str(files / "chain.pem")}, environ={})
    with pytest.raises(SystemExit) as ended:
        configuration(lambda: None, settings).load()
    assert ended.value.code == 2
    assert "chain.pem holds no private key" in caplog.text
