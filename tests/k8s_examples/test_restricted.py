"""A namespace with the `restricted` profile takes every example that needs nothing of the node."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.player.manifest import Document, documents
from tests.k8s_examples.examples import KUSTOMIZATIONS, PODS, built, name_of
from tests.k8s_examples.restricted import violations
from tests.manifests import manifest_text

if TYPE_CHECKING:
    from collections.abc import Iterator

# What reads of the node has to mount a folder of it, and is in a namespace that allows that.
OF_THE_NODE = {"DaemonSet/log-agent", "DaemonSet/cadvisor"}
RECOMMENDED = "app.kubernetes.io/name"


def workloads(found: list[Document]) -> Iterator[tuple[str, Document]]:
    for document in found:
        if "template" in document.get("spec", {}):
            yield f"{document['kind']}/{document['metadata']['name']}", document


@cache
def every_example() -> list[tuple[str, Document]]:
    found = [each for path in PODS for each in workloads(documents(path.read_text()))]
    return found + [each for folder in KUSTOMIZATIONS for each in workloads(built(folder))]


def test_a_restricted_namespace_takes_every_example_but_those_of_a_node() -> None:
    refused = {
        name: broken
        for name, workload in every_example()
        if (broken := violations(workload["spec"]["template"]["spec"]))
    }
    assert set(refused) == OF_THE_NODE, refused


def test_what_reads_of_a_node_breaks_only_what_that_needs() -> None:
    found = dict(every_example())
    spec = found["DaemonSet/log-agent"]["spec"]["template"]["spec"]
    assert violations(spec) == [
        *["a volume of kind hostPath"] * 3,
        "state runs as root",
        "state adds capabilities",
        "state does not have to run as another than root",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("numbers-api-blackbox-exporter.yaml", "api may gain privileges"),
        ("fluent-bit-daemonset.yaml", "a volume of kind hostPath"),
        ("cadvisor.yaml", "a volume of kind hostPath"),
    ],
)
def test_the_rules_refuse_manifests_that_were_written_without_them(
    name: str, expected: str
) -> None:
    ((_, workload), *_) = workloads(documents(manifest_text(name)))
    assert expected in violations(workload["spec"]["template"]["spec"])


def test_no_two_examples_share_a_name_in_one_namespace() -> None:
    named = [
        f"{document['kind']}/{document['metadata']['name']}"
        for path in PODS
        for document in documents(path.read_text())
    ]
    assert len(set(named)) == len(named)


@pytest.mark.parametrize("path", PODS, ids=name_of)
def test_a_pod_is_selected_by_labels_that_no_other_example_has(path: Path) -> None:
    ((_, workload),) = workloads(documents(path.read_text()))
    selector = workload["spec"]["selector"]["matchLabels"]
    for other in PODS:
        ((_, found),) = workloads(documents(other.read_text()))
        labels = found["spec"]["template"]["metadata"]["labels"]
        assert (selector.items() <= labels.items()) == (other == path)


def test_every_workload_has_the_recommended_labels_and_its_pods_too() -> None:
    for name, workload in every_example():
        pod = workload["spec"]["template"]["metadata"]["labels"]
        assert workload["metadata"]["labels"][RECOMMENDED] == pod[RECOMMENDED], name
        assert "app" not in pod, name


def test_every_container_asks_for_memory_and_has_a_limit() -> None:
    for name, workload in every_example():
        spec = workload["spec"]["template"]["spec"]
        for container in (*spec.get("initContainers", []), *spec["containers"]):
            resources = container["resources"]
            assert resources["requests"]["cpu"], name
            assert resources["requests"]["memory"], name
            assert resources["limits"]["memory"], name


def test_every_streamer_keeps_its_position_where_a_restart_finds_it() -> None:
    seen = 0
    for name, workload in every_example():
        spec = workload["spec"]["template"]["spec"]
        for container in (*spec.get("initContainers", []), *spec["containers"]):
            if container["image"].startswith("pillion/log-streamer:"):
                (state,) = [a for a in container["args"] if a.startswith("--state.dir=")]
                (mount,) = [
                    each
                    for each in container["volumeMounts"]
                    if state.removeprefix("--state.dir=").startswith(each["mountPath"])
                ]
                (volume,) = [each for each in spec["volumes"] if each["name"] == mount["name"]]
                assert "emptyDir" in volume, name
                seen += 1
    assert seen == 5


def test_the_daemonset_asks_for_nothing_that_only_kube_system_may_have() -> None:
    workload = dict(every_example())["DaemonSet/log-agent"]
    spec = workload["spec"]["template"]["spec"]
    assert "priorityClassName" not in spec
    assert workload["spec"]["updateStrategy"] == {"rollingUpdate": {"maxUnavailable": "10%"}}
    assert {each["effect"] for each in spec["tolerations"]} == {"NoSchedule", "NoExecute"}
    assert spec["terminationGracePeriodSeconds"] >= 25 + 5  # --drain.timeout, and the runtime
