"""What a client may cost: bytes, connections and time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of one server. Sizes are bytes, times are seconds.

    Attributes:
        head_size: request line and headers; more is answered 431.
        header_count: the number of headers; more is answered 431.
        kept_head_size: request line and headers of a request after which the connection is kept.
            aiohttp's parser holds on to the last head, so that idle connections would add up.
        body_size: one request's body; more is answered 413.
        bodies_size: all bodies that are read at one time; more is answered 503. A body of
            unknown length counts with `body_size`.
        connections: open at one time; a new one takes the place of the longest idle.
        idle_tls_size: what TLS connections that are not being answered may hold together.
        requests: being answered at one time; one more is answered 503. Requests below `/-/` are
            always answered, and what a handler answers without waiting is not counted.
        head_time: from the first byte of a request (or the connection) to its last header,
            and for a TLS handshake; then 408.
        body_time: from the last header to the last byte of the body; then 408.
        idle_time: between two requests. Prometheus closes its side after 5 minutes, so this
            is longer: the side that asks should be the one that hangs up.
        write_time: for the client to take an answer; then the connection is cut.
        linger_time: for the client to read a refusal while what it still sends is discarded,
            and for an answer to a client that has closed its half of the connection.
    """

    head_size: int = 32 * 1024
    header_count: int = 128
    kept_head_size: int = 8 * 1024
    body_size: int = 1024 * 1024
    bodies_size: int = 8 * 1024 * 1024
    connections: int = 512
    idle_tls_size: int = 64 * 1024 * 1024
    requests: int = 128
    head_time: float = 10.0
    body_time: float = 30.0
    idle_time: float = 330.0
    write_time: float = 30.0
    linger_time: float = 2.0
