"""Runs a command with a Docker engine: the one that answers, or one of its own until it ends.

    python -m tools.engine .venv/bin/pillion-images base

The engine of its own needs root and Debian's docker.io. Its data, sockets, containers and
network are in a folder of their own, and all of it is gone at the end. It makes no firewall
rules, so containers are reached from this machine but reach nothing beyond it.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import docker
from docker.errors import DockerException

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 60.0
# Networks that machines of ours rarely use, one for each run at the same time; the usual docker0
# stays free for the usual engine.
BRIDGES = {f"pillion-e2e{number}": f"10.213.{77 + number}.1/24" for number in range(10)}


class NoEngineError(Exception):
    """No engine answers, and none can be started here; the sentence says why."""


@contextmanager
def engine() -> Iterator[str]:
    """Give the address of an engine, as DOCKER_HOST has it; start one when none answers."""
    if (address := answering()) is not None:
        yield address
        return
    program = startable()
    with tempfile.TemporaryDirectory(prefix="pillion-engine-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        bridge = _make_bridge()
        process = _start(program, folder, bridge)
        try:
            address = f"unix://{folder}/docker.sock"
            _wait_for(address, process, folder / "log")
            yield address
        finally:
            _stop(process, folder)
            _ip("link", "delete", bridge)


def answering() -> str | None:
    """Return the address of the engine that DOCKER_HOST names or the machine has, if any."""
    address = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    return address if _pings(address) else None


def startable() -> str:
    """Return the path of dockerd, where it can be started; raises NoEngineError."""
    program = shutil.which("dockerd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        raise NoEngineError("no Docker engine answers, and dockerd is not on this machine")
    if os.geteuid() != 0:
        raise NoEngineError("no Docker engine answers, and only root can start dockerd")
    return program


def _start(program: str, folder: Path, bridge: str) -> subprocess.Popen[bytes]:
    # Not the machine's iptables: what it has may be another's, or missing in the kernel.
    command = [
        program,
        f"--data-root={folder}/data",
        f"--exec-root={folder}/exec",
        f"--host=unix://{folder}/docker.sock",
        f"--pidfile={folder}/pid",
        f"--bridge={bridge}",
        "--iptables=false",
        "--ip6tables=false",
        "--log-level=warn",
    ]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not _pings(address):
        if process.poll() is not None or time.monotonic() > end:
            raise NoEngineError(f"dockerd does not start:\n{log.read_text()}")
        time.sleep(0.05)


def _pings(address: str) -> bool:
    # The SDK leaves its socket open when nobody is there.
    if address.startswith("unix://") and not _takes_connections(address.removeprefix("unix://")):
        return False
    try:
        client = docker.DockerClient(base_url=address, version="auto", timeout=10)
    except DockerException:
        return False
    try:
        return bool(client.ping())
    except (DockerException, OSError):
        return False
    finally:
        client.close()


def _takes_connections(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


def _stop(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for mounted in _mounted_below(folder):
        subprocess.run(["umount", "--lazy", mounted], check=False, capture_output=True)


def _mounted_below(folder: Path) -> list[str]:
    lines = Path("/proc/self/mounts").read_text().splitlines()
    paths = [line.split()[1] for line in lines]
    return sorted((path for path in paths if path.startswith(f"{folder}/")), reverse=True)


def _make_bridge() -> str:
    """Make the first bridge that is not there yet; return its name."""
    for name, network in BRIDGES.items():
        if _ip("link", "add", "name", name, "type", "bridge"):
            _ip("address", "add", network, "dev", name)
            _ip("link", "set", name, "up")
            return name
    raise NoEngineError(f"no bridge can be made: {', '.join(BRIDGES)} are there, or may not be")


def _ip(*words: str) -> bool:
    return subprocess.run(["ip", *words], check=False, capture_output=True).returncode == 0


def main(command: list[str]) -> int:
    """Run a command with DOCKER_HOST set; return its exit status."""
    try:
        with engine() as address:
            environment = {**os.environ, "DOCKER_HOST": address}
            return subprocess.run(command, env=environment, check=False).returncode
    except NoEngineError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
