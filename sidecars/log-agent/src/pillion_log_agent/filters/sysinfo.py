"""The filter `sysinfo`: adds what the machine and the program are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pillion
from pillion.settings import optional
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import TEXT

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.records.batch import Batch


@dataclass(frozen=True, slots=True)
class SysinfoProperties:
    """The properties of `sysinfo`: each names the field to add."""

    fluentbit_version_key: str | None = optional(
        "fluentbit_version_key", TEXT, "The field of this program's version."
    )
    os_name_key: str | None = optional("os_name_key", TEXT, "That of the system's name.")
    hostname_key: str | None = optional("hostname_key", TEXT, "That of the host's name.")
    os_version_key: str | None = optional("os_version_key", TEXT, "That of the system's version.")
    kernel_version_key: str | None = optional(
        "kernel_version_key", TEXT, "That of the kernel's version."
    )


class SysinfoFilter:
    """Adds the same fields to every record."""

    def __init__(self, properties: SysinfoProperties, _context: FilterContext) -> None:
        system = os.uname()
        named = {
            properties.fluentbit_version_key: pillion.__version__,
            properties.os_name_key: system.sysname.lower(),
            properties.hostname_key: system.nodename,
            properties.os_version_key: system.version,
            properties.kernel_version_key: system.release,
        }
        self._fields = {key: value for key, value in named.items() if key is not None}

    def apply(self, batch: Batch) -> Batch:
        """Return the batch, changed."""
        for key, value in self._fields.items():
            batch.put(key, value)
        return batch


SYSINFO = Declaration(
    name="sysinfo",
    summary="Adds what the machine and the program are.",
    properties=SysinfoProperties,
    build=SysinfoFilter,
)
