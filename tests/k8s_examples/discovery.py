"""Our Prometheus configuration with pods that a file gives, as Kubernetes would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from tests.k8s_examples.examples import PROMETHEUS

if TYPE_CHECKING:
    from pathlib import Path

RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))


def configuration(targets: Path) -> dict[str, Any]:
    """Return our configuration with discovery from a file in the place of Kubernetes'."""
    found: dict[str, Any] = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    found["rule_files"] = [str(path) for path in RULES]
    for job in found["scrape_configs"]:
        if job.pop("kubernetes_sd_configs", None):
            job["file_sd_configs"] = [{"files": [str(targets)]}]
    return found


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
    return {
        "targets": [address],
        "labels": {f"__meta_kubernetes_{key}": value for key, value in labels.items()},
    }


def write(targets: Path, ports: list[dict[str, Any]]) -> None:
    """Write what is discovered."""
    targets.write_text(json.dumps(ports))
