"""One SSLContext for each TLS configuration, however many modules and probes share it.

Making one costs 80 ms where the system's certificates are read from one file; where they lie
in a directory by hash, as Debian has them, each is read when it is first needed.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import warnings
from typing import TYPE_CHECKING

from pillion.files import in_memory, read_pem
from pillion.trust import system_trust
from pillion_blackbox_exporter.failure import ProbeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pillion_blackbox_exporter.configuration.client import TlsConfig

_VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
_CERTIFICATE_MESSAGE = 11
_LIMIT = 256

Key = tuple[object, ...]


class RecordingSslObject(ssl.SSLObject):
    """A TLS connection that keeps the certificates it was shown, also those it refused.

    Attributes:
        certificate_message: the TLS message that carried them; empty before it came.
        certificate_version: the protocol's number on the wire (0x0304 is TLS 1.3).
    """

    certificate_message: bytes = b""
    certificate_version: int = 0


class Contexts:
    """Makes contexts, and keeps them for as long as their files stay the same."""

    def __init__(self) -> None:
        self._contexts: dict[Key, asyncio.Future[ssl.SSLContext]] = {}

    async def get(self, config: TlsConfig, protocols: Sequence[str] = ()) -> ssl.SSLContext:
        """Return the context of a TLS configuration that offers protocols by ALPN.

        Raises:
            ProbeError: a file that it names is missing or wrong.
        """
        key = (config, tuple(protocols), *versions_of_files(config))
        made = self._contexts.get(key)
        if made is not None and made.done():
            return made.result()
        if made is None:
            loop = asyncio.get_running_loop()
            made = loop.run_in_executor(None, build, config, protocols)
            while len(self._contexts) >= _LIMIT:
                del self._contexts[next(iter(self._contexts))]
            self._contexts[key] = made
        try:
            return await asyncio.shield(made)
        except ProbeError:
            self._contexts.pop(key, None)
            raise


def build(config: TlsConfig, protocols: Sequence[str] = ()) -> ssl.SSLContext:
    """Make the context of a TLS configuration.

    Raises:
        ProbeError: a file that it names is missing or wrong.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslobject_class = RecordingSslObject
    context.hostname_checks_common_name = False
    _set_versions(context, config)
    _set_trust(context, config)
    _set_identity(context, config)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    _record_certificates(context)
    return context


def _set_versions(context: ssl.SSLContext, config: TlsConfig) -> None:
    """TLS 1.2 is the least unless an older one is asked for, as in Go."""
    least = config.min_version or min("TLS12", config.max_version or "TLS12")
    with warnings.catch_warnings():  # Python warns of old versions; here they are what is tested
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _VERSIONS[least]
        if config.max_version:
            context.maximum_version = _VERSIONS[config.max_version]


def _set_trust(context: ssl.SSLContext, config: TlsConfig) -> None:
    is_old = config.min_version in ("TLS10", "TLS11") or config.max_version in ("TLS10", "TLS11")
    if config.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(f"DEFAULT:@SECLEVEL={0 if is_old or config.insecure_skip_verify else 1}")
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if config.insecure_skip_verify and not (config.ca or config.ca_file):
        return
    try:
        if config.ca_file:
            with in_memory(read_pem(config.ca_file)) as path:
                context.load_verify_locations(cafile=path)
        elif config.ca:
            context.load_verify_locations(cadata=config.ca)
        else:
            _trust_system(context)
    except (OSError, ValueError) as error:
        what = f"ca_file {config.ca_file}" if config.ca_file else "ca"
        raise ProbeError("configuration", f"{what} cannot be used: {_said(error)}") from None


def _trust_system(context: ssl.SSLContext) -> None:
    file, folder = system_trust()
    if folder and not file:
        context.load_verify_locations(capath=folder)
    else:
        context.load_default_certs()


def _set_identity(context: ssl.SSLContext, config: TlsConfig) -> None:
    if config.cert or config.cert_file:
        with_identity(config, lambda cert, key: context.load_cert_chain(cert, key, lambda: ""))


def with_identity(config: TlsConfig, load: Callable[[str, str], None]) -> None:
    """Have the files of a client certificate and its key loaded, from memory where they are.

    Raises:
        ProbeError: they cannot be.
    """
    try:
        certificate = read_pem(config.cert_file) if config.cert_file else config.cert.encode()
        key = read_pem(config.key_file) if config.key_file else config.key.reveal().encode()
        with in_memory(certificate) as one, in_memory(key) as other:
            load(one, other)
    except (OSError, ValueError) as error:
        names = f"{config.cert_file or 'cert'} and {config.key_file or 'key'}"
        raise ProbeError(
            "configuration", f"the client certificate ({names}) cannot be used: {_said(error)}"
        ) from None


def _record_certificates(context: ssl.SSLContext) -> None:
    """Keep the Certificate message of each handshake; without this only good ones are known.

    OpenSSL forgets the certificates of a handshake that it refuses, and has a callback for
    messages that Python wraps for debugging. It is taken from below the wrapper, which would
    turn each of some twenty messages a handshake into enumerations: 0.35 ms, not 0.03.
    """
    import _ssl  # noqa: PLC0415  # private, and used in this one place

    def on_message(  # noqa: PLR0917  # OpenSSL's
        connection: ssl.SSLObject, direction: str, version: int, kind: int, number: int, data: bytes
    ) -> None:
        if number == _CERTIFICATE_MESSAGE and kind == 22 and direction == "read":  # noqa: PLR2004
            connection.certificate_message = data  # type: ignore[attr-defined]  # RecordingSslObject
            connection.certificate_version = version  # type: ignore[attr-defined]

    callback = getattr(_ssl._SSLContext, "_msg_callback", None)  # noqa: SLF001
    if callback is not None:
        callback.__set__(context, on_message)


def versions_of_files(config: TlsConfig) -> tuple[tuple[int, int] | None, ...]:
    """Return what changes when a file of the configuration does."""
    versions: list[tuple[int, int] | None] = []
    for path in (config.ca_file, config.cert_file, config.key_file):
        if path:
            try:
                status = os.stat(path)  # noqa: PTH116  # pathlib costs 1 MB
                versions.append((status.st_mtime_ns, status.st_ino))
            except OSError:
                versions.append(None)
    return tuple(versions)


def _said(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return str(error.reason or error.args[-1]).replace("_", " ").lower()
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)
