"""`host:port` as people write targets. Pure."""

from __future__ import annotations

import re
from urllib.parse import unquote

from pillion_blackbox_exporter.failure import ProbeError

_PORT_LIMIT = 65_535
_ENCODED = re.compile(r"%(?:3A|2F|5B|5D)", re.IGNORECASE)


def decoded(target: str) -> str:
    """Return a target that was percent-encoded twice as it was meant, any other as it is.

    Clients encode the parameter once more than they should: `http://host%3A8080/`. What is
    encoded behind the host stays, as it may be meant so.
    """
    scheme, separator, rest = target.partition("://")
    host = (rest if separator else scheme).partition("/")[0].rpartition("@")[2]
    return unquote(target) if _ENCODED.search(host) else target


def split_host_port(target: str, default_port: int | None = None) -> tuple[str, int]:
    """Return host and port of `host:port`, `[IPv6]:port`, or, with a default port, of a host.

    Raises:
        ProbeError: it is none of these.
    """
    if target.startswith("["):
        host, bracket, rest = target[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ProbeError("target", f"the target {target!r} is not host:port")
        port = rest[1:]
    elif target.count(":") == 1:
        host, _, port = target.partition(":")
    else:
        host, port = target, ""  # a name, or an IPv6 address without brackets
    if not port and default_port is not None:
        return host, default_port
    if not port:
        raise ProbeError("target", f"the target {target!r} has no port; write host:port")
    if not (port.isascii() and port.isdecimal() and int(port) <= _PORT_LIMIT):
        raise ProbeError("target", f"the target {target!r} has no port number after its colon")
    return host, int(port)
