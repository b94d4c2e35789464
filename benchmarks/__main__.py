"""`make bench`: every benchmark, or those that are named."""

from __future__ import annotations

import importlib
import sys

BENCHMARKS = (
    "nginx_exporter",
    "access_log",
    "nginx_logging",
    "log_streamer",
    "blackbox_exporter",
    "log_agent",
    "sidecar",
    "log_agent_lines",
    "image",
)


def main(names: list[str]) -> int:
    for name in names or BENCHMARKS:
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
