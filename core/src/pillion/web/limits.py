"""What a client may cost: bytes, connections and time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of one server. Sizes are bytes, times are seconds.

    Attributes:
        head_size: request line and headers; more is answered 431.
        header_count: the number of headers; more is answered 431.
        body_size: one request's body; more is answered 413.
        bodies_size: all bodies that are held at one time; more is answered 503.
        connections: open at one time; a new one takes the place of the longest idle.
        requests: being answered by a task at one time; one more is answered 503. What a handler
            answers at once is not among them.
        head_time: from the first byte of a request (or the connection) to its last header,
            and for a TLS handshake; then 408.
        body_time: from the last header to the last byte of the body; then 408.
        idle_time: between two requests. Prometheus closes its side after 5 minutes, so this
            is longer: the side that asks had better be the one that hangs up.
        write_time: for the client to take an answer; then the connection is cut.
        linger_time: for the client to read a refusal while what it still sends is discarded.
    """

    head_size: int = 64 * 1024
    header_count: int = 256
    body_size: int = 1024 * 1024
    bodies_size: int = 8 * 1024 * 1024
    connections: int = 512
    requests: int = 128
    head_time: float = 10.0
    body_time: float = 30.0
    idle_time: float = 330.0
    write_time: float = 30.0
    linger_time: float = 2.0
