"""The `[SERVICE]` section: what holds for the whole process."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import optional, repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import (
    FLAG,
    NUMBER,
    PATH,
    PORT,
    SIZE,
    TEXT,
    TIME,
    choice,
)


@dataclass(frozen=True, slots=True)
class ServiceProperties:
    """What holds for the whole process."""

    flush: float = setting("flush", TIME, "How long a record may wait for company.", default=1.0)
    grace: float | None = optional("grace", TIME, "How long the end may take; --drain.timeout.")
    log_level: str | None = optional(
        "log_level",
        choice("off", "error", "warn", "warning", "info", "debug", "trace"),
        "The least level that is logged, unless --log.level says otherwise.",
    )
    parsers_file: tuple[str, ...] = repeated(
        "parsers_file", PATH, "A file with parsers, beside the configuration."
    )
    http_server: bool = setting("http_server", FLAG, "Accepted: it is always on.", default=False)
    http_listen: str | None = optional("http_listen", TEXT, "The address to answer on.")
    http_port: int | None = optional("http_port", PORT, "The port to answer on.")
    hot_reload: bool = setting("hot_reload", FLAG, "Accepted: it is always on.", default=True)
    health_check: bool = setting(
        "health_check", FLAG, "Whether /api/v1/health looks at errors.", default=False
    )
    hc_errors_count: int = setting(
        "hc_errors_count", NUMBER, "Errors of outputs in a period that are too many.", default=5
    )
    hc_retry_failure_count: int = setting(
        "hc_retry_failure_count", NUMBER, "Given up batches in a period that are too many.",
        default=5,
    )  # fmt: skip
    hc_period: float = setting("hc_period", TIME, "The length of that period.", default=60.0)
    scheduler_base: float = setting(
        "scheduler.base", TIME, "The first wait before a retry.", default=1.0
    )
    scheduler_cap: float = setting(
        "scheduler.cap", TIME, "The longest wait between two retries.", default=60.0
    )
    mem_buf_limit: int | None = optional(
        "mem_buf_limit", SIZE, "The most bytes in flight over all inputs."
    )


_NO_DISK = "the log file is the buffer; nothing is kept on disk a second time"
SERVICE = Declaration(
    name="",
    summary="What holds for the whole process.",
    properties=ServiceProperties,
    accepted={
        "daemon": "a container's process stays in the foreground",
        "coro_stack_size": "there are no coroutine stacks to size",
        "log_file": "the log goes to standard error",
        "storage.path": _NO_DISK,
        "storage.sync": _NO_DISK,
        "storage.checksum": _NO_DISK,
        "storage.backlog.mem_limit": _NO_DISK,
        "storage.max_chunks_up": _NO_DISK,
        "storage.metrics": "the metrics are always there",
        "dns.mode": "the system resolves names",
        "dns.resolver": "the system resolves names",
        "dns.prefer_ipv4": "the system's order of addresses is used",
        "multiline_buffer_limit": "a joined line is bounded by the longest line",
    },
)
