"""What stands in for Elasticsearch in a pod's network: it takes bulk requests, item by item."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator


class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    documents: ClassVar[dict[str, list[dict[str, Any]]]] = {}

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        lines = [json.loads(line) for line in body.splitlines() if line]
        items = []
        for action, document in zip(lines[::2], lines[1::2], strict=True):
            ((kind, where),) = action.items()
            self.documents.setdefault(where["_index"], []).append(document)
            items.append({kind: {**where, "status": 201}})
        answer = json.dumps({"took": 1, "errors": False, "items": items}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        pass


@contextmanager
def bulk_sink(address: str, port: int) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """Listen on an address; give the documents by index, as they come."""
    Sink.documents = {}
    with http.server.ThreadingHTTPServer((address, port), Sink) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield Sink.documents
        finally:
            server.shutdown()
            thread.join()
