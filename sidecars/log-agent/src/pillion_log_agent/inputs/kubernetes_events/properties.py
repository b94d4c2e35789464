"""The properties of the input `kubernetes_events`."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import optional, setting
from pillion_log_agent.configuration.kinds import NUMBER, PATH, TEXT, TIME
from pillion_log_agent.kubernetes_api.properties import ApiProperties


@dataclass(frozen=True, slots=True)
class KubernetesEventsProperties(ApiProperties):
    """The properties of `kubernetes_events`."""

    kube_namespace: str | None = optional(
        "kube_namespace", TEXT, "Only events of this namespace; of all if not given."
    )
    kube_request_limit: int = setting(
        "kube_request_limit", NUMBER, "Events in a page of a list; 0 for 250.", default=0
    )
    kube_retention_time: float = setting(
        "kube_retention_time",
        TIME,
        "Without a position, events that are older are left out.",
        default=3600.0,
    )
    kube_watch_timeout: float = setting(
        "kube_watch_timeout",
        TIME,
        "How long a watch goes on before the next; 0 for 5m.",
        default=0.0,
    )
    db: str | None = optional(
        "db", PATH, "Where the position is kept, in FILE.pillion, so that a restart goes on there."
    )
