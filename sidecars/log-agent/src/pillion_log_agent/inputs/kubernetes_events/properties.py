"""The properties of the input `kubernetes_events`."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import optional, setting
from pillion_log_agent.configuration.kinds import FLAG, NUMBER, PATH, TEXT, TIME
from pillion_log_agent.filters.kubernetes.properties import ACCOUNT


@dataclass(frozen=True, slots=True)
class KubernetesEventsProperties:
    """The properties of `kubernetes_events`."""

    kube_url: str = setting(
        "kube_url", TEXT, "The API server.", default="https://kubernetes.default.svc"
    )
    kube_ca_file: str = setting(
        "kube_ca_file", PATH, "The authority of its certificate.", default=f"{ACCOUNT}/ca.crt"
    )
    kube_token_file: str = setting(
        "kube_token_file", PATH, "The token; read for each request.", default=f"{ACCOUNT}/token"
    )
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
    tls_verify: bool = setting(
        "tls.verify", FLAG, "Whether the API server has to be trusted.", default=True
    )
    tls_verify_hostname: bool = setting(
        "tls.verify_hostname",
        FLAG,
        "Whether its certificate has to bear the name in kube_url.",
        default=True,
    )
    db: str | None = optional(
        "db", PATH, "Where the position is kept, in FILE.pillion, so that a restart goes on there."
    )
