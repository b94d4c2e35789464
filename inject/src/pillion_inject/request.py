"""What is asked for, as it stands in the receipt of a workload too."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

NATIVE_SIDECARS = (1, 29)


@dataclass(frozen=True, slots=True)
class Request:
    """The sidecars that a workload is to have.

    Attributes:
        nginx: the nginx exporter.
        nginx_uri: where its status page is; found in the configuration when empty.
        probe: the blackbox exporter.
        probe_target: what it is to probe; found in the pod's probes and ports when empty.
        probe_module: how; found together with the target when empty.
        logs: files, globs or folders that a log sidecar is to read.
        log_sidecar: `log-streamer` or `log-agent`.
        log_config: the ConfigMap of the agent; empty for one that is made.
        container: the application's container, where there are several.
        image_prefix: registry and path of the images; empty for the built-in one.
        is_native: sidecars are init containers that restart always (Kubernetes 1.29).
    """

    nginx: bool = False
    nginx_uri: str = ""
    probe: bool = False
    probe_target: str = ""
    probe_module: str = ""
    logs: tuple[str, ...] = ()
    log_sidecar: str = "log-streamer"
    log_config: str = ""
    container: str = ""
    image_prefix: str = ""
    is_native: bool = True

    def encoded(self) -> dict[str, Any]:
        """Return what differs from the defaults, for a receipt."""
        return {
            field.name: list(value) if isinstance(value, tuple) else value
            for field in fields(self)
            if (value := getattr(self, field.name)) != field.default
        }

    @classmethod
    def decoded(cls, values: dict[str, Any]) -> Request:
        """Return what a receipt holds; unknown keys of a newer version are left out."""
        known = {field.name for field in fields(cls)} & set(values)
        return cls(**{name: _frozen(values[name]) for name in known})

    def on_top_of(self, earlier: Request) -> Request:
        """Return what both ask for; where they differ this one counts."""
        merged = {
            field.name: getattr(earlier if value == field.default else self, field.name)
            for field in fields(self)
            for value in [getattr(self, field.name)]
        }
        merged["logs"] = tuple(dict.fromkeys((*earlier.logs, *self.logs)))
        merged["is_native"] = self.is_native
        if self.logs:
            merged["log_sidecar"] = self.log_sidecar
        return Request(**merged)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
