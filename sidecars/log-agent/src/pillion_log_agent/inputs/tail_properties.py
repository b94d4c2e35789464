"""The properties of `tail`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.settings import optional, repeated, setting
from pillion_log_agent.configuration.kinds import FLAG, LIST, PATTERN, SIZE, TEXT, TIME

if TYPE_CHECKING:
    from pillion_log_agent.patterns.pattern import Pattern

LEAST_LINE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TailProperties:
    """The properties of `tail`."""

    path: tuple[str, ...] = setting("path", LIST, "Globs of files, with commas.", default=())
    exclude_path: tuple[str, ...] = setting(
        "exclude_path", LIST, "Globs of files to leave out.", default=()
    )
    key: str = setting("key", TEXT, "The field of a line that is not parsed.", default="log")
    parser: str | None = optional("parser", TEXT, "The parser of each line.")
    multiline_parser: tuple[tuple[str, ...], ...] = repeated(
        "multiline.parser",
        LIST,
        "Multiline parsers. docker and cri join what the runtime has split, and take its line "
        "apart; any other joins lines that belong together, in the text that they leave.",
    )
    multiline: bool = setting(
        "multiline",
        FLAG,
        "The old way: a record begins where parser_firstline fits.",
        default=False,
    )
    multiline_flush: float = setting(
        "multiline_flush", TIME, "How long its rest is waited for.", default=4.0
    )
    parser_firstline: str | None = optional(
        "parser_firstline", TEXT, "The parser of a record's first line."
    )
    parser_n: tuple[str, ...] = repeated(
        "parser_n", TEXT, "parser_1, parser_2 and so on: parsers of its other lines."
    )
    docker_mode: bool = setting(
        "docker_mode", FLAG, "The same as multiline.parser docker.", default=False
    )
    docker_mode_parser: str | None = optional(
        "docker_mode_parser",
        TEXT,
        "With docker_mode, the parser that fits a record's first line as docker wrote it.",
    )
    docker_mode_flush: float = setting(
        "docker_mode_flush", TIME, "How long the rest of a split line is waited for.", default=4.0
    )
    tag_regex: Pattern | None = optional(
        "tag_regex", PATTERN, "Takes the path apart for the <name> of the tag."
    )
    path_key: str | None = optional("path_key", TEXT, "The field to put the path into.")
    offset_key: str | None = optional("offset_key", TEXT, "The field to put the offset into.")
    read_from_head: bool = setting(
        "read_from_head",
        FLAG,
        "Read what is in a file that is there at the start; else only what is added to it.",
        default=False,
    )
    refresh_interval: float = setting(
        "refresh_interval", TIME, "The longest wait between two searches for files.", default=60.0
    )
    rotate_wait: float = setting(
        "rotate_wait", TIME, "How long a rotated file must be quiet to be let go.", default=5.0
    )
    partial_flush: float = setting(
        "partial_flush",
        TIME,
        "How long the end of a file's last line is waited for before it comes without.",
        default=5.0,
    )
    ignore_older: float = setting(
        "ignore_older",
        TIME,
        "Leave out files that were last written to so long ago; what is added to one is read.",
        default=0.0,
    )
    ignore_older_records: float = setting(
        "ignore_older_records",
        TIME,
        "Drop records whose time is so long ago, and count them; fluent-bit has no such property.",
        default=0.0,
    )
    skip_long_lines: bool = setting(
        "skip_long_lines",
        FLAG,
        "Drop a line that is too long, and count it; else it comes in pieces.",
        default=False,
    )
    truncate_long_lines: bool = setting(
        "truncate_long_lines",
        FLAG,
        "Take the beginning of a line that is too long, and drop the rest.",
        default=False,
    )
    read_newly_discovered_files_from_head: bool = setting(
        "read_newly_discovered_files_from_head",
        FLAG,
        "Read a file that appears later from its beginning; it always is.",
        default=True,
    )
    skip_empty_lines: bool = setting(
        "skip_empty_lines", FLAG, "Leave out empty lines.", default=False
    )
    buffer_max_size: int = setting(
        "buffer_max_size", SIZE, "The longest line; at least 1 MiB.", default=LEAST_LINE
    )
    db: str | None = optional(
        "db",
        TEXT,
        "Where the positions are kept over restarts: a directory is made beside this path.",
    )
    exit_on_eof: bool = setting(
        "exit_on_eof", FLAG, "End when all files are read to their ends.", default=False
    )
