"""A whole process with an event loop: serve, reload on request, drain when told to stop."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

from pillion.errors import PillionError
from pillion.lifecycle import Deadline, Health, Signals
from pillion.metrics import Registry
from pillion.metrics.standard import ProcessSource
from pillion.process.launch import launch
from pillion.process.service import Context, Service
from pillion.process.settings import ProcessSettings, WebSettings
from pillion.web import Routes, Server
from pillion.web.standard import add_standard_routes
from pillion.web.systemd import sockets_from_systemd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pillion.log import Logger
    from pillion.settings import Command, Values
    from pillion.web import Security


def run(
    command: Command,
    build: Callable[[Context], Service],
    arguments: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run a service until it is told to stop; return the exit status.

    Args:
        command: what can be typed; `ProcessSettings` and `WebSettings` are among its groups.
        build: makes the service; raises ConfigurationError when it cannot work as it is set.
        arguments: the command line, `sys.argv[1:]` when None.
        environment: the variables, `os.environ` when None.
    """

    def construct_and_serve(values: Values, log: Logger) -> int:
        registry = Registry()
        registry.add(ProcessSource())
        context = Context(values, log, registry, Health())
        service = build(context)
        security = _security(values, log)
        if values[ProcessSettings].config_check:
            log.info("the configuration is valid")
            return 0
        process = _Process(context, service, security)
        return asyncio.run(process.serve())

    return launch(command, construct_and_serve, arguments, environment)


def _security(values: Values, log: Logger) -> Security | None:
    path = values[WebSettings].config_file
    if path is None:
        return None
    from pillion.web import Security  # noqa: PLC0415  # TLS, YAML and bcrypt: 7 MB

    return Security.read(path, log)
