"""The properties of the kubernetes filter."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import optional, setting
from pillion_log_agent.configuration.kinds import FLAG, PATH, TEXT, TIME
from pillion_log_agent.kubernetes_api.properties import ApiProperties


@dataclass(frozen=True, slots=True)
class KubernetesProperties(ApiProperties):
    """The properties of `kubernetes`."""

    kube_tag_prefix: str = setting(
        "kube_tag_prefix", TEXT, "What the tag begins with.", default="kube.var.log.containers."
    )
    regex_parser: str | None = optional(
        "regex_parser", TEXT, "The parser that takes the rest of the tag apart."
    )
    merge_log: bool = setting(
        "merge_log", FLAG, "Add the fields of a log that is a JSON object.", default=False
    )
    merge_log_key: str | None = optional(
        "merge_log_key", TEXT, "The field to put them into; the record itself if not given."
    )
    merge_log_trim: bool = setting(
        "merge_log_trim", FLAG, "Take line ends from the values of those.", default=True
    )
    merge_parser: str | None = optional("merge_parser", TEXT, "Parse the log with this parser.")
    keep_log: bool = setting(
        "keep_log", FLAG, "Keep the log whose fields were added.", default=True
    )
    labels: bool = setting("labels", FLAG, "Add the pod's labels.", default=True)
    annotations: bool = setting("annotations", FLAG, "Add its annotations.", default=True)
    owner_references: bool = setting(
        "owner_references", FLAG, "Add what owns the pod, as ownerReferences.", default=False
    )
    namespace_labels: bool = setting(
        "namespace_labels",
        FLAG,
        "Add the labels of the namespace, in the field kubernetes_namespace; the account has to "
        "be allowed to get namespaces.",
        default=False,
    )
    namespace_annotations: bool = setting(
        "namespace_annotations", FLAG, "Add its annotations there.", default=False
    )
    namespace_metadata_only: bool = setting(
        "namespace_metadata_only",
        FLAG,
        "Add the field kubernetes_namespace alone, and ask for no pods.",
        default=False,
    )
    kube_meta_namespace_cache_ttl: float = setting(
        "kube_meta_namespace_cache_ttl",
        TIME,
        "How long what is known of a namespace holds.",
        default=900.0,
    )
    k8s_logging_parser: bool = setting(
        "k8s-logging.parser",
        FLAG,
        "Let pods name the parser of their logs: fluentbit.io/parser.",
        default=False,
    )
    k8s_logging_exclude: bool = setting(
        "k8s-logging.exclude",
        FLAG,
        "Let pods keep their logs to themselves: fluentbit.io/exclude.",
        default=False,
    )
    dummy_meta: bool = setting(
        "dummy_meta", FLAG, "Ask nobody: what the tag says is all.", default=False
    )
    use_tag_for_meta: bool = setting(
        "use_tag_for_meta", FLAG, "The same: what the tag says is all.", default=False
    )
    downward_api: str | None = optional(
        "downward_api",
        PATH,
        "A directory with the files labels and annotations of the downward API: the agent's own "
        "pod is then the only one, and the API server is not asked.",
    )
    lookup_timeout: float = setting(
        "lookup_timeout",
        TIME,
        "How long the first records of a pod wait for what the API server says of it.",
        default=5.0,
    )
    kube_meta_cache_ttl: float = setting(
        "kube_meta_cache_ttl", TIME, "How long an answer holds that no watch renews.", default=300.0
    )
