"""A real Prometheus that scrapes through relabelling, as the manifests do it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.exporters.blackbox.running import running, scrape
from tests.servers.prometheus import check_metrics, is_here, prometheus

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not is_here(), reason="Prometheus is not installed")

# The rules for pods with annotations, from the manifests; file_sd stands in for Kubernetes.
PODS = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
  - job_name: test-pods
    file_sd_configs: [{{files: ["{folder}/pods.json"]}}]
    relabel_configs:
      - source_labels:
          - __meta_kubernetes_pod_annotationpresent_prometheus_io_path
          - __meta_kubernetes_pod_annotation_prometheus_io_path
        regex: true;(.*)
        target_label: __metrics_path__
      - source_labels:
          - __meta_kubernetes_pod_annotationpresent_prometheus_io_target
          - __meta_kubernetes_pod_annotation_prometheus_io_target
        regex: true;(.*)
        target_label: __param_target
      - source_labels: [__param_target]
        target_label: instance
  - job_name: blackbox
    scrape_interval: 1s
    scrape_timeout: 1s
    metrics_path: /probe
    params: {{module: [http_2xx]}}
    static_configs:
      - targets: ["http://{exporter}/-/healthy", "http://{exporter}/nope"]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{target_label: __address__, replacement: "{exporter}"}}
"""


def test_a_pod_with_annotations_and_a_list_of_targets_are_probed(tmp_path: Path) -> None:
    with running("--timeout-offset=0.05") as exporter:
        healthy = f"http://{exporter.address}/-/healthy"
        labels = {
            "__meta_kubernetes_pod_annotationpresent_prometheus_io_path": "true",
            "__meta_kubernetes_pod_annotation_prometheus_io_path": "/probe",
            "__meta_kubernetes_pod_annotationpresent_prometheus_io_target": "true",
            "__meta_kubernetes_pod_annotation_prometheus_io_target": healthy,
        }
        pods = [{"targets": [exporter.address], "labels": labels}]
        (tmp_path / "pods.json").write_text(json.dumps(pods))
        text = PODS.format(folder=tmp_path, exporter=exporter.address)
        with prometheus(tmp_path, text) as server:
            (pod,) = server.wait_for('probe_success{job="test-pods"} == 1')
            (good,) = server.wait_for('probe_success{job="blackbox"} == 1')
            (bad,) = server.wait_for('probe_failure_info{job="blackbox"}')
    assert pod["metric"]["instance"] == good["metric"]["instance"] == healthy
    assert bad["metric"]["instance"].endswith("/nope")
    assert bad["metric"]["reason"] == "status"


def test_the_metrics_of_a_probe_and_of_the_exporter_pass_promtool() -> None:
    with running() as exporter:
        for target in (f"{exporter.address}/-/healthy", "http://nowhere.invalid/"):
            text = exporter.get(f"/probe?target={target}").text
            assert [line for line in check_metrics(text) if "error" in line] == []
        assert [x for x in check_metrics(exporter.get("/metrics").text) if "error" in x] == []
        scrape(exporter, exporter.address, "tcp_connect")
