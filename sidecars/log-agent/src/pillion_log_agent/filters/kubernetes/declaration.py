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
_AWS = "associations of AWS are not read; add fields with record_modifier"
_REFUSED = {
    "kube_meta_preload_cache_dir": "use downward_api",
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
    "net.source_address": "let the system's routes choose the address",
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
        "cache_use_docker_id": "a watch renews what is known of a pod",
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
