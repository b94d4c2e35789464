"""A container's probes, asked once as a kubelet asks them."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.player.manifest import Container, Document


def address_of(container: Container, probe: Document) -> tuple[int, str]:
    """Return the port and the path of a probe; a port may be named."""
    asked = probe.get("httpGet") or probe["tcpSocket"]
    port = asked["port"]
    named = {item.get("name"): item["containerPort"] for item in container.get("ports", [])}
    return int(named.get(port, port)), asked.get("path", "")


def succeeds(container: Container, probe: Document, address: str) -> bool:
    """Return whether a probe over the network succeeds; `address` is the pod's."""
    port, path = address_of(container, probe)
    timeout = float(probe.get("timeoutSeconds", 1))
    try:
        if "tcpSocket" in probe:
            socket.create_connection((address, port), timeout).close()
            return True
        with urllib.request.urlopen(f"http://{address}:{port}{path}", timeout=timeout) as answer:
            return 200 <= int(answer.status) < 400
    except (OSError, urllib.error.HTTPError):
        return False
