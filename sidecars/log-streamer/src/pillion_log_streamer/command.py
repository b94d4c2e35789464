"""The command `pillion-log-streamer`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError, UsageError
from pillion.process import ProcessSettings, WebSettings, launch
from pillion.settings import Command
from pillion.tail import check_pattern
from pillion_log_streamer.settings import StreamSettings, TailSettings
from pillion_log_streamer.streamer import tail_options

if TYPE_CHECKING:
    from pillion.log import Logger
    from pillion.settings import Values

COMMAND = Command(
    "pillion-log-streamer",
    "Writes what is added to log files to standard output: tail -F that loses nothing.",
    (TailSettings, StreamSettings, WebSettings, ProcessSettings),
    arguments="PATH...",
)


def main() -> int:
    """Stream until told to stop; return the exit status."""
    return launch(COMMAND, start)


def start(values: Values, log: Logger) -> int:
    """Check what can be checked without a file, and stream: with a web server or without."""
    check(values)
    if values[ProcessSettings].config_check:
        log.info("the configuration is valid")
        return 0
    web = values[WebSettings]
    if web.listen_address or web.systemd_socket:
        from pillion_log_streamer.service import serve  # asyncio: 11 MB  # noqa: PLC0415

        return serve(COMMAND)
    from pillion_log_streamer.alone import stream  # noqa: PLC0415  # not where the web is

    return stream(values, log)


def check(values: Values) -> None:
    """Refuse what cannot work.

    Raises:
        UsageError: there is no path.
        ConfigurationError: settings that do not go together.
    """
    stream = values[StreamSettings]
    if not values.arguments:
        raise UsageError("no file is given; name one or more, or a glob such as '/var/log/*.log'")
    if "-" in values.arguments:
        raise UsageError("- is standard input, which cannot be followed; name a file")
    if stream.reclaim and stream.state_dir is None:
        raise ConfigurationError(
            "--reclaim needs --state.dir: without positions a restart would find holes in the "
            "place of lines"
        )
    for pattern in (*values.arguments, *tail_options(values).exclude):
        check_pattern(pattern)
