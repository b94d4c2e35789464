"""What is read of a line, and which of nginx's variables it comes from. Pure."""

from __future__ import annotations

METHOD, STATUS = "method", "status"
HOST, SERVER, UPSTREAM = "host", "server", "upstream"
NAMESPACE, INGRESS, SERVICE = "namespace", "ingress", "service"
RESPONSE_SIZE, REQUEST_SIZE = "response_size", "request_size"
TIME, UPSTREAM_TIME, CONNECT_TIME = "time", "upstream_time", "upstream_connect_time"
TRACE, REQUEST_ID = "trace_id", "request_id"
REQUEST = "request"
"""The whole request line; `method` is its first word."""
IDS = (TRACE, REQUEST_ID)
"""What an exemplar names, the best first."""
PATHS = (REQUEST, "request_uri", "uri")
"""Variables that have the path."""

CHOICES = (HOST, SERVER, UPSTREAM, NAMESPACE, INGRESS, SERVICE)
"""Labels that are there on request."""
SIZES = (RESPONSE_SIZE, REQUEST_SIZE)
TIMES = (TIME, UPSTREAM_TIME, CONNECT_TIME)

VARIABLES: dict[str, tuple[str, ...]] = {
    METHOD: ("request_method",),
    STATUS: ("status",),
    HOST: ("host", "http_host"),
    SERVER: ("server_name",),
    UPSTREAM: ("upstream_addr",),
    NAMESPACE: ("namespace",),
    INGRESS: ("ingress_name",),
    SERVICE: ("service_name", "proxy_upstream_name"),
    RESPONSE_SIZE: ("body_bytes_sent", "bytes_sent"),
    REQUEST_SIZE: ("request_length",),
    TIME: ("request_time",),
    UPSTREAM_TIME: ("upstream_response_time",),
    CONNECT_TIME: ("upstream_connect_time",),
    TRACE: ("otel_trace_id", "opentelemetry_trace_id"),
    REQUEST_ID: ("request_id", "req_id"),
}
"""The variables that a column is read from, the best first."""

_COLUMNS = {variable: column for column, names in VARIABLES.items() for variable in names}


def column_of(variable: str) -> str:
    """Return the column that a variable fills; empty when none does."""
    return _COLUMNS.get(variable, "")
