"""The inputs http, tcp, udp and syslog: what they take, refuse, and hold back."""

from __future__ import annotations

import json
import logging
import logging.handlers
import re
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from pillion_log_agent.inputs.framing import Framer, TooLongError
from pillion_log_agent.inputs.http import records_of, tag_of
from tests.servers.http_sink import http_sink
from tests.sidecars.log_agent.running import COMMAND, agent, balances, summary
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.sidecars.log_agent.running import Agent

COUNTED = b"5 <1>ab11 <2>cd\nef<3><4>plain\n\n<5>x\n"


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100])
def test_messages_are_counted_or_end_in_a_separator_however_they_come(step: int) -> None:
    framer = Framer(b"\n", 100, counts=True)
    data = COUNTED + b"6 <6>end<7>left"
    found = [
        message
        for start in range(0, len(data), step)
        for message in framer.feed(data[start : start + step])
    ]
    assert found == [b"<1>ab", b"<2>cd\nef<3>", b"<4>plain", b"<5>x", b"<6>end"]
    assert framer.end() == [b"<7>left"]


@pytest.mark.parametrize("data", [b"x" * 200, b"101 x", b"999999999999 x", b"12x"])
def test_a_message_that_is_too_long_or_lies_ends_the_stream(data: bytes) -> None:
    with pytest.raises(TooLongError):
        Framer(b"\n", 100, counts=True).feed(data)


def test_what_is_counted_and_cut_off_is_no_message() -> None:
    framer = Framer(b"\n", 100, counts=True)
    assert framer.feed(b"50 <1>a") == []
    assert framer.end() == []


@pytest.mark.parametrize(
    ("body", "kind", "records"),
    [
        (b'{"a": 1}', "application/json", [{"a": 1}]),
        (b'[{"a": 1}, {"b": 2}]', "application/json", [{"a": 1}, {"b": 2}]),
        (b'{"a": 1}\n{"b": 2}\n', "application/x-ndjson", [{"a": 1}, {"b": 2}]),
        (b'{"a": 1}\n\n{"b": 2}', "application/json", [{"a": 1}, {"b": 2}]),
        (b"a=1&b=x+y", "application/x-www-form-urlencoded", [{"a": "1", "b": "x y"}]),
        (b"[]", "application/json", []),
    ],
)
def test_a_body_is_an_object_a_list_lines_or_a_form(
    body: bytes, kind: str, records: list[dict[str, Any]]
) -> None:
    assert records_of(body, kind) == records


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"no json", "application/json"),
        (b'{"a": 1}\nno', "application/json"),
        (b"[1]", "application/json"),
        (b'1}, {"x": 2', "application/json"),
        (b'{}, "x": {}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"{}", "image/png"),
    ],
)
def test_a_body_that_is_none_of_them_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(ValueError, match="is "):
        records_of(body, kind)


def test_the_path_is_the_tag_without_what_a_tag_cannot_have() -> None:
    assert [tag_of(path) for path in ("/", "/app.log", "/a/b-c d")] == ["", "app.log", "a_b_c_d"]


CONFIGURATION = """
[SERVICE]
    flush 0.05
[INPUT]
    name http
    alias http
    host 127.0.0.1
    port {http}
    tag default
    tag_key t
    buffer_max_size 100k
[INPUT]
    name tcp
    alias tcp
    tag tcp
    listen 127.0.0.1
    port {tcp}
    source_address_key peer
[INPUT]
    name udp
    alias udp
    tag udp
    listen 127.0.0.1
    port {udp}
    format none
[INPUT]
    name syslog
    tag syslog.tcp
    mode tcp
    listen 127.0.0.1
    port {syslog}
    tls on
    tls.crt_file {folder}/crt.pem
    tls.key_file {folder}/key.pem
[INPUT]
    name syslog
    tag syslog.unix
    path {folder}/log
[INPUT]
    name syslog
    tag syslog.stream
    mode unix_tcp
    path {folder}/stream
    raw_message_key raw
[OUTPUT]
    name file
    match *
    path {folder}
    format plain
"""


def free_ports(*names: str) -> dict[str, int]:
    held = [socket.socket() for _ in names]
    for each in held:
        each.bind(("127.0.0.1", 0))
    ports = {name: each.getsockname()[1] for name, each in zip(names, held, strict=True)}
    for each in held:
        each.close()
    return ports


