"""A small server with nginx' status page, for a machine that has no nginx."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock: ClassVar[threading.Lock]
    connections: ClassVar[int]
    requests: ClassVar[int]
    active: ClassVar[int]

    def setup(self) -> None:
        super().setup()
        self._count(connections=1, active=1)

    def finish(self) -> None:
        super().finish()
        self._count(active=-1)

    def do_GET(self) -> None:
        self._count(requests=1)
        body = self._status() if self.path == "/stub_status" else b"hello\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: the demo's screen is for figures."""

    def _status(self) -> bytes:
        own = type(self)
        with own.lock:
            return (
                f"Active connections: {own.active} \n"
                "server accepts handled requests\n"
                f" {own.connections} {own.connections} {own.requests} \n"
                f"Reading: 0 Writing: 1 Waiting: {max(0, own.active - 1)} \n"
            ).encode()

    @classmethod
    def _count(cls, connections: int = 0, active: int = 0, requests: int = 0) -> None:
        with cls.lock:
            cls.connections += connections
            cls.active += active
            cls.requests += requests


class EmbeddedNginx:
    """The server, in a thread of its own."""

    def __init__(self, port: int) -> None:
        handler = type(
            "Handler",
            (_Handler,),
            {"lock": threading.Lock(), "connections": 0, "active": 0, "requests": 0},
        )
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Close it."""
        self._server.shutdown()
        self._server.server_close()
