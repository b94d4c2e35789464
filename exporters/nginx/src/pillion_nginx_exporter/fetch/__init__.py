"""Fetching a status page: one kept-alive HTTP/1.1 connection for a target."""

from pillion_nginx_exporter.fetch.client import Client, Wire
from pillion_nginx_exporter.fetch.tls import ClientTls

__all__ = ["Client", "ClientTls", "Wire"]
