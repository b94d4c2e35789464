"""The metrics that resolving and TLS have in common with all probers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_blackbox_exporter.probing.report import Gauge

if TYPE_CHECKING:
    from pillion_blackbox_exporter.probing.probe import Probe

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
