"""One probe as text for people: its log, its metrics, its module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from pillion_blackbox_exporter.configuration.rendering import render_one

if TYPE_CHECKING:
    from pillion_blackbox_exporter.configuration import Module
    from pillion_blackbox_exporter.runner.run import Result


def debug_text(result: Result, module: Module) -> str:
    """Return what `debug=true` and `/logs` answer."""
    return (
        f"The log of the probe:\n\n{result.log.text()}\n\n"
        f"The phases:\n\n{_phases(result)}\n\n"
        f"The metrics:\n\n{result.report.text()}\n\n"
        f"The module:\n\n{render_one(module)}"
    )


def as_used(module: Module, hostname: str) -> Module:
    """Return a module with what the parameter `hostname` makes of it."""
    if not hostname:
        return module
    if module.prober == "http":
        headers = {key: text for key, text in module.http.headers.items() if key.lower() != "host"}
        section: Any = replace(module.http, headers={**headers, "Host": hostname})
    elif module.prober in ("tcp", "dns", "grpc"):
        section = getattr(module, module.prober)
        if section.tls_config.server_name:
            return module
        section = replace(section, tls_config=replace(section.tls_config, server_name=hostname))
    else:
        return module
    return replace(module, **{module.prober: section})


def _phases(result: Result) -> str:
    trace = result.trace
    lines = [
        f"{phase.start - trace.started:10.6f} s  {(phase.end or phase.start) - phase.start:10.6f} s"
        f"  {phase.name}\n"
        for phase in trace.phases
    ]
    if trace.failure is not None:
        where = f" in the phase {trace.failure.phase}" if trace.failure.phase else ""
        lines.append(f"it failed{where}, {trace.failure.reason}: {trace.failure.sentence}\n")
    return "".join(lines)
