"""What the inputs share that take messages over connections or datagrams: tcp, udp, syslog."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily

from pillion_log_agent.inputs.stream_server import StreamServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from prometheus_client import Metric

    from pillion_log_agent.inputs.datagram_server import DatagramServer
    from pillion_log_agent.inputs.input import InputContext, Intake
    from pillion_log_agent.inputs.outstanding import Outstanding
    from pillion_log_agent.records.columns import Record

    Read = Callable[[list[bytes]], tuple[list[Record], list[int]]]


class ListeningInput:
    """Takes messages at one address and hands over the records that they are."""

    def __init__(
        self,
        server: StreamServer | DatagramServer,
        outstanding: Outstanding,
        read: Read,
        tag: str,
        context: InputContext,
        *,
        address_key: str | None = None,
    ) -> None:
        """Take what serves, and what makes records and their times of messages."""
        self._server = server
        self._outstanding = outstanding
        self._read = read
        self._tag = tag
        self._name = context.name
        self._address_key = address_key
        self._stopping = asyncio.Event()
        self._is_last = False
        self._intake: Intake | None = None

    def prepare(self) -> None:
        """Bind the address, unless an input at work has it."""
        if isinstance(self._server, StreamServer):
            self._server.listener.prepare()

    async def run(self, intake: Intake) -> None:
        """Take messages until `stop`."""
        self._intake = intake
        await self._server.serve(self._take, self._stopping)

    def stop(self, *, is_last: bool) -> None:
        """Take no more."""
        self._is_last = is_last
        self._stopping.set()
        self._outstanding.stop()

    def collect(self) -> Iterable[Metric]:
        """Return what is counted of connections."""
        if not isinstance(self._server, StreamServer):
            return
        metric = CounterMetricFamily(
            "pillion_log_agent_input_connections_ended",
            "Connections that were ended, by why: crowded, too_long or broken.",
            labels=("input", "reason"),
        )
        for reason, count in self._server.ended.items():
            metric.add_metric((self._name, reason), count)
        yield metric

    def close(self) -> None:
        """Leave the address."""
        if isinstance(self._server, StreamServer):
            self._server.listener.leave(is_last=self._is_last)
        else:
            self._server.close()

    def _take(self, messages: list[bytes], peer: str) -> None:
        assert self._intake is not None
        records, times = self._read(messages)
        if self._address_key is not None:
            records = [record | {self._address_key: peer} for record in records]
        if records:
            size = sum(map(len, messages))
            self._outstanding.hand_over(self._intake, self._tag, records, times=times, size=size)
