"""The metrics of resolving and TLS, which all probers have in common."""

from __future__ import annotations

import socket
from functools import lru_cache
from typing import TYPE_CHECKING

from pillion.net import ip_version
from pillion_blackbox_exporter.probing.report import Gauge

if TYPE_CHECKING:
    from pillion_blackbox_exporter.network.tls import Handshake
    from pillion_blackbox_exporter.probing.probe import Probe

_FNV_OFFSET, _FNV_PRIME = 2166136261, 16777619
_NAMES_LENGTH_LIMIT = 16_384

LOOKUP_TIME = Gauge("probe_dns_lookup_time_seconds", "How long resolving the target took")
IP_PROTOCOL = Gauge("probe_ip_protocol", "The version of IP that is probed: 4 or 6")
IP_HASH = Gauge("probe_ip_addr_hash", "A hash of the address that is probed; it changes with it")

EARLIEST_EXPIRY = Gauge(
    "probe_ssl_earliest_cert_expiry",
    "When the first of the certificates that were shown expires, in unix time",
)
LAST_CHAIN_EXPIRY = Gauge(
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "When the chain of certificates expires that was verified, or shown, in unix time",
)
LAST_CHAIN_INFO = Gauge("probe_ssl_last_chain_info", "The leaf certificate that was shown")
TLS_VERSION = Gauge("probe_tls_version_info", "The version of TLS that was agreed on")
TLS_CIPHER = Gauge("probe_tls_cipher_info", "The cipher suite that was agreed on")


def begin_address(probe: Probe) -> None:
    """Report that no address is known yet; a probe that ends before leaves it at that."""
    for gauge in (LOOKUP_TIME, IP_PROTOCOL, IP_HASH):
        probe.report.set(gauge, 0)


def forget_tls(probe: Probe) -> None:
    """Take out what was reported of TLS, as what follows a redirect may not use it."""
    for gauge in (EARLIEST_EXPIRY, LAST_CHAIN_EXPIRY, LAST_CHAIN_INFO, TLS_VERSION, TLS_CIPHER):
        probe.report.drop(gauge)


def report_address(probe: Probe, address: str) -> None:
    """Report which address is probed."""
    version, digest = _figures(address)
    probe.report.set(IP_PROTOCOL, version)
    probe.report.set(IP_HASH, digest)


def report_handshake(probe: Probe, handshake: Handshake, *, cipher: bool = False) -> None:
    """Report the certificates, whether they are good or not, and what was agreed on.

    `cipher` says whether `probe_tls_cipher_info` is reported as well.
    """
    if handshake.shown:
        _report_certificates(probe, handshake)
    if handshake.version:
        probe.report.replace(TLS_VERSION, (("version", handshake.version),), 1)
    if cipher and handshake.cipher:
        probe.report.replace(TLS_CIPHER, (("cipher", handshake.cipher),), 1)


@lru_cache(maxsize=1024)  # the same targets are probed again and again
def _figures(address: str) -> tuple[int, int]:
    return ip_version(address), address_hash(address)


def address_hash(address: str) -> int:
    """Return the 32-bit FNV-1a hash of an IP address' bytes."""
    is_six = ":" in address
    family = socket.AF_INET6 if is_six else socket.AF_INET
    digest = _FNV_OFFSET
    for byte in socket.inet_pton(family, address.partition("%")[0]):
        digest = (digest ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return digest


def _report_certificates(probe: Probe, handshake: Handshake) -> None:
    leaf = handshake.shown[0]
    chain = handshake.verified or handshake.shown
    probe.report.set(EARLIEST_EXPIRY, min(each.not_after for each in handshake.shown))
    probe.report.set(LAST_CHAIN_EXPIRY, min(each.not_after for each in chain))
    labels = (
        ("fingerprint_sha256", leaf.fingerprint),
        ("subject", leaf.subject),
        ("issuer", leaf.issuer),
        ("subjectalternative", _joined(leaf.dns_names)),
        ("serialnumber", leaf.serial),
    )
    probe.report.replace(LAST_CHAIN_INFO, labels, 1)


def _joined(names: tuple[str, ...]) -> str:
    joined = ",".join(names)
    if len(joined) <= _NAMES_LENGTH_LIMIT:
        return joined
    kept = joined[:_NAMES_LENGTH_LIMIT].rpartition(",")[0]
    return f"{kept},and {len(names) - kept.count(',') - 1} more"
