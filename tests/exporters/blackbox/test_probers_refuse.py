"""What the guard refuses gets no byte, and what a module cannot mean is refused when it is read."""

from __future__ import annotations

import pytest

from pillion.errors import ConfigurationError
from tests.exporters.blackbox.probed import module_of, probed
from tests.servers.dns import name_server, zone


class NoLoopback:
    """A guard that knows addresses alone."""

    def refuses_host(
        self, scheme: str, host: str, port: int, *, is_final: bool = False
    ) -> str | None:
        return None

    def refuses_address(self, scheme: str, host: str, address: str, port: int) -> str | None:
        return f"{scheme} to {address}:{port} is denied"


@pytest.mark.parametrize(
    ("target", "text", "sentence"),
    [
        ("localhost", "prober: icmp\nicmp: {preferred_ip_protocol: ip4}", "icmp to 127.0.0.1:0 is denied"),
        ("127.0.0.1", "prober: dns\ndns: {query_name: a}", "dns to 127.0.0.1:53 is denied"),
        ("127.0.0.1:50", "prober: grpc", "grpc to 127.0.0.1:50 is denied"),
        ("ws://127.0.0.1/", "prober: websocket", "ws to 127.0.0.1:80 is denied"),
        ("wss://127.0.0.1/", "prober: websocket", "wss to 127.0.0.1:443 is denied"),
    ],
)  # fmt: skip
async def test_a_denied_address_is_not_probed(target: str, text: str, sentence: str) -> None:
    found = await probed(target, text, guard=NoLoopback())
    assert (found.phase, found.reason, found.sentence) == ("resolve", "denied", sentence)


async def test_a_denied_name_server_gets_no_query() -> None:
    queries: list[bytes] = []

    def answer(query: bytes) -> list[bytes]:
        queries.append(query)
        return zone(query)

    async with name_server(answer) as target:
        await probed(target, "prober: dns\ndns: {query_name: example.com}", guard=NoLoopback())
    assert queries == []


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ("{}", "lacks the key 'query_name'"),
        ("{query_name: a..b}", "'a..b' has an empty label"),
        ("{query_name: a, query_type: NONE_SUCH}", "'NONE_SUCH' is not a DNS type"),
        ("{query_name: a, query_class: ZZ}", "'ZZ' is not a DNS class"),
        ("{query_name: a, valid_rcodes: [OK]}", "'OK' is not a DNS response code"),
        ("{query_name: a, dns_over_tls: true, transport_protocol: udp}", "dns.transport_protocol: must be tcp where dns_over_tls is true"),
        ("{query_name: a, source_ip_address: b}", "dns.source_ip_address: 'b' is not an IP address"),
        ("{query_name: a, validate_answer_rrs: {fail_if_matches_regexp: ['(']}}", "'(' is not a regular expression"),
    ],
)  # fmt: skip
def test_a_dns_section_that_cannot_be_meant_is_refused(section: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        module_of(f"prober: dns\ndns: {section}")
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ("{ttl: 256}", "icmp.ttl: must be between 0 and 255, not 256"),
        ("{payload_size: 65508}", "icmp.payload_size: must be between 0 and 65507, not 65508"),
    ],
)
def test_an_icmp_section_that_cannot_be_meant_is_refused(section: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        module_of(f"prober: icmp\nicmp: {section}")
    assert sentence in str(error.value)
