"""The DNS prober against a real name server: transports, records, validators."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from tests.exporters.blackbox.probed import probed
from tests.servers.certificates import Authority
from tests.servers.dns import name_server

if TYPE_CHECKING:
    from pathlib import Path

TRANSPORTS = pytest.mark.parametrize("transport", ["udp", "tcp"])


def module(keys: str = "", *, kind: str = "A", transport: str = "udp") -> str:
    return f"""
        prober: dns
        dns:
          query_name: example.com
          query_type: {kind}
          transport_protocol: {transport}
          {keys}
    """


@TRANSPORTS
async def test_the_records_of_each_section_are_counted(transport: str) -> None:
    async with name_server() as target:
        found = await probed(target, module(transport=transport))
    assert found.success, found.log
    assert found.value("probe_dns_query_succeeded") == 1
    assert found.value("probe_dns_answer_rrs") == 2
    assert found.value("probe_dns_authority_rrs") == 2
    assert found.value("probe_dns_additional_rrs") == 3
    assert found.value("probe_ip_protocol") == 4


@TRANSPORTS
async def test_the_phases_are_reported(transport: str) -> None:
    async with name_server() as target:
        found = await probed(target, module(transport=transport))
    phases = [labels["phase"] for labels in found.scrape.labels("probe_dns_duration_seconds")]
    assert phases == ["resolve", "connect", "request"]
    assert 0 < found.value("probe_dns_duration_seconds", phase="request") < 1


async def test_a_name_server_is_asked_over_ipv6() -> None:
    async with name_server(host="::1") as target:
        found = await probed(target, module())
    assert found.success
    assert found.value("probe_ip_protocol") == 6


async def test_without_a_query_type_any_is_asked() -> None:
    async with name_server() as target:
        found = await probed(target, "prober: dns\ndns: {query_name: example.com}")
    assert found.value("probe_dns_answer_rrs") == 2


async def test_the_serial_of_a_zone_is_reported_for_soa_alone() -> None:
    async with name_server() as target:
        soa = await probed(target, module(kind="SOA"))
        other = await probed(target, module(kind="A"))
    assert soa.value("probe_dns_serial") == 1000
    assert "probe_dns_serial" not in other.scrape.names()


async def test_another_class_is_asked() -> None:
    keys = "query_class: CH\n          validate_answer_rrs: {fail_if_not_matches_regexp: ['\\tCH\\tTXT\\t\"a server\"']}"
    async with name_server() as target:
        found = await probed(target, module(keys, kind="TXT"))
    assert found.success, found.sentence


@TRANSPORTS
async def test_recursion_is_asked_for_unless_it_is_turned_off(transport: str) -> None:
    async with name_server() as target:
        found = await probed(target, module("recursion_desired: false", transport=transport))
    assert found.reason == "rcode"
    assert found.sentence == "the response code is REFUSED, which is not among NOERROR"
    assert found.value("probe_dns_query_succeeded") == 1


async def test_a_valid_rcode_is_well() -> None:
    text = module("valid_rcodes: [NXDOMAIN, SERVFAIL]").replace("example.com", "example.net")
    async with name_server() as target:
        found = await probed(target, text)
    assert found.success


@pytest.mark.parametrize(
    ("section", "rule", "pattern", "sentence"),
    [
        ("answer", "fail_if_matches_regexp", r"\\t3600\\tIN\\tA\\t127.0.0.1$", "in the answer section a record matches"),
        ("answer", "fail_if_matches_regexp", "7200", ""),
        ("answer", "fail_if_not_matches_regexp", "127.0.0.1$", "in the answer section a record does not match"),
        ("answer", "fail_if_not_matches_regexp", r"^example.com.\\t", ""),
        ("authority", "fail_if_not_matches_regexp", "ns.*.isp.net", ""),
        ("authority", "fail_if_matches_regexp", "ns2", "in the authority section a record matches"),
        ("additional", "fail_if_all_match_regexp", "127.0.0.*", "in the additional section not every record matches"),
        ("additional", "fail_if_all_match_regexp", "isp.net", ""),
        ("additional", "fail_if_none_matches_regexp", "127.0.0.3", "in the additional section no record matches"),
        ("additional", "fail_if_none_matches_regexp", "127.0.0.2", ""),
    ],
)  # fmt: skip
async def test_validators_judge_the_records(
    section: str, rule: str, pattern: str, sentence: str
) -> None:
    text = module(f'validate_{section}_rrs: {{{rule}: ["{pattern}"]}}')
    async with name_server() as target:
        found = await probed(target, text)
    assert found.success == (not sentence), found.sentence
    assert found.sentence.startswith(sentence)
    assert found.reason == ("records" if sentence else "")


@pytest.mark.parametrize("rule", ["fail_if_not_matches_regexp", "fail_if_none_matches_regexp"])
async def test_a_section_without_records_does_not_match(rule: str) -> None:
    text = module(f"validate_answer_rrs: {{{rule}: [x]}}", kind="LOC")
    async with name_server() as target:
        found = await probed(target, text)
    assert found.sentence == "in the answer section there is no record to match 'x'"


async def test_a_target_without_port_is_asked_on_53() -> None:
    found = await probed("127.0.0.1", module(transport="tcp"), timeout=2)
    assert found.reason == "refused"
    assert "127.0.0.1:53" in found.sentence


async def test_a_closed_port_is_refused_over_udp_too() -> None:
    found = await probed("127.0.0.1:1", module(), timeout=2)
    assert (found.phase, found.reason) == ("request", "refused")
    assert found.value("probe_dns_query_succeeded") == 0


async def test_the_query_comes_from_the_source_address() -> None:
    async with name_server() as target:
        well = await probed(target, module("source_ip_address: 127.0.0.1"))
        wrong = await probed(target, module("source_ip_address: 192.0.2.77"))
    assert well.success
    assert wrong.reason == "unreachable" or wrong.success  # where any address may be bound


class TestOverTls:
    @pytest.fixture
    def authority(self, tmp_path: Path) -> Authority:
        return Authority(tmp_path)

    def context(self, authority: Authority, *names: str) -> ssl.SSLContext:
        pair = authority.issue(*names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        return context

    def module(self, authority: Authority, name: str = "") -> str:
        keys = f"dns_over_tls: true\n          tls_config: {{ca_file: {authority.path}, server_name: {name!r}}}"
        return module(keys, transport="tcp")

    async def test_the_answer_comes_through_and_the_certificate_is_reported(
        self, authority: Authority
    ) -> None:
        async with name_server(tls=self.context(authority, "127.0.0.1")) as target:
            found = await probed(target, self.module(authority))
        assert found.success, found.sentence
        assert found.value("probe_tls_version_info", version="TLS 1.3") == 1
        assert found.value("probe_ssl_earliest_cert_expiry") > 1e9
        assert found.value("probe_dns_duration_seconds", phase="connect") > 0

    async def test_tls_alone_is_enough_to_choose_tcp(self, authority: Authority) -> None:
        text = self.module(authority).replace(
            "transport_protocol: tcp", "preferred_ip_protocol: ip4"
        )
        async with name_server(tls=self.context(authority, "127.0.0.1")) as target:
            found = await probed(target, text)
        assert found.success, found.sentence

    async def test_another_name_is_refused_and_the_certificate_is_reported(
        self, authority: Authority
    ) -> None:
        async with name_server(tls=self.context(authority, "ns.example.com")) as target:
            found = await probed(target, self.module(authority, "other.example.com"))
        assert (found.phase, found.reason) == ("tls", "tls_hostname")
        assert found.value("probe_ssl_earliest_cert_expiry") > 1e9
        assert found.value("probe_dns_query_succeeded") == 0

    async def test_a_server_without_tls_fails_the_handshake(self, authority: Authority) -> None:
        async with name_server() as target:
            found = await probed(target, self.module(authority), timeout=2)
        assert found.phase == "tls"
        assert found.reason in ("tls_handshake", "timeout")
