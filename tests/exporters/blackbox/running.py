"""The exporter as a process, for tests."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from pillion.testing import Scrape, Started, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pillion.testing import Answer

COMMAND = str(Path(sys.executable).parent / "pillion-blackbox-exporter")


@contextmanager
def running(*flags: str, configuration: str = "", folder: Path | None = None) -> Iterator[Started]:
    """Run the exporter on a free port, with a configuration in a file where one is given."""
    given = list(flags)
    if configuration:
        assert folder is not None
        path = folder / "blackbox.yml"
        path.write_text(configuration)
        given.append(f"--config.file={path}")
    directory = str(folder) if folder is not None else None
    with started(
        [COMMAND, "--web.listen-address=127.0.0.1:0", *given], directory=directory
    ) as exporter:
        yield exporter


def ask(exporter: Started, target: str, module: str = "", **more: str) -> Answer:
    """Probe a target through the process."""
    parameters = {"target": target, **({"module": module} if module else {}), **more}
    timeout = parameters.pop("timeout", "")
    headers = {"X-Prometheus-Scrape-Timeout-Seconds": timeout} if timeout else {}
    return exporter.get(f"/probe?{urlencode(parameters)}", headers=headers)


def scrape(exporter: Started, target: str, module: str = "", **more: str) -> Scrape:
    """Probe a target through the process; the answer must be 200."""
    answer = ask(exporter, target, module, **more)
    assert answer.status == 200, answer.text
    return Scrape.parse(answer.text)
