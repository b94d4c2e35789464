"""Records whose text was observed of blackbox_exporter, also where the DNS library refuses them."""

from __future__ import annotations

import struct

import pytest

from pillion_blackbox_exporter.probers.dns import message as wire
from pillion_blackbox_exporter.probers.dns.text import record_text

LOCATION = "!BBBBIII"
MIDDLE = 1 << 31


def line(kind: int, data: bytes) -> str:
    question = b"\1a\0" + struct.pack("!HH", kind, 1)
    record = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 300, len(data)) + data
    message = struct.pack("!6H", 1, 0x8180, 1, 1, 0, 0) + question + record
    return record_text(message, wire.read(message).answers[0])


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        (44, "0102ab", "SSHFP\t1 2 AB"),
        (44, "0102", "SSHFP\t1 2 "),
        (43, "00010802ab", "DS\t1 8 2 AB"),
        (59, "00000000", "CDS\t0 0 0 "),
        (52, "030101ABCD", "TLSA\t3 1 1 abcd"),
        (53, "030101", "SMIMEA\t3 1 1 "),
        (51, "0100000c04aabbccdd", "NSEC3PARAM\t1 0 12 AABBCCDD"),
        (51, "0100000000", "NSEC3PARAM\t1 0 0 -"),
        (50, "0101000c02aabb02abcd0001 40", "NSEC3\t1 1 12 AABB LF6G A"),
        (106, "000a00144fffff20ee65", "L64\t10 0014:4FFF:FF20:EE65"),
        (16, "", "TXT\t"),
    ],
)
def test_a_record_reads_as_it_does_for_the_peer(kind: int, data: str, text: str) -> None:
    assert line(kind, bytes.fromhex(data)) == f"a.\t300\tIN\t{text}"


def test_the_data_of_an_smimea_record_stands_in_pieces() -> None:
    text = line(53, b"\3\1\1" + b"\xab" * 700)
    assert [len(piece) for piece in text.split("\t")[-1].split(" ")] == [1, 1, 1, 1024, 376]


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        (
            (0x12, 0x16, 0x13, MIDDLE, MIDDLE, 10_000_000),
            "00 00 0.000 S 00 00 0.000 W 0m 1m 10000m 10m",
        ),
        (
            (0x00, 0x23, 0x40, MIDDLE + 190_397_000, MIDDLE - 17_581_000, 10_012_345),
            "52 53 17.000 N 04 53 1.000 W 123.45m 0.00m 20m 0.04m",
        ),
        (
            (0x05, 0x99, 0x01, MIDDLE, MIDDLE, 0),
            "00 00 0.000 S 00 00 0.000 W -100000m 0000m 90000000m 0.00m",
        ),
    ],
)
def test_a_location_has_the_columns_of_the_peer(numbers: tuple[int, ...], text: str) -> None:
    size, across, up, latitude, longitude, altitude = numbers
    data = struct.pack(LOCATION, 0, size, across, up, latitude, longitude, altitude)
    assert line(29, data) == f"a.\t300\tIN\tLOC\t{text}"


@pytest.mark.parametrize(
    ("kind", "data"),
    [(29, b"\0" * 15), (29, b"\1" + b"\0" * 15), (43, b"abc"), (44, b"a"), (52, b"ab")],
)
def test_data_that_is_cut_short_is_wrong(kind: int, data: bytes) -> None:
    with pytest.raises(ValueError, match="has wrong data"):
        line(kind, data)