class Running:
    """An agent with all of them, and where they are."""

    def __init__(self, process: Agent, folder: Path, ports: dict[str, int], ca: trustme.CA) -> None:
        self.process, self.folder, self.ports, self.ca = process, folder, ports, ca

    def lines(self, tag: str) -> list[dict[str, Any]]:
        path = self.folder / tag
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def wait(self, tag: str, count: int) -> list[dict[str, Any]]:
        return eventually(lambda: self.lines(tag), lambda found: len(found) >= count)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("listening")
    authority = trustme.CA()
    own = authority.issue_cert("localhost")
    own.cert_chain_pems[0].write_to_path(folder / "crt.pem")
    own.private_key_pem.write_to_path(folder / "key.pem")
    ports = free_ports("http", "tcp", "udp", "syslog")
    path = folder / "agent.conf"
    path.write_text(CONFIGURATION.format(folder=folder, **ports))
    with agent(path) as process:
        eventually(lambda: process.started.log.count("taking records"), lambda count: count == 6)
        yield Running(process, folder, ports, authority)
        assert process.started.stop() == 0
    assert balances(summary(process.started.log))
    assert summary(process.started.log)["in_flight"] == 0
    assert not (folder / "log").exists()


def post(port: int, body: bytes, path: str = "/", **headers: str) -> int:
    named = {"Content-Type": "application/json"} | {
        key.replace("_", "-"): value for key, value in headers.items()
    }
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, named)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_http_answers_once_the_record_is_there(running: Running) -> None:
    port = running.ports["http"]
    assert post(port, b'{"a": 1}', "/one.log") == 201
    assert running.lines("one.log") == [{"a": 1}]
    assert post(port, b'[{"a": 1}, {"t": "other", "a": 2}]') == 201
    assert running.lines("default") == [{"a": 1}]
    assert running.lines("other") == [{"t": "other", "a": 2}]


def test_http_refuses_what_it_cannot_take_and_goes_on(running: Running) -> None:
    port = running.ports["http"]
    assert post(port, b"no") == 400
    assert post(port, b'{"a": "' + b"x" * 200_000 + b'"}') == 413
    assert post(port, b"\x1f\x8b broken", Content_Encoding="gzip") == 400
    assert post(port, b'{"a": 1}', "/after.log") == 201


def test_tcp_takes_objects_and_lines_and_says_from_whom(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.ports["tcp"])) as client:
        client.sendall(b'{"a": 1}\nno json\n{"b"')
        client.sendall(b": 2}")
    found = running.wait("tcp", 3)
    assert found == [
        {"a": 1, "peer": "127.0.0.1"},
        {"log": "no json", "peer": "127.0.0.1"},
        {"b": 2, "peer": "127.0.0.1"},
    ]


def test_a_tcp_client_whose_line_never_ends_is_cut_off_and_others_are_not(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.ports["tcp"])) as endless:
        endless.settimeout(20)
        with pytest.raises(OSError, match=r"reset|pipe|closed"):  # noqa: PT012  # whichever write meets it
            while True:
                endless.sendall(b"x" * 65536)
                time.sleep(0)
    with socket.create_connection(("127.0.0.1", running.ports["tcp"])) as client:
        client.sendall(b'{"still": "here"}\n')
        eventually(lambda: running.lines("tcp"), lambda found: found[-1].get("still") == "here")


def test_udp_takes_a_datagram_of_several_lines(running: Running) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"one\ntwo\n\xff", ("127.0.0.1", running.ports["udp"]))
    assert running.wait("udp", 3) == [{"log": "one"}, {"log": "two"}, {"log": "�"}]


def test_syslog_takes_what_pythons_own_handler_sends(running: Running) -> None:
    handler = logging.handlers.SysLogHandler(str(running.folder / "log"))
    handler.ident = "app[7]: "
    handler.setFormatter(logging.Formatter("Nov 21 10:00:00 web %(message)s"))
    logger = logging.getLogger("pillion.test.syslog")
    logger.addHandler(handler)
    logger.error("it broke")
    logger.removeHandler(handler)
    handler.close()
    (record,) = running.wait("syslog.unix", 1)
    assert record["pri"] == "11"
    assert "it broke" in record["message"]


