"""A server of HTTP that keeps what is posted to it, and answers as a test tells it to."""

from __future__ import annotations

import gzip
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Answer = Callable[["Posted"], tuple[int, Mapping[str, str], bytes]]


@dataclass(frozen=True)
class Posted:
    """One request, its body unpacked, and as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    raw: bytes = b""


def take_all(_posted: Posted) -> tuple[int, Mapping[str, str], bytes]:
    return 200, {}, b""


@dataclass
class HttpSink:
    """What was posted; `answer` may be changed while it runs."""

    port: int
    answer: Answer = take_all
    posted: list[Posted] = field(default_factory=list)
    taken: list[Posted] = field(default_factory=list)


@contextmanager
def http_sink(port: int = 0) -> Iterator[HttpSink]:
    """Run one on loopback; port 0 is any that is free."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            if self.headers.get("Transfer-Encoding"):
                self.send_error(411)
                return
            raw = body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            posted = Posted(self.command, self.path, dict(self.headers.items()), body, raw)
            sink.posted.append(posted)
            status, headers, answer = sink.answer(posted)
            if status < 300:
                sink.taken.append(posted)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_PUT = do_POST  # noqa: N815  # the name that the server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    sink = HttpSink(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
