"""How `kubernetes` is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.reasons import NETWORK
from pillion_log_agent.filters.kubernetes.properties import KubernetesProperties

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import Filter, FilterContext


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
