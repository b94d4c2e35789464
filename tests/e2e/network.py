"""The network that played pods are in, seen from this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import docker


def gateway(client: docker.DockerClient) -> str:
    """Return this machine's address in it, where pods reach what a test listens with."""
    (pool,) = [
        pool
        for pool in client.networks.get("bridge").attrs["IPAM"]["Config"]
        if ":" not in pool.get("Gateway", ":")
    ]
    return str(pool["Gateway"])
