"""DNS: asks a name server one question over UDP, TCP or TLS, and judges the records it answers.

An answer counts when it carries the query's id and comes from the address that was asked; over
UDP all else is let pass by, since it may be meant for an earlier query. One that repeats another
question is taken, as blackbox_exporter takes it, and the log says so.
"""

from __future__ import annotations

import asyncio
import os
from functools import lru_cache
from typing import TYPE_CHECKING

from pillion.net import connection_error
from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.network.datagrams import connect_datagrams
from pillion_blackbox_exporter.probers.dns import message as wire
from pillion_blackbox_exporter.probers.durations import report_durations
from pillion_blackbox_exporter.probing.address import split_host_port
from pillion_blackbox_exporter.probing.report import Gauge
from pillion_blackbox_exporter.probing.steps import connect, resolve, secure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion.net import Stream
    from pillion_blackbox_exporter.configuration.dns import DnsSection, RecordValidator
    from pillion_blackbox_exporter.probing.probe import Probe

DURATION = Gauge("probe_dns_duration_seconds", "How long each phase of the query took")
ANSWERS = Gauge("probe_dns_answer_rrs", "How many records the answer section has")
AUTHORITIES = Gauge("probe_dns_authority_rrs", "How many records the authority section has")
ADDITIONALS = Gauge("probe_dns_additional_rrs", "How many records the additional section has")
QUERY_SUCCEEDED = Gauge("probe_dns_query_succeeded", "Whether the query was answered at all")
SERIAL = Gauge("probe_dns_serial", "The serial number of the zone")

UDP_LIMIT = 512  # what a client without EDNS takes (RFC 1035, 4.2.1)
_UDP_READ = 4096
_NOERROR = 0
_RECORDS_AT_ONCE = 32  # between two turns of the event loop
_PHASES = {"resolve": ("resolve",), "connect": ("connect", "tls"), "request": ("request",)}


async def probe(probe: Probe) -> None:
    """Probe `host`, `host:port` or `[IPv6]:port`; see `dns` in the configuration."""
    section = probe.module.dns
    for gauge in (ANSWERS, AUTHORITIES, ADDITIONALS, QUERY_SUCCEEDED):
        probe.report.set(gauge, 0)
    try:
        host, port = split_host_port(probe.target, 853 if section.dns_over_tls else 53)
        query = encode(section, int.from_bytes(os.urandom(2), "big"))
        address = await resolve(
            probe,
            "dns",
            host,
            port,
            section.preferred_ip_protocol,
            fallback=section.ip_protocol_fallback,
        )
        if section.is_over_tcp:
            answer = await _ask_over_tcp(probe, host, address, port, query)
        else:
            answer = await _ask_over_udp(probe, host, address, port, query)
    finally:
        report_durations(probe, DURATION, _PHASES)
    sections = [
        await _lines(probe, name, answer.message, records)
        for name, records in (
            ("answer", answer.answers),
            ("authority", answer.authorities),
            ("additional", answer.additionals),
        )
    ]
    probe.report.set(QUERY_SUCCEEDED, 1)
    for gauge, lines in zip((ANSWERS, AUTHORITIES, ADDITIONALS), sections, strict=True):
        probe.report.set(gauge, len(lines))
    if section.query_type.upper() == "SOA":
        probe.report.set(SERIAL, _serial(answer))
    _judge(section, answer, sections)


def encode(section: DnsSection, number: int) -> bytes:
    """Return the query of a section."""
    name, kind, klass = section.query_name, section.query_type, section.query_class
    question = _query(name, kind, klass, recursion=section.recursion_desired)
    return number.to_bytes(2, "big") + question[2:]


@lru_cache(maxsize=256)
def _query(name: str, kind: str, klass: str, *, recursion: bool) -> bytes:
    """Return the query of a module, which differs from probe to probe by its number alone."""
    import dns.rdataclass  # 0.1 MB, and only where DNS is probed  # noqa: PLC0415
    import dns.rdatatype  # noqa: PLC0415

    type_number = dns.rdatatype.from_text(kind or "ANY")
    class_number = dns.rdataclass.from_text(klass or "IN")
    return wire.encode_query(0, name, type_number, class_number, recursion=recursion)


async def _ask_over_udp(
    probe: Probe, host: str, address: str, port: int, query: bytes
) -> wire.Answer:
    source = probe.module.dns.source_ip_address
    probe.trace.begin("connect")
    try:
        datagrams = connect_datagrams(probe.network, "dns", host, address, port, source=source)
    except OSError as error:
        raise connection_error(error, f"sending to {address}") from None
    try:
        probe.trace.begin("request")
        datagrams.send(query)
        while True:
            came = await datagrams.receive(_UDP_READ)
            if came.data[:2] != query[:2]:
                probe.log.warning("let pass a datagram that answers another query")
                continue
            if len(came.data) > UDP_LIMIT:
                raise ProbeError(
                    "protocol", f"the answer is longer than {UDP_LIMIT} bytes over UDP"
                )
            answer = _read(came.data)
            if answer.is_of(query):
                probe.trace.end(came.moment)
                _warn_of_question(probe, answer, query)
                if answer.is_cut:
                    probe.log.warning("the server left records out for want of room")
                return answer
            probe.log.warning("let pass a datagram that is not an answer")
    except OSError as error:
        raise connection_error(error, "waiting for the answer") from None
    finally:
        datagrams.close()


