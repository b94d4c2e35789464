"""Our Prometheus configuration with pods that a file gives, as Kubernetes would."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from tests.k8s_examples.examples import PROMETHEUS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.player.manifest import Pod

RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))


def configuration(targets: Path) -> dict[str, Any]:
    """Return our configuration with discovery from a file in the place of Kubernetes'.

    A job that asks the API for some pods only has a file of its own beside it: `JOB.json`.
    """
    found: dict[str, Any] = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    found["rule_files"] = [str(path) for path in RULES]
    for job in found["scrape_configs"]:
        if asked := job.pop("kubernetes_sd_configs", None):
            selects = "selectors" in asked[0]
            file = targets.with_name(f"{job['job_name']}.json") if selects else targets
            job["file_sd_configs"] = [{"files": [str(file)]}]
    return found


def discovered(pod: Pod, address: str) -> list[dict[str, Any]]:
    """Return what `role: pod` says of a pod: a target for each port that a container declares."""
    of_pod = {
        "namespace": pod.namespace,
        "pod_name": pod.name,
        "pod_ip": address,
        "pod_phase": "Running",
        "pod_node_name": "node-1",
    }
    for key, value in pod.labels.items():
        of_pod[f"pod_label_{_plain(key)}"] = value
    for key, value in pod.annotations.items():
        of_pod[f"pod_annotation_{_plain(key)}"] = value
        of_pod[f"pod_annotationpresent_{_plain(key)}"] = "true"
    found = []
    for container in (*pod.init, *pod.containers):
        for declared in container.get("ports", [{}]):
            labels = {**of_pod, "pod_container_name": container.name}
            labels["pod_container_port_name"] = declared.get("name", "")
            port = declared.get("containerPort")
            found.append(_target(f"{address}:{port}" if port else address, labels))
    return found


def _plain(key: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_]", "_", key)


def _target(address: str, labels: dict[str, str]) -> dict[str, Any]:
    return {
        "targets": [address],
        "labels": {f"__meta_kubernetes_{key}": value for key, value in labels.items()},
    }


def port(
    pod: str,
    address: str,
    /,
    *,
    container: str = "web",
    name: str = "http",
    phase: str = "Running",
    **annotations: str,
) -> dict[str, Any]:
    """Return one port of a pod as `role: pod` discovers it."""
    labels = {
        "namespace": "shop",
        "pod_name": pod,
        "pod_ip": address.rpartition(":")[0].strip("[]"),
        "pod_phase": phase,
        "pod_label_app": "web",
        "pod_node_name": "node-1",
        "pod_container_name": container,
        "pod_container_port_name": name,
    }
    for key, value in annotations.items():
        labels[f"pod_annotation_prometheus_io_{key}"] = value
        labels[f"pod_annotationpresent_prometheus_io_{key}"] = "true"
    return _target(address, labels)


def write(targets: Path, ports: list[dict[str, Any]]) -> None:
    """Write what is discovered."""
    targets.write_text(json.dumps(ports))
