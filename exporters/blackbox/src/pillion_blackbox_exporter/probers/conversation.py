"""What is said over a stream: lines that must come, bytes that must come, what is sent, TLS."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pillion_blackbox_exporter.configuration.kinds import expand, valid_utf8
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.probing.report import Gauge
from pillion_blackbox_exporter.probing.steps import secure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion.net import Stream
    from pillion_blackbox_exporter.configuration.client import TlsConfig
    from pillion_blackbox_exporter.configuration.kinds import Match, Pattern
    from pillion_blackbox_exporter.configuration.stream import QueryResponse
    from pillion_blackbox_exporter.probing.probe import Probe

FAILED_DUE_TO_REGEX = Gauge("probe_failed_due_to_regex", "Whether an expected match did not come")
FAILED_DUE_TO_BYTES = Gauge("probe_failed_due_to_bytes", "Whether expected bytes did not come")
EXPECT_INFO = Gauge("probe_expect_info", "What was matched, by the labels of the configuration")

LINE_LIMIT = 65_536
_LINES_AT_ONCE = 100  # before others get their turn


def expect_nothing_yet(probe: Probe) -> None:
    """Report that nothing has failed to match, before anything is tried."""
    probe.report.set(FAILED_DUE_TO_REGEX, 0)
    probe.report.set(FAILED_DUE_TO_BYTES, 0)


async def converse(
    probe: Probe,
    stream: Stream,
    steps: Sequence[QueryResponse],
    tls_config: TlsConfig,
    server_name: str,
) -> None:
    """Go through the steps one by one, as phase `exchange`.

    Raises:
        ProbeError: what was expected did not come.
    """
    if not steps:
        return
    probe.trace.begin("exchange")
    lines = Lines(stream)
    for step in steps:
        send: bytes = step.send
        if step.expect is not None:
            match = await _expect(probe, lines, step.expect)
            send = expand(send, match)
            report_labels(probe, step, match)
        if step.expect_bytes:
            await _expect_bytes(probe, lines, step.expect_bytes)
        if send:
            stream.write(send + b"\n")
            await stream.drain()
            probe.log.debug("sent a line", length=len(send) + 1)
        if step.starttls:
            lines.discard()
            await secure(probe, stream, tls_config, server_name)
            probe.trace.begin("exchange")
    probe.trace.end()


def report_labels(probe: Probe, step: QueryResponse, match: Match) -> None:
    """Report the labels of a step with what was matched, where it has any."""
    if step.labels:
        values = [(label.name, _text(expand(label.value.encode(), match))) for label in step.labels]
        probe.report.replace(EXPECT_INFO, values, 1)


class Lines:
    """Lines of a stream, without their ends; a line that is too long ends the probe."""

    __slots__ = ("_at", "_buffer", "_count", "_stream", "is_over")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer = b""
        self._at = 0  # where what was not returned yet begins
        self._count = 0
        self.is_over = False

    async def next(self) -> bytes | None:
        """Return the next line, the rest before the end as the last, then None.

        Raises:
            ProbeError: it is longer than 64 KiB, or the connection broke.
        """
        while True:
            end = self._buffer.find(b"\n", self._at)
            if end >= 0:
                line, self._at = self._buffer[self._at : end], end + 1
                self._count += 1
                if self._count % _LINES_AT_ONCE == 0:
                    await asyncio.sleep(0)
                return line.removesuffix(b"\r")
            if len(self._buffer) - self._at >= LINE_LIMIT:
                raise ProbeError("protocol", f"a line is longer than {LINE_LIMIT} bytes")
            if self.is_over:
                line = self._taken(len(self._buffer))
                return line.removesuffix(b"\r") if line else None
            await self._read()

    async def take(self, count: int) -> bytes:
        """Return so many bytes, or fewer where the other side ends before."""
        while len(self._buffer) - self._at < count and not self.is_over:
            await self._read()
        return self._taken(count)

    def discard(self) -> None:
        """Forget what came before TLS, so that nothing said in clear counts as said within."""
        self._buffer, self._at = b"", 0

    def _taken(self, count: int) -> bytes:
        taken = self._buffer[self._at : self._at + count]
        self._at += len(taken)
        return taken

    async def _read(self) -> None:
        data = await self._stream.receive()
        if not data:
            self.is_over = True
        self._buffer, self._at = self._buffer[self._at :] + data, 0


async def _expect(probe: Probe, lines: Lines, pattern: Pattern) -> Match:
    last = b""
    while (line := await lines.next()) is not None:
        probe.log.debug("read a line", line=_text(line))
        if match := pattern.search(valid_utf8(line)):
            probe.log.debug("it matches", regexp=pattern.source)
            probe.report.set(FAILED_DUE_TO_REGEX, 0)
            return match
        last = line
    probe.report.set(FAILED_DUE_TO_REGEX, 1)
    after = f"; the last line was {_text(last[:200])!r}" if last else ""
    raise ProbeError("regex", f"no line matches {pattern.source!r} before the end{after}")


async def _expect_bytes(probe: Probe, lines: Lines, expected: bytes) -> None:
    taken = await lines.take(len(expected))
    if taken == expected:
        probe.report.set(FAILED_DUE_TO_BYTES, 0)
        return
    if len(taken) < len(expected):
        raise ProbeError("closed", f"{len(taken)} bytes came where {len(expected)} were expected")
    probe.report.set(FAILED_DUE_TO_BYTES, 1)
    raise ProbeError("bytes", f"{taken[:64].hex()} came where {expected[:64].hex()} was expected")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
