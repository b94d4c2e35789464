"""The settings of the process that hosts the roles."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import CHOICE, PATH, optional, repeated
from pillion_sidecar.roles import ROLES


@dataclass(frozen=True, slots=True)
class SidecarSettings:
    """Which roles there are."""

    config_file: str | None = optional(
        "config.file",
        PATH,
        "A YAML file that maps each role to its settings, under the names of its own flags.",
        short="c",
    )
    role: tuple[str, ...] = repeated(
        "role",
        CHOICE(*ROLES),
        "A role to run as it is by default; one that has settings needs no --role.",
    )
