"""The output `file`: records in files, one for each tag or one for all."""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from stat import S_ISREG
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError, TransientError
from pillion.settings import optional, setting
from pillion_log_agent.appending import append_whole, open_to_append, sync_directory
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, NUMBER, SIZE, TEXT, choice
from pillion_log_agent.configuration.reasons import NO_UPSTREAM
from pillion_log_agent.outputs.file_rotation import Rotation
from pillion_log_agent.outputs.output import TAKEN
from pillion_log_agent.outputs.rendering import Date, arrows, lines
from pillion_log_agent.records.wire import from_wire, interleaved, to_wire

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pillion_log_agent.outputs.output import Outcome, OutputContext
    from pillion_log_agent.records.batch import Batch

MOST_OPEN = 256
_PLACE = re.compile(r"\{([^{}]*)\}")
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
    csv_column_names: bool = setting(
        "csv_column_names",
        FLAG,
        "Begin a file of csv with a line of the names of its first record.",
        default=False,
    )
    rotate: bool = setting("rotate", FLAG, "Rotate a file that is too large.", default=False)
    rotate_max_size: int = setting(
        "rotate_max_size", SIZE, "From which size on.", default=100_000_000
    )
    rotate_max_files: int = setting(
        "rotate_max_files", NUMBER, "How many old files are kept.", default=7
    )
    rotate_gzip: bool = setting(
        "rotate_gzip", FLAG, "Whether old files are compressed.", default=True
    )


class FileOutput:
    """Appends to files."""

    delay = False

    def __init__(self, properties: FileProperties, context: OutputContext) -> None:
        if "\0" in (properties.file or "") + properties.path:
            raise ConfigurationError("path: has a NUL byte")
        self._properties = properties
        self._context = context
        self._rotation = rotation_of(properties)
        self._rotating: set[asyncio.Task[None]] = set()
        self._files: dict[str, int] = {}
        self._unsynced: set[str] = set()
        self._new: set[str] = set()

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Append the batches.

        Raises:
            TransientError: a file cannot be written; nothing of these batches is in it.
        """
        texts: dict[str, list[bytes]] = {}
        heads: dict[str, bytes] = {}
        for batch in batches:
            path = self._path(batch.tag)
            texts.setdefault(path, []).append(self._rendered(batch))
            if path not in heads:
                heads[path] = self._head(batch)
        written: list[tuple[int, int]] = []
        try:
            for path, parts in texts.items():
                descriptor = self._rotated(path, self._open(path))
                size = os.fstat(descriptor).st_size
                written.append((descriptor, size))
                self._unsynced.add(path)
                if not size:
                    append_whole(descriptor, heads[path])
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
        """Close the files, and wait for what is being compressed."""
        await asyncio.gather(*self._rotating, return_exceptions=True)
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

    def _rotated(self, path: str, descriptor: int) -> int:
        """Return the descriptor of a file, which is made anew where it was too large."""
        rotation = self._rotation
        if rotation is None:
            return descriptor
        seen = os.fstat(descriptor)
        if seen.st_size < rotation.size or not S_ISREG(seen.st_mode):
            return descriptor
        self._let_go(path)
        old = rotation.rename(path, self._context.wall_ns() / 1e9)
        task = asyncio.create_task(self._finish(rotation, path, old))
        self._rotating.add(task)
        task.add_done_callback(self._rotating.discard)
        return self._open(path)

    async def _finish(self, rotation: Rotation, path: str, old: str) -> None:
        try:
            await asyncio.to_thread(rotation.finish, path, old)
        except OSError as error:
            self._context.log.warning(
                "an old file cannot be compressed or removed", path=old, error=error.strerror
            )

    def _head(self, batch: Batch) -> bytes:
        """Return what a new file begins with."""
        properties = self._properties
        if not (properties.csv_column_names and properties.format == "csv" and len(batch)):
            return b""
        names = map(arrows, batch.decoded()[0])
        return (self._between(",").join(["timestamp", *names]) + "\n").encode("utf-8", "replace")

    def _between(self, default: str) -> str:
        given = self._properties.delimiter
        return _DELIMITERS.get(given.lower(), given) or default

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
            return _filled(properties.template, {**record, "time": time}) + "\n"
        is_csv = properties.format == "csv"
        between = self._between("," if is_csv else "\t")
        if is_csv:
            return between.join([time, *map(arrows, record.values())]) + "\n"
        label = properties.label_delimiter
        pairs = [
            f'"time"{label}{time}',
            *(f'"{key}"{label}{arrows(value)}' for key, value in record.items()),
        ]
        return between.join(pairs) + "\n"


def rotation_of(properties: FileProperties) -> Rotation | None:
    """Return how the files are rotated, None where they are not; raises ConfigurationError."""
    if not properties.rotate:
        return None
    for name in ("rotate_max_size", "rotate_max_files"):
        if getattr(properties, name) < 1:
            raise ConfigurationError(f"{name}: is {getattr(properties, name)}; 1 is the least")
    return Rotation(properties.rotate_max_size, properties.rotate_max_files, properties.rotate_gzip)


def _filled(template: str, values: dict[str, Any]) -> str:
    """Return a template with what is in it once filled in; a name that is not there stays."""

    def fill(found: re.Match[str]) -> str:
        if found[1] not in values:
            return found[0]
        value = values[found[1]]
        return value if isinstance(value, str) else arrows(value)

    return _PLACE.sub(fill, template)


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
    },
    build=FileOutput,
)
