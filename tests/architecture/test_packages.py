"""What may be used of the packages that the project stands on, read from the sources."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.workspace import ROOT, Member, imports, members

ALL = pytest.mark.parametrize("member", members(), ids=lambda member: member.package)

# Ours writes what is exposed (pillion.metrics.exposition), and a registry is always passed in.
NOT_OF_PROMETHEUS_CLIENT = {
    "REGISTRY",
    "generate_latest",
    "exposition",
    "start_http_server",
    "make_asgi_app",
    "make_wsgi_app",
    "push_to_gateway",
    "write_to_textfile",
    "GC_COLLECTOR",
    "PLATFORM_COLLECTOR",
    "PROCESS_COLLECTOR",
}
# httpx asks where a request comes rarely; it is imported where it is used.
ASKING = (
    "core/src/pillion/testing/",
    "exporters/blackbox/src/pillion_blackbox_exporter/probers/http/token_request.py",
    "sidecars/log-agent/src/pillion_log_agent/kubernetes_api/client.py",
)
INSTRUMENTS = {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"}


@ALL
def test_of_prometheus_client_neither_its_writer_nor_its_registry_is_used(member: Member) -> None:
    used = [
        str(item)
        for file in member.files()
        for item in imports(file)
        if item.module.split(".")[0] == "prometheus_client"
        and NOT_OF_PROMETHEUS_CLIENT & set(item.module.split("."))
    ]
    assert used == []


@ALL
def test_httpx_asks_where_a_request_comes_rarely_and_nowhere_else(member: Member) -> None:
    misplaced = [
        str(item)
        for file in member.files()
        for item in imports(file)
        if item.module.split(".")[0] in ("httpx", "httpcore")
        and not str(file.relative_to(ROOT)).startswith(ASKING)
    ]
    assert misplaced == []


@ALL
def test_every_metric_is_made_in_a_registry_that_is_passed_in(member: Member) -> None:
    without = [
        f"{file.relative_to(ROOT)}:{call.lineno}"
        for file in member.files()
        if any(
            item.module in {f"prometheus_client.{name}" for name in INSTRUMENTS}
            for item in imports(file)
        )
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in INSTRUMENTS
        and "registry" not in {keyword.arg for keyword in call.keywords}
    ]
    assert without == []
