"""The peer, Debian's or the newest, with a configuration of the test's own."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import urllib.parse
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from pillion.testing import Scrape
from tools import peers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DEBIANS = "prometheus-blackbox-exporter"
PATIENCE = 15.0

program = DEBIANS


@dataclass(frozen=True, slots=True)
class Peer:
    """A blackbox_exporter that runs."""

    url: str

    async def probe(self, target: str, module: str) -> Scrape:
        """Return the metrics of one probe."""
        query = urllib.parse.urlencode({"target": target, "module": module})
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            answer = await client.get(f"{self.url}/probe?{query}")
        assert answer.status_code == 200, answer.text
        return Scrape.parse(answer.text)


@asynccontextmanager
async def blackbox_exporter(folder: Path, configuration: str) -> AsyncIterator[Peer]:
    """Start the one that `program` names, and wait until it is ready."""
    path = folder / "blackbox.yml"
    path.write_text(configuration)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{sock.getsockname()[1]}"
    flags = [f"--config.file={path}", f"--web.listen-address={address}", "--log.level=error"]
    process = subprocess.Popen([program, *flags])
    try:
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(PATIENCE):
            while not await _is_ready(client, address):
                assert process.poll() is None, "the peer has ended"
                await asyncio.sleep(0.02)
        yield Peer(f"http://{address}")
    finally:
        process.kill()
        process.wait(PATIENCE)


def programs() -> dict[str, str]:
    """Return the versions of the peer that are on this machine."""
    found = {"0.23": shutil.which(DEBIANS), "0.28": peers.blackbox_exporter()}
    return {version: path for version, path in found.items() if path is not None}


def is_here() -> bool:
    """Whether the peer is on this machine."""
    return shutil.which(DEBIANS) is not None


async def _is_ready(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(f"http://{address}/-/healthy")).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
