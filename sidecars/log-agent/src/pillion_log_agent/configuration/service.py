"""The `[SERVICE]` section: what holds for the whole process."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import optional, repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import (
    PATH,
    PORT,
    SIZE,
    SIZE_OR_UNLIMITED,
    TEXT,
    TIME,
    choice,
)
from pillion_log_agent.configuration.reasons import NO_DISK, ONE_THREAD, WINDOWS

MULTILINE_LIMIT = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServiceProperties:
    """What holds for the whole process."""

    flush: float = setting("flush", TIME, "How long a record may wait for company.", default=1.0)
    grace: float | None = optional(
        "grace", TIME, "How long the end may take; --drain.timeout comes first."
    )
    log_level: str | None = optional(
        "log_level",
        choice("off", "error", "warn", "warning", "info", "debug", "trace"),
        "The least level that is logged, unless --log.level says otherwise.",
    )
    parsers_file: tuple[str, ...] = repeated(
        "parsers_file", PATH, "A file with parsers, beside the configuration."
    )
    http_listen: str | None = optional(
        "http_listen", TEXT, "The address to answer on; --web.listen-address comes first."
    )
    http_port: int | None = optional("http_port", PORT, "The port to answer on, likewise; 2020.")
    scheduler_base: float = setting(
        "scheduler.base", TIME, "The first wait before a retry.", default=1.0
    )
    scheduler_cap: float = setting(
        "scheduler.cap", TIME, "The longest wait between two retries.", default=60.0
    )
    mem_buf_limit: int | None = optional(
        "mem_buf_limit", SIZE, "The most bytes in flight over all inputs."
    )
    multiline_buffer_limit: int = setting(
        "multiline_buffer_limit",
        SIZE_OR_UNLIMITED,
        "The longest record that lines are joined to, and never more than half of what its input "
        "may have in flight; the lines behind go on in another record. 0 for no limit but that.",
        default=MULTILINE_LIMIT,
    )


_ADAPTIVE = "a write begins as soon as a MiB is there, and after flush"
_HEALTH = "an output that is down makes the process not ready, and a restart would mend nothing"
SERVICE = Declaration(
    name="",
    summary="What holds for the whole process.",
    properties=ServiceProperties,
    accepted={
        "http_server": "it is always on",
        "hot_reload": "it is always on",
        "health_check": _HEALTH,
        "hc_errors_count": _HEALTH,
        "hc_retry_failure_count": _HEALTH,
        "hc_period": _HEALTH,
        "daemon": "a container's process stays in the foreground",
        "coro_stack_size": "there are no coroutine stacks to size",
        "log_file": "the log goes to standard error",
        "storage.path": NO_DISK,
        "storage.sync": NO_DISK,
        "storage.checksum": NO_DISK,
        "storage.backlog.mem_limit": NO_DISK,
        "storage.max_chunks_up": NO_DISK,
        "storage.metrics": "the metrics are always there",
        "dns.mode": "the system resolves names",
        "dns.resolver": "the system resolves names",
        "dns.prefer_ipv4": "the system's order of addresses is used",
        "dns.prefer_ipv6": "the system's order of addresses is used",
        "storage.trim_files": NO_DISK,
        "storage.type": NO_DISK,
        "storage.inherit": NO_DISK,
        "storage.keep.rejected": "refused records are in the dead-letter file, always",
        "storage.rejected.path": "--dead-letter.file names it",
        "storage.rejected.limit": "--dead-letter.limit says it",
        "flush.adaptive": _ADAPTIVE,
        "flush.adaptive.min_interval": _ADAPTIVE,
        "flush.adaptive.max_interval": _ADAPTIVE,
        "flush.adaptive.low_pressure": _ADAPTIVE,
        "flush.adaptive.medium_pressure": _ADAPTIVE,
        "flush.adaptive.high_pressure": _ADAPTIVE,
        "flush.adaptive.up_steps": _ADAPTIVE,
        "flush.adaptive.down_steps": _ADAPTIVE,
        "json.convert_nan_to_null": "what is no number is written as null, always",
        "plugins_file": "the plugins are part of the program; one that is not is refused by name",
        "sp.convert_from_str_to_num": "there is no stream processor",
        "windows.maxstdio": WINDOWS,
        "hot_reload.ensure_thread_safety": ONE_THREAD,
        "hot_reload.timeout": "a reload gives the old pipeline 20 s to end",
    },
    refused={
        "security.fips_mode": "use a base image whose OpenSSL is in FIPS mode",
        "json.escape_unicode": "JSON is UTF-8, which every reader takes",
        "streams_file": "use filters, such as grep and modify",
        "enable_chunk_trace": "use --log.level=debug and --config.explain",
    },
)
