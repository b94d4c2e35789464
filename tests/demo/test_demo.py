from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request

from demo.embedded_nginx import EmbeddedNginx
from demo.screen import Screen
from demo.stage import free_port
from pillion_nginx_exporter.stub_status import parse_stub_status
from tests.architecture.workspace import ROOT
from tests.needs import program


def played(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_shows_a_real_nginx_and_ends_after_its_duration() -> None:
    program("nginx")
    shown = played(DURATION="3")
    assert shown.returncode == 0, shown.stderr
    assert "nginx is up" in shown.stdout
    assert re.search(r"requests +\d+ in all, \d+\.\d a second", shown.stdout)
    assert re.search(r"nginx exporter  http://127\.0\.0\.1:\d+/", shown.stdout)
    assert re.search(r"http_2xx +http://127\.0\.0\.1:\d+/  well, in \d+\.\d ms", shown.stdout)
    assert re.search(
        r"http_2xx +http://127\.0\.0\.1:\d+/  failed: refused in connect", shown.stdout
    )
    read, delivered, filtered, in_flight = re.findall(
        r"read +(\d+) records\n +became +(\d+) delivered, (\d+) filtered, (\d+) in flight",
        shown.stdout,
    )[-1]
    assert 0 < int(read) == int(delivered) + int(filtered) + int(in_flight)
    assert shown.stdout.endswith("The demo has ended.\n")


def test_without_nginx_it_shows_an_embedded_server_and_says_so() -> None:
    shown = played(DURATION="2", DEMO_WITHOUT="nginx")
    assert shown.returncode == 0, shown.stderr
    assert "a small embedded server (there is no nginx on this machine) is up" in shown.stdout


def test_it_ends_on_ctrl_c_and_leaves_no_process_behind() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "demo"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        address = re.search(r"http://\S+", demo.stdout.readline())
        assert address is not None
        demo.send_signal(signal.SIGINT)
        rest = demo.stdout.read()
        assert demo.wait(20) == 0
    assert rest.endswith("The demo has ended.\n")
    listening = subprocess.run(
        ["pgrep", "-f", f"--web.listen-address=:{address[0].rstrip('/').rpartition(':')[2]}"],
        capture_output=True,
        check=False,
    )
    assert listening.stdout == b""


def test_the_embedded_server_counts_as_nginx_does() -> None:
    port = free_port()
    server = EmbeddedNginx(port)
    try:
        for _ in range(3):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
                assert answer.read() == b"hello\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/stub_status") as answer:
            status = parse_stub_status(answer.read())
    finally:
        server.stop()
    assert (status.requests, status.accepted, status.handled) == (4, 4, 4)


def test_a_terminal_is_drawn_in_place() -> None:
    class Terminal:
        def __init__(self) -> None:
            self.written = ""

        def write(self, text: str) -> int:
            self.written += text
            return len(text)

        def flush(self) -> None:
            pass

        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    screen = Screen(terminal, [])  # type: ignore[arg-type]  # as much of a stream as it uses
    screen.draw()
    screen.draw()
    assert terminal.written == "Ctrl-C ends the demo.\n\x1b[1A\x1b[0JCtrl-C ends the demo.\n"
