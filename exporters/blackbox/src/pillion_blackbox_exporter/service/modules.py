"""The configuration in force: read at start, replaced whole by a reload or kept."""

from __future__ import annotations

import hashlib
import os
import time
from typing import TYPE_CHECKING

from pillion.configuration import Document
from pillion.errors import ConfigurationError
from pillion.files import read_bounded
from pillion.metrics.standard import ReloadGauges
from pillion_blackbox_exporter.configuration import Configuration, builtin, parse
from pillion_blackbox_exporter.configuration.secrets import secrets_of
from pillion_blackbox_exporter.configuration.support import unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import CollectorRegistry

    from pillion.log import Logger


_LIMIT = 16 * 1024 * 1024  # more is refused when it is read


class Modules:
    """Holds the configuration, and says in metrics how its last reload went.

    Attributes:
        current: what is in force.
    """

    def __init__(
        self,
        path: str | None,
        registry: CollectorRegistry,
        log: Logger,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Read the configuration; raises ConfigurationError when it is wrong."""
        self._path = path
        self._log = log
        self._digest = b""
        self._gauges = ReloadGauges(registry, "blackbox_exporter", clock)
        self._secrets: dict[str, tuple[str, ...]] = {}
        self._unsupported: dict[str, str] = {}
        self.current = self._take(self._read())

    def secrets(self, name: str) -> tuple[str, ...]:
        """Return what is to be masked wherever a module's probes are shown."""
        return self._secrets.get(name, ())

    def unsupported(self, name: str) -> str:
        """Return why a module cannot work in this installation, or nothing."""
        return self._unsupported.get(name, "")

    def reload(self) -> None:
        """Read the configuration again; the old one stays when it is wrong.

        Raises:
            ConfigurationError: it is wrong.
        """
        try:
            self.current = self._take(self._read())
        except ConfigurationError:
            self._gauges.failed()
            raise

    def has_changed(self) -> bool:
        """Whether the content of the file is another than the one in force."""
        path = self._found()
        return path is not None and _digest(path) not in (b"", self._digest)

    def _found(self) -> str | None:
        if self._path is not None:
            return self._path
        return next((path for path in builtin.PATHS if os.path.exists(path)), None)  # noqa: PTH110

    def _read(self) -> tuple[Configuration, bytes]:
        path = self._found()
        if path is None:
            self._log.info("no configuration file; the built-in modules are in force")
            return parse(Document.parse(builtin.TEXT, builtin.NAME)), b""
        digest = _digest(path)
        try:
            return parse(Document.read(path)), digest
        finally:
            # A broken file is tried again when it changes, not at every look.
            self._digest = digest

    def _take(self, read: tuple[Configuration, bytes]) -> Configuration:
        configuration, self._digest = read
        self._secrets = {
            name: secrets for name, m in configuration.modules.items() if (secrets := secrets_of(m))
        }
        self._unsupported = {
            name: why for name, m in configuration.modules.items() if (why := unsupported(m))
        }
        for name, why in self._unsupported.items():
            self._log.warning("the module cannot work", module=name, reason=why)
        for name, module in configuration.modules.items():
            if module.http.no_follow_redirects is not None:
                self._log.warning(
                    "no_follow_redirects is deprecated; write follow_redirects", module=name
                )
            for key in module.websocket.unused:
                self._log.warning("the websocket prober does not use a key", module=name, key=key)
        self._gauges.succeeded()
        self._log.info(
            "the configuration is in force",
            file=configuration.path,
            modules=len(configuration.modules),
        )
        return configuration


def _digest(path: str) -> bytes:
    """Return a digest of a file's content; nothing when it cannot be read.

    The content is looked at and not the file's times: a ConfigMap is changed by swapping a
    symbolic link, and may go back to an older file.
    """
    try:
        return hashlib.sha256(read_bounded(path, _LIMIT)).digest()
    except OSError:
        return b""
