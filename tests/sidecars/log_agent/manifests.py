"""The manifests of the deployments that the agent has to take over, as their authors wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from tests.manifests import manifest_text
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sidecars.log_agent.running import Agent


def mount(name: str, etc: Path, var_log: Path) -> Path:
    """Write the files of a ConfigMap as a kubelet mounts them; return the one to start with.

    All that differs is the root below which the logs are.
    """
    document = yaml.safe_load(manifest_text(name))
    etc.mkdir()
    for file, text in document["data"].items():
        (etc / file).write_text(text.replace("/var/log", str(var_log)))
    return etc / "fluent-bit.conf"


def container_log(var_log: Path, namespace: str, pod: str, container: str, identity: str) -> Path:
    """Make a container's log as a node has it: a link in containers to a file below pods."""
    folder = var_log / "pods" / f"{namespace}_{pod}_uid" / container
    folder.mkdir(parents=True)
    (var_log / "containers").mkdir(exist_ok=True)
    link = var_log / "containers" / f"{pod}_{namespace}_{container}-{identity}.log"
    link.symlink_to(folder / "0.log")
    return folder / "0.log"


def add(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(lines)


def wait_for_two_files(running: Agent) -> None:
    """Wait until the agent has found both logs; what they hold by then is not read."""
    eventually(
        lambda: running.started.scrape().value("pillion_log_agent_tail_open_files", input="tail.0"),
        lambda count: count == 2,
    )


def pointed_at(configuration: Path, port: int) -> Path:
    """Have the name `elasticsearch` of the manifest stand for the sink."""
    output = configuration.parent / "output.conf"
    text = output.read_text()
    output.write_text(text.replace("elasticsearch\n", f"127.0.0.1\n    Port            {port}\n"))
    return configuration


def stop_when_read(running: Agent, count: int) -> None:
    """Wait until so many records were read, and stop: what is in hand is sent at once then.

    The manifests flush each five seconds.
    """

    def read() -> float:
        in_flight = running.started.scrape().value("pillion_log_agent_records_in_flight")
        return in_flight + running.settled("delivered", "filtered", "rejected", "dropped")

    eventually(read, lambda found: found == count)
    running.started.stop()
