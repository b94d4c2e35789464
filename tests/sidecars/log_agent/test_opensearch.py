"""Documents in a real OpenSearch: what arrives, and under which names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sidecars.log_agent.manifests import (
    add,
    container_log,
    mount,
    pointed_at,
    stop_when_read,
    wait_for_two_files,
)
from tests.sidecars.log_agent.running import DOCKER_ID, agent, docker_line
from tests.sidecars.log_agent.shipping import configured, record, ship

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.opensearch.node import OpenSearch


def test_the_manifest_fills_the_indices_that_its_author_searches(
    node: Path, opensearch: OpenSearch
) -> None:
    var_log = node / "log"
    configuration = mount("fluent-bit-config-elasticsearch.yaml", node / "etc", var_log)
    log = container_log(var_log, "kiamol-ch13-test", "web-1", "web", DOCKER_ID)
    system = container_log(var_log, "kube-system", "dns-1", "dns", DOCKER_ID[::-1])
    for path in (log, system):
        add(path, docker_line("before the agent was there"))
    with agent(pointed_at(configuration, opensearch.port)) as running:
        wait_for_two_files(running)
        add(log, docker_line("to the test index", 1))
        add(system, docker_line("to the sys index", 2))
        stop_when_read(running, 2)
    (found,) = opensearch.search("test", "kubernetes.container_name:web")
    assert found["_source"] == {
        "@timestamp": "2026-11-21T10:00:01.001Z",
        "log": "to the test index\n",
        "stream": "stdout",
        "time": "2026-11-21T10:00:01.001456789Z",
        "kubernetes": {
            "pod_name": "web-1",
            "namespace_name": "kiamol-ch13-test",
            "container_name": "web",
            "docker_id": DOCKER_ID,
        },
    }
    assert opensearch.mapping("test")["@timestamp"] == {"type": "date"}
    (found,) = opensearch.search("sys", "log:sys")
    assert found["_source"]["log"] == "to the sys index\n"


def test_the_grep_manifest_keeps_the_priorities_that_it_names(
    node: Path, opensearch: OpenSearch
) -> None:
    var_log = node / "log"
    configuration = mount("fluent-bit-config-grep.yaml", node / "etc", var_log)
    api = container_log(var_log, "kiamol-ch13-test", "numbers-api-7d4f", "api", DOCKER_ID)
    web = container_log(var_log, "kiamol-ch13-test", "web-1", "web", DOCKER_ID[::-1])
    for path in (api, web):
        add(path, docker_line("before the agent was there"))
    with agent(pointed_at(configuration, opensearch.port)) as running:
        wait_for_two_files(running)
        for priority in range(1, 7):
            add(api, docker_line(json.dumps({"priority": str(priority), "message": "m"}), priority))
        add(web, docker_line(json.dumps({"priority": 6}), 9), docker_line("no object", 10))
        stop_when_read(running, 8)
    of_api = opensearch.search("test", "kubernetes.container_name:api AND message:m")
    assert sorted(each["_source"]["priority"] for each in of_api) == ["2", "3", "4"]
    (plain,) = opensearch.search("test", "log:object")
    assert "priority" not in plain["_source"]


def test_logstash_format_makes_an_index_for_each_day_of_the_records(
    tmp_path: Path, opensearch: OpenSearch
) -> None:
    configuration = configured(tmp_path, opensearch, logstash_format="on", logstash_prefix="app")
    days = ("2026-11-20T23:59:59.999Z", "2026-11-21T00:00:00.000Z", "2026-11-21T09:00:00.000Z")
    ship(configuration, *(record(0, time=day) for day in days))
    assert opensearch.count("app-2026.11.20") == 1
    assert opensearch.count("app-2026.11.21") == 2


def test_an_index_may_be_named_after_a_field(tmp_path: Path, opensearch: OpenSearch) -> None:
    configuration = configured(tmp_path, opensearch, index="app-$kubernetes['namespace_name']")
    spaces = ("shop", "shop", "mail")
    ship(configuration, *(record(0, kubernetes={"namespace_name": space}) for space in spaces))
    assert (opensearch.count("app-shop"), opensearch.count("app-mail")) == (2, 1)


def test_a_data_stream_takes_documents_by_its_template(
    tmp_path: Path, opensearch: OpenSearch
) -> None:
    mappings = {"properties": {"@timestamp": {"type": "date_nanos"}}}
    opensearch.do(
        "PUT",
        "/_index_template/logs",
        {"index_patterns": ["logs-*"], "data_stream": {}, "template": {"mappings": mappings}},
    )
    configuration = configured(
        tmp_path, opensearch, index="logs-app", write_operation="create", time_key_nanos="on"
    )
    ship(configuration, record(1), record(2))
    # The same file once more: the identifiers are those that are there.
    ship(configuration, settled=2)
    (stream,) = opensearch.do("GET", "/_data_stream/logs-app")["data_streams"]
    assert stream["timestamp_field"] == {"name": "@timestamp"}
    found = opensearch.search("logs-app", "n:2")
    assert [each["_source"]["@timestamp"] for each in found] == ["2026-11-21T10:00:02.123456789Z"]
    assert opensearch.count("logs-app") == 2


def test_a_file_that_is_read_again_from_nothing_makes_no_second_document(
    tmp_path: Path, opensearch: OpenSearch
) -> None:
    configuration = configured(tmp_path, opensearch, index="again", compress="gzip")
    assert ship(configuration, *map(record, range(500)))["delivered"] == 500
    assert ship(configuration, settled=500)["delivered"] == 500
    assert opensearch.count("again") == 500


def test_without_ids_what_is_read_again_comes_twice(tmp_path: Path, opensearch: OpenSearch) -> None:
    configuration = configured(tmp_path, opensearch, index="twice", generate_id="off")
    ship(configuration, record(1))
    ship(configuration, settled=1)
    assert opensearch.count("twice") == 2


@pytest.mark.parametrize(
    ("operation", "left"),
    [
        ("create", {"n": 1, "a": True}),
        ("index", {"n": 2, "b": True}),
        ("upsert", {"n": 2, "a": True, "b": True}),
    ],
)
def test_a_field_may_be_the_id_of_what_is_created_replaced_or_merged(
    tmp_path: Path, opensearch: OpenSearch, operation: str, left: dict[str, Any]
) -> None:
    configuration = configured(
        tmp_path, opensearch, index="users", id_key="$user", write_operation=operation
    )
    ship(configuration, record(1, user="u1", a=True), record(2, user="u1", b=True))
    (found,) = opensearch.documents("users")
    assert found["_id"] == "u1"
    source = found["_source"]
    assert {key: source[key] for key in ("n", "a", "b") if key in source} == left


@pytest.mark.parametrize("suppressed", ["on", "off"])
def test_a_type_that_the_server_no_longer_knows_costs_no_record(
    tmp_path: Path, opensearch: OpenSearch, suppressed: str
) -> None:
    configuration = configured(
        tmp_path, opensearch, index="typed", type="_doc", suppress_type_name=suppressed
    )
    assert ship(configuration, record(1), record(2))["delivered"] == 2
    assert opensearch.count("typed") == 2


def test_the_time_has_the_name_and_the_digits_that_are_asked_for(
    tmp_path: Path, opensearch: OpenSearch
) -> None:
    configuration = configured(
        tmp_path, opensearch, index="timed", time_key="seen", include_tag_key="on"
    )
    ship(configuration, record(7))
    (found,) = opensearch.documents("timed")
    assert found["_source"]["seen"] == "2026-11-21T10:00:07.123Z"
    assert found["_source"]["flb-key"].startswith("tail.")
    assert opensearch.mapping("timed")["seen"] == {"type": "date"}
