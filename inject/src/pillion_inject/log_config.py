"""The ConfigMap that a log agent starts with, where none is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pillion_inject.workloads import Workload

OWNER = "pillion.io/injected-for"
TEXT = """\
service:
  flush: 1
  http_server: on
pipeline:
  inputs:
    - name: tail
      path: {paths}
      tag: app.*
      read_from_head: on
      db: /state/positions.db
  filters:
    - name: record_modifier
      match: '*'
      record:
        - pod ${{POD_NAME}}
        - namespace ${{POD_NAMESPACE}}
  outputs:
    - name: stdout
      match: '*'
      format: json_lines
"""


def config_map_name(found: Workload) -> str:
    """Return the name of a workload's ConfigMap."""
    return f"{found.name.rstrip('-')}-log-agent"


def config_map(found: Workload, patterns: list[str]) -> dict[str, Any]:
    """Return the ConfigMap of a workload's agent: files to standard output, as JSON."""
    metadata: dict[str, Any] = {"name": config_map_name(found)}
    if found.namespace:
        metadata["namespace"] = found.namespace
    metadata["annotations"] = {OWNER: str(found)}
    text = TEXT.format(paths=",".join(patterns))
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"fluent-bit.yaml": text},
    }


def owner_of(item: Any) -> str:
    """Return the workload that a ConfigMap was made for; empty for any other object."""
    annotations = (item.get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(OWNER, "")) if item.get("kind") == "ConfigMap" else ""
