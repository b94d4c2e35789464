"""The input `kubernetes_events`: its declaration."""

from __future__ import annotations

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.inputs.kubernetes_events.input import KubernetesEventsInput
from pillion_log_agent.inputs.kubernetes_events.properties import KubernetesEventsProperties

_WATCHED = "events are watched, not polled"
_POSITION = "the position is a file of its own, synced at every write"
KUBERNETES_EVENTS = Declaration(
    name="kubernetes_events",
    summary="Lists and watches the events of a cluster.",
    properties=KubernetesEventsProperties,
    accepted={
        **dict.fromkeys(("interval_sec", "interval_nsec"), _WATCHED),
        "kube_token_ttl": "the token is read for each request",
        "tls.debug": "errors of TLS are logged with their reason",
        **dict.fromkeys(("db.sync", "db.locking", "db.journal_mode"), _POSITION),
    },
    refused={
        "kube_ca_path": "put the certificates into one file, and name it with kube_ca_file",
        "tls.vhost": "name the server in kube_url as its certificate does",
    },
    build=KubernetesEventsInput,
)
