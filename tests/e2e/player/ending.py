"""The end of one container as a kubelet brings it: preStop, the signal, and SIGKILL when time is up."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from contextlib import suppress
from typing import TYPE_CHECKING

import docker.errors
import requests.exceptions

from tests.e2e.player.probes import address_of

if TYPE_CHECKING:
    from docker.models.containers import Container as Running

    from tests.e2e.player.manifest import Container

# What a container has at least after its preStop, however long that took.
# Source: Kubernetes, pkg/kubelet/kuberuntime/kuberuntime_container.go.
LEAST_GRACE = 2.0


def end(running: Running, container: Container, address: str, deadline: float) -> int:
    """End a container, by SIGKILL after a moment of `time.monotonic()`; return its exit status."""
    with suppress(docker.errors.APIError):  # it has ended by itself
        _pre_stop(running, container, address)
        running.kill(_stop_signal(running))
    try:
        left = max(deadline - time.monotonic(), LEAST_GRACE)
        return int(running.wait(timeout=left)["StatusCode"])
    except (requests.exceptions.ConnectionError, requests.exceptions.ReadTimeout):
        running.kill()
        return int(running.wait(timeout=30)["StatusCode"])


def _pre_stop(running: Running, container: Container, address: str) -> None:
    hook = container.get("lifecycle", {}).get("preStop")
    if hook is None:
        return
    if "exec" in hook:
        running.exec_run(hook["exec"]["command"])
    elif "sleep" in hook:
        time.sleep(hook["sleep"]["seconds"])
    else:
        port, path = address_of(container, hook)
        with (
            suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"http://{address}:{port}{path}", timeout=30),
        ):
            pass


def _stop_signal(running: Running) -> str:
    # Container runtimes send what the image names; nginx's own names SIGQUIT.
    assert running.image is not None
    return str(running.image.attrs["Config"].get("StopSignal") or "SIGTERM")
