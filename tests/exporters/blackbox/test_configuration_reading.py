"""What a blackbox.yml may look like, as people write them for blackbox_exporter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pillion.configuration import Document
from pillion.errors import ConfigurationError
from pillion_blackbox_exporter.configuration import builtin, parse
from pillion_blackbox_exporter.configuration.kinds import Pattern, expand
from pillion_blackbox_exporter.configuration.module import PROBER_NAMES
from pillion_blackbox_exporter.probers import PROBERS
from tests.exporters.blackbox.probed import module_of

if TYPE_CHECKING:
    from pillion_blackbox_exporter.configuration import Module


def http(text: str) -> Module:
    return module_of(f"prober: http\nhttp:\n{text}")


def test_the_built_in_modules_are_valid_and_have_the_usual_names() -> None:
    configuration = parse(Document.parse(builtin.TEXT, builtin.NAME))
    assert {
        "http_2xx", "http_post_2xx", "tcp_connect", "pop3s_banner", "ssh_banner", "irc_banner",
        "icmp", "icmp_ttl5", "grpc", "grpc_plain", "dns_udp",
    } <= set(configuration.modules)  # fmt: skip


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "modules:\n", "{}", "modules: ~"])
def test_a_file_that_is_empty_or_cut_short_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="has no modules") as caught:
        parse(Document.parse(text, "blackbox.yml"))
    assert str(caught.value).endswith("write 'modules: {}' where there shall be none")


def test_no_modules_at_all_can_be_asked_for() -> None:
    assert parse(Document.parse("modules: {}", "blackbox.yml")).modules == {}


@pytest.mark.parametrize("word", ["yes", "on", "y", "true", "'yes'"])
def test_yaml_1_1_truths_are_read_as_go_reads_them(word: str) -> None:
    module = module_of(f"prober: tcp\ntcp: {{tls: {word}, tls_config: {{server_name: {word}}}}}")
    assert module.tcp.tls is True
    assert module.tcp.tls_config.server_name == word.strip("'")


@pytest.mark.parametrize(
    ("written", "protocol"), [("ipv4", "ip4"), ("IP4", "ip4"), ("IPv6", "ip6"), ("ip6", "ip6")]
)
def test_an_ip_protocol_is_known_in_its_usual_spellings(written: str, protocol: str) -> None:
    module = module_of(f"prober: icmp\nicmp: {{preferred_ip_protocol: {written}}}")
    assert module.icmp.preferred_ip_protocol == protocol


def test_a_section_that_is_left_out_has_the_defaults_of_the_peer() -> None:
    module = module_of("prober: http")
    assert float(module.timeout) == 0
    assert module.http.ip_protocol_fallback
    assert module.http.redirects_are_followed
    assert module.http.enable_http2
    assert module.http.method == "GET"
    assert module.icmp.ttl == 64
    assert module.dns.recursion_desired


@pytest.mark.parametrize(
    ("written", "seconds"), [("5s", 5), ("1m30s", 90), ("500ms", 0.5), ("0", 0), ("0s", 0)]
)
def test_a_timeout_is_a_duration_of_go(written: str, seconds: float) -> None:
    assert module_of(f"prober: tcp\ntimeout: {written}").timeout == seconds


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("10MB", 10 * 1024**2),
        ("1KiB", 1024),
        ("512", 512),
        ("0", 0),
        ("1.5KB", 1536),
        (".5KiB", 512),
        ("1MB512KB", 1024**2 + 512 * 1024),
        ("-1B", 0),
        ("7EiB", 7 * 1024**6),
    ],
)
def test_a_size_has_a_unit_of_1024(written: str, size: int) -> None:
    assert http(f"  body_size_limit: {written}").http.body_size_limit == size


def test_a_key_without_a_value_is_as_good_as_absent() -> None:
    module = module_of("prober: icmp\nicmp:\ntimeout:\nhttp:\n  headers:\n  method:")
    assert module.icmp.ttl == 64
    assert module.http.headers == {}
    assert module.http.method == "GET"


@pytest.mark.parametrize("written", ["1.10", "0x10", "true", "12:30", "1e3", "010"])
def test_a_scalar_where_text_is_wanted_is_the_text_as_it_is_written(written: str) -> None:
    assert http(f"  headers:\n    X-Value: {written}").http.headers == {"X-Value": written}


def test_what_is_sent_may_be_binary() -> None:
    module = module_of(
        "prober: tcp\n"
        "tcp:\n"
        "  query_response:\n"
        "    - send: !!binary AAAACATSFi8=\n"
        "    - expect_bytes: S\n"
        "    - starttls: true\n"
    )
    first, second, third = module.tcp.query_response
    assert first.send == bytes.fromhex("0000000804d2162f")
    assert second.expect_bytes == b"S"
    assert third.starttls


def test_the_old_name_of_following_redirects_still_decides() -> None:
    assert not http("  no_follow_redirects: true").http.redirects_are_followed
    assert http("  no_follow_redirects: false").http.redirects_are_followed
    assert not http("  follow_redirects: false").http.redirects_are_followed


def test_anchors_and_merges_may_be_used_between_modules() -> None:
    text = (
        "modules:\n"
        "  a: &base\n"
        "    prober: http\n"
        "    timeout: 2s\n"
        "  b:\n"
        "    <<: *base\n"
        "    timeout: 3s\n"
    )
    modules = parse(Document.parse(text, "blackbox.yml")).modules
    assert (modules["b"].prober, float(modules["b"].timeout)) == ("http", 3)


@pytest.mark.parametrize(
    ("template", "expanded"),
    [
        ("PONG ${1}", "PONG abc"),
        ("$1x", ""),
        ("${1}x", "abcx"),
        ("$name!", "42!"),
        ("$$1", "$1"),
        ("${9}", ""),
        ("$", "$"),
        ("${0}", "abc 42"),
        ("${nobody}", ""),
    ],
)
def test_a_template_is_expanded_as_go_does(template: str, expanded: str) -> None:
    match = Pattern(r"(\w+) (?P<name>\d+)").search(b"abc 42")
    assert match is not None
    assert expand(template.encode(), match) == expanded.encode()


def test_a_pattern_is_of_gos_dialect_and_takes_time_in_proportion() -> None:
    assert Pattern(r"(?i)\Ahello\z").found(b"HELLO")
    assert Pattern(r"\pL+").found("é".encode())
    assert not Pattern(r"(a*)*b").found(b"a" * 100_000)


def test_each_prober_of_the_table_has_a_section() -> None:
    assert set(PROBER_NAMES) == set(PROBERS)
