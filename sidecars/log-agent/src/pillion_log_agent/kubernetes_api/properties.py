"""The properties of what asks the Kubernetes API."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import optional, setting
from pillion_log_agent.configuration.kinds import FLAG, PATH, TEXT, TIME, choice

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


@dataclass(frozen=True, slots=True)
class ApiProperties:
    """How the API server is reached, and as whom."""

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
