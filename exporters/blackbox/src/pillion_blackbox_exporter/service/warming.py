"""TLS contexts made before they are needed, so that no probe waits for one.

It is also when a file that a module names and that is missing is first met: that is logged, and
fails the module's probes alone, as the file may yet come.
"""

from __future__ import annotations

import asyncio
import contextlib
from importlib import import_module
from typing import TYPE_CHECKING

from pillion_blackbox_exporter.failure import ProbeError
from pillion_blackbox_exporter.probers.http.exchange import ALPN_HTTP2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pillion.log import Logger
    from pillion_blackbox_exporter.configuration import Module
    from pillion_blackbox_exporter.configuration.client import TlsConfig
    from pillion_blackbox_exporter.network.contexts import Contexts


HTTP3 = "pillion_blackbox_exporter.probers.http.http3"


async def warm(modules: Mapping[str, Module], contexts: Contexts, log: Logger) -> None:
    """Make the contexts that modules will need; log those that cannot be made."""
    if any(module.http.enable_http3 for module in modules.values()):
        with contextlib.suppress(ImportError):  # an extra; 0.1 s that no probe shall wait for
            await asyncio.to_thread(import_module, HTTP3)
    for name, module in modules.items():
        for config, protocols in _wanted(module):
            try:
                await contexts.get(config, protocols)
            except ProbeError as error:
                log.warning("the module will fail", module=name, reason=error)


def _wanted(module: Module) -> Iterator[tuple[TlsConfig, tuple[str, ...]]]:
    if module.prober == "http":
        yield module.http.tls_config, ALPN_HTTP2 if module.http.enable_http2 else ()
    for name in ("tcp", "unix"):
        section = getattr(module, name)
        has_starttls = any(step.starttls for step in section.query_response)
        if module.prober == name and (section.tls or has_starttls):
            yield section.tls_config, ()
