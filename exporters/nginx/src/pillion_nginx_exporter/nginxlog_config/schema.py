"""The keys of the peer's configuration (its README, "Configuration file").

What it knows and this does not support is an error that says so.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from pillion.configuration.convert import WrongKeyError

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class Struct(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """No key is ignored."""


class Listen(Struct, frozen=True):
    """Where metrics are served."""

    port: int = 4040
    address: str = "0.0.0.0"  # noqa: S104  # the peer's default
    metrics_endpoint: str = "/metrics"


class Match(Struct, frozen=True):
    """The first whose pattern is found replaces what it found."""

    regexp: str = ""
    replacement: str = ""


class Relabel(Struct, frozen=True):
    """A label read from a field of the line."""

    target_label: str
    source: str = msgspec.field(name="from")
    whitelist: list[str] = []
    matches: list[Match] = []
    split: int = 0
    separator: str = ""
    only_counter: bool = False

    def __post_init__(self) -> None:
        """Check the name."""
        _check_label("target_label", self.target_label)


class Syslog(Struct, frozen=True):
    """Where lines are received."""

    listen_address: str
    format: str = "auto"
    tags: list[str] = []

    def __post_init__(self) -> None:
        """Refuse what nginx does not send."""
        if not self.listen_address.startswith(("udp://", "unix://")):
            raise WrongKeyError(
                "listen_address", "is not supported: nginx sends to udp://host:port or unix:///path"
            )
        if self.format not in ("auto", "rfc3164", ""):
            raise WrongKeyError("format", "is not supported: nginx sends rfc3164")


class Source(Struct, frozen=True):
    """Where lines come from."""

    files: list[str] = []
    syslog: Syslog | None = None


class MetricsOverride(Struct, frozen=True):
    """What the names begin with."""

    prefix: str = ""


class Namespace(Struct, frozen=True):
    """Logs that are counted together."""

    name: str
    namespace_label: str = ""
    metrics_override: MetricsOverride | None = None
    source_files: list[str] = []
    source: Source = Source()
    parser: str = "text"
    format: str = ""
    labels: dict[str, str] = {}
    relabel_configs: list[Relabel] = []
    histogram_buckets: list[float] = []
    print_log: bool = False

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        if self.parser not in ("text", "json", ""):
            raise WrongKeyError("parser", "is neither text nor json")
        if self.print_log:
            raise WrongKeyError("print_log", "is not supported: the log itself is there to read")
        for bound in self.histogram_buckets:
            if not 0 < bound < float("inf"):
                raise WrongKeyError("histogram_buckets", "are seconds above 0")
        for label in (*self.labels, *([self.namespace_label] if self.namespace_label else [])):
            _check_label("labels", label)
        if not _LABEL.fullmatch(self.prefix or "a"):
            raise WrongKeyError("name", "cannot begin a metric's name")

    @property
    def prefix(self) -> str:
        """What the names of the metrics begin with."""
        return self.name if self.metrics_override is None else self.metrics_override.prefix


class Configuration(Struct, frozen=True):
    """The whole file; `port` beside `listen` is without effect, as with the peer."""

    listen: Listen = Listen()
    namespaces: list[Namespace] = []
    consul: dict[str, Any] = {}
    enable_experimental: bool = False
    enableexperimentalfeatures: bool = False
    port: int = 0

    def __post_init__(self) -> None:
        """Refuse what is not supported."""
        if self.consul.get("enable"):
            raise WrongKeyError("consul", "is not supported: let Prometheus discover the pod")


def _check_label(key: str, name: str) -> None:
    if not _LABEL.fullmatch(name) or name.startswith("__") or name == "le":
        raise WrongKeyError(key, f"has {name!r}, which is not a label name")
