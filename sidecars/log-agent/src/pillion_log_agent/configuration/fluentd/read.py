"""Reading fluentd's files from the disk, with what they include."""

from __future__ import annotations

import glob
import os
import socket
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion_log_agent.configuration.fluentd.convert import convert
from pillion_log_agent.configuration.fluentd.parse import Parser
from pillion_log_agent.configuration.fluentd.ruby import expand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pillion_log_agent.configuration.section import Place, Problems, Section

FILE_LIMIT = 1000


def read_fluentd(
    text: str,
    path: str,
    environment: Mapping[str, str],
    problems: Problems,
    *,
    read_text: Callable[[str], str],
    files: list[str],
) -> list[Section]:
    """Return the sections of a file and of all that it includes; the files are added to a list."""
    hostname = socket.gethostname()
    within: list[str] = [path]

    def include(pattern: str, place: Place) -> Iterator[tuple[str, str]]:
        if "://" in pattern:
            problems.add(place, "@include", f"{pattern!r} is no path; nothing is fetched")
            return
        joined = os.path.join(os.path.dirname(place.file), pattern)
        paths = sorted(glob.glob(joined)) if glob.has_magic(pattern) else [joined]
        for each in paths:
            if each in within or len(files) >= FILE_LIMIT:
                problems.add(place, "@include", f"{each} includes itself, or there are too many")
                continue
            try:
                found = read_text(each)
            except ConfigurationError as error:
                problems.note(f"{place}: {error}")
                continue
            files.append(each)
            within.append(each)
            yield each, found
            within.pop()

    parser = Parser(problems, include, lambda value: expand(value, environment, hostname))
    return convert(parser.parse(text, path), problems)
