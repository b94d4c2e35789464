"""What is read of a line, and which of nginx's variables it comes from. Pure."""

from __future__ import annotations

METHOD, STATUS = "method", "status"
HOST, SERVER, UPSTREAM = "host", "server", "upstream"
RESPONSE_SIZE, REQUEST_SIZE = "response_size", "request_size"
TIME, UPSTREAM_TIME, CONNECT_TIME = "time", "upstream_time", "upstream_connect_time"

CHOICES = (HOST, SERVER, UPSTREAM)
"""Labels that are there on request."""
SIZES = (RESPONSE_SIZE, REQUEST_SIZE)
TIMES = (TIME, UPSTREAM_TIME, CONNECT_TIME)

_OF_VARIABLES = {
    "request": METHOD,
    "request_method": METHOD,
    "status": STATUS,
    "host": HOST,
    "http_host": HOST,
    "server_name": SERVER,
    "upstream_addr": UPSTREAM,
    "body_bytes_sent": RESPONSE_SIZE,
    "bytes_sent": RESPONSE_SIZE,
    "request_length": REQUEST_SIZE,
    "request_time": TIME,
    "upstream_response_time": UPSTREAM_TIME,
    "upstream_connect_time": CONNECT_TIME,
}


def column_of(variable: str) -> str:
    """Return the column that a variable fills; empty when none does."""
    return _OF_VARIABLES.get(variable.lower(), "")
