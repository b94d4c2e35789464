"""The output `file`: records in files, one for each tag or one for all."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from stat import S_ISREG
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError, TransientError
from pillion.settings import optional, setting
from pillion_log_agent.appending import append_whole, open_to_append, sync_directory
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, TEXT, choice
from pillion_log_agent.configuration.reasons import NO_UPSTREAM
from pillion_log_agent.outputs.output import TAKEN
from pillion_log_agent.outputs.rendering import Date, arrows, lines
from pillion_log_agent.records.wire import from_wire, interleaved, to_wire

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pillion_log_agent.outputs.output import Outcome, OutputContext
    from pillion_log_agent.records.batch import Batch

MOST_OPEN = 256
_DELIMITERS = {"comma": ",", "space": " ", "tab": "\t", "\\t": "\t"}


@dataclass(frozen=True, slots=True)
class FileProperties:
    """The properties of `file`."""

    path: str = setting(
        "path", TEXT, "The directory; the working directory if not given.", default=""
    )
    file: str | None = optional("file", TEXT, "The name; the tag if not given.")
    mkdir: bool = setting("mkdir", FLAG, "Make the directory if it is not there.", default=False)
    format: str = setting(
        "format",
        choice("out_file", "plain", "csv", "ltsv", "template"),
        "out_file: the tag, and a list of time and record; plain: the record as JSON; csv, ltsv "
        "and template: its fields.",
        default="out_file",
    )
    delimiter: str = setting(
        "delimiter", TEXT, "Between fields; \\t, space or comma have names.", default=""
    )
    label_delimiter: str = setting(
        "label_delimiter", TEXT, "Between label and value of ltsv.", default=":"
    )
    template: str = setting(
        "template", TEXT, "A line, with {field} and {time}.", default="{time} {message}"
    )


class FileOutput:
    """Appends to files."""

    delay = False

    def __init__(self, properties: FileProperties, _context: OutputContext) -> None:
        if "\0" in (properties.file or "") + properties.path:
            raise ConfigurationError("path: has a NUL byte")
        self._properties = properties
        self._files: dict[str, int] = {}
        self._unsynced: set[str] = set()
        self._new: set[str] = set()

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Append the batches.

        Raises:
            TransientError: a file cannot be written; nothing of these batches is in it.
        """
        texts: dict[str, list[bytes]] = {}
        for batch in batches:
            texts.setdefault(self._path(batch.tag), []).append(self._rendered(batch))
        written: list[tuple[int, int]] = []
        try:
            for path, parts in texts.items():
                descriptor = self._open(path)
                written.append((descriptor, os.fstat(descriptor).st_size))
                self._unsynced.add(path)
                for part in parts:
                    append_whole(descriptor, part)
        except OSError as error:
            # What was written in part would be there twice after the next attempt.
            for descriptor, size in written:
                with suppress(OSError):  # a device, or a disk that takes nothing at all
                    os.ftruncate(descriptor, size)
            raise TransientError(
                f"{error.filename or 'a file'} cannot be written: {error.strerror}", reason="write"
            ) from None
        return TAKEN

    def sync(self) -> None:
        """Have all that was written on disk, with the names of new files.

        Raises:
            OSError: some of it may not be there.
        """
        for path in sorted(self._unsynced):
            self._sync(path)

    async def close(self) -> None:
        """Close the files."""
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files.clear()

    def _sync(self, path: str) -> None:
        descriptor = self._files[path]
        if S_ISREG(os.fstat(descriptor).st_mode):
            os.fsync(descriptor)
            if path in self._new:
                sync_directory(os.path.dirname(path) or ".")
                self._new.discard(path)
        self._unsynced.discard(path)

    def _let_go(self, path: str) -> None:
        """Close a file; what was written to it is synced, as nobody can do so later."""
        if path in self._unsynced:
            self._sync(path)
        os.close(self._files.pop(path))

    def _path(self, tag: str) -> str:
        name = self._properties.file or tag.replace("/", "_").strip(".") or "records"
        return os.path.join(self._properties.path, name)

    def _open(self, path: str) -> int:
        """Return the descriptor of a file; one that was renamed or deleted is opened anew."""
        descriptor = self._files.get(path)
        if descriptor is not None:
            try:
                here, there = os.fstat(descriptor), os.stat(path)
                if (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino):
                    return descriptor
            except FileNotFoundError:
                pass
            self._let_go(path)
        if len(self._files) >= MOST_OPEN:
            self._let_go(next(iter(self._files)))
        if self._properties.mkdir:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        descriptor = open_to_append(path, 0o644)
        self._files[path] = descriptor
        self._new.add(path)
        return descriptor

    def _rendered(self, batch: Batch) -> bytes:
        if self._properties.format == "out_file":
            return _out_file(batch)
        if self._properties.format == "plain":
            return lines(batch, Date(key=""))
        times = batch.times.epoch(9)
        if self._properties.format != "csv":
            times = [f"{float(time):.6f}" for time in times]
        found = [
            self._fields(time, record) for time, record in zip(times, batch.decoded(), strict=True)
        ]
        return "".join(found).encode("utf-8", "replace")

    def _fields(self, time: str, record: dict[str, Any]) -> str:
        properties = self._properties
        if properties.format == "template":
            text = properties.template.replace("{time}", time)
            for key, value in record.items():
                shown = value if isinstance(value, str) else arrows(value)
                text = text.replace(f"{{{key}}}", shown)
            return text + "\n"
        is_csv = properties.format == "csv"
        default = "," if is_csv else "\t"
        between = _DELIMITERS.get(properties.delimiter.lower(), properties.delimiter) or default
        if is_csv:
            return between.join([time, *map(arrows, record.values())]) + "\n"
        label = properties.label_delimiter
        pairs = [
            f'"time"{label}{time}',
            *(f'"{key}"{label}{arrows(value)}' for key, value in record.items()),
        ]
        return between.join(pairs) + "\n"


def _out_file(batch: Batch) -> bytes:
    """Return `tag: [seconds.nanoseconds, {...}]` for each record."""
    head = to_wire(f"{batch.tag}: [".encode())
    seconds, rest = batch.times.epoch_parts(9)
    return from_wire(interleaved(head, seconds, rest, ", {", batch.rows(), "}]\n"))


FILE = Declaration(
    name="file",
    summary="Appends to files.",
    properties=FileProperties,
    accepted=NO_UPSTREAM,
    refused={
        **dict.fromkeys(
            ("rotate", "rotate_max_size", "rotate_max_files", "rotate_gzip"),
            "use logrotate; a file that was renamed is made anew",
        ),
        **dict.fromkeys(
            (
                "enable_strftime",
                "max_dynamic_files",
                "on_missing_field",
                "on_limit_reached",
                "fallback_path",
                "fallback_file",
            ),
            "leave out file, and each tag has a file of its own",
        ),
        "csv_column_names": "use the format ltsv, which has the names in each line",
    },
    build=FileOutput,
)
