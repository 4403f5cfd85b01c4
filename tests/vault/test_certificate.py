"""Certificates as the settings name them: what can't be used is told by setting and file, and why."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from ara.errors import ConfigurationError
from ara.settings import Settings
from ara.vault.certificate import certificate

BEGINS, ENDS = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)
PEM, OPEN = serialization.Encoding.PEM, serialization.NoEncryption()


def key_in_pem(key, cipher=OPEN):
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, cipher)


def signed(key, name="localhost"):
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder().subject_name(named).issuer_name(named).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(BEGINS).not_valid_after(ENDS)
    return made.sign(key, hashes.SHA256())


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    key, above = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    weak = rsa.generate_private_key(65537, 1024)
    own, parent = signed(key), signed(above, "above")
    old_form = key.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL, OPEN)
    written = {
        "chain.pem": own.public_bytes(PEM) + parent.public_bytes(PEM),
        "wrong_way.pem": parent.public_bytes(PEM) + own.public_bytes(PEM),
        "der.pem": own.public_bytes(serialization.Encoding.DER),
        "both.pem": own.public_bytes(PEM) + key_in_pem(key),
        "key.pem": key_in_pem(key),
        "old.pem": old_form,
        "locked.pem": key_in_pem(key, serialization.BestAvailableEncryption(b"secret")),
        "foreign.pem": key_in_pem(above),
        "weak.pem": signed(weak).public_bytes(PEM) + key_in_pem(weak),
        "empty.pem": b"",
    }
    for name, told in written.items():
        (folder / name).write_bytes(told)
    return folder


def named(folder, shown, key=""):
    words = {"api.certificate": shown and str(folder / shown), "api.private_key": key and str(folder / key)}
    return Settings.load(words, environ={})


@pytest.mark.parametrize(("shown", "key"), [("chain.pem", "key.pem"), ("chain.pem", "old.pem"), ("both.pem", "")])
def test_a_certificate_and_its_key_are_read_from_one_file_or_two(files, shown, key):
    found = certificate(named(files, shown, key))
    assert (found.path, found.begins, found.ends) == (str(files / shown), BEGINS, ENDS)


def test_where_none_is_named_there_is_none(files):
    assert certificate(named(files, "")) is None


@pytest.mark.parametrize(
    ("shown", "key", "words", "hint"),
    [
        ("", "key.pem", "api.certificate nothing", "both"),
        ("none.pem", "", "api.certificate: {}/none.pem can't be read: No such file", "user of this process"),
        ("chain.pem", "none.pem", "api.private_key: {}/none.pem can't be read: No such file", "user of this process"),
        ("chain.pem", "", "api.certificate: {}/chain.pem holds no private key", "api.private_key"),
        ("chain.pem", "chain.pem", "api.private_key: {}/chain.pem holds no private key", "api.private_key"),
        ("key.pem", "chain.pem", "api.certificate: {}/key.pem holds no certificate", "PEM"),
        ("der.pem", "key.pem", "api.certificate: {}/der.pem holds no certificate", "PEM"),
        ("empty.pem", "", "api.certificate: {}/empty.pem holds no certificate", "PEM"),
        ("chain.pem", "locked.pem", "api.private_key: the key in {}/locked.pem has a password", "openssl pkey"),
        ("chain.pem", "foreign.pem", "key in {}/foreign.pem is not that of the first certificate", "replace both"),
        ("wrong_way.pem", "key.pem", "not that of the first certificate in {}/wrong_way.pem", "first"),
        ("weak.pem", "", "api.certificate: {}/weak.pem can't be used: [SSL: EE_KEY_TOO_SMALL]", "stronger"),
    ],
)
def test_what_can_not_be_used_is_told_by_setting_file_and_reason(files, shown, key, words, hint):
    with pytest.raises(ConfigurationError) as caught:
        certificate(named(files, shown, key))
    assert words.format(files) in caught.value.message
    assert hint in caught.value.hint
    assert "secret" not in caught.value.message


def test_a_certificate_says_when_clients_refuse_it(files):
    found, second = certificate(named(files, "both.pem")), timedelta(seconds=1)
    assert [found.fault(now) for now in (BEGINS, BEGINS + second, ENDS)] == ["", "", ""]
    assert "begins on 2024-01-01 00:00 UTC" in found.fault(BEGINS - second)
    assert "ended on 2024-04-01 00:00 UTC" in found.fault(ENDS + second)
