"""A client of the forward protocol that does what a test tells it, right or wrong."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sidecars.log_agent.running import Agent


def port_of(agent: Agent, name: str) -> int:
    """Return the port that an input of the agent listens at."""
    found = agent.started.wait_for_log(rf'msg="taking records" input={name} .*port=(\d+)')
    return int(found[1])


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), 10) as made:
        made.settimeout(20)
        yield made


def message(tag: str, records: list[dict[str, Any]], chunk: str = "") -> bytes:
    events = b"".join(msgpack.packb([1_700_000_000 + n, each]) for n, each in enumerate(records))
    data: bytes = msgpack.packb([tag, events, {"chunk": chunk} if chunk else {}])
    return data


def acknowledged(client: socket.socket) -> str:
    found: str = msgpack.unpackb(client.recv(4096))["ack"]
    return found
