"""The flags of the peer's 0.x that its 1.x dropped: taken where their meaning is clear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import UsageError
from pillion.settings import COUNT, DURATION, PATH, optional, repeated, switch
from pillion_nginx_exporter.labels import LABELS, Labels

if TYPE_CHECKING:
    from pillion.log import Logger


@dataclass(frozen=True, slots=True)
class FormerSettings:
    """What manifests of nginx-prometheus-exporter 0.x may still give."""

    retries: int | None = optional(
        "nginx.retries",
        COUNT,
        "Of 0.x, without effect: the exporter starts whether or not nginx is there.",
        env="NGINX_RETRIES",
    )
    retry_interval: float | None = optional(
        "nginx.retry-interval",
        DURATION,
        "Of 0.x, without effect, as --nginx.retries.",
        env="NGINX_RETRY_INTERVAL",
    )
    const_labels: tuple[Labels, ...] = repeated(
        "prometheus.const-labels",
        LABELS,
        "Of 0.x: the same as --prometheus.const-label.",
    )
    secured_metrics: bool = switch(
        "web.secured-metrics",
        "Of 0.x, refused: TLS is set in the file of --web.config.file.",
        env="SECURED_METRICS",
    )
    ssl_server_cert: str | None = optional(
        "web.ssl-server-cert",
        PATH,
        "Of 0.x, without effect unless --web.secured-metrics is given, which is refused.",
        env="SSL_SERVER_CERT",
    )
    ssl_server_key: str | None = optional(
        "web.ssl-server-key",
        PATH,
        "Of 0.x, as --web.ssl-server-cert.",
        env="SSL_SERVER_KEY",
    )


def check_former(former: FormerSettings, log: Logger) -> None:
    """Warn of what has no effect any more.

    Raises:
        UsageError: serving in the clear what was to be encrypted would be no drop-in.
    """
    if former.secured_metrics:
        raise UsageError(
            "--web.secured-metrics is not supported; name a file with --web.config.file that "
            f"has tls_server_config: {{cert_file: {former.ssl_server_cert or 'FILE'}, "
            f"key_file: {former.ssl_server_key or 'FILE'}}}"
        )
    without_effect = {
        "--nginx.retries": former.retries,
        "--nginx.retry-interval": former.retry_interval,
        "--web.ssl-server-cert": former.ssl_server_cert,
        "--web.ssl-server-key": former.ssl_server_key,
    }
    for flag, value in without_effect.items():
        if value is not None:
            log.warning("a flag of version 0.x has no effect any more", flag=flag)
    if former.const_labels:
        log.warning(
            "a flag of version 0.x has a new name",
            flag="--prometheus.const-labels",
            new="--prometheus.const-label",
        )
