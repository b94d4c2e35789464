"""fluent-bit's DaemonSet as it is, on a node where a container has written already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.node_logs import ContainerLog
from tests.e2e.player.manifest import Document, documents
from tests.manifests import manifest_text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.player.play import Playing

CONTAINER = "0123456789abcdef" * 4
IMAGE = "fluent/fluent-bit:1.8.11"
POD = "numbers-api-5d9c7b6f4-x2x7p"


def manifest(configuration: str) -> list[Document]:
    """Return the DaemonSet and a ConfigMap of it."""
    texts = [manifest_text(name) for name in ("fluent-bit-daemonset.yaml", configuration)]
    return [document for text in texts for document in documents(text)]


def begun_log(host: Path) -> ContainerLog:
    """Return a log as Docker writes it, with a line of before: fluent-bit's tail leaves that out."""
    log = ContainerLog(host, "docker", POD, namespace="kiamol-ch13-test", identity=CONTAINER)
    log.write("before the agent was there")
    return log


def wait_until_followed(pod: Playing) -> None:
    pod.wait_for(
        lambda: pod.scrape(2020).value("pillion_log_agent_tail_open_files", input="tail.0") == 1
    )
