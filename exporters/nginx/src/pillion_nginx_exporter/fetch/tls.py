"""How TLS is spoken with nginx: the peer's flags as one `ssl.SSLContext`."""

from __future__ import annotations

import ssl  # asyncio has it loaded already

from pillion.errors import ConfigurationError
from pillion.files import in_memory, read_pem

_CA, _CERTIFICATE, _KEY = (
    "--nginx.ssl-ca-cert",
    "--nginx.ssl-client-cert",
    "--nginx.ssl-client-key",
)


class ClientTls:
    """The context for every https target of one configuration, built once and when needed.

    Loading the system's certificates alone costs 80 ms, so a configuration without https
    builds nothing, unless it names files: those are always checked.
    """

    __slots__ = ("_context", "_files", "_verify", "server_name")

    def __init__(
        self,
        *,
        verify: bool = False,
        ca_certificate: str | None = None,
        certificate: str | None = None,
        key: str | None = None,
        server_name: str = "",
    ) -> None:
        """Take the settings, and check the files that they name.

        Args:
            verify: whether the server's certificate must be trusted and bear its name.
            ca_certificate: a PEM file with the authorities to trust; None is the system's.
            certificate: a PEM file with the client's certificate and its chain.
            key: a PEM file with the key of `certificate`, without a passphrase.
            server_name: what to ask for (SNI) and to verify, in place of the target's host.

        Raises:
            ConfigurationError: a file cannot be read or used; names the flag and the reason.
        """
        self._verify = verify
        self._files = (ca_certificate, certificate, key)
        self._context: ssl.SSLContext | None = None
        self.server_name = server_name
        if any(self._files):
            self._context = self._build()

    def context(self) -> ssl.SSLContext:
        """Return the one context."""
        if self._context is None:
            self._context = self._build()
        return self._context

    def _build(self) -> ssl.SSLContext:
        ca_certificate, certificate, key = self._files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if not self._verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if ca_certificate:
            _load_authorities(context, ca_certificate)
        elif self._verify:
            context.load_default_certs()
        if certificate and key:
            _load_pair(context, certificate, key)
        elif certificate:
            raise ConfigurationError(
                f"{_CERTIFICATE}={certificate}: the key is missing; add {_KEY}"
            )
        elif key:
            raise ConfigurationError(
                f"{_KEY}={key}: the certificate is missing; add {_CERTIFICATE}"
            )
        return context


def _load_authorities(context: ssl.SSLContext, path: str) -> None:
    data = _read(_CA, path)
    try:
        with in_memory(data) as held:
            context.load_verify_locations(cafile=held)
    except ssl.SSLError:
        raise ConfigurationError(f"{_CA}={path}: holds no PEM certificate") from None


def _load_pair(context: ssl.SSLContext, certificate: str, key: str) -> None:
    shown = _read(_CERTIFICATE, certificate)
    if b"-----BEGIN CERTIFICATE-----" not in shown:
        raise ConfigurationError(f"{_CERTIFICATE}={certificate}: holds no PEM certificate")
    pem = _read(_KEY, key)
    if b"PRIVATE KEY-----" not in pem:
        raise ConfigurationError(f"{_KEY}={key}: holds no PEM private key")
    if b"ENCRYPTED" in pem:
        raise ConfigurationError(f"{_KEY}={key}: has a passphrase; write the key without one")
    try:
        # Without a password OpenSSL would ask the terminal for one.
        with in_memory(shown) as one, in_memory(pem) as other:
            context.load_cert_chain(one, other, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ConfigurationError(
                f"{_KEY}={key}: is not the key of the certificate in {certificate}"
            ) from None
        raise ConfigurationError(
            f"{_KEY}={key}: cannot be used with {certificate}: {error.reason or 'broken PEM'}"
        ) from None


def _read(flag: str, path: str) -> bytes:
    try:
        return read_pem(path)
    except OSError as error:
        raise ConfigurationError(f"{flag}={path}: {error.strerror}") from None