async def _ask_over_tcp(
    probe: Probe, host: str, address: str, port: int, query: bytes
) -> wire.Answer:
    section = probe.module.dns
    stream = await connect(probe, "dns", host, address, port, source=section.source_ip_address)
    try:
        if section.dns_over_tls:
            name = section.tls_config.server_name or probe.hostname or host
            await secure(probe, stream, section.tls_config, name)
        probe.trace.begin("request")
        stream.write(len(query).to_bytes(2, "big") + query)
        await stream.drain()
        answer = _read(await _receive_message(stream))
        probe.trace.end(stream.received_at)
    finally:
        stream.close()
    if not answer.is_of(query):
        raise ProbeError("protocol", "the answer has another id than the query")
    _warn_of_question(probe, answer, query)
    return answer


def _warn_of_question(probe: Probe, answer: wire.Answer, query: bytes) -> None:
    if not answer.echoes(query):
        probe.log.warning("the answer repeats another question than the one that was asked")


async def _receive_message(stream: Stream) -> bytes:
    received = bytearray()
    while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2], "big"):  # noqa: PLR2004  # the length's own
        data = await stream.receive()
        if not data:
            raise ProbeError("closed", f"the connection ended after {len(received)} bytes")
        received += data
    return bytes(received[2 : 2 + int.from_bytes(received[:2], "big")])


def _read(message: bytes) -> wire.Answer:
    try:
        return wire.read(message)
    except ValueError as error:
        raise ProbeError("protocol", f"the answer {error}") from None


def _judge(section: DnsSection, answer: wire.Answer, sections: Sequence[Sequence[str]]) -> None:
    """Raise ProbeError where an answer is not what it must be."""
    _judge_rcode(answer.rcode, section.valid_rcodes)
    validators = (
        section.validate_answer_rrs,
        section.validate_authority_rrs,
        section.validate_additional_rrs,
    )
    names_of_sections = ("answer", "authority", "additional")
    for name, lines, validator in zip(names_of_sections, sections, validators, strict=True):
        if sentence := complaint(lines, validator):
            raise ProbeError("records", f"in the {name} section {sentence}")


def _judge_rcode(rcode: int, names: tuple[str, ...]) -> None:
    if not names and rcode == _NOERROR:
        return
    import dns.rcode  # noqa: PLC0415  # see `_query`

    valid = [dns.rcode.from_text(name) for name in names] or [dns.rcode.NOERROR]
    if rcode not in valid:
        text = dns.rcode.to_text(dns.rcode.Rcode.make(rcode))
        listed = ", ".join(dns.rcode.to_text(each) for each in valid)
        raise ProbeError("rcode", f"the response code is {text}, which is not among {listed}")


def _serial(answer: wire.Answer) -> int:
    serial = 0
    for record in answer.answers:
        if record.type == wire.SOA:
            try:
                serial = wire.soa_serial(answer.message, record)
            except ValueError as error:
                raise ProbeError("protocol", f"the answer {error}") from None
    return serial


async def _lines(
    probe: Probe, section: str, message: bytes, records: Sequence[wire.Record]
) -> list[str]:
    """Return records as text; others have their turn between, as there may be thousands."""
    if not records:
        return []
    from pillion_blackbox_exporter.probers.dns.text import record_text  # noqa: PLC0415  # 3 MB, 40 ms

    lines: list[str] = []
    for index, record in enumerate(records):
        if index % _RECORDS_AT_ONCE == _RECORDS_AT_ONCE - 1:
            await asyncio.sleep(0)
        try:
            lines.append(record_text(message, record))
        except ValueError as error:
            raise ProbeError("protocol", f"the answer {error}") from None
        probe.log.debug("a record", section=section, record=lines[-1])
    return lines


def complaint(lines: Sequence[str], validator: RecordValidator) -> str:
    """Return what is wrong with the records of a section, or nothing. Pure.

    `fail_if_all_match_regexp` reads as blackbox_exporter reads it, which is the other way
    around: it fails when a record does *not* match.
    """
    required = validator.fail_if_not_matches_regexp or validator.fail_if_none_matches_regexp
    if required and not lines:
        return f"there is no record to match {required[0].source!r}"
    encoded = [line.encode() for line in lines]
    for line, data in zip(lines, encoded, strict=True):
        for pattern in validator.fail_if_matches_regexp:
            if pattern.found(data):
                return f"a record matches {pattern.source!r}: {_shown(line)}"
        for pattern in validator.fail_if_not_matches_regexp:
            if not pattern.found(data):
                return f"a record does not match {pattern.source!r}: {_shown(line)}"
    for pattern in validator.fail_if_all_match_regexp:
        if not all(pattern.found(data) for data in encoded):
            return f"not every record matches {pattern.source!r}"
    none = validator.fail_if_none_matches_regexp
    if none and not any(pattern.found(data) for pattern in none for data in encoded):
        return f"no record matches {none[0].source!r}" + (" or the others" if none[1:] else "")
    return ""


def _shown(line: str) -> str:
    return line[:200].replace("\t", " ")
