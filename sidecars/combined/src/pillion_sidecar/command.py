"""The command `pillion-sidecar`."""

from __future__ import annotations

import os
import sys
from functools import partial

from pillion.errors import PillionError
from pillion.process import ProcessSettings, WebSettings
from pillion.process.run import run
from pillion.settings import Address, Command, Override
from pillion_sidecar.configuration.flags import divide
from pillion_sidecar.settings import SidecarSettings
from pillion_sidecar.sidecar import Sidecar

COMMAND = Command(
    "pillion-sidecar",
    "Runs any of the four roles in one process: nginx exporter, blackbox exporter, log streamer "
    "and log agent. A flag of a role has the role before it: "
    "--nginx-exporter.nginx.scrape-uri=http://127.0.0.1/stub_status.",
    (SidecarSettings, WebSettings, ProcessSettings),
    {"web.listen-address": Override(default=(Address("", 9120),))},
)


def main() -> int:
    """Run the command; return the exit status."""
    arguments = sys.argv[1:]
    try:
        arguments, of_roles = divide(arguments)
    except PillionError as error:
        print(f"{COMMAND.name}: {error}", file=sys.stderr)  # noqa: T201  # there is no log yet
        return error.exit_code
    return run(COMMAND, partial(Sidecar, COMMAND, of_roles, os.environ), arguments)
