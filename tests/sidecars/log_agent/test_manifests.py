"""The ConfigMaps of the manifests, verbatim, in a node's layout of /var/log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.servers.bulk_sink import bulk_sink
from tests.sidecars.log_agent.manifests import (
    add,
    container_log,
    mount,
    pointed_at,
    stop_when_read,
    wait_for_two_files,
)
from tests.sidecars.log_agent.running import DOCKER_ID, agent, balances, docker_line, summary
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path


def test_the_stdout_manifest_prints_what_its_author_sees(node: Path) -> None:
    var_log = node / "log"
    configuration = mount("fluent-bit-config-stdout.yaml", node / "etc", var_log)
    log = container_log(var_log, "kiamol-ch13-test", "numbers-api-7d4f", "api", DOCKER_ID)
    other = container_log(var_log, "kube-system", "dns-1", "dns", DOCKER_ID[::-1])
    for path in (log, other):
        add(path, docker_line("before the agent was there"))
    with agent(configuration) as running:
        wait_for_two_files(running)
        add(other, docker_line("for nobody"))
        add(log, docker_line("hello", 7), docker_line("again", 8, "stderr"))
        lines = eventually(running.lines, lambda lines: len(lines) == 2)
        running.started.stop()
    assert lines[0] == {
        "date": 1795255207.007457,
        "log": "hello\n",
        "stream": "stdout",
        "time": "2026-11-21T10:00:07.007456789Z",
        "kubernetes": {
            "pod_name": "numbers-api-7d4f",
            "namespace_name": "kiamol-ch13-test",
            "container_name": "api",
            "docker_id": DOCKER_ID,
        },
    }
    assert list(lines[0]) == ["date", "log", "stream", "time", "kubernetes"]
    assert (lines[1]["log"], lines[1]["stream"]) == ("again\n", "stderr")
    figures = summary(running.started.log)
    assert balances(figures)
    assert (figures["read"], figures["delivered"], figures["dropped"]) == (3, 2, 1)


def test_the_elasticsearch_manifest_fills_both_indices(node: Path) -> None:
    var_log = node / "log"
    with bulk_sink() as sink:
        configuration = mount("fluent-bit-config-elasticsearch.yaml", node / "etc", var_log)
        log = container_log(var_log, "kiamol-ch13-test", "web-1", "web", DOCKER_ID)
        system = container_log(var_log, "kube-system", "dns-1", "dns", DOCKER_ID[::-1])
        for path in (log, system):
            add(path, docker_line("before the agent was there"))
        with agent(pointed_at(configuration, sink.port)) as running:
            wait_for_two_files(running)
            add(log, docker_line("to the test index", 1))
            add(system, docker_line("to the sys index", 2))
            stop_when_read(running, 2)
            documents = sink.documents()
    by_index = {each["_index"]: each for each in documents}
    assert set(by_index) == {"test", "sys"}
    assert by_index["test"]["_source"] == {
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
    assert summary(running.started.log)["delivered"] == 2


def test_the_grep_manifest_merges_logs_and_keeps_the_priorities_that_it_names(
    node: Path,
) -> None:
    var_log = node / "log"
    with bulk_sink() as sink:
        configuration = mount("fluent-bit-config-grep.yaml", node / "etc", var_log)
        api = container_log(var_log, "kiamol-ch13-test", "numbers-api-7d4f", "api", DOCKER_ID)
        web = container_log(var_log, "kiamol-ch13-test", "web-1", "web", DOCKER_ID[::-1])
        for path in (api, web):
            add(path, docker_line("before the agent was there"))
        with agent(pointed_at(configuration, sink.port)) as running:
            wait_for_two_files(running)
            for priority in range(1, 7):
                add(
                    api,
                    docker_line(json.dumps({"priority": str(priority), "message": "m"}), priority),
                )
            add(web, docker_line(json.dumps({"priority": 6}), 9), docker_line("no object", 10))
            stop_when_read(running, 8)
            documents = sink.documents()
    sources = [each["_source"] for each in documents]
    of_api = [each for each in sources if each["kubernetes"]["container_name"] == "api"]
    assert sorted(each["priority"] for each in of_api) == ["2", "3", "4"]
    assert of_api[0]["message"] == "m"
    assert of_api[0]["log"] == '{"priority": "2", "message": "m"}\n'
    assert {each.get("priority") for each in sources if each not in of_api} == {6, None}
    figures = summary(running.started.log)
    assert balances(figures)
    assert (figures["read"], figures["delivered"], figures["filtered"]) == (8, 5, 3)
