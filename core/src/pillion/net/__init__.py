"""Connections that are measured: names and addresses, sockets, TLS, the PROXY header, HTTP/1.1.

    connected, moment = await connect(socket.AF_INET, ("127.0.0.1", 80))
    stream = Stream(connected)
    http = Http1(stream)
    head = await http.send(encode("GET", "/", [("Host", "localhost")]))
    body = await http.read_all(limit=65_536)
    stream.close()

Each step leaves the moment at which it ended, as the socket saw it and not as the event loop
came to it: `connect` returns it, and the others leave it in `Stream.received_at`.
"""

from pillion.net.connect import SocketAddress, connect
from pillion.net.failure import NetworkError, Reason, connection_error
from pillion.net.head import Head
from pillion.net.hosts import ip_version, resolvable, socket_address, unmapped
from pillion.net.http1 import Http1, encode
from pillion.net.proxy_protocol import proxy_header
from pillion.net.resolve import Resolved, Resolver
from pillion.net.stream import Stream

__all__ = [
    "Head",
    "Http1",
    "NetworkError",
    "Reason",
    "Resolved",
    "Resolver",
    "SocketAddress",
    "Stream",
    "connect",
    "connection_error",
    "encode",
    "ip_version",
    "proxy_header",
    "resolvable",
    "socket_address",
    "unmapped",
]
