"""Echo requests and replies as bytes."""

from __future__ import annotations

import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion_blackbox_exporter.probers.icmp.echo import (
    PAYLOAD,
    Echo,
    checksum,
    hop_limit,
    payload_of,
    without_ip_header,
)


def reply_to(request: bytes, version: int, identifier: int | None = None) -> bytes:
    kind = b"\0" if version == 4 else b"\x81"
    own = request[4:6] if identifier is None else struct.pack("!H", identifier)
    return kind + request[1:4] + own + request[6:]


def test_the_checksum_is_the_one_of_the_rfc() -> None:
    """RFC 1071, 3: the sum of 0001 f203 f4f5 f6f7 is ddf2."""
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2


@given(st.binary(max_size=200), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_a_request_sums_up_to_nothing(payload: bytes, identifier: int, sequence: int) -> None:
    encoded = Echo(4, identifier, sequence, payload).encode()
    assert checksum(encoded) == 0
    assert encoded[:2] == b"\x08\0"
    assert encoded[8:] == payload


def test_the_kernel_sums_for_ipv6() -> None:
    assert Echo(6, 1, 2, b"x").encode() == b"\x80\0\0\0\0\1\0\2x"


@pytest.mark.parametrize("version", [4, 6])
def test_the_reply_repeats_the_request(version: int) -> None:
    echo = Echo(version, 7, 9, b"payload")
    reply = reply_to(echo.encode(), version)
    assert echo.is_answered_by(reply)
    assert not echo.is_answered_by(echo.encode())
    for at in (0, 1, 5, 7, 9):
        assert not echo.is_answered_by(reply[:at] + bytes((reply[at] ^ 1,)) + reply[at + 1 :])
    assert not echo.is_answered_by(reply + b"x")
    assert not echo.is_answered_by(reply[:-1])


def test_any_identifier_will_do_where_the_kernel_chose_it() -> None:
    echo = Echo(4, None, 9, b"payload")
    assert echo.is_answered_by(reply_to(echo.encode(), 4, identifier=12_345))


@given(st.binary(max_size=60), st.sampled_from([4, 6]))
def test_no_bytes_break_the_reading(data: bytes, version: int) -> None:
    assert not Echo(version, 1, 2, b"not what comes").is_answered_by(without_ip_header(data))


@pytest.mark.parametrize(
    ("size", "payload"),
    [(0, PAYLOAD), (3, PAYLOAD[:3]), (100, PAYLOAD + bytes(100 - len(PAYLOAD)))],
)
def test_the_payload_has_the_size_that_is_asked_for(size: int, payload: bytes) -> None:
    assert payload_of(size) == payload


def test_an_ip_header_with_options_is_taken_off() -> None:
    assert without_ip_header(b"\x46" + bytes(23) + b"icmp") == b"icmp"
    assert without_ip_header(b"\x41" + bytes(40)) == b""
    assert without_ip_header(b"") == b""


@pytest.mark.parametrize(("level", "kind"), [(0, 2), (41, 52)])
def test_the_hop_limit_comes_beside_the_packet(level: int, kind: int) -> None:
    said = ((1, 35, bytes(16)), (level, kind, (57).to_bytes(4, sys.byteorder)))
    assert hop_limit(said) == 57
    assert hop_limit(said[:1]) is None
