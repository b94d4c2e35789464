from __future__ import annotations

import socket

from pillion.net import proxy_header

SIGNATURE = bytes.fromhex("0d0a0d0a000d0a515549540a")


def test_ipv4_is_twelve_bytes_of_addresses_and_ports() -> None:
    header = proxy_header(socket.AF_INET, ("127.0.0.1", 4660), ("10.1.2.3", 80))
    assert header == SIGNATURE + bytes.fromhex("21 11 000c 7f000001 0a010203 1234 0050")


def test_ipv6_is_thirty_six_bytes() -> None:
    header = proxy_header(socket.AF_INET6, ("::1", 4660, 0, 0), ("fe80::2%lo", 80, 0, 1))
    addresses = "00000000000000000000000000000001 fe800000000000000000000000000002"
    assert header == SIGNATURE + bytes.fromhex(f"21 21 0024 {addresses} 1234 0050")


def test_ipv4_mapped_into_ipv6_is_sent_as_ipv4() -> None:
    header = proxy_header(
        socket.AF_INET6, ("::ffff:127.0.0.1", 4660, 0, 0), ("::ffff:10.1.2.3", 80, 0, 0)
    )
    assert header == SIGNATURE + bytes.fromhex("21 11 000c 7f000001 0a010203 1234 0050")


def test_a_unix_socket_is_two_names_of_108_bytes() -> None:
    header = proxy_header(socket.AF_UNIX, "", "/run/nginx.sock")
    names = b"\0" * 108 + b"/run/nginx.sock".ljust(108, b"\0")
    assert header == SIGNATURE + bytes.fromhex("21 31 00d8") + names
