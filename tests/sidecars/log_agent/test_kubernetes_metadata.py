"""What the filter kubernetes adds where it is asked to: owners, namespaces; and how it is let in."""

from __future__ import annotations

import io
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import ConfigurationError
from pillion_log_agent.filters.kubernetes.properties import KubernetesProperties
from pillion_log_agent.kubernetes_api.api import Api
from pillion_log_agent.kubernetes_api.token import Token
from tests.servers.certificates import Authority
from tests.servers.kubernetes_api import kubernetes_api
from tests.sidecars.log_agent.test_kubernetes import at, filtering, tag

if TYPE_CHECKING:
    from pathlib import Path

OWNERS = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d", "uid": "u"}]
SHOP = {"name": "shop", "labels": {"team": "blue"}, "annotations": {"cost": "42"}}


async def test_owners_are_added_behind_the_annotations() -> None:
    async with kubernetes_api() as api, filtering(**at(api), owner_references=True) as run:
        api.add("shop", "web-1", team="blue")["metadata"]["ownerReferences"] = OWNERS
        (record,) = await run(tag("web-1"))
    assert record["kubernetes"]["ownerReferences"] == OWNERS
    keys = list(record["kubernetes"])
    assert keys.index("ownerReferences") == keys.index("annotations") + 1


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"namespace_labels": True}, {"name": "shop", "labels": {"team": "blue"}}),
        ({"namespace_annotations": True}, {"name": "shop", "annotations": {"cost": "42"}}),
        (
            {"namespace_metadata_only": True, "namespace_labels": True},
            {"name": "shop", "labels": {"team": "blue"}},
        ),
    ],
)
async def test_a_record_gets_what_the_api_says_of_its_namespace(
    properties: dict[str, Any], expected: dict[str, Any]
) -> None:
    async with kubernetes_api() as api, filtering(**at(api), **properties) as run:
        api.add("shop", "web-1")
        api.namespaces["shop"] = SHOP
        (record,) = await run(tag("web-1"))
        (again,) = await run(tag("web-2", "shop"))
        asked = api.verbs()
    assert record["kubernetes_namespace"] == again["kubernetes_namespace"] == expected
    assert asked.count("get namespace") == 1
    only = "namespace_metadata_only" in properties
    assert ("kubernetes" in record) is not only
    assert ("get" in asked) is not only


async def test_a_namespace_that_may_not_be_asked_for_holds_nothing_up() -> None:
    log = io.StringIO()
    async with kubernetes_api() as api, filtering(log, **at(api), namespace_labels=True) as run:
        api.forbidden = {"get namespace"}
        api.add("shop", "web-1")
        (record,) = await run(tag("web-1"))
        await run(tag("web-1"))
        assert api.verbs().count("get namespace") == 1
    assert record["kubernetes"]["pod_id"] == "uid-of-web-1"
    assert record["kubernetes_namespace"] == {"name": "shop"}
    assert log.getvalue().count("says nothing of a namespace") == 1


async def test_a_command_prints_the_token_and_it_holds_for_a_while(tmp_path: Path) -> None:
    count = tmp_path / "count"
    now = [0.0]
    command = f"echo x >> {count}; echo ' s3cret '"
    token = Token("/none", command, 600.0, lambda: now[0])
    assert [await token.get(), await token.get()] == ["s3cret"] * 2
    assert count.read_text() == "x\n"
    now[0] = 600.0
    await token.get()
    assert count.read_text() == "x\nx\n"


@pytest.mark.parametrize("command", ["exit 3", "true", "echo s3cret; exit 1"])
async def test_a_command_that_fails_is_told_without_what_it_printed(command: str) -> None:
    log = io.StringIO()
    async with (
        kubernetes_api() as api,
        filtering(log, **at(api), kube_token_command=command) as run,
    ):
        (record,) = await run(tag("web-1"))
        assert api.asked == []
    assert record["kubernetes"]["pod_name"] == "web-1"
    assert "kube_token_command ended with" in log.getvalue()
    assert "s3cret" not in log.getvalue()


@pytest.mark.parametrize("key", ["tls_ca_file", "tls_crt_file"])
def test_a_file_of_tls_that_is_not_there_is_an_error(key: str) -> None:
    with pytest.raises(ConfigurationError, match="/none cannot be used"):
        Api(KubernetesProperties(**{key: "/none"}))  # type: ignore[arg-type]  # a path


def test_the_versions_and_ciphers_are_those_that_are_asked_for() -> None:
    api = Api(
        KubernetesProperties(tls_min_version="tlsv1.3", tls_ciphers="ECDHE-RSA-AES128-GCM-SHA256")
    )
    context = api._endpoint.tls
    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_3


@pytest.mark.parametrize(("vhost", "is_let_in"), [("kubernetes", True), (None, False)])
async def test_a_certificate_may_bear_another_name(
    tmp_path: Path, vhost: str | None, *, is_let_in: bool
) -> None:
    authority = Authority(tmp_path)
    async with kubernetes_api(pair=authority.issue("kubernetes")) as api:
        api.add("shop", "web-1")
        url = f"https://127.0.0.1:{api.port}"
        tls: dict[str, Any] = {"tls_ca_file": authority.path, "tls_vhost": vhost}
        async with filtering(kube_url=url, **tls) as run:
            (record,) = await run(tag("web-1"))
    assert ("pod_id" in record["kubernetes"]) is is_let_in
