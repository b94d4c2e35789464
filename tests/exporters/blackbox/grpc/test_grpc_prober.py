"""The gRPC prober against Google's own server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pillion.errors import ConfigurationError
from pillion.net import Resolved, Resolver
from tests.exporters.blackbox.probed import module_of, probed
from tests.servers.certificates import Authority
from tests.servers.grpc_health import health_server
from tests.servers.wire import Visit, response, serving

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = "prober: grpc"
STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")


def service(name: str) -> str:
    return f"prober: grpc\ngrpc: {{service: {name}}}"


async def test_a_server_that_serves_is_well() -> None:
    async with health_server() as (target, _):
        found = await probed(target, PLAIN)
    assert found.success, found.log
    assert found.value("probe_grpc_status_code") == 0
    assert found.value("probe_grpc_ssl") == 0
    assert found.value("probe_grpc_healthcheck_response", serving_status="SERVING") == 1
    assert found.value("probe_grpc_duration_seconds", phase="check") > 0
    phases = [each["phase"] for each in found.scrape.labels("probe_grpc_duration_seconds")]
    assert phases == ["resolve", "check"]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("orders", "SERVING"),
        ("invoices", "NOT_SERVING"),
        ("stock", "SERVICE_UNKNOWN"),
        ("mail", "UNKNOWN"),
    ],
)
async def test_each_serving_status_is_one_series(name: str, status: str) -> None:
    async with health_server() as (target, _):
        found = await probed(target, service(name))
    values = {
        each: found.value("probe_grpc_healthcheck_response", serving_status=each)
        for each in STATUSES
    }
    assert values == {each: float(each == status) for each in STATUSES}
    assert found.success == (status == "SERVING")
    assert found.reason == ("" if found.success else "health")
    assert found.value("probe_grpc_status_code") == 0


async def test_a_service_that_is_not_known_has_its_status() -> None:
    async with health_server() as (target, _):
        found = await probed(target, service("nothing"))
    assert (found.phase, found.reason) == ("check", "status")
    assert found.sentence.startswith("the gRPC status is 5 (NOT_FOUND)")
    assert found.value("probe_grpc_status_code") == 5


async def test_a_server_without_the_health_service_does_not_implement_it() -> None:
    async with health_server(with_service=False) as (target, _):
        found = await probed(target, PLAIN)
    assert found.sentence == "the gRPC status is 12 (UNIMPLEMENTED): Method not found!"
    assert found.value("probe_grpc_status_code") == 12


@pytest.mark.parametrize("prefix", ["http://", "https://"])
async def test_the_target_may_be_a_url(prefix: str) -> None:
    async with health_server() as (target, _):
        found = await probed(f"{prefix}{target}/path", PLAIN)
    assert found.success


async def test_metadata_is_sent() -> None:
    text = """
        prober: grpc
        grpc:
          metadata:
            Authorization: [Bearer abc]
            x-many: [one, two]
            x-trace-bin: ["\\u0080"]
    """
    async with health_server() as (target, calls):
        found = await probed(target, text)
    assert found.success, found.sentence
    sent = calls[0]
    assert ("authorization", "Bearer abc") in sent
    assert [value for key, value in sent if key == "x-many"] == ["one", "two"]
    assert ("x-trace-bin", "\u0080".encode()) in sent
    assert any(key == "user-agent" and str(value).startswith("pillion") for key, value in sent)


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ("{'a b': [x]}", "has the key 'a b', which is not a name of a header"),
        ("{':path': [x]}", "has the key ':path', which is not a name of a header"),
        ("{grpc-timeout: [x]}", "has the key 'grpc-timeout', which gRPC sets itself"),
        ("{User-Agent: [x]}", "has the key 'User-Agent', which gRPC sets itself"),
        (r'{token: ["se\ncret"]}', "has a value of 'token' that is not printable ASCII"),
    ],
)
def test_metadata_that_cannot_be_sent_is_refused(metadata: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        module_of(f"prober: grpc\ngrpc: {{metadata: {metadata}}}")
    assert sentence in str(error.value)
    assert "cret" not in str(error.value)


class TestOverTls:
    @pytest.fixture
    def authority(self, tmp_path: Path) -> Authority:
        return Authority(tmp_path)

    def module(self, config: str) -> str:
        return f"prober: grpc\ngrpc: {{tls: true, tls_config: {{{config}}}}}"

    async def test_the_certificate_is_verified_and_reported(self, authority: Authority) -> None:
        async with health_server(pair=authority.issue("127.0.0.1")) as (target, _):
            found = await probed(target, self.module(f"ca_file: {authority.path}"))
        assert found.success, found.sentence
        assert found.value("probe_grpc_ssl") == 1
        assert found.value("probe_tls_version_info", version="TLS 1.3") == 1
        assert found.value("probe_ssl_earliest_cert_expiry") > 1e9
        assert found.scrape.labels("probe_ssl_last_chain_info")

    async def test_the_server_name_is_whom_the_certificate_must_be_for(
        self, authority: Authority
    ) -> None:
        config = f"ca_file: {authority.path}, server_name: health.example.com"
        async with health_server(pair=authority.issue("health.example.com")) as (target, _):
            found = await probed(target, self.module(config))
        assert found.success, found.sentence

    async def test_an_untrusted_certificate_is_described(self, authority: Authority) -> None:
        async with health_server(pair=authority.issue("127.0.0.1")) as (target, _):
            found = await probed(target, self.module(""))
        assert (found.phase, found.reason) == ("tls", "tls_untrusted")
        assert found.value("probe_grpc_ssl") == 0
        assert found.value("probe_grpc_status_code") == 14
        assert found.value("probe_ssl_earliest_cert_expiry") > 1e9

    async def test_a_server_without_tls_is_unavailable(self) -> None:
        async with health_server() as (target, _):
            found = await probed(target, self.module("insecure_skip_verify: true"), timeout=2)
        assert found.phase == "tls"
        assert found.value("probe_grpc_status_code") in (4, 14)
        assert found.value("probe_grpc_ssl") == 0

    async def test_a_server_with_tls_is_unavailable_without(self, authority: Authority) -> None:
        async with health_server(pair=authority.issue("127.0.0.1")) as (target, _):
            found = await probed(target, PLAIN, timeout=2)
        assert not found.success
        assert found.reason in ("closed", "reset", "protocol")


async def test_a_closed_port_is_unavailable() -> None:
    found = await probed("127.0.0.1:1", PLAIN)
    assert (found.phase, found.reason) == ("connect", "refused")
    assert found.value("probe_grpc_status_code") == 14


async def test_a_server_that_never_answers_exceeds_the_deadline() -> None:
    async def wait(visit: Visit) -> None:
        await visit.wait_for_end()

    async with serving(wait) as port:
        found = await probed(f"127.0.0.1:{port}", PLAIN, timeout=0.3)
    assert (found.phase, found.reason) == ("check", "timeout")
    assert found.value("probe_grpc_status_code") == 4
    assert found.value("probe_grpc_duration_seconds", phase="check") > 0.2


async def test_a_server_of_http_1_is_no_grpc() -> None:
    async def answer(visit: Visit) -> None:
        await visit.write(response(b"hello"))
        await visit.wait_for_end()

    async with serving(answer) as port:
        found = await probed(f"127.0.0.1:{port}", PLAIN)
    assert found.reason == "protocol"
    assert found.value("probe_grpc_status_code") == 13


@pytest.mark.parametrize("target", ["", "http://", "a b", "host:port"])
async def test_a_target_that_is_none_is_named(target: str) -> None:
    found = await probed(target, PLAIN)
    assert found.reason == "target"
    assert found.value("probe_grpc_status_code") == 14


@pytest.mark.parametrize("preferred", ["ip4", "ip6"])
async def test_a_name_is_dialled_and_not_its_first_address_alone(
    monkeypatch: pytest.MonkeyPatch, preferred: str
) -> None:
    """The server listens on 127.0.0.1, and the name is ::1 as well."""

    async def resolve(self: Resolver, host: str) -> Resolved:
        return Resolved(("::1", "127.0.0.1"), 0.0)

    monkeypatch.setattr(Resolver, "resolve", resolve)
    async with health_server() as (target, _):
        port = target.rpartition(":")[2]
        module = f"""
            prober: grpc
            grpc: {{preferred_ip_protocol: {preferred}, ip_protocol_fallback: false}}
        """
        found = await probed(f"two.example:{port}", module)
    assert found.success, found.log
    assert found.value("probe_ip_protocol") == int(preferred[-1])
    assert ("trying the other addresses" in found.log) == (preferred == "ip6")
