"""The properties of `kubernetes`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import optional, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, PATH, TEXT, TIME
from pillion_log_agent.configuration.reasons import NETWORK

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import Filter, FilterContext

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


def _build(properties: KubernetesProperties, context: FilterContext) -> Filter:
    from pillion_log_agent.filters.kubernetes.filter import (  # noqa: PLC0415
        KubernetesFilter,  # with the client of the API
    )

    return KubernetesFilter(properties, context)


_READ = "the API's answers are read whole"
_API = "the API server is asked once for each pod and then watched, and not the kubelet"
_NAMESPACES = "the labels and annotations of namespaces are not read; put them on the pods"
_AWS = "associations of AWS are not read; add fields with record_modifier"
_OF_API = "kube_url, kube_ca_file and kube_token_file say how the API server is reached"
_REFUSED = {
    "kube_meta_preload_cache_dir": "use downward_api",
    "kube_token_command": "let what renews the token write it to kube_token_file",
    "kube_ca_path": "name the file in kube_ca_file",
    "namespace_labels": _NAMESPACES,
    "namespace_annotations": _NAMESPACES,
    "namespace_metadata_only": _NAMESPACES,
    "owner_references": "they are not read; a pod's labels mostly name its owner",
    "use_journal": "there is no input for the journal",
    "set_platform": _AWS,
    "aws_use_pod_association": _AWS,
    "use_pod_association": _AWS,
    **dict.fromkeys(
        (
            "aws_pod_association_host",
            "aws_pod_association_endpoint",
            "aws_pod_association_port",
            "aws_pod_service_map_ttl",
            "aws_pod_service_map_refresh_interval",
            "aws_pod_service_preload_cache_dir",
            "aws_pod_association_host_server_ca_file",
            "aws_pod_association_host_client_cert_file",
            "aws_pod_association_host_client_key_file",
            "aws_pod_association_host_tls_debug",
            "aws_pod_association_host_tls_verify",
        ),
        _AWS,
    ),
    **dict.fromkeys(
        (
            "net.source_address",
            "tls.ca_file",
            "tls.ca_path",
            "tls.crt_file",
            "tls.key_file",
            "tls.key_passwd",
            "tls.vhost",
            "tls.min_version",
            "tls.max_version",
            "tls.ciphers",
        ),
        _OF_API,
    ),
}
KUBERNETES = Declaration(
    name="kubernetes",
    summary="Gives each record what is known of its pod.",
    properties=KubernetesProperties,
    accepted={
        "buffer_size": _READ,
        "tls.debug": "errors of TLS are logged",
        "dns_retries": "a server that is not found is asked again",
        "dns_wait_time": "a server that is not found is asked again",
        "kube_token_ttl": "the token is read again when its file changes",
        "cache_use_docker_id": "a watch renews what is known of a pod",
        "kube_meta_namespace_cache_ttl": "the labels of namespaces are not asked for",
        "kube_namespace_file": "a tag says the namespace",
        "use_kubelet": _API,
        "kubelet_host": _API,
        "kubelet_port": _API,
        **NETWORK,
        "net.connect_timeout": "lookup_timeout holds for all of a lookup",
        "tls": "kube_url says it",
    },
    refused=_REFUSED,
    build=_build,
)
