"""`host:port` as people write targets. Pure."""

from __future__ import annotations

from pillion_blackbox_exporter.failure import ProbeError

_PORT_LIMIT = 65_535


def split_host_port(target: str, default_port: int | None = None) -> tuple[str, int]:
    """Return host and port of `host:port`, `[IPv6]:port`, or, with a default port, of a host.

    Raises:
        ProbeError: it is none of these.
    """
    if target.startswith("["):
        host, bracket, rest = target[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ProbeError("target", f"the target {target!r} is no host:port")
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
