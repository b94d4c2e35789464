"""Looks after a pod that is played: restarts, and probes that are acted upon."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.e2e.player.care import Care, Probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.player.play import Playing

_LOOK_EVERY = 0.05


class Kubelet:
    """What looks after one pod, each container in a thread of its own.

    Args:
        pod: which.
        speed: how many of its seconds pass in one, so that no test waits for a back-off.
    """

    def __init__(self, pod: Playing, speed: float) -> None:
        self.events: list[str] = []
        self._pod = pod
        self._speed = speed
        self._cares = {
            item.name: Care(item, pod.pod.restart_policy)
            for item in (*pod.pod.init, *pod.pod.containers)
            if item in pod.pod.containers or item.is_sidecar
        }
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(care,), daemon=True)
            for care in self._cares.values()
        ]

    def restarts(self, name: str) -> int:
        """Return how often a container was started anew."""
        return self._cares[name].restarts

    def is_ready(self) -> bool:
        """Return whether every container is: the pod's condition."""
        return all(care.is_ready() for care in self._cares.values())

    def start(self) -> None:
        for care in self._cares.values():
            care.started(self._now())
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _now(self) -> float:
        return time.monotonic() * self._speed

    def _run(self, care: Care) -> None:
        while not self._ended.wait(_LOOK_EVERY):
            self._look_after(care)

    def _look_after(self, care: Care) -> None:
        name = care.container.name
        state = self._pod.state(name)
        if not state["Running"]:
            if care.ended(self._now(), int(state["ExitCode"])):
                self.events.append(f"{name}: started anew after it ended with {state['ExitCode']}")
                self._pod.restart(name)
                care.started(self._now())
            return
        for probe in care.due(self._now()):
            self._ask(care, probe)

    def _ask(self, care: Care, probe: Probe) -> None:
        name = care.container.name
        succeeded = self._pod.probe(name, probe.kind)
        failed = probe.took(self._now(), succeeded=succeeded)
        if failed and probe.kind != "readinessProbe":
            self.events.append(f"{name}: ended for its {probe.kind}")
            self._pod.end([name], time.monotonic() + self._pod.pod.grace)


@contextmanager
def tended(pod: Playing, speed: float = 10) -> Iterator[Kubelet]:
    """Have a pod looked after while a test looks at it."""
    kubelet = Kubelet(pod, speed)
    kubelet.start()
    try:
        yield kubelet
    finally:
        kubelet.stop()
