"""The certificate by which the service speaks TLS: whether it can be used is told before anybody is let in.

OpenSSL says of a key with a password, of another's key and of a file without any the same three words, so each is
looked for here by itself.
"""

import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ara.errors import ConfigurationError
from ara.settings import Settings

__all__ = ["Certificate", "certificate", "read"]

_PEM = "A file in PEM is asked for, the certificate first and those above it after."


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What clients are shown.

    Parameters
    ----------
    path
        File that it was read from.
    begins, ends
        When it is valid, both moments included, in UTC.
    """

    path: str
    begins: datetime
    ends: datetime

    def fault(self, now: datetime) -> str:
        """Say why clients refuse it at a moment of UTC; empty if they don't."""
        if now > self.ends:
            return f"The certificate in {self.path} ended on {self.ends:%Y-%m-%d %H:%M} UTC: clients refuse it."
        if now < self.begins:
            return f"The certificate in {self.path} begins on {self.begins:%Y-%m-%d %H:%M} UTC: clients refuse it."
        return ""


def certificate(settings: Settings) -> Certificate | None:
    """Read the certificate that the settings name; None where they name none.

    Raises ConfigurationError, naming setting and file, where it or its key can't be used. One that has ended can.
    """
    own = settings.api
    if own.certificate:
        return read(own.certificate, own.private_key)
    if own.private_key:
        raise ConfigurationError("api.private_key names a key, and api.certificate nothing.", hint="Name both.")
    return None


def read(path: str, key: str) -> Certificate:
    """Read a certificate whose key lies in a file of its own, or, where that is empty, beside it."""
    from cryptography import x509

    told = _bytes("api.certificate", path)
    try:
        shown = x509.load_pem_x509_certificates(told)[0]
    except ValueError as error:
        raise ConfigurationError(f"api.certificate: {path} holds no certificate.", hint=_PEM) from error
    public = (
        _public(_bytes("api.private_key", key), "api.private_key", key)
        if key
        else _public(told, "api.certificate", path)
    )
    if public != shown.public_key():
        raise ConfigurationError(
            f"The key in {key or path} is not that of the first certificate in {path}.",
            hint=f"{_PEM} A new certificate comes with its own key: replace both files.",
        )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, key or None)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"api.certificate: {path} can't be used: {error}.", hint="Make another, with a stronger key."
        ) from error
    return Certificate(path=path, begins=shown.not_valid_before_utc, ends=shown.not_valid_after_utc)


def _bytes(setting: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"{setting}: {path} can't be read: {words}.", hint="Name a file that the user of this process may read."
        ) from error


def _public(told: bytes, setting: str, path: str) -> object:
    """Give the public half of the first private key of a file."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(told, None).public_key()
    except TypeError as error:
        raise ConfigurationError(
            f"{setting}: the key in {path} has a password.",
            hint=f"Take it off, and let nobody else read the new file: openssl pkey -in {path} -out KEY",
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        hint = "Name the file of the key in PEM: api.private_key"
        raise ConfigurationError(f"{setting}: {path} holds no private key.", hint=hint) from error
