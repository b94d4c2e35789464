"""The guard: what may be probed, by name and by address, in every spelling of an address."""

from __future__ import annotations

import ipaddress

import pytest

from pillion_blackbox_exporter.network.rules import (
    METADATA,
    Rules,
    meanings,
    parse_rule,
    spelled_address,
)
from tests.exporters.blackbox.probed import probed


def guard(*, allow: str = "", deny: str = "", deny_metadata: bool = False) -> Rules:
    return Rules(
        [parse_rule(text) for text in allow.split()],
        [parse_rule(text) for text in deny.split()],
        deny_metadata=deny_metadata,
    )


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "169.16689662",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "::169.254.169.254",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "100.100.100.200",
        "metadata.google.internal",
        "Metadata.Google.Internal.",
    ],
)
def test_the_metadata_profile_refuses_every_spelling(host: str) -> None:
    rules = guard(deny_metadata=True)
    assert rules.refuses_host("http", host, 80) is not None


@pytest.mark.parametrize("host", ["example.org", "10.0.0.1", "169.253.0.1", "::1", "fd00::1"])
def test_the_metadata_profile_lets_the_rest_pass(host: str) -> None:
    assert guard(deny_metadata=True).refuses_host("http", host, 80) is None


def test_a_name_that_resolves_to_a_denied_address_is_refused_at_the_address() -> None:
    rules = guard(deny="10.0.0.0/8")
    assert rules.refuses_host("http", "innocent.example", 80) is None
    sentence = rules.refuses_address("http", "innocent.example", "10.1.2.3", 80)
    assert sentence == "10.1.2.3 (innocent.example) is denied by the rule 10.0.0.0/8"


@pytest.mark.parametrize(
    ("rule", "scheme", "host", "port", "fits"),
    [
        ("example.org", "http", "example.org", 80, True),
        ("example.org", "http", "sub.example.org", 80, False),
        ("*.example.org", "http", "sub.example.org", 80, True),
        ("*.example.org", "http", "example.org", 80, False),
        ("*.example.org", "http", "badexample.org", 80, False),
        ("https://*", "https", "a", 443, True),
        ("https://*", "http", "a", 443, False),
        ("*:443", "https", "a", 443, True),
        ("*:443", "https", "a", 80, False),
        (":22", "tcp", "a", 22, True),
        ("tcp://db.internal:5432", "tcp", "db.internal", 5432, True),
        ("tcp://db.internal:5432", "http", "db.internal", 5432, False),
        ("10.0.0.0/8", "http", "10.9.8.7", 80, True),
        ("[fd00::]/8", "http", "fd00::7", 80, True),
        ("fd00::/8", "http", "fd00::7", 80, True),
        ("[::1]:9115", "http", "::1", 9115, True),
        ("[::1]:9115", "http", "::1", 80, False),
        ("unix://*", "unix", "/run/x.sock", 0, True),
    ],
)
def test_what_a_rule_is_about(*, rule: str, scheme: str, host: str, port: int, fits: bool) -> None:
    assert (guard(deny=rule).refuses_host(scheme, host, port) is not None) is fits


@pytest.mark.parametrize(
    "text", ["", "10.0.0.0/33", "a b", "http://", "*foo", "a:b", "10.0.0", "[::1", "a.*.b"]
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    if text == "http://":
        assert parse_rule(text).scheme == "http"
        return
    with pytest.raises(ValueError, match="is not a rule"):
        parse_rule(text)


def test_where_there_are_allow_rules_nothing_else_may_be_probed() -> None:
    rules = guard(allow="*.internal 10.0.0.0/8")
    assert rules.refuses_host("http", "api.internal", 80) is None
    assert rules.refuses_address("http", "api.internal", "192.0.2.1", 80) is None
    assert rules.refuses_host("http", "example.org", 80) is None  # its address will tell
    assert rules.refuses_address("http", "example.org", "10.0.0.1", 80) is None
    assert rules.refuses_address("http", "example.org", "192.0.2.1", 80) is not None
    assert guard(allow="*.internal").refuses_host("http", "example.org", 80) is not None


def test_a_deny_rule_comes_before_an_allow_rule() -> None:
    rules = guard(allow="10.0.0.0/8", deny="10.0.0.1")
    assert rules.refuses_address("http", "a", "10.0.0.2", 80) is None
    assert rules.refuses_address("http", "a", "10.0.0.1", 80) is not None


def test_where_no_address_will_be_judged_a_network_allows_nothing() -> None:
    rules = guard(allow="10.0.0.0/8")
    assert rules.refuses_host("unix", "/run/docker.sock", 0, is_final=True) is not None
    assert rules.refuses_host("http", "proxied.example", 80, is_final=True) is not None


@pytest.mark.parametrize("text", METADATA)
def test_every_rule_of_the_profile_is_a_rule(text: str) -> None:
    assert parse_rule(text).text == text


def test_spellings_and_meanings_of_addresses() -> None:
    assert spelled_address("2130706433") == ipaddress.ip_address("127.0.0.1")
    assert spelled_address("0x7f.1") == ipaddress.ip_address("127.0.0.1")
    assert spelled_address("example.org") is None
    teredo = ipaddress.ip_address("2001:0:4136:e378:8000:63bf:3fff:fdd2")
    assert ipaddress.ip_address("192.0.2.45") in meanings(teredo)


@pytest.mark.parametrize("target", ["127.0.0.1:1", "localhost:1", "2130706433:1", "[::1]:1"])
async def test_a_denied_probe_fails_with_the_reason_and_sends_nothing(target: str) -> None:
    rules = guard(deny="127.0.0.0/8 ::1")
    for module in ("prober: tcp", "prober: http"):
        result = await probed(target, module, guard=rules)
        assert (result.success, result.reason) == (False, "denied")
        assert result.value("probe_success") == 0
        assert result.phase in ("resolve", "connect")
