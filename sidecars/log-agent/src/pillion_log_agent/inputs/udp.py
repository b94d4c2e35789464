"""The input `udp`: JSON, or lines, in datagrams.

Source: fluent-bit's manual, "UDP" (input).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import optional, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import PORT, TEXT, choice
from pillion_log_agent.inputs.datagram_server import DatagramServer
from pillion_log_agent.inputs.listening import ListeningInput
from pillion_log_agent.inputs.outstanding import Outstanding
from pillion_log_agent.inputs.tcp import SEPARATOR, reader

if TYPE_CHECKING:
    from pillion_log_agent.configuration.shared import InputProperties
    from pillion_log_agent.inputs.input import InputContext
    from pillion_log_agent.records.columns import Record


@dataclass(frozen=True, slots=True)
class UdpInputProperties:
    """The properties of `udp`."""

    listen: str = setting("listen", TEXT, "The address to listen on.", default="0.0.0.0")  # noqa: S104  # as fluent-bit
    host: str | None = optional("host", TEXT, "The same as listen, and comes before it.")
    port: int = setting("port", PORT, "The port.", default=5170)
    format: str = setting(
        "format",
        choice("json", "none"),
        "json: objects, where another line is text; none: text.",
        default="json",
    )
    separator: bytes = setting(
        "separator", SEPARATOR, "What ends a message in a datagram of several.", default=b"\n"
    )
    source_address_key: str | None = optional(
        "source_address_key", TEXT, "The field of the sender's address."
    )


def _build(
    properties: UdpInputProperties, shared: InputProperties, context: InputContext
) -> ListeningInput:
    outstanding = Outstanding(context)
    read = reader(properties.format, context.wall_ns)

    def read_datagrams(datagrams: list[bytes]) -> tuple[list[Record], list[int]]:
        parts = [part for each in datagrams for part in each.split(properties.separator)]
        return read([part for part in parts if part])

    return ListeningInput(
        DatagramServer(
            ((properties.host or properties.listen), properties.port), context, outstanding
        ),
        outstanding,
        read_datagrams,
        shared.tag or context.name,
        context,
        address_key=properties.source_address_key,
    )


UDP_INPUT = Declaration(
    name="udp",
    summary="Takes JSON or lines in datagrams.",
    properties=UdpInputProperties,
    accepted=dict.fromkeys(("chunk_size", "buffer_size"), "a datagram has 64 KiB at most"),
    build=_build,
)
