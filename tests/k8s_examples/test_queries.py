"""No dashboard and no rule asks for a metric that nobody exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.k8s_examples import queries
from tests.k8s_examples.discovery import RULES
from tests.k8s_examples.examples import DASHBOARDS
from tests.k8s_examples.exported import EXPORTED

if TYPE_CHECKING:
    from pathlib import Path

# What Prometheus itself, cAdvisor and kube-state-metrics export.
OF_OTHERS = {"up", "container_memory_working_set_bytes", "kube_pod_container_resource_limits"}
RECORDED = {name for path in RULES for name in queries.of_rules(path) if ":" in name}
# Whose metrics a file of rules is about.
ABOUT = {
    "nginx.yml": ["nginx-exporter"],
    "nginx-signals.yml": ["nginx-exporter"],
    "probes.yml": ["blackbox-exporter"],
    "logs.yml": ["log-agent", "log-streamer"],
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The names that each process exports."""
    return {name: of(tmp_path_factory.mktemp(name)) for name, of in EXPORTED.items()}


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_metric_of_a_dashboard_is_exported_by_its_process(
    path: Path, exported: dict[str, set[str]]
) -> None:
    wanted = {name for query in queries.of_dashboard(path) for name in queries.metrics(query)}
    assert wanted - RECORDED - exported[path.stem] == set()


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_every_metric_of_a_rule_is_exported_by_whom_it_is_about(
    path: Path, exported: dict[str, set[str]]
) -> None:
    wanted = {name for query in queries.of_rules(path).values() for name in queries.metrics(query)}
    there = OF_OTHERS.union(*(exported[name] for name in ABOUT.get(path.name, [])))
    assert wanted - RECORDED - there == set()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('sum by (pod) (rate(a_total{b=~"c"}[5m]))', {"a_total"}),
        ("a > bool 0.5 and on (instance) b", {"a", "b"}),
        ('x:y:ratio5m{n=~".*"} / 0.001', {"x:y:ratio5m"}),
        ("1 - avg(a) / (sum(b) > 0) or vector(0)", {"a", "b"}),
    ],
)  # fmt: skip
def test_the_names_in_a_query_are_found(query: str, names: set[str]) -> None:
    assert queries.metrics(query) == names
