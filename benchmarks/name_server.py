"""The tests' name server as a process of its own, which writes where it answers.

In the process of the clients it would wait for them, and all who ask it would measure that.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.servers.dns import name_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def name_server_process() -> Iterator[str]:
    """Run it; yields `host:port`."""
    command = [sys.executable, "-m", "benchmarks.name_server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


async def main() -> None:
    async with name_server() as address:
        print(address, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
