"""What is known of pods: a bounded store, renewed by a watch or by age."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from pillion_log_agent.kubernetes_api.pod import Pod

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LIMIT = 4096
ABSENT_SECONDS = 30.0
"""How long it holds that there is no such pod, or that nobody could be asked."""
Key = tuple[str, str]


class Store:
    """Pods by namespace and name.

    A pod that is deleted stays for a while: its last lines are still being read.

    Attributes:
        is_watched: a watch tells of every change.
        version: grows with every change, so that what was made of a pod can be made anew.
    """

    def __init__(self, ttl: float, clock: Callable[[], float]) -> None:
        self.is_watched = False
        self.version = 0
        self._ttl = ttl
        self._clock = clock
        self._pods: OrderedDict[Key, tuple[Pod | None, float]] = OrderedDict()

    def find(self, key: Key) -> tuple[bool, Pod | None]:
        """Return whether anything is known, and the pod; None stands for one that is not there."""
        found = self._pods.get(key)
        if found is None:
            return False, None
        pod, since = found
        age = self._clock() - since
        if pod is None:
            return age < ABSENT_SECONDS, None
        return self.is_watched or age < self._ttl, pod

    def put(self, key: Key, pod: Pod | None) -> None:
        """Take note of a pod, or that there is none of that name."""
        if key in self._pods:
            del self._pods[key]
        elif len(self._pods) >= LIMIT:
            self._pods.popitem(last=False)
        self._pods[key] = pod, self._clock()
        self.version += 1

    def replace(self, objects: Iterable[dict[str, Any]]) -> None:
        """Take note of all pods of a list."""
        for found in objects:
            self.put(_key(found), Pod.of_object(found))
        self.is_watched = True

    def change(self, kind: str, found: dict[str, Any]) -> None:
        """Take note of a change that a watch tells of."""
        if kind in ("ADDED", "MODIFIED"):
            self.put(_key(found), Pod.of_object(found))


def _key(found: dict[str, Any]) -> Key:
    meta = found.get("metadata") or {}
    return str(meta.get("namespace", "")), str(meta.get("name", ""))
