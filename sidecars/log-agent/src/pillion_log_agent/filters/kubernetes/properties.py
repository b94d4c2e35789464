"""The properties of the kubernetes filter."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import optional, setting
from pillion_log_agent.configuration.kinds import FLAG, PATH, TEXT, TIME, choice

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


@dataclass(frozen=True, slots=True)
class KubernetesProperties:
    """The properties of `kubernetes`."""

    kube_url: str = setting(
        "kube_url", TEXT, "The API server.", default="https://kubernetes.default.svc:443"
    )
    kube_ca_file: str = setting(
        "kube_ca_file", PATH, "The authority of its certificate.", default=f"{ACCOUNT}/ca.crt"
    )
    kube_token_file: str = setting(
        "kube_token_file",
        PATH,
        "The token; read again when it changes.",
        default=f"{ACCOUNT}/token",
    )
    kube_ca_path: str | None = optional("kube_ca_path", PATH, "A directory of authorities.")
    kube_token_command: str | None = optional(
        "kube_token_command", TEXT, "A command that prints the token, in the place of the file."
    )
    kube_token_ttl: float = setting(
        "kube_token_ttl", TIME, "How long a token holds that a command has printed.", default=600.0
    )
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
    tls_verify: bool = setting(
        "tls.verify", FLAG, "Whether the API server has to be trusted.", default=True
    )
    tls_verify_hostname: bool = setting(
        "tls.verify_hostname",
        FLAG,
        "Whether its certificate has to bear the name in kube_url.",
        default=True,
    )
    tls_vhost: str | None = optional("tls.vhost", TEXT, "The name to ask for and to verify.")
    tls_ca_file: str | None = optional(
        "tls.ca_file", PATH, "The authority of its certificate, before kube_ca_file."
    )
    tls_ca_path: str | None = optional("tls.ca_path", PATH, "The same as kube_ca_path.")
    tls_crt_file: str | None = optional("tls.crt_file", PATH, "Our certificate, PEM.")
    tls_key_file: str | None = optional("tls.key_file", PATH, "Its key, PEM.")
    tls_key_passwd: str | None = optional("tls.key_passwd", TEXT, "The key's password.")
    tls_min_version: str | None = optional(
        "tls.min_version", choice("tlsv1.1", "tlsv1.2", "tlsv1.3"), "The least version."
    )
    tls_max_version: str | None = optional(
        "tls.max_version", choice("tlsv1.1", "tlsv1.2", "tlsv1.3"), "The highest version."
    )
    tls_ciphers: str | None = optional(
        "tls.ciphers", TEXT, "The ciphers to offer up to TLS 1.2, as OpenSSL writes them."
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
