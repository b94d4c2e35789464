"""The settings of the log streamer: the habits of `tail`, and a few of its own."""

from __future__ import annotations

from dataclasses import dataclass

from pillion.settings import (
    CHOICE,
    DURATION,
    PATH,
    SIZE,
    TEXT,
    Kind,
    optional,
    repeated,
    setting,
    switch,
)
from pillion.tail import FromLine, LastLines

MOST_DIGITS = 18
OUTPUTS = ("raw", "prefix", "json")


def parse_lines(text: str) -> FromLine | LastLines:
    """Return where to start, as `tail -n` has it: `10`, `-10`, `+1`."""
    sign = text[:1] if text[:1] in ("+", "-") else ""
    digits = text.removeprefix(sign)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS):
        raise ValueError("is no number of lines; write 100 for the last hundred, +1 for all")
    if sign == "+":
        return FromLine(max(int(digits), 1))
    return LastLines(int(digits))


def show_lines(start: FromLine | LastLines) -> str:
    """Return the spelling that `parse_lines` reads back."""
    return f"+{start.number}" if isinstance(start, FromLine) else str(start.count)


FROM_THE_BEGINNING: FromLine | LastLines = FromLine(1)
LINES: Kind[FromLine | LastLines] = Kind("LINES", parse_lines, show_lines)


@dataclass(frozen=True, slots=True)
class TailSettings:
    """What `tail` takes."""

    lines: FromLine | LastLines = setting(  # noqa: RUF009  # as every setting is declared
        "lines",
        LINES,
        "Where to start in a file that is there at the start and has no checkpoint: +1 is its "
        "first line, 100 the last hundred.",
        default=FROM_THE_BEGINNING,
        short="n",
    )
    follow_name: bool = switch(
        "follow-name", "Accepted as tail -F is; files are always followed by name.", short="F"
    )
    follow: bool = switch(
        "follow", "Accepted as tail -f is; files are always followed by name.", short="f"
    )
    retry: bool = switch("retry", "Accepted as tail --retry is; a missing file is waited for.")
    quiet: bool = switch(
        "quiet", "Accepted as tail -q is; there are no headers between files.", short="q"
    )


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """How lines go out, and what is kept."""

    output: str | None = optional(
        "output",
        CHOICE(*OUTPUTS),
        "How lines go out: raw as they are, prefix as `name: line`, json as an object each. Unset, "
        "one file is raw, and several or a glob have the prefix.",
    )
    exclude: tuple[str, ...] = repeated(
        "exclude", TEXT, "A glob of files to leave out; without a slash it is for the name alone."
    )
    max_line_bytes: int = setting(
        "max-line-bytes",
        SIZE,
        "The longest line; a longer one is treated as --long-lines says. Not for raw output of "
        "one file, which passes bytes as they are.",
        default=1024 * 1024,
    )
    long_lines: str = setting(
        "long-lines",
        CHOICE("split", "truncate"),
        "Whether a line that is too long goes out in pieces, or its first piece only.",
        default="split",
    )
    partial_flush: float = setting(
        "partial.flush",
        DURATION,
        "How long a last line without an end waits for it. Not for raw output of one file.",
        default=5.0,
    )
    state_dir: str | None = optional(
        "state.dir",
        PATH,
        "A directory that keeps the positions, so that a restarted container goes on where it "
        "was. Each streamer needs its own.",
    )
    reclaim: bool = switch(
        "reclaim",
        "Give the part of a file that is written out back to the file system, for an application "
        "that never rotates. Needs --state.dir and the right to write the file.",
    )
    inotify: bool = switch(
        "inotify", "Take hints from inotify; without it quiet files are polled.", default=True
    )
    labels_file: str = setting(
        "labels.file",
        PATH,
        "The pod's labels, as the downward API mounts them; they go into JSON where it is there.",
        default="/etc/podinfo/labels",
    )
    drain_quiet: float = setting(
        "drain.quiet",
        DURATION,
        "How long after SIGTERM nothing new must have come before it ends.",
        default=1.0,
    )
    exit_when_file: str | None = optional(
        "exit.when-file", PATH, "End, after draining, as soon as this file is there."
    )
