"""The application of numbers-api-blackbox-exporter.yaml: random numbers, until it fails.

After FailAfterCallCount calls of /rng it answers 500 to everything, /healthz included.
"""

import http.server
import os
import random
import signal
import sys

LIMIT = int(os.environ.get("FailAfterCallCount", "0"))  # noqa: SIM112  # as that API has it


class Handler(http.server.BaseHTTPRequestHandler):
    calls = 0

    def do_GET(self) -> None:
        if self.path == "/rng":
            Handler.calls += 1
        failed = bool(LIMIT) and Handler.calls > LIMIT
        body = b"failed\n" if failed else f"{random.randrange(100)}\n".encode()
        self.send_response(500 if failed else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        pass


if __name__ == "__main__":
    # The first process of a container has no default for SIGTERM.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    http.server.ThreadingHTTPServer(("", 80), Handler).serve_forever()
