"""Whether a certificate that came over QUIC is trusted: by OpenSSL, as over TCP."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

import service_identity.cryptography as identity
from cryptography import x509
from OpenSSL import crypto
from service_identity import CertificateError, VerificationError

from pillion.trust import system_trust
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.network.contexts import versions_of_files
from pillion_blackbox_exporter.network.tls import VERIFY_REASONS

if TYPE_CHECKING:
    from pillion_blackbox_exporter.configuration.client import TlsConfig

_SERVER_USES = frozenset(
    {x509.oid.ExtendedKeyUsageOID.SERVER_AUTH, x509.oid.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
)


def verify(
    config: TlsConfig, server_name: str, leaf: x509.Certificate, chain: list[x509.Certificate]
) -> tuple[x509.Certificate, ...]:
    """Return the chain from a certificate to a trusted one.

    Raises:
        ProbeError: it is not trusted, or a file of the configuration cannot be used.
    """
    store = _store(config, versions_of_files(config))
    context = crypto.X509StoreContext(
        store,
        crypto.X509.from_cryptography(leaf),
        [crypto.X509.from_cryptography(each) for each in chain],
    )
    try:
        found = context.get_verified_chain()
    except crypto.X509StoreContextError as error:
        reason = VERIFY_REASONS.get(error.errors[0], "tls_untrusted")
        raise ProbeError(reason, f"the certificate is refused: {error.errors[2]}") from None
    _check_use(leaf)
    _check_name(leaf, server_name)
    return tuple(each.to_cryptography() for each in found)


@lru_cache(maxsize=64)
def _store(config: TlsConfig, _: object) -> crypto.X509Store:
    """Return what a configuration trusts; made anew when one of its files changes."""
    store = crypto.X509Store()
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    try:
        if config.ca:
            for each in x509.load_pem_x509_certificates(config.ca.encode()):
                store.add_cert(crypto.X509.from_cryptography(each))
        else:
            file, folder = (config.ca_file, None) if config.ca_file else system_trust()
            store.load_locations(file, folder)
    except (crypto.Error, ValueError, TypeError):
        what = f"ca_file {config.ca_file}" if config.ca_file else "ca"
        raise ProbeError("configuration", f"{what} cannot be used") from None
    return store


def _check_use(leaf: x509.Certificate) -> None:
    try:
        uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if _SERVER_USES.isdisjoint(uses):
        raise ProbeError(
            "tls_untrusted", "the certificate is refused: unsuitable certificate purpose"
        )


def _check_name(leaf: x509.Certificate, server_name: str) -> None:
    try:
        ipaddress.ip_address(server_name)
        is_address = True
    except ValueError:
        is_address = False
    try:
        if is_address:
            identity.verify_certificate_ip_address(leaf, server_name)
        else:
            identity.verify_certificate_hostname(leaf, server_name)
    except (CertificateError, VerificationError, ValueError):
        raise ProbeError(
            "tls_hostname",
            f"the certificate is refused: it is not valid for {server_name!r}",
        ) from None
