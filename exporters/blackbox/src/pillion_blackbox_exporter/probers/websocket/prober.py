"""WebSocket: upgrades a connection and goes through the messages that are configured.

A step's `expect` is matched with the next message, whole, and its `send` is a text message.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pillion.masking import masked_target
from pillion_blackbox_exporter.configuration.kinds import expand
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.probers.conversation import report_labels
from pillion_blackbox_exporter.probers.durations import report_durations
from pillion_blackbox_exporter.probers.http.credentials import authorize
from pillion_blackbox_exporter.probers.http.message import Request, check_header
from pillion_blackbox_exporter.probers.http.url import Url, parse_url
from pillion_blackbox_exporter.probers.websocket.connection import Connection
from pillion_blackbox_exporter.probers.websocket.handshake import (
    ask_for_upgrade,
    check_upgrade,
    key_of,
)
from pillion_blackbox_exporter.probing.files import read_text
from pillion_blackbox_exporter.probing.report import Gauge
from pillion_blackbox_exporter.probing.steps import connect, resolve, secure

if TYPE_CHECKING:
    from pillion_blackbox_exporter.configuration.client import HeaderValues
    from pillion_blackbox_exporter.configuration.stream import QueryResponse
    from pillion_blackbox_exporter.configuration.websocket import WebsocketSection
    from pillion_blackbox_exporter.probing.probe import Probe

STATUS = Gauge("probe_websocket_status_code", "The HTTP status that answered the upgrade")
UPGRADED = Gauge("probe_websocket_connection_upgraded", "Whether the connection was upgraded")
FAILED_DUE_TO_REGEX = Gauge(
    "probe_websocket_failed_due_to_regex", "Whether an expected message did not come"
)
DURATION = Gauge("probe_websocket_duration_seconds", "How long each phase took")

_PHASES = {
    "resolve": ("resolve",),
    "connect": ("connect",),
    "processing": ("tls", "upgrade"),
    "transfer": ("exchange",),
}


async def probe(probe: Probe) -> None:
    """Probe a `ws://` or `wss://` URL; see `websocket` in the configuration."""
    for gauge in (STATUS, UPGRADED, FAILED_DUE_TO_REGEX):
        probe.report.set(gauge, 0)
    try:
        await _probe(probe, probe.module.websocket)
    finally:
        report_durations(probe, DURATION, _PHASES)


async def _probe(probe: Probe, section: WebsocketSection) -> None:
    url = parse_target(probe.target)
    scheme = "wss" if url.scheme == "https" else "ws"
    request = opening_request(section, url, probe.hostname)
    await authorize(probe, section.client, request)
    key = key_of(os.urandom(16))
    ask_for_upgrade(request, key)
    address = await resolve(
        probe,
        scheme,
        url.host,
        url.port,
        section.preferred_ip_protocol,
        fallback=section.ip_protocol_fallback,
    )
    stream = await connect(probe, scheme, url.host, address, url.port)
    try:
        if scheme == "wss":
            tls_config = section.client.tls_config
            name = tls_config.server_name or probe.hostname or url.host
            await secure(probe, stream, tls_config, name, ("http/1.1",))
        probe.trace.begin("upgrade")
        connection = Connection(stream)
        head = await connection.request(request)
        probe.trace.end(head.received_at)
        probe.report.set(STATUS, head.status)
        check_upgrade(head, key)
        probe.report.set(UPGRADED, 1)
        await _converse(probe, connection, section.query_response)
        connection.close()
    finally:
        stream.close()


def parse_target(target: str) -> Url:
    """Return the parts of a URL of ws or wss, as those of http or https.

    Raises:
        ProbeError: it is none.
    """
    scheme, separator, rest = target.partition("://")
    if not separator or scheme not in ("ws", "wss"):
        raise ProbeError(
            "target", f"the target {masked_target(target)!r} begins neither with ws:// nor wss://"
        )
    url = parse_url(("https://" if scheme == "wss" else "http://") + rest)
    if url.has_user:
        raise ProbeError(
            "target", f"the target {masked_target(target)!r} has a user; use basic_auth"
        )
    return url


def opening_request(section: WebsocketSection, url: Url, hostname: str) -> Request:
    """Return the request with the headers that a module asks for.

    Raises:
        ProbeError: a file cannot be read, or a header cannot be sent.
    """
    request = Request("GET", url, hostname or url.authority)
    for headers in (section.headers, section.client.http_headers):
        for name, values in headers.items():
            listed = _revealed(values)
            for value in listed:
                check_header(name, value)
            if name.lower() != "host":
                request.headers[name] = request.headers.get(name, []) + listed
            elif listed and not hostname:
                request.host = listed[-1]
    return request


async def _converse(probe: Probe, connection: Connection, steps: tuple[QueryResponse, ...]) -> None:
    if not steps:
        return
    probe.trace.begin("exchange")
    for step in steps:
        send: bytes = step.send
        if step.expect is not None:
            probe.report.set(FAILED_DUE_TO_REGEX, 1)  # until it comes
            message = await connection.receive()
            match = step.expect.search(message)
            text = message[:200].decode("utf-8", "replace")
            probe.log.debug("read a message", content=text, length=len(message))
            if match is None:
                raise ProbeError(
                    "regex", f"the message does not match {step.expect.source!r}: {text!r}"
                )
            probe.report.set(FAILED_DUE_TO_REGEX, 0)
            send = expand(send, match)
            report_labels(probe, step, match)
        if send:
            await connection.send(send)
            probe.log.debug("sent a message", length=len(send))
    probe.trace.end()


def _revealed(values: HeaderValues) -> list[str]:
    listed = [*values.values, *(secret.reveal() for secret in values.secrets)]
    return listed + [read_text(path) for path in values.files]
