"""A whole process, as it is started, asked, reloaded and stopped by others."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pillion.testing import started
from tests import needs

PROGRAM = """
import asyncio, subprocess, sys, time
from dataclasses import dataclass

from aiohttp import web
from pillion.errors import ConfigurationError
from pillion.process import ProcessSettings, Service, WebSettings
from pillion.process.run import run
from pillion.settings import PATH, Address, Command, Override, optional


@dataclass(frozen=True, slots=True)
class Settings:
    file: str | None = optional("queue.file", PATH, "What to read.")


class Queue(Service):
    def __init__(self, context):
        self.context = context
        self.file = context.values[Settings].file
        self.read()
        self.drained = asyncio.Event()

    def read(self):
        if self.file and "bad" in open(self.file).read():
            raise ConfigurationError(f"{self.file}: is bad")

    def routes(self, application):
        application.router.add_get("/slow", self.slow)
        application.router.add_get("/resolve", self.resolve)
        application.router.add_get("/orphan", self.orphan)

    async def orphan(self, request):
        # The shell ends at once; what it leaves running becomes a child of PID 1.
        shell = ["sh", "-c", "sleep 0.2 >/dev/null 2>&1 & echo $!"]
        return web.Response(text=subprocess.run(shell, capture_output=True, text=True).stdout)

    async def resolve(self, request):
        # As a name server does that never answers: in a thread that nobody can stop.
        asyncio.get_running_loop().run_in_executor(None, time.sleep, 600)
        return web.Response(text="resolving")

    async def slow(self, request):
        self.context.log.info("asked")
        await self.drained.wait()
        return web.Response(text="finished")

    async def reload(self):
        self.read()

    async def drain(self, deadline):
        if deadline.remaining < 1:
            await asyncio.sleep(60)
        self.drained.set()


command = Command(
    "queue", "Q.", (Settings, WebSettings, ProcessSettings),
    {"web.listen-address": Override(default=(Address("127.0.0.1", 0),))},
)
sys.exit(run(command, Queue))
"""


@pytest.fixture
def program(tmp_path: Path) -> list[str]:
    path = tmp_path / "queue_process.py"
    path.write_text(PROGRAM)
    return [sys.executable, str(path)]


def ended(command: list[str]) -> tuple[int, str]:
    ran = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ran.stdout == ""
    return ran.returncode, ran.stderr


def test_it_is_ready_once_it_listens_and_ends_well_on_sigterm(program: list[str]) -> None:
    with started(program) as queue:
        assert queue.get("/-/ready").status == 200
        assert queue.get("/-/healthy").status == 200
        assert queue.stop() == 0
    assert "msg=stopping signal=SIGTERM within=25s" in queue.log
    assert queue.log.rstrip().endswith("msg=stopped")


def test_an_answer_in_hand_is_finished_before_the_end(program: list[str]) -> None:
    with started(program) as queue:
        host, _, port = queue.address.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=20) as client:
            client.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            queue.wait_for_log("msg=asked")
            queue.signal(signal.SIGTERM)
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        assert answer.endswith(b"finished")
        assert queue.wait() == 0


def test_the_drain_ends_at_its_timeout_whatever_is_in_hand(program: list[str]) -> None:
    with started([*program, "--drain.timeout=300ms"]) as queue:
        assert queue.stop() == 0
    assert 'msg="the work in hand was cut off" after=0.3s' in queue.log


def test_a_lookup_that_hangs_does_not_hold_up_the_end(program: list[str]) -> None:
    with started(program) as queue:
        assert queue.get("/resolve").text == "resolving"
        assert queue.stop() == 0
    assert "msg=stopped" in queue.log


@pytest.mark.parametrize("how", ["SIGHUP", "POST"])
def test_a_reload_is_all_or_nothing(program: list[str], how: str, tmp_path: Path) -> None:
    file = tmp_path / "queue.txt"
    file.write_text("good")
    with started([*program, f"--queue.file={file}"]) as queue:
        if how == "SIGHUP":
            queue.signal(signal.SIGHUP)
        else:
            assert queue.get("/-/reload", method="POST").status == 200
        queue.wait_for_log('msg="the configuration was reloaded"')
        file.write_text("bad")
        if how == "SIGHUP":
            queue.signal(signal.SIGHUP)
        else:
            answer = queue.get("/-/reload", method="POST")
            assert answer.status == 500
            assert f"{file}: is bad" in answer.text
        queue.wait_for_log(f'msg="the configuration was not reloaded" reason="{file}: is bad"')
        assert queue.get("/-/healthy").status == 200


def test_a_reload_is_asked_for_by_post_alone(program: list[str]) -> None:
    with started(program) as queue:
        assert queue.get("/-/reload").status == 405


def test_the_check_of_a_configuration_is_construction_alone(
    program: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "queue.txt"
    file.write_text("good")
    check = [*program, "--config.check", f"--queue.file={file}"]
    status, text = ended(check)
    assert (status, "the configuration is valid" in text) == (0, True)
    file.write_text("bad")
    assert ended(check) == (1, f"queue: {file}: is bad\n")


def test_a_port_that_is_taken_is_named(program: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, text = ended([*program, f"--web.listen-address=127.0.0.1:{port}"])
    assert status == 1
    assert re.fullmatch(rf"queue: .*127\.0\.0\.1:{port}.*in use.*\n", text)


def test_several_addresses_are_listened_on(program: list[str]) -> None:
    flags = ["--web.listen-address=127.0.0.1:0", "--web.listen-address=127.0.0.1:0"]
    with started([*program, *flags]) as queue:
        queue.wait_for_log(r"(?s)msg=listening.*msg=listening")


def test_as_pid_1_it_stops_on_sigterm_and_reaps_orphans(program: list[str]) -> None:
    needs.root("a process id namespace")
    namespace = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child=SIGTERM"]
    with started([*namespace, *program]) as queue:
        child = Path(f"/proc/{queue.pid}/task/{queue.pid}/children").read_text().split()[0]
        inside = re.search(r"NSpid:.*\t(\d+)", Path(f"/proc/{child}/status").read_text())
        assert inside is not None
        assert inside[1] == "1"
        assert int(queue.get("/orphan").text) > 1
        wait_until(lambda: children(child) == [])
        os.kill(int(child), signal.SIGTERM)
        assert queue.wait() == 0
    assert "msg=stopped" in queue.log


def children(pid: str) -> list[str]:
    """Return the children of a process, those included that ended and wait to be reaped."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.02)
