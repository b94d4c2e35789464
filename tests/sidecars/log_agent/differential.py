"""Running the agent and fluent-bit on the same configuration and the same lines."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.sidecars.log_agent.running import COMMAND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECONDS = 30


@dataclass(frozen=True)
class Case:
    """What both are given.

    Attributes:
        input: the properties of `[INPUT]`, without the path.
        lines: what is in the file, or on standard input.
        parsers: of the parsers file.
        filters: sections.
        output: the properties of `[OUTPUT]`; as JSON lines on standard output if not given.
        name: of the input.
        service: more properties of `[SERVICE]`.
        older: a further file that was last written to so many seconds ago, with one line in it.
        zipped: whether the lines are in a gzip file.
    """

    input: str = ""
    lines: str | bytes = ""
    parsers: str = ""
    filters: str = ""
    output: str = "name stdout\n    match *\n    format json_lines\n    json_date_key false"
    name: str = "tail"
    service: str = ""
    older: float = 0.0
    zipped: bool = False


def run(program: Sequence[str], case: Case, folder: Path) -> str:
    """Return what a program writes to standard output, for a case in a folder of its own."""
    folder.mkdir()
    lines = case.lines if isinstance(case.lines, bytes) else case.lines.encode()
    log = folder / ("app.log.gz" if case.zipped else "app.log")
    log.write_bytes(gzip.compress(lines) if case.zipped else lines)
    if case.older:
        old = folder / "app.log.old"
        old.write_text("an old line\n")
        os.utime(old, (time.time() - case.older,) * 2)
    (folder / "parsers.conf").write_text(case.parsers)
    source = (
        f"path {folder}/app.log*\n    read_from_head on\n    exit_on_eof on\n"
        if case.name == "tail"
        else ""
    )
    configuration = folder / "agent.conf"
    configuration.write_text(
        f"[SERVICE]\n    flush 0.2\n    grace 2\n    log_level error\n"
        f"    parsers_file {folder}/parsers.conf\n    {case.service}\n"
        f"[INPUT]\n    name {case.name}\n    tag app\n    {source}    {case.input}\n"
        f"{case.filters}\n[OUTPUT]\n    {case.output.replace('FOLDER', str(folder))}\n"
    )
    ran = subprocess.run(
        [*program, "-c", str(configuration)],
        input=lines if case.name == "stdin" else None,
        stdin=None if case.name == "stdin" else subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
        env={"PATH": "/usr/bin:/bin", "TZ": "UTC"},
    )
    text = ran.stdout.decode("utf-8", "surrogateescape")
    assert ran.returncode == 0, ran.stderr.decode("utf-8", "replace")
    return text


def records(output: str) -> list[dict[str, Any]]:
    """Return the records of JSON lines, each as pairs in order so that the order counts."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def ordered(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return records as text, so that the order of fields counts."""
    return [json.dumps(each) for each in found]


def ours() -> list[str]:
    """Return the command of the agent, with nothing else to say."""
    return [*COMMAND, "--web.listen-address=127.0.0.1:0", "--log.level=error"]


def theirs(path: str) -> list[str]:
    """Return the command of fluent-bit."""
    return [str(Path(path).resolve()), "-q"]
