"""`forward` in and out: real clients, outages, keys, and clients that mean no good."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgpack
import pytest
import trustme
from fluent.sender import FluentSender

from tests.needs import peer
from tests.sidecars.log_agent.forwarding import acknowledged, connected, message, port_of
from tests.sidecars.log_agent.running import agent
from tests.sidecars.log_agent.waiting import eventually as ask_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.sidecars.log_agent.running import Agent

SERVERS = """
service:
  flush: 0.1
pipeline:
  inputs:
    - {{name: forward, alias: plain, listen: 127.0.0.1, port: 0, buffer_max_size: 1M}}
    - {{name: forward, alias: prefixed, listen: 127.0.0.1, port: 0, tag_prefix: in.}}
    - {{name: forward, alias: local, unix_path: {folder}/in.sock, unix_perm: '0600'}}
    - {{name: forward, alias: keyed, listen: 127.0.0.1, port: 0, shared_key: k, security.users: bob pw}}
    - {{name: forward, alias: safe, listen: 127.0.0.1, port: 0, tls: on, tls.crt_file: {folder}/cert.pem, tls.key_file: {folder}/key.pem}}
  filters:
    - {{name: record_modifier, match: in.*, record: prefixed yes}}
  outputs:
    - {{name: stdout, match: '*', format: json_lines}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("forward")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(made / "ca.pem")
    certificate.private_key_pem.write_to_path(made / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(made / "cert.pem")
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Agent]:
    path = folder / "server.yaml"
    path.write_text(SERVERS.format(folder=folder))
    with agent(path) as running:
        yield running


def eventually(ask: Callable[[], object]) -> None:
    ask_until(ask, bool)


def _in_flight(server: Agent) -> float:
    return server.started.scrape().value("pillion_log_agent_records_in_flight")


def _reload(server: Agent) -> None:
    server.process.send_signal(signal.SIGHUP)
    server.started.wait_for_log("the configuration was reloaded")


def _came(server: Agent, **fields: Any) -> list[dict[str, Any]]:
    """Return the records with these fields; a line that is still being written is none yet."""
    lines = server.output.read_text().split("\n")[:-1]
    return [each for each in map(json.loads, lines) if fields.items() <= each.items()]


@pytest.mark.parametrize("nanoseconds", [False, True])
def test_fluent_logger_is_understood(server: Agent, *, nanoseconds: bool) -> None:
    name = f"logger-{nanoseconds}"
    sender = FluentSender("app", port=port_of(server, "plain"), nanosecond_precision=nanoseconds)
    assert sender.emit("web", {"from": name, "raw": b"\xff", "deep": {"k": [1, None]}})
    sender.close()
    eventually(lambda: _came(server, **{"from": name}))
    (found,) = _came(server, **{"from": name})
    assert found["raw"] == "�"
    assert found["deep"] == {"k": [1, None]}
    assert abs(found["date"] - time.time()) < 60


def test_fluent_logger_is_understood_over_a_unix_socket(server: Agent, folder: Path) -> None:
    port_of(server, "local")
    sender = FluentSender("app", host=f"unix://{folder}/in.sock")
    assert sender.emit("web", {"from": "unix"})
    sender.close()
    assert (folder / "in.sock").stat().st_mode & 0o777 == 0o600
    eventually(lambda: _came(server, **{"from": "unix"}))


def test_a_prefix_stands_before_the_tags(server: Agent) -> None:
    with connected(port_of(server, "prefixed")) as client:
        client.sendall(message("app", [{"from": "prefix"}], "c"))
        assert acknowledged(client) == "c"
    assert _came(server, **{"from": "prefix", "prefixed": "yes"})


def test_a_chunk_that_was_delivered_is_acknowledged_and_a_client_may_end_its_side_first(
    server: Agent,
) -> None:
    with connected(port_of(server, "plain")) as client:
        client.sendall(message("app", [{"from": "half"}] * 3, "half"))
        client.shutdown(socket.SHUT_WR)
        assert acknowledged(client) == "half"
        assert client.recv(1) == b""
    assert len(_came(server, **{"from": "half"})) == 3


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\xc1",
        b"\x92\xa1t\xc6\xff\xff\xff\xff" + b"x" * 1_200_000,
        b"\x91" * 100_000,
        msgpack.packb(["t", b"\x92\x01\x81", {"chunk": "cut"}]),
        msgpack.packb(["t", b"no gzip", {"chunk": "g", "compressed": "gzip"}]),
        msgpack.packb(["t", b"\x28\xb5", {"chunk": "z", "compressed": "zstd"}]),
    ],
    ids=["http", "nothing", "lies", "deep", "cut off", "no gzip", "zstd"],
)
def test_a_client_that_sends_nonsense_is_ended_and_keeps_nobody_waiting(
    server: Agent, data: bytes
) -> None:
    port = port_of(server, "plain")
    with connected(port) as bad, connected(port) as good:
        with suppress(ConnectionError):
            bad.sendall(data)
            assert bad.recv(100) == b""
        good.sendall(message("t", [{"a": 1}], "good"))
        assert acknowledged(good) == "good"


