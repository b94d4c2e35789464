"""Who may talk to the server: TLS, client certificates, users, headers and a rate limit.

The format is that of Prometheus' exporter-toolkit (its docs/web-configuration.md), whole, but
for what Python's TLS cannot do; that is refused by name (see `tls`).
"""

from pillion.web.security.security import Security

__all__ = ["Security"]
