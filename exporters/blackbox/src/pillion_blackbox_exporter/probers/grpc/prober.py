"""gRPC: asks the standard health service for the status of a service.

Sources: grpc/doc/health-checking.md; blackbox_exporter's documentation of the prober.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pillion
from pillion.net import ip_version
from pillion_blackbox_exporter.configuration.metadata import metadata_field
from pillion_blackbox_exporter.failure import PROBE_ERRORS, ProbeError
from pillion_blackbox_exporter.probers.durations import report_durations
from pillion_blackbox_exporter.probers.grpc.message import (
    DEADLINE_EXCEEDED,
    INTERNAL,
    OK,
    PATH,
    SERVING,
    SERVING_STATUSES,
    UNAVAILABLE,
    decode_response,
    decode_text,
    encode_request,
    status_name,
    timeout_field,
)
from pillion_blackbox_exporter.probers.http.url import parse_url
from pillion_blackbox_exporter.probing.report import Gauge
from pillion_blackbox_exporter.probing.steps import connect, connect_by_name, resolve, secure

if TYPE_CHECKING:
    from pillion.net import Stream
    from pillion_blackbox_exporter.configuration.grpc import GrpcSection
    from pillion_blackbox_exporter.probers.grpc.call import Reply
    from pillion_blackbox_exporter.probers.http.url import Url
    from pillion_blackbox_exporter.probing.probe import Probe

DURATION = Gauge("probe_grpc_duration_seconds", "How long each phase of the call took")
SSL = Gauge("probe_grpc_ssl", "Whether the call went over TLS")
STATUS = Gauge("probe_grpc_status_code", "The gRPC status of the call")
RESPONSE = Gauge("probe_grpc_healthcheck_response", "The serving status of the service: 1 for it")

USER_AGENT = f"pillion-blackbox-exporter/{pillion.__version__}"
_PHASES = {"resolve": ("resolve",), "check": ("connect", "tls", "check")}


async def probe(probe: Probe) -> None:
    """Probe `host`, `host:port` or the URL of a server; see `grpc` in the configuration."""
    section = probe.module.grpc
    probe.report.set(SSL, 0)
    probe.report.set(STATUS, UNAVAILABLE)  # what a client has until there is an answer
    _report_serving(probe, None)
    try:
        await _probe(probe, section)
    except asyncio.CancelledError:
        probe.report.set(STATUS, DEADLINE_EXCEEDED)
        raise
    finally:
        report_durations(probe, DURATION, _PHASES)


async def _probe(probe: Probe, section: GrpcSection) -> None:
    url, port = locate(probe.target, is_tls=section.tls)
    address = await resolve(
        probe,
        "grpc",
        url.host,
        port,
        section.preferred_ip_protocol,
        fallback=section.ip_protocol_fallback,
    )
    stream = await _connect(probe, url.host, address, port)
    try:
        if section.tls:
            await _secure(probe, section, stream, url.host)
        reply = await _check(probe, section, stream, url, port)
    finally:
        stream.close()
    _judge(probe, section, reply)


async def _connect(probe: Probe, host: str, address: str, port: int) -> Stream:
    """Connect to the chosen address of a host, else to any other, as a gRPC client dials a name."""
    if probe.address or ip_version(host):
        return await connect(probe, "grpc", host, address, port)
    try:
        async with asyncio.timeout(probe.remaining / 2):
            return await connect(probe, "grpc", host, address, port)
    except PROBE_ERRORS as error:
        if error.reason == "denied":
            raise
        probe.log.debug("trying the other addresses", problem=str(error))
    except TimeoutError:
        probe.log.debug("trying the other addresses", problem="the address does not answer")
    return await connect_by_name(probe, "grpc", host, port)


async def _secure(probe: Probe, section: GrpcSection, stream: Stream, host: str) -> None:
    name = section.tls_config.server_name or probe.hostname or host
    await secure(probe, stream, section.tls_config, name, ("h2",))
    probe.report.set(SSL, 1)
    assert stream.tls is not None
    if stream.tls.selected_alpn_protocol() is None:
        probe.log.warning("the server did not choose h2 by ALPN; newer clients refuse it")


async def _check(probe: Probe, section: GrpcSection, stream: Stream, url: Url, port: int) -> Reply:
    # h2: 1 MB, 12 ms
    from pillion_blackbox_exporter.probers.grpc.call import Call, CallError  # noqa: PLC0415

    probe.trace.begin("check")
    call = Call(stream)
    authority = probe.hostname or authority_of(section, url, port)
    headers = request_headers(section, authority, probe.remaining)
    try:
        reply = await call.run(headers, encode_request(section.service))
    except CallError as error:
        probe.report.set(STATUS, error.status)
        raise
    finally:
        call.end()
    probe.trace.end(stream.received_at)
    return reply


def locate(target: str, *, is_tls: bool) -> tuple[Url, int]:
    """Return the parts of a target and its port: 443 with TLS, else 80, unless it has one.

    Raises:
        ProbeError: it is neither `host:port` nor a URL.
    """
    url = parse_url(target)
    has_port = url.authority.rpartition("]")[2].count(":") == 1
    return url, url.port if has_port else (443 if is_tls else 80)


def authority_of(section: GrpcSection, url: Url, port: int) -> str:
    """Return `:authority`: with TLS the name that is verified, else host and port."""
    if section.tls:
        return section.tls_config.server_name or url.host
    return f"[{url.host}]:{port}" if ":" in url.host else f"{url.host}:{port}"


def request_headers(section: GrpcSection, authority: str, seconds: float) -> list[tuple[str, str]]:
    """Return the header fields of the call, the metadata among them."""
    headers = [
        (":method", "POST"),
        (":scheme", "https" if section.tls else "http"),
        (":path", PATH),
        (":authority", authority),
        ("te", "trailers"),
        ("grpc-timeout", timeout_field(seconds)),
        ("content-type", "application/grpc"),
        ("user-agent", USER_AGENT),
    ]
    for key, values in section.metadata.items():
        headers += [metadata_field(key, value.reveal()) for value in values]
    return headers


def _judge(probe: Probe, section: GrpcSection, reply: Reply) -> None:
    """Report the answer, and raise ProbeError unless the service serves."""
    status = INTERNAL if reply.status is None else reply.status
    probe.report.set(STATUS, status)
    if status != OK:
        said = f": {decode_text(reply.message)[:500]}" if reply.message else ""
        raise ProbeError("status", f"the gRPC status is {status} ({status_name(status)}){said}")
    try:
        serving = decode_response(bytes(reply.body))
    except ValueError as error:
        probe.report.set(STATUS, INTERNAL)
        raise ProbeError("protocol", f"the answer {error}") from None
    _report_serving(probe, serving)
    if serving != SERVING:
        is_known = serving < len(SERVING_STATUSES)
        name = SERVING_STATUSES[serving] if is_known else str(serving)
        what = f"the service {section.service!r}" if section.service else "the server"
        raise ProbeError("health", f"{what} is {name}")


def _report_serving(probe: Probe, serving: int | None) -> None:
    for number, name in enumerate(SERVING_STATUSES):
        probe.report.label(RESPONSE, (("serving_status", name),), int(number == serving))
