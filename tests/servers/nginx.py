"""A real nginx for a test: a server block in, a process that answers, stopped at the end."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.needs import program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATUS = "location = /stub_status { stub_status; }"

_CONFIGURATION = """
daemon off;
worker_processes 1;
worker_shutdown_timeout 1s;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {blocks}
}}
"""


def free_port() -> int:
    """Return a TCP port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def has_ipv6() -> bool:
    """Return whether one can listen on the IPv6 loopback."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@dataclass
class Nginx:
    """nginx in a folder of its own; it can be stopped and started again.

    Attributes:
        folder: holds its configuration, its socket `nginx.sock` and its log `nginx.log`.
        port: a TCP port that was free, for its server blocks.
    """

    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """The URI of its status page over plain HTTP."""
        return f"http://127.0.0.1:{self.port}/stub_status"

    @property
    def socket_path(self) -> str:
        """The path for a Unix socket that it may listen on."""
        return f"{self.folder}/nginx.sock"

    @property
    def log(self) -> str:
        """What it has written to standard error."""
        return (self.folder / "nginx.log").read_text()

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        command = [program("nginx"), "-c", f"{self.folder}/nginx.conf", "-p", str(self.folder)]
        with (self.folder / "nginx.log").open("ab") as log:
            self._process = subprocess.Popen([*command, "-e", "stderr"], stderr=log)
        self._wait()

    def stop(self) -> None:
        """Stop it at once; its connections end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def restart(self) -> None:
        """Stop it and start it: its counters begin at zero."""
        self.stop()
        self.start()

    def _wait(self) -> None:
        # The master writes its pid once every listening socket is open.
        assert self._process is not None
        end = time.monotonic() + 10
        while not self._is_listening():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"nginx did not start:\n{self.log}")
            time.sleep(0.01)

    def _is_listening(self) -> bool:
        assert self._process is not None
        try:
            return (self.folder / "nginx.pid").read_text().strip() == str(self._process.pid)
        except OSError:
            return False


@contextmanager
def nginx(folder: Path, *blocks: str) -> Iterator[Nginx]:
    """Run nginx with these `server` (or other http-level) blocks.

    In them `{port}` stands for a free port, `{socket}` for a path for a Unix socket, and
    `{folder}` for its folder; other braces are its own.
    """
    running = Nginx(folder, free_port())
    text = "\n".join(blocks).replace("{port}", str(running.port))
    text = text.replace("{socket}", running.socket_path).replace("{folder}", str(folder))
    configuration = _CONFIGURATION.format(folder=folder, blocks=text)
    (folder / "nginx.conf").write_text(configuration)
    # The workers run as another user, who must get at the folder.
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(parent.stat().st_mode | 0o055)
    running.start()
    try:
        yield running
    finally:
        running.stop()
