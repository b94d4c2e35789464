"""TLS as a client and as a server, from the properties that fluent-bit's plugins have for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.files import in_memory, read_pem
from pillion.settings import optional, setting
from pillion_log_agent.configuration.kinds import FLAG, PATH, TEXT, choice

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True, slots=True)
class TlsProperties:
    """The properties of TLS."""

    tls: bool = setting("tls", FLAG, "Whether to use TLS.", default=False)
    tls_verify: bool = setting(
        "tls.verify", FLAG, "Whether the certificate has to be trusted.", default=True
    )
    tls_verify_hostname: bool = setting(
        "tls.verify_hostname", FLAG, "Whether it has to bear the host's name.", default=True
    )
    tls_vhost: str | None = optional("tls.vhost", TEXT, "The name to ask for and to verify.")
    tls_ca_file: str | None = optional("tls.ca_file", PATH, "A PEM file of authorities to trust.")
    tls_ca_path: str | None = optional("tls.ca_path", PATH, "A directory of them.")
    tls_crt_file: str | None = optional("tls.crt_file", PATH, "Our certificate, PEM.")
    tls_key_file: str | None = optional("tls.key_file", PATH, "Its key, PEM.")
    tls_key_passwd: str | None = optional("tls.key_passwd", TEXT, "The key's password.")
    tls_min_version: str | None = optional(
        "tls.min_version", choice("tlsv1.1", "tlsv1.2", "tlsv1.3"), "The least version."
    )
    tls_max_version: str | None = optional(
        "tls.max_version", choice("tlsv1.1", "tlsv1.2", "tlsv1.3"), "The highest version."
    )
    tls_ciphers: str | None = optional(
        "tls.ciphers", TEXT, "The ciphers to offer up to TLS 1.2, as OpenSSL writes them."
    )


def make_context(properties: TlsProperties) -> ssl.SSLContext | None:
    """Return the context; None without TLS.

    Raises:
        ConfigurationError: a file cannot be read or used.
    """
    if not properties.tls:
        return None
    import ssl  # 3 MB, and only where TLS is asked for  # noqa: PLC0415

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = properties.tls_verify and properties.tls_verify_hostname
    context.verify_mode = ssl.CERT_REQUIRED if properties.tls_verify else ssl.CERT_NONE
    _restrict(context, properties)
    try:
        if properties.tls_ca_file or properties.tls_ca_path:
            _load_authorities(context, properties)
        else:
            context.load_default_certs()
    except (OSError, ssl.SSLError) as error:
        named = properties.tls_ca_file or properties.tls_ca_path
        raise ConfigurationError(f"tls.ca_file: {named} cannot be used: {_why(error)}") from None
    if properties.tls_ca_path and not os.path.isdir(properties.tls_ca_path):
        # OpenSSL looks into it with the first certificate, and says nothing where it is not there.
        raise ConfigurationError(f"tls.ca_path: {properties.tls_ca_path} is not a directory")
    _load_own(context, properties)
    return context


def make_server_context(
    properties: TlsProperties, *, verifies_clients: bool = False
) -> ssl.SSLContext | None:
    """Return the context of a server; None without TLS.

    Args:
        properties: its certificate, and whom it trusts.
        verifies_clients: whether a client has to show a certificate.

    Raises:
        ConfigurationError: a file is missing, or cannot be read or used.
    """
    if not properties.tls:
        return None
    import ssl  # as above  # noqa: PLC0415

    if properties.tls_crt_file is None:
        raise ConfigurationError("tls.crt_file: is missing; a server with TLS has a certificate")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _restrict(context, properties)
    _load_own(context, properties)
    if verifies_clients:
        if not (properties.tls_ca_file or properties.tls_ca_path):
            raise ConfigurationError("tls.ca_file: is missing; clients are verified by it")
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            _load_authorities(context, properties)
        except (OSError, ssl.SSLError) as error:
            named = properties.tls_ca_file or properties.tls_ca_path
            raise ConfigurationError(
                f"tls.ca_file: {named} cannot be used: {_why(error)}"
            ) from None
    return context


def _load_authorities(context: ssl.SSLContext, properties: TlsProperties) -> None:
    if properties.tls_ca_file:
        with in_memory(read_pem(properties.tls_ca_file)) as path:
            context.load_verify_locations(cafile=path)
    if properties.tls_ca_path:
        context.load_verify_locations(capath=properties.tls_ca_path)


def _load_own(context: ssl.SSLContext, properties: TlsProperties) -> None:
    """Load our certificate, where there is one."""
    if properties.tls_crt_file is None:
        return
    try:
        certificate = read_pem(properties.tls_crt_file)
        key = read_pem(properties.tls_key_file) if properties.tls_key_file else certificate
        with in_memory(certificate) as one, in_memory(key) as other:
            context.load_cert_chain(one, other, lambda: properties.tls_key_passwd or "")
    except OSError as error:
        raise ConfigurationError(
            f"tls.crt_file: {properties.tls_crt_file} cannot be used: {_why(error)}"
        ) from None


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def _restrict(context: ssl.SSLContext, properties: TlsProperties) -> None:
    """Hold a context to the versions and ciphers that are asked for."""
    import ssl  # as above  # noqa: PLC0415

    versions = {
        "tlsv1.1": ssl.TLSVersion.TLSv1_1,
        "tlsv1.2": ssl.TLSVersion.TLSv1_2,
        "tlsv1.3": ssl.TLSVersion.TLSv1_3,
    }
    if properties.tls_min_version is not None:
        context.minimum_version = versions[properties.tls_min_version]
    if properties.tls_max_version is not None:
        context.maximum_version = versions[properties.tls_max_version]
    if properties.tls_ciphers is not None:
        try:
            context.set_ciphers(properties.tls_ciphers)
        except ssl.SSLError:
            raise ConfigurationError(
                f"tls.ciphers: OpenSSL has none of {properties.tls_ciphers!r}"
            ) from None
