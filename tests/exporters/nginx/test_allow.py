from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion_nginx_exporter.allow import Rule, admits_name, admitted, may_resolve, parse_rule
from pillion_nginx_exporter.fetch.address import Address
from pillion_nginx_exporter.target import Endpoint, parse_target


def address(ip: str, port: int = 80) -> Address:
    if ":" in ip:
        return Address(socket.AF_INET6, (ip, port, 0, 0))
    return Address(socket.AF_INET, (ip, port))


def endpoint(uri: str) -> Endpoint:
    return parse_target(uri).endpoint


def admits(rule: str, uri: str, *ips: str) -> list[str]:
    """Return those of the addresses that `rule` lets a probe of `uri` connect to."""
    there = endpoint(uri)
    found = admitted((parse_rule(rule),), there, [address(ip, there.port) for ip in ips])
    return [item.ip for item in found]


def test_a_name_admits_whatever_it_resolves_to_on_every_port() -> None:
    assert admits("nginx.example", "http://nginx.example:81/", "10.0.0.1", "::1") == [
        "10.0.0.1",
        "::1",
    ]


def test_a_name_with_a_port_admits_that_port_only() -> None:
    assert admits("nginx:81", "http://nginx:81/", "10.0.0.1") == ["10.0.0.1"]
    assert admits("nginx:81", "http://nginx/", "10.0.0.1") == []


def test_names_are_compared_without_case_and_final_dot() -> None:
    assert admits("Nginx.Example.", "http://NGINX.example/", "10.0.0.1") == ["10.0.0.1"]
    assert admits("nginx.example", "http://nginx.example./", "10.0.0.1") == ["10.0.0.1"]


def test_another_name_is_not_admitted_though_it_ends_alike() -> None:
    assert admits("example", "http://nginx.example/", "10.0.0.1") == []
    assert admits("nginx.example", "http://nginx.example.evil/", "10.0.0.1") == []


def test_a_network_admits_those_addresses_that_are_in_it() -> None:
    ips = ("10.255.0.1", "11.0.0.1", "::1", "10.0.0.0")
    assert admits("10.0.0.0/8", "http://any/", *ips) == ["10.255.0.1", "10.0.0.0"]
    assert admits("fd00::/8", "http://any/", "fd12::1", "fe80::1", "10.0.0.1") == ["fd12::1"]
    assert admits("0.0.0.0/0", "http://any/", "1.2.3.4", "::1") == ["1.2.3.4"]


def test_an_address_admits_itself_by_whatever_name() -> None:
    assert admits("10.0.0.1", "http://any:99/", "10.0.0.1", "10.0.0.2") == ["10.0.0.1"]
    assert admits("[::1]:81", "http://any:81/", "::1") == ["::1"]
    assert admits("[::1]:81", "http://any:82/", "::1") == []
    assert admits("::1", "http://any:82/", "::1") == ["::1"]


@pytest.mark.parametrize("rule", ["10.0.0.0/8", "::ffff:10.0.0.0/104", "::ffff:10.0.0.1"])
def test_an_ipv4_address_mapped_into_ipv6_is_judged_as_what_it_is(rule: str) -> None:
    ips = ("::ffff:10.0.0.1", "10.0.0.1", "::ffff:11.0.0.1")
    assert admits(rule, "http://any/", *ips) == ["::ffff:10.0.0.1", "10.0.0.1"]


def test_a_socket_is_admitted_by_its_exact_path() -> None:
    rules = (parse_rule("/run/nginx.sock"), parse_rule("unix:/run/other.sock"))
    assert admits_name(rules, endpoint("unix:/run/nginx.sock:/s"))
    assert admits_name(rules, endpoint("unix:/run/other.sock"))
    assert not admits_name(rules, endpoint("unix:/run/../run/nginx.sock:/s"))
    assert not admits_name((parse_rule("0.0.0.0/0"),), endpoint("unix:/run/nginx.sock"))


def test_a_name_that_nothing_can_admit_is_not_resolved() -> None:
    assert not may_resolve((parse_rule("nginx"),), endpoint("http://else/"))
    assert not may_resolve((parse_rule("10.0.0.1:81"),), endpoint("http://else:82/"))
    assert may_resolve((parse_rule("10.0.0.1:81"),), endpoint("http://else:81/"))
    assert may_resolve((parse_rule("nginx"),), endpoint("http://nginx/"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is neither a host nor a network; write a host, host:port"),
        ("*.example", "is neither a host nor a network"),
        ("10.0.0", "is neither a host nor a network"),
        ("2130706433", "is neither a host nor a network"),
        ("nginx:http", "has no port from 1 to 65535"),
        ("nginx:0", "has no port from 1 to 65535"),
        ("10.0.0.1/33", "has a prefix longer than 32 bits"),
        ("10.0.0.1/8", "has bits of a host below its prefix"),
        ("nginx/8", "is not a network"),
        ("http://nginx/", "is not a network"),
        ("unix:", "is not a path of a Unix socket"),
        ("unix:/run/nginx.sock:/status", "is not a path of a Unix socket"),
    ],
)
def test_what_is_no_rule_is_told_with_what_would_be_right(text: str, why: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(why)):
        parse_rule(text)


@given(st.text() | st.text(alphabet="0123456789.:/[]abf"))
def test_any_text_gives_a_rule_or_a_value_error(text: str) -> None:
    try:
        rule: Rule = parse_rule(text)
    except ValueError:
        return
    assert parse_rule(str(rule)) == rule


@given(st.ip_addresses(), st.integers(0, 128))
def test_an_address_is_in_every_network_that_is_cut_from_it(
    ip: IPv4Address | IPv6Address, bits: int
) -> None:
    # A network of IPv6 that is wider than all of IPv4 holds none of IPv4, mapped or not.
    is_mapped = isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None
    bits = max(bits, 96) if is_mapped else min(bits, ip.max_prefixlen)
    network = ip_network(f"{ip}/{bits}", strict=False)
    assert admits(str(network), "http://any/", str(ip)) == [str(ip)]
