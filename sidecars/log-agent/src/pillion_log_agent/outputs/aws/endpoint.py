"""Where an API of AWS is. Pure, but for the files of TLS.

Source: AWS's documentation, "AWS service endpoints", and the suffixes of its partitions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion_log_agent.network.endpoint import Endpoint
from pillion_log_agent.network.tls import make_context

if TYPE_CHECKING:
    from pillion_log_agent.outputs.aws.properties import AwsProperties

_SUFFIXES = (
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("us-iso-", "c2s.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("eusc-", "amazonaws.eu"),
    ("cn-", "amazonaws.com.cn"),
)
_REGION = re.compile(r"[a-z0-9-]{1,64}")
_ADDRESS = re.compile(
    r"(?:(https?)://)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?/*", re.IGNORECASE
)
_PORTS = {True: 443, False: 80}


def domain(service: str, region: str) -> str:
    """Return the name of a service's host in a region; raises ConfigurationError."""
    if not _REGION.fullmatch(region):
        raise ConfigurationError(f"region: {region!r} is not a region; write one like eu-west-1")
    suffix = next((end for start, end in _SUFFIXES if region.startswith(start)), "amazonaws.com")
    return f"{service}.{region}.{suffix}"


def make_endpoint(properties: AwsProperties, host: str) -> Endpoint:
    """Return whom to send to: the host, or what endpoint says; raises ConfigurationError."""
    match = _ADDRESS.fullmatch(properties.endpoint or host)
    if match is None:
        raise ConfigurationError(
            f"endpoint: {properties.endpoint!r} is not an address; write a host, or "
            "https://host:port"
        )
    scheme, name, port = match.groups()
    tls = make_context(properties) if scheme is None or scheme.lower() == "https" else None
    if scheme is not None and scheme.lower() == "https" and tls is None:
        raise ConfigurationError("tls: is off, and endpoint begins with https://")
    return Endpoint(
        name.strip("[]"),
        int(port) if port else properties.port or _PORTS[tls is not None],
        tls,
        properties.tls_vhost,
        connect_timeout=properties.net_connect_timeout,
    )


def authority(endpoint: Endpoint) -> str:
    """Return the value of the header Host: without the port where it is the scheme's own."""
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    is_default = endpoint.port == _PORTS[endpoint.tls is not None]
    return host if is_default else f"{host}:{endpoint.port}"
