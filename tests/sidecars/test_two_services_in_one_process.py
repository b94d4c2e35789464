"""The nginx exporter and the log agent in one event loop: no module-level state is in the way."""

from __future__ import annotations

import asyncio
import io
import os
from typing import TYPE_CHECKING

from aiohttp import ClientSession
from prometheus_client import CollectorRegistry

import pillion_log_agent.command
import pillion_nginx_exporter.command
from pillion.lifecycle import Deadline, Health
from pillion.log import Logger
from pillion.process import Context
from pillion.process.host import Host
from pillion.settings import parse
from pillion.testing import Scrape
from pillion_log_agent.service import Agent
from pillion_nginx_exporter.exporter import NginxExporter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pillion.process import Service
    from pillion.settings import Command

AGENT = """
[INPUT]
  Name tail
  Path {folder}/app.log
  Read_from_Head on
[OUTPUT]
  Name file
  Match *
  Path {folder}
  File out.txt
"""


def hosted(
    command: Command, build: Callable[[Context], Service], log: io.StringIO, *flags: str
) -> Host:
    values = parse(command, [*flags, "--web.listen-address=127.0.0.1:0"], {})
    context = Context(values, Logger(stream=log), CollectorRegistry(), Health())
    return Host(context, build(context))


async def test_two_services_answer_on_two_ports_with_a_registry_each(tmp_path: Path) -> None:
    (tmp_path / "agent.conf").write_text(AGENT.format(folder=tmp_path))
    (tmp_path / "app.log").write_text("hello\n" * 3)
    exporter_log, agent_log = io.StringIO(), io.StringIO()
    exporter = hosted(
        pillion_nginx_exporter.command.COMMAND,
        NginxExporter,
        exporter_log,
        "--nginx.scrape-uri=http://127.0.0.1:1/stub_status",
    )
    agent = hosted(
        pillion_log_agent.command.COMMAND, Agent, agent_log, f"--config.file={tmp_path}/agent.conf"
    )
    hosts = (exporter, agent)
    for host in hosts:
        await host.start()
    async with ClientSession() as session:

        async def ask(host: Host, path: str) -> tuple[int, str]:
            async with session.get(f"http://{host.addresses[0]}{path}") as answer:
                return answer.status, await answer.text()

        assert [(await ask(host, "/-/healthy"))[0] for host in hosts] == [200, 200]
        async with asyncio.timeout(20):
            while not os.path.exists(tmp_path / "out.txt"):  # noqa: PTH110
                await asyncio.sleep(0.01)
        of_nginx, of_agent = [Scrape.parse((await ask(host, "/metrics"))[1]) for host in hosts]
        await exporter.drain(Deadline(5))
        assert (await ask(agent, "/-/ready"))[0] == 200
    assert of_nginx.value("nginx_up") == 0
    assert "nginx_up" not in of_agent.names()
    assert of_agent.value("pillion_log_agent_records_total", state="read", reason="") == 3
    assert not any(name.startswith("pillion_log_agent") for name in of_nginx.names())
    await agent.drain(Deadline(5))
    assert (tmp_path / "out.txt").read_text().count("hello") == 3
    assert "delivered=3" in agent_log.getvalue()
    assert "delivered" not in exporter_log.getvalue()
