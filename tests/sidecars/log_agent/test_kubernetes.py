"""The filter kubernetes: what the tag says, what the API says, and what pods ask for."""

from __future__ import annotations

import asyncio
import io
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pillion.log import Logger
from pillion_log_agent.filters.filter import FilterContext
from pillion_log_agent.filters.kubernetes.filter import KubernetesFilter
from pillion_log_agent.filters.kubernetes.properties import KubernetesProperties
from pillion_log_agent.filters.kubernetes.store import Store
from pillion_log_agent.kubernetes_api.pod import Pod, parse_downward
from pillion_log_agent.parsers.make import Parsers
from pillion_log_agent.records.batch import Batch
from pillion_log_agent.records.origin import Origin
from pillion_log_agent.records.timestamps import Timestamps
from pillion_log_agent.records.wire import json_lines
from tests.servers.kubernetes_api import KubernetesApi, kubernetes_api
from tests.sidecars.log_agent.running import DOCKER_ID

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

NOW = 1_795_255_200_000_000_000


def tag(pod: str, namespace: str = "shop", container: str = "api") -> str:
    return f"kube.var.log.containers.{pod}_{namespace}_{container}-{DOCKER_ID}.log"


def batch(name: str, *records: dict[str, Any]) -> Batch:
    records = records or ({"log": "x\n", "stream": "stdout"},)
    times = Timestamps([NOW] * len(records))
    return Batch(name, Origin("tail.0", "/a", "id"), times, block=json_lines(list(records)))