def test_events_that_are_none_are_counted_and_the_rest_is_taken(server: Agent) -> None:
    with connected(port_of(server, "plain")) as client:
        events = msgpack.packb([1, {"from": "mixed"}]) + msgpack.packb([1, 2])
        client.sendall(msgpack.packb(["t", events, {"chunk": "mixed"}]))
        assert acknowledged(client) == "mixed"
    assert server.records("dropped", "malformed") == 1
    assert len(_came(server, **{"from": "mixed"})) == 1


def test_a_client_without_the_key_gets_nothing_in(server: Agent) -> None:
    with connected(port_of(server, "keyed")) as client:
        assert msgpack.unpackb(client.recv(4096))[0] == "HELO"
        client.sendall(message("t", [{"from": "stranger"}], "c"))
        with suppress(ConnectionError):
            assert client.recv(4096) == b""
    assert not _came(server, **{"from": "stranger"})


OUTPUTS = {
    "plain": "",
    "keyed": "shared_key: k, username: bob, password: pw, self_hostname: me",
    "safe": "tls: on, tls.ca_file: {folder}/ca.pem, compress: gzip",
    "local": "unix_path: {folder}/in.sock",
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_agent_sends_to_another(server: Agent, folder: Path, tmp_path: Path, name: str) -> None:
    port = port_of(server, name)
    (tmp_path / "in.log").write_text("one\ntwo\n")
    options = f"port: {port}, " if port else ""
    path = tmp_path / "client.yaml"
    path.write_text(
        f"service: {{flush: 0.1}}\n"
        f"pipeline:\n"
        f"  inputs: [{{name: tail, path: {tmp_path}/in.log, tag: {name}, read_from_head: on, exit_on_eof: on}}]\n"
        f"  filters: [{{name: record_modifier, match: '*', record: by {name}}}]\n"
        f"  outputs: [{{name: forward, match: '*', {options}{OUTPUTS[name].format(folder=folder)}}}]\n"
    )
    with agent(path) as client:
        client.process.wait(20)
    assert [each["log"] for each in _came(server, by=name)] == ["one", "two"]


def test_an_output_with_a_wrong_key_says_so_and_holds_its_records(
    server: Agent, tmp_path: Path
) -> None:
    path = tmp_path / "client.yaml"
    path.write_text(
        "service: {flush: 0.1}\npipeline:\n"
        "  inputs: [{name: dummy, tag: t, samples: 1, rate: 100}]\n"
        f"  outputs: [{{name: forward, match: '*', port: {port_of(server, 'keyed')}, shared_key: other, self_hostname: me}}]\n"
    )
    with agent(path, "--drain.timeout=1s") as client:
        client.started.wait_for_log("refused us: shared_key mismatch")
        assert _in_flight(client) == 1


def test_nothing_is_acknowledged_during_an_outage_and_what_comes_again_is_not_taken_twice(
    tmp_path: Path,
) -> None:
    (tmp_path / "out").mkdir()
    path = tmp_path / "server.yaml"
    path.write_text(
        "service: {flush: 0.1, scheduler.base: 0.1, scheduler.cap: 0.2}\npipeline:\n"
        "  inputs: [{name: forward, listen: 127.0.0.1, port: 0, alias: in}]\n"
        f"  outputs: [{{name: file, match: '*', path: {tmp_path}/missing, file: out, format: plain}}]\n"
    )
    with agent(path) as server:
        port = port_of(server, "in")
        data = message("t", [{"n": 1}, {"n": 2}], "c")
        with connected(port) as impatient:
            impatient.sendall(data)
            server.started.wait_for_log("output file.0 failed")
        with connected(port) as client:
            client.sendall(data)
            eventually(
                lambda: (
                    server.started.scrape().value(
                        "pillion_log_agent_forward_repeated_chunks_total", input="in"
                    )
                    == 1
                )
            )
            client.settimeout(0.2)
            with pytest.raises(TimeoutError):
                client.recv(1)
            client.settimeout(20)
            (tmp_path / "missing").mkdir()
            assert acknowledged(client) == "c"
    assert (tmp_path / "missing/out").read_text() == '{"n":1}\n{"n":2}\n'


def test_a_sender_is_not_read_while_there_is_no_room(tmp_path: Path) -> None:
    path = tmp_path / "server.yaml"
    path.write_text(
        "service: {flush: 0.1, scheduler.base: 0.1, scheduler.cap: 0.2}\npipeline:\n"
        "  inputs: [{name: forward, listen: 127.0.0.1, port: 0, alias: in, mem_buf_limit: 1M}]\n"
        f"  outputs: [{{name: file, match: '*', path: {tmp_path}/missing, file: out, format: plain}}]\n"
    )
    data = message("t", [{"n": "x" * 1000}] * 100)
    with agent(path) as server, connected(port_of(server, "in")) as client:
        client.settimeout(1)
        with pytest.raises(TimeoutError):
            client.sendall(data * 1000)
        assert _in_flight(server) * 1000 < 3_000_000
        (tmp_path / "missing").mkdir()
        eventually(lambda: _in_flight(server) == 0)


def test_a_reload_refuses_no_client(tmp_path: Path) -> None:
    path = tmp_path / "server.yaml"
    text = (
        "service: {flush: 0.1}\npipeline:\n"
        "  inputs: [{name: forward, listen: 127.0.0.1, port: 0, alias: in}]\n"
        "  outputs: [{name: stdout, match: '*', format: json_lines}]\n"
    )
    path.write_text(text)
    with agent(path) as server:
        port = port_of(server, "in")
        path.write_text(
            text.replace(
                "outputs:",
                "filters: [{name: record_modifier, match: '*', record: new yes}]\n  outputs:",
            )
        )
        _reload(server)
        with connected(port) as client:
            client.sendall(message("t", [{"from": "reload"}], "c"))
            assert acknowledged(client) == "c"
        assert _came(server, **{"from": "reload", "new": "yes"})


def test_an_upstream_file_names_servers_that_stand_in_for_one_another(
    server: Agent, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    (tmp_path / "up.conf").write_text(
        f"[UPSTREAM]\n    name both\n[NODE]\n    name a\n    host 127.0.0.1\n    port {nobody}\n"
        f"[NODE]\n    name b\n    host 127.0.0.1\n    port {port_of(server, 'plain')}\n"
    )
    path = tmp_path / "client.yaml"
    path.write_text(
        "service: {flush: 0.1, scheduler.base: 0.1}\npipeline:\n"
        '  inputs: [{name: dummy, tag: t, samples: 1, rate: 100, dummy: \'{"from":"upstream"}\'}]\n'
        f"  outputs: [{{name: forward, match: '*', upstream: {tmp_path}/up.conf}}]\n"
    )
    with agent(path):
        eventually(lambda: _came(server, **{"from": "upstream"}))


def test_fluent_bit_is_understood_both_ways(server: Agent, folder: Path, tmp_path: Path) -> None:
    program = peer("fluent-bit", "PILLION_FLUENT_BIT")
    (tmp_path / "in.log").write_text("from fluent-bit\n")
    command = f"{program} -q -f 0.2 -i tail -p path={tmp_path}/in.log -p read_from_head=on -p exit_on_eof=on -o forward -m * -p port={port_of(server, 'keyed')} -p shared_key=k -p username=bob -p password=pw -p self_hostname=peer -p require_ack_response=on"
    subprocess.run(command.split(), check=True, timeout=30)
    eventually(lambda: _came(server, log="from fluent-bit"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    path = tmp_path / "client.yaml"
    path.write_text(
        "service: {flush: 0.1, scheduler.base: 0.1, scheduler.cap: 0.3}\npipeline:\n"
        '  inputs: [{name: dummy, tag: t, samples: 1, rate: 100, dummy: \'{"to":"fluent-bit"}\'}]\n'
        f"  outputs: [{{name: forward, match: '*', port: {port}, shared_key: k, self_hostname: me, compress: gzip}}]\n"
    )
    command = f"{program} -q -f 0.2 -i forward -p listen=127.0.0.1 -p port={port} -p shared_key=k -p self_hostname=peer -o file -m * -p path={tmp_path} -p file=got -p format=plain"
    with subprocess.Popen(command.split()) as theirs, agent(path) as ours:
        try:
            eventually(lambda: ours.records("delivered") == 1)
            eventually(
                lambda: (
                    (tmp_path / "got").exists() and "fluent-bit" in (tmp_path / "got").read_text()
                )
            )
        finally:
            theirs.terminate()
