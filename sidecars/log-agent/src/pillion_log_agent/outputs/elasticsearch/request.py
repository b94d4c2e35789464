"""What is the same in each bulk request: whom it goes to, its target, its headers. Pure.

Source: fluent-bit's manual, "Elasticsearch" and "OpenSearch".
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING
from urllib.parse import quote

from pillion.errors import ConfigurationError
from pillion_log_agent.network.endpoint import Endpoint, basic_auth
from pillion_log_agent.network.tls import make_context

if TYPE_CHECKING:
    from pillion_log_agent.outputs.elasticsearch.properties import BulkProperties

_FILTER = "filter_path=took,errors,items.*.status,items.*.error"
"""All that is read of an answer; the rest is five times as much."""


def headers(properties: BulkProperties) -> dict[str, str]:
    """Return the headers, but for the length."""
    found = {
        "Host": _authority(*_host(properties)),
        "User-Agent": "pillion-log-agent",
        "Content-Type": "application/x-ndjson",
    }
    if properties.compress is not None:
        found["Content-Encoding"] = "gzip"
    if properties.aws_auth:
        return found
    # In the order of fluent-bit, where more than one is given.
    if properties.http_user is not None:
        found["Authorization"] = basic_auth(properties.http_user, properties.http_passwd)
    elif properties.cloud_auth is not None:
        user, _, password = properties.cloud_auth.partition(":")
        found["Authorization"] = basic_auth(user, password)
    elif properties.http_api_key is not None:
        found["Authorization"] = f"ApiKey {properties.http_api_key}"
    return found


def target(properties: BulkProperties) -> str:
    """Return the path with its query."""
    path = properties.path.strip("/")
    pipeline = f"&pipeline={quote(properties.pipeline, safe='')}" if properties.pipeline else ""
    # A signature is of the query as it is escaped, to the last character.
    asked = quote(_FILTER, safe="-_.~=&") if properties.aws_auth else _FILTER
    return f"/{quote(path) + '/' if path else ''}_bulk?{asked}{pipeline}"


def endpoint(properties: BulkProperties) -> Endpoint:
    """Return whom to send to; raises ConfigurationError."""
    host, port = _host(properties)
    if not host:
        raise ConfigurationError("host: is empty")
    tls = make_context(properties)
    if tls is None and properties.cloud_id is not None:
        raise ConfigurationError("tls: has to be on with cloud_id")
    return Endpoint(
        host, port, tls, properties.tls_vhost, connect_timeout=properties.net_connect_timeout
    )


def _host(properties: BulkProperties) -> tuple[str, int]:
    """Return host and port; those of a cloud id are in it, as `name:base64(domain$id$...)`."""
    if properties.cloud_id is None:
        return properties.host, properties.port
    _, _, coded = properties.cloud_id.rpartition(":")
    try:
        domain, cluster, *_ = base64.b64decode(coded, validate=True).decode().split("$")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ConfigurationError("cloud_id: is none; copy it from the deployment's page") from None
    domain, _, port = domain.partition(":")
    return f"{cluster}.{domain}", int(port) if port.isdigit() else 443


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
