"""How the filter reaches the API server: its token, and TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_log_agent.filters.kubernetes.api import Api, authority_of
from pillion_log_agent.filters.kubernetes.token import Token
from pillion_log_agent.network.tls import TlsProperties

if TYPE_CHECKING:
    from pillion_log_agent.filters.kubernetes.properties import KubernetesProperties


def api_of(properties: KubernetesProperties) -> Api:
    """Return the API server of a filter; raises ConfigurationError."""
    token = Token(
        properties.kube_token_file, properties.kube_token_command, properties.kube_token_ttl
    )
    tls = TlsProperties(
        tls=True,
        tls_verify=properties.tls_verify,
        tls_verify_hostname=properties.tls_verify_hostname,
        tls_vhost=properties.tls_vhost,
        tls_ca_file=properties.tls_ca_file or authority_of(properties),
        tls_ca_path=properties.tls_ca_path or properties.kube_ca_path,
        tls_crt_file=properties.tls_crt_file,
        tls_key_file=properties.tls_key_file,
        tls_key_passwd=properties.tls_key_passwd,
        tls_min_version=properties.tls_min_version,
        tls_max_version=properties.tls_max_version,
        tls_ciphers=properties.tls_ciphers,
    )
    return Api(properties, token, tls)