@asynccontextmanager
async def filtering(
    log: io.StringIO | None = None,
    environment: Mapping[str, str] | None = None,
    **properties: Any,
) -> AsyncIterator[Callable[..., Any]]:
    """Give a function that filters a batch as the pipeline does, and returns its records."""
    context = FilterContext(
        "kubernetes.0",
        Logger(stream=log or io.StringIO()),
        Parsers({}).get,
        lambda: NOW,
        environment or {},
    )
    made = KubernetesFilter(KubernetesProperties(**properties), context)
    await made.start()

    async def run(name: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
        one = batch(name, *records)
        if (lookup := made.lookup(one)) is not None:
            await lookup
        return made.apply(one).records()

    try:
        yield run
    finally:
        await made.close()


def at(api: KubernetesApi) -> dict[str, Any]:
    return {"kube_url": f"http://127.0.0.1:{api.port}"}


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


async def test_a_record_gets_what_the_api_says_of_its_pod() -> None:
    async with kubernetes_api() as api, filtering(**at(api)) as run:
        api.add("shop", "web-1", team="blue")
        (record,) = await run(tag("web-1"))
    assert record["kubernetes"] == {
        "pod_name": "web-1",
        "namespace_name": "shop",
        "pod_id": "uid-of-web-1",
        "labels": {"app": "web"},
        "annotations": {"team": "blue"},
        "host": "node-1",
        "pod_ip": "10.0.0.9",
        "container_hash": "img@sha256:ab",
        "container_image": "img:1",
        "container_name": "api",
        "docker_id": DOCKER_ID,
    }


async def test_labels_and_annotations_can_be_left_out() -> None:
    async with (
        kubernetes_api() as api,
        filtering(**at(api), labels=False, annotations=False) as run,
    ):
        api.add("shop", "web-1", team="blue")
        (record,) = await run(tag("web-1"))
    assert not {"labels", "annotations"} & set(record["kubernetes"])


async def test_a_pod_is_asked_for_once_and_then_the_node_is_listed_in_pages_and_watched() -> None:
    async with kubernetes_api() as api, filtering(**at(api)) as run:
        for number in range(5):
            api.add("shop", f"web-{number}")
        await run(tag("web-0"))
        await until(lambda: api.watches == 1)
        for number in range(5):
            await run(tag(f"web-{number}"))
        assert api.verbs() == ["get", "list", "list", "list", "watch"]
        assert "fieldSelector=spec.nodeName%3Dnode-1" in api.asked[1][1]


async def test_a_watch_tells_of_new_labels_and_new_pods() -> None:
    async with kubernetes_api() as api, filtering(**at(api)) as run:
        api.add("shop", "web-1")
        await run(tag("web-1"))
        await until(lambda: api.watches == 1)
        api.add("shop", "web-1", changed="yes")
        api.add("shop", "new-1")
        asked = len(api.asked)
        (record,) = await run(tag("new-1"))
        (other,) = await run(tag("web-1"))
        assert record["kubernetes"]["pod_id"] == "uid-of-new-1"
        assert other["kubernetes"]["annotations"] == {"changed": "yes"}
        assert len(api.asked) == asked or api.asked[asked:] == [
            ("get", "/api/v1/namespaces/shop/pods/new-1")
        ]


async def test_a_version_that_is_too_old_has_the_list_read_anew() -> None:
    async with kubernetes_api() as api, filtering(**at(api)) as run:
        api.add("shop", "web-1")
        api.gone = 1
        await run(tag("web-1"))
        await until(lambda: api.watches == 1)
        assert api.verbs() == ["get", "list", "watch", "list", "watch"]


async def test_a_watch_that_dies_is_said_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pillion_log_agent.kubernetes_api.api.FIRST_WAIT", 0.01)
    real, due = Store.replace, [ZeroDivisionError("it was told to")]

    def replace(store: Store, items: list[dict[str, Any]]) -> None:
        if due:
            raise due.pop()
        real(store, items)

    monkeypatch.setattr(Store, "replace", replace)
    log = io.StringIO()
    async with kubernetes_api() as api, filtering(log, **at(api)) as run:
        api.add("shop", "web-1")
        await run(tag("web-1"))
        await until(lambda: api.watches == 1)
        api.add("shop", "new-1")
        (record,) = await run(tag("new-1"))
    assert record["kubernetes"]["pod_id"] == "uid-of-new-1"
    assert log.getvalue().count("the watch of pods failed, and is tried again") == 1
    assert "it was told to" in log.getvalue()


async def test_a_lookup_that_dies_is_said_and_holds_no_record_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def of_object(_found: dict[str, Any]) -> Pod:
        raise ZeroDivisionError("it was told to")

    monkeypatch.setattr(Pod, "of_object", of_object)
    log = io.StringIO()
    async with kubernetes_api() as api, filtering(log, **at(api)) as run:
        api.add("shop", "web-1")
        (record,) = await run(tag("web-1"))
    assert record["kubernetes"]["pod_name"] == "web-1"
    assert "pod_id" not in record["kubernetes"]
    assert "the API server says nothing of a pod" in log.getvalue()
    assert "it was told to" in log.getvalue()


async def test_without_the_right_to_list_each_pod_is_asked_for() -> None:
    log = io.StringIO()
    async with kubernetes_api() as api, filtering(log, **at(api)) as run:
        api.forbidden = {"list", "watch"}
        api.add("shop", "web-1")
        api.add("shop", "web-2")
        await run(tag("web-1"))
        await until(lambda: "may not list" in log.getvalue())
        (record,) = await run(tag("web-2"))
        assert record["kubernetes"]["pod_id"] == "uid-of-web-2"
        await run(tag("web-2"))
        assert api.verbs().count("get") == 2


@pytest.mark.parametrize("trouble", ["forbidden", "absent", "down"])
async def test_when_the_api_says_nothing_records_go_on_with_what_the_tag_says(trouble: str) -> None:
    async with kubernetes_api() as api:
        url: dict[str, Any] = {"kube_url": "http://127.0.0.1:1"} if trouble == "down" else at(api)
        if trouble == "forbidden":
            api.forbidden = {"get"}
        async with filtering(**url) as run:
            (record,) = await run(tag("web-1"))
            (again,) = await run(tag("web-1"))
    assert record["kubernetes"] == again["kubernetes"]
    assert record["kubernetes"]["pod_name"] == "web-1"
    assert "pod_id" not in record["kubernetes"]
    assert len(api.asked) <= 1, "that nobody knows it is remembered"


async def test_the_token_is_sent_and_never_logged(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    log = io.StringIO()
    async with (
        kubernetes_api() as api,
        filtering(log, **at(api), kube_token_file=str(token)) as run,
    ):
        api.forbidden = {"get"}
        await run(tag("web-1"))
        assert api.tokens == {"Authorization: Bearer s3cret"}
    assert "s3cret" not in log.getvalue()


async def test_a_log_that_is_an_object_is_merged() -> None:
    log = {"log": '{"level":"warn","msg":"m\\n"}\n', "stream": "stdout"}
    async with filtering(dummy_meta=True, merge_log=True) as run:
        (record,) = await run(tag("web-1"), log)
    assert (record["level"], record["msg"], record["log"]) == ("warn", "m", log["log"])
    async with filtering(
        dummy_meta=True, merge_log=True, keep_log=False, merge_log_key="app"
    ) as run:
        (record,) = await run(tag("web-1"), log)
    assert record["app"] == {"level": "warn", "msg": "m"}
    assert "log" not in record


async def test_a_log_that_is_none_stays_as_it_is() -> None:
    async with filtering(dummy_meta=True, merge_log=True, keep_log=False) as run:
        records = await run(tag("web-1"), {"log": "plain"}, {"log": "[1]"}, {"log": "{broken"}, {})
    assert [record.get("log") for record in records] == ["plain", "[1]", "{broken", None]


async def test_a_pod_may_name_the_parser_of_its_logs() -> None:
    line = "<13>Nov 21 10:00:00 host app[7]: it works"
    async with (
        kubernetes_api() as api,
        filtering(**at(api), merge_log=True, k8s_logging_parser=True) as run,
    ):
        api.add("shop", "web-1", **{"fluentbit.io__parser": "syslog-rfc3164"})
        (record,) = await run(tag("web-1"), {"log": line + "\n", "stream": "stdout"})
    assert record["message"] == "it works"


async def test_a_pod_may_keep_a_stream_to_itself_if_it_is_let() -> None:
    records = ({"log": "o", "stream": "stdout"}, {"log": "e", "stream": "stderr"})
    async with kubernetes_api() as api:
        api.add("shop", "web-1", **{"fluentbit.io__exclude_stderr": "true"})
        async with filtering(**at(api), k8s_logging_exclude=True) as run:
            assert [each["log"] for each in await run(tag("web-1"), *records)] == ["o"]
        async with filtering(**at(api)) as run:
            assert len(await run(tag("web-1"), *records)) == 2


async def test_a_tag_that_says_no_pod_leaves_the_record_alone() -> None:
    async with filtering(dummy_meta=True) as run:
        assert await run("app", {"log": "x"}) == [{"log": "x"}]


async def test_the_downward_api_needs_no_server(tmp_path: Path) -> None:
    (tmp_path / "labels").write_text('app="web"\ntier="a \\"b\\""\n')
    environment = {"POD_NAME": "web-1", "POD_NAMESPACE": "shop", "NODE_NAME": "node-1"}
    async with filtering(environment=environment, downward_api=str(tmp_path)) as run:
        (record,) = await run("app", {"log": "x"})
    assert record["kubernetes"] == {
        "pod_name": "web-1",
        "namespace_name": "shop",
        "labels": {"app": "web", "tier": 'a "b"'},
        "host": "node-1",
    }


def test_a_file_of_the_downward_api_is_pairs_with_go_s_quotes() -> None:
    assert parse_downward('a="1\\n2"\nb="\\u00e9"\nnonsense\n') == {"a": "1\n2", "b": "\u00e9"}