def test_syslog_over_tls_takes_both_formats_counted_or_not(running: Running) -> None:
    context = ssl.create_default_context()
    running.ca.configure_trust(context)
    new = b'<165>1 2026-11-21T10:00:00.5Z host app 7 ID [x a="1"] new\nline'
    old = b"<34>Nov 21 10:00:00 host su[12]: old one"
    with (
        socket.create_connection(("127.0.0.1", running.ports["syslog"])) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as client,
    ):
        client.sendall(str(len(new)).encode() + b" " + new + old + b"\nno syslog\n")
    found = running.wait("syslog.tcp", 3)
    assert found[0]["extradata"] == '[x a="1"]'
    assert found[0]["message"] == "new\nline"
    assert (found[1]["ident"], found[1]["pid"], found[1]["message"]) == ("su", "12", "old one")
    assert found[2] == {"log": "no syslog"}


def test_syslog_over_a_unix_stream_keeps_the_raw_message(running: Running) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(running.folder / "stream"))
        client.sendall(b"<34>Nov 21 10:00:00 host su: hi\n")
    (record,) = running.wait("syslog.stream", 1)
    assert (record["message"], record["raw"]) == ("hi", "<34>Nov 21 10:00:00 host su: hi")


def test_a_reload_refuses_no_connection_and_loses_nothing(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.ports["http"])):
        assert running.process.started.get("/-/reload", method="POST").status == 200
    eventually(lambda: running.process.started.log.count("taking records") >= 12, bool)
    assert post(running.ports["http"], b'{"a": 1}', "/reloaded.log") == 201
    with socket.create_connection(("127.0.0.1", running.ports["tcp"])) as client:
        client.sendall(b'{"after": "reload"}\n')
        eventually(lambda: {"after": "reload"}.items() <= running.lines("tcp")[-1].items(), bool)


HELD = """
[SERVICE]
    flush 0.05
    scheduler.base 0.05
    scheduler.cap 0.1
[INPUT]
    name http
    listen 127.0.0.1
    port {http}
    mem_buf_limit 1M
[OUTPUT]
    name http
    match *
    port {sink}
"""


def test_http_pushes_back_while_an_output_is_down_and_answers_when_it_is_up(tmp_path: Path) -> None:
    ports = free_ports("http")
    with http_sink() as free:
        sink_port = free.port
    path = tmp_path / "agent.conf"
    path.write_text(HELD.format(**ports, sink=sink_port))
    body = json.dumps([{"log": "x" * 1000}] * 700).encode()
    with agent(path) as process:
        eventually(lambda: "taking records" in process.started.log, bool)
        with _posting(ports["http"], body, 2) as statuses:
            eventually(
                lambda: process.started.scrape().value("pillion_log_agent_records_in_flight"),
                lambda count: count == 1400,
            )
            assert post(ports["http"], body) == 429
            with http_sink(sink_port) as sink:
                eventually(lambda: len(statuses) == 2, bool)
                assert statuses == [201, 201]
                assert sum(posted.body.count(b"xxx") > 0 for posted in sink.taken) >= 1
                assert process.started.stop() == 0
    figures = summary(process.started.log)
    assert balances(figures)
    assert figures["delivered"] == 1400


@contextmanager
def _posting(port: int, body: bytes, count: int) -> Iterator[list[int]]:
    statuses: list[int] = []
    threads = [Thread(target=lambda: statuses.append(post(port, body))) for _ in range(count)]
    for thread in threads:
        thread.start()
    yield statuses
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ("name syslog", "path: is missing"),
        ("name syslog\n mode udp\n tls on", "tls: goes with mode tcp only"),
        ("name tcp\n tls on", "tls.crt_file: is missing"),
        ("name http\n successful_response_code 500", "is none of 200, 201 and 204"),
        ("name syslog\n mode udp\n unix_perm 9", "are no permissions"),
    ],
)
def test_what_cannot_work_is_refused(tmp_path: Path, section: str, sentence: str) -> None:
    path = tmp_path / "agent.conf"
    path.write_text(f"[INPUT]\n {section}\n[OUTPUT]\n name null\n")
    ran = subprocess.run(
        [*COMMAND, "-c", str(path), "--config.check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert re.search(re.escape(sentence), ran.stderr)
