"""The log streamer's part: an application that writes and rotates a log, and the streamer."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from demo.stage import Stage, fetch, free_port, wait_for
from pillion.testing import Scrape

if TYPE_CHECKING:
    from pathlib import Path

ROTATE_BYTES = 64 * 1024


class LogStreamerPart:
    """An application with a log that is rotated, and `pillion-log-streamer` on it."""

    title = "log streamer"

    def __init__(self) -> None:
        self.page = ""
        self._application: Application | None = None

    def start(self, stage: Stage) -> None:
        """Start the application and stream its log."""
        folder = stage.folder / "logs"
        folder.mkdir()
        self._application = Application(folder / "app.log")
        stage.on_end(self._application.stop)
        port = free_port()
        self.page = f"http://127.0.0.1:{port}/"
        name = "pillion-log-streamer"
        stage.run_ours(
            name,
            f"--web.listen-address=127.0.0.1:{port}",
            f"--state.dir={stage.folder / 'state'}",
            "--output=json",
            str(folder / "app.log"),
        )
        wait_for(f"{self.page}-/healthy", stage.folder / f"{name}.log")

    def figures(self) -> list[str]:
        """Return what was written, what was delivered, and how far behind it is."""
        text = fetch(f"{self.page}metrics")
        if not text or self._application is None:
            return ["the streamer does not answer"]
        scrape = Scrape.parse(text)
        delivered = scrape.value("log_streamer_delivered_lines_total")
        rotations = scrape.value("log_streamer_rotations_total")
        lag = scrape.value("log_streamer_lag_bytes")
        return [
            f"written      {self._application.lines} lines, rotated {rotations:.0f} times",
            f"delivered    {delivered:.0f} lines, {lag:.0f} bytes behind",
        ]


class Application:
    """Writes a line now and then, and rotates its log as it grows.

    Attributes:
        lines: how many it has written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lines = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let it end."""
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._ended.wait(0.01):
            with self._path.open("a") as file:
                now = time.strftime("%Y-%m-%dT%H:%M:%S")
                file.write(f"{now} INFO the application does thing {self.lines}\n")
                size = file.tell()
            self.lines += 1
            if size >= ROTATE_BYTES:
                self._path.rename(self._path.with_name("app.log.1"))
