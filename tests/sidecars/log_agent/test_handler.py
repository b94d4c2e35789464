"""`pillion.handler`: an application's own records, to a real agent and to none."""

from __future__ import annotations

import logging
import logging.config
import os
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from pillion.handler import ForwardHandler
from tests.sidecars.log_agent.forwarding import port_of
from tests.sidecars.log_agent.running import agent
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.sidecars.log_agent.running import Agent

NOTHING: dict[str, str] = {}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    folder = tmp_path_factory.mktemp("handler")
    path = folder / "agent.yaml"
    path.write_text(
        "service: {flush: 0.1}\npipeline:\n  inputs:\n"
        "    - {name: forward, alias: tcp, listen: 127.0.0.1, port: 0}\n"
        f"    - {{name: forward, alias: unix, unix_path: {folder}/in.sock}}\n"
        "  outputs: [{name: stdout, match: '*', format: json_lines}]\n"
    )
    with agent(path) as running:
        yield running


def came(server: Agent, logger: str, count: int = 1) -> list[dict[str, Any]]:
    def found() -> list[dict[str, Any]]:
        return [each for each in server.whole_lines() if each["logger"] == logger]

    return eventually(found, lambda lines: len(lines) >= count)


def logger_of(name: str, handler: logging.Handler) -> logging.Logger:
    made = logging.getLogger(name)
    made.setLevel(logging.DEBUG)
    made.propagate = False
    made.handlers = [handler]
    return made


def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


def test_a_record_has_its_extra_fields_and_its_exception_as_fields(server: Agent) -> None:
    handler = ForwardHandler(f"127.0.0.1:{port_of(server, 'tcp')}", "shop")
    logger = logger_of("fields", handler)
    try:
        _ = NOTHING["x"]
    except KeyError:
        logger.exception(
            "failed %s", "badly", extra={"order": {"id": 7, "items": (1, 2)}, "at": object()}
        )
    handler.close()
    (found,) = came(server, "fields")
    assert found["message"] == "failed badly"
    assert found["level"] == "ERROR"
    assert found["order"] == {"id": 7, "items": [1, 2]}
    assert found["at"].startswith("<object object")
    assert found["exception"]["type"] == "KeyError"
    assert "NOTHING" in found["exception"]["traceback"]
    assert (handler.sent, handler.dropped, handler.failed) == (1, 0, 0)


def test_it_is_configured_by_a_dictionary(server: Agent) -> None:
    folder = server.output.parent
    port_of(server, "unix")
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {
                "agent": {
                    "class": "pillion.handler.ForwardHandler",
                    "address": f"unix://{folder}/in.sock",
                    "tag": "shop",
                    "level": "INFO",
                }
            },
            "loggers": {
                "configured": {"level": "DEBUG", "handlers": ["agent"], "propagate": False}
            },
        }
    )
    logger = logging.getLogger("configured")
    logger.debug("no")
    logger.info("yes")
    logger.handlers[0].close()
    assert [each["message"] for each in came(server, "configured")] == ["yes"]


def test_many_threads_lose_nothing(server: Agent) -> None:
    handler = ForwardHandler(f"127.0.0.1:{port_of(server, 'tcp')}", capacity=100_000)
    logger = logger_of("threads", handler)

    def log() -> None:
        for _ in range(1000):
            logger.info("n")

    threads = [threading.Thread(target=log) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(came(server, "threads", 4000)) == 4000
    eventually(lambda: handler.sent, lambda sent: sent == 4000)
    handler.close()


def test_without_an_agent_the_queue_is_bounded_and_nothing_is_raised() -> None:
    handler = ForwardHandler(nobody(), capacity=10, close_seconds=0.2)
    logger = logger_of("nobody", handler)
    for number in range(1000):
        logger.info("%d", number)
    eventually(lambda: handler.errors, bool)
    handler.close()
    logger.info("after the end")
    assert handler.sent == 0
    assert handler.dropped == 1001


def test_an_agent_that_comes_later_gets_what_waited(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_text(
        "service: {flush: 0.1}\npipeline:\n"
        f"  inputs: [{{name: forward, unix_path: {tmp_path}/in.sock}}]\n"
        "  outputs: [{name: stdout, match: '*', format: json_lines}]\n"
    )
    handler = ForwardHandler(f"unix://{tmp_path}/in.sock")
    logger_of("early", handler).info("hello")
    eventually(lambda: handler.errors, bool)
    with agent(path) as running:
        assert came(running, "early")[0]["message"] == "hello"
        eventually(lambda: handler.sent, lambda sent: sent == 1)
    handler.close()


class Hostile:
    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


def test_a_record_that_cannot_be_shown_is_counted() -> None:
    handler = ForwardHandler(nobody(), close_seconds=0.0)
    logger = logger_of("hostile", handler)
    logger.info("%s", Hostile())
    logger.info("x", extra={"bad": Hostile()})
    loop: list[Any] = []
    loop.append(loop)
    logger.info("x", extra={"loop": loop, "surrogate": "\ud800", "huge": 2**200, "set": {1}})
    assert handler.failed == 2
    handler.close()


@pytest.mark.parametrize("address", ["", "host", "host:0", "host:x", ":24224"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        ForwardHandler(address)


def test_a_child_process_sends_its_own_records_and_not_its_parents(server: Agent) -> None:
    handler = ForwardHandler(f"127.0.0.1:{port_of(server, 'tcp')}")
    logger = logger_of("forked", handler)
    logger.info("parent")
    eventually(lambda: handler.sent, lambda sent: sent == 1)
    child = os.fork()
    if not child:
        logger.info("child")
        handler.close()
        os._exit(0)
    os.waitpid(child, 0)
    handler.close()
    assert [each["message"] for each in came(server, "forked", 2)] == ["parent", "child"]
