"""Hostile and broken lines, through the whole process to each output: delivered or put aside."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.servers.bulk_sink import bulk_sink
from tests.sidecars.log_agent.running import COMMAND, balances, docker_line, summary

MIB = 1024 * 1024
MOST_RESIDENT = 128 * MIB
CONFIGURATION = """
service: {{flush: 0.05, scheduler.base: 0.05, scheduler.cap: 0.1}}
pipeline:
  inputs:
    - name: tail
      path: {folder}/bad.log
      parser: docker
      tag: kube.var.log.containers.api-1_shop_api-{identity}.log
      read_from_head: true
      exit_on_eof: true
{input}
  filters:
    - {{name: kubernetes, match: '*', merge_log: on, dummy_meta: on}}
  outputs:
    - {output}
"""
OUTPUTS = {
    "stdout": "{{name: stdout, match: '*', format: json_lines}}",
    "file": "{{name: file, match: '*', path: {folder}, file: written, format: plain}}",
    "es": "{{name: es, match: '*', host: 127.0.0.1, port: {port}, index: logs}}",
}
TIME = '"stream":"stdout","time":"2026-11-21T10:00:00.1Z"'
DEEP = 10_000


def at(time: str) -> bytes:
    return docker_line("a time").replace("2026-11-21T10:00:00.000456789Z", time).encode()


LINES = {
    "invalid UTF-8": b'{"log":"\xff\xfe\xc3(\\n",' + TIME.encode() + b"}\n",
    "a NUL": b'{"log":"\0\\n",' + TIME.encode() + b"}\n",
    "an escaped NUL": docker_line("\0").encode(),
    "half of a surrogate pair": b'{"log":"\\ud800\\n",' + TIME.encode() + b"}\n",
    "nested deeply": f'{{"log":{"[" * DEEP}{"]" * DEEP},{TIME}}}\n'.encode(),
    "nested deeply within the text": docker_line('{"a":' * DEEP + "1" + "}" * DEEP).encode(),
    "numbers beyond 64 bits": f'{{"log":{"9" * 30},"n":1e400,"m":-{"9" * 19},{TIME}}}\n'.encode(),
    "such numbers within the text": docker_line(f'{{"a":{"9" * 30},"b":1e999}}').encode(),
    "the year 1": at("0001-01-01T00:00:00.5Z"),
    "the year 9999": at("9999-12-31T23:59:59.999999999Z"),
    "the year 0": at("0000-01-01T00:00:00Z"),
    "the year 10000": at("10000-01-01T00:00:00Z"),
    "no object": b'null\n[1]\n"text"\n12\n',
    "no end": b'{"log":"and no\n',
    "a time that is none": b'{"log":"a\\n","time":{"a":1}}\n{"log":"a\\n","time":12}\n{}\n',
}
GOOD = docker_line("good").encode()


def run(
    folder: Path, content: bytes, output: str, *, port: int = 0, extra: str = ""
) -> tuple[dict[str, int], int]:
    """Run the agent over a file to its end; return the line at exit, and the peak in bytes."""
    (folder / "bad.log").write_bytes(content)
    configuration = folder / "agent.yaml"
    configuration.write_text(
        CONFIGURATION.format(
            folder=folder,
            identity="0" * 64,
            input=extra,
            output=OUTPUTS[output].format(folder=folder, port=port),
        )
    )
    with (folder / "standard-output").open("wb") as out, (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *COMMAND,
                f"--config.file={configuration}",
                "--web.listen-address=127.0.0.1:0",
                f"--dead-letter.file={folder / 'letters'}",
            ],
            stdout=out,
            stderr=log,
        )
        peak = 0
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            time.sleep(0.01)
    said = (folder / "log").read_text()
    assert process.returncode == 0, said
    assert "Traceback" not in said
    figures = summary(said)
    assert balances(figures)
    assert figures["in_flight"] == 0
    return figures, peak


def resident(pid: int) -> int:
    """Return the most bytes that a process had in memory; 0 when it is gone."""
    # Not what `wait4` says: that counts what its parent had when it was made.
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found is not None else 0


def records(folder: Path, output: str) -> list[dict[str, Any]]:
    path = folder / ("written" if output == "file" else "standard-output")
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


@pytest.mark.parametrize("output", OUTPUTS)
def test_each_bad_line_is_a_record_and_those_around_it_are_whole(
    tmp_path: Path, output: str
) -> None:
    content = GOOD + b"".join([line + GOOD for line in LINES.values()])
    count = content.count(b"\n")
    with bulk_sink() as sink:
        figures, peak = run(tmp_path, content, output, port=sink.port)
        found = (
            [each["_source"] for each in sink.documents()]
            if output == "es"
            else records(tmp_path, output)
        )
    assert figures["read"] == figures["delivered"] == len(found) == count
    good = [each for each in found if each.get("log") == "good\n"]
    assert len(good) == len(LINES) + 1
    assert peak < MOST_RESIDENT


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_record_of_16_mb_comes_in_pieces_that_are_bounded(tmp_path: Path, output: str) -> None:
    line = docker_line("x" * 16 * MIB).encode()
    with bulk_sink() as sink:
        figures, peak = run(tmp_path, GOOD + line + GOOD, output, port=sink.port)
        found = (
            [each["_source"] for each in sink.documents()]
            if output == "es"
            else records(tmp_path, output)
        )
    texts = [each["log"] for each in found]
    assert figures["delivered"] == len(texts)
    assert sum(map(len, texts)) == len(line) - 1 + 2 * len("good\n")
    assert "".join(sorted(texts, key=len)).count("x") == 16 * MIB
    assert peak < MOST_RESIDENT


def test_a_record_of_16_mb_is_whole_where_the_longest_line_may_be(tmp_path: Path) -> None:
    with bulk_sink() as sink:
        figures, _ = run(
            tmp_path,
            GOOD + docker_line("x" * 16 * MIB).encode() + GOOD,
            "es",
            port=sink.port,
            extra="      buffer_max_size: 20MB",
        )
        longest = max(sink.documents(), key=lambda each: len(each["_source"]["log"]))
    assert figures["delivered"] == 3
    assert longest["_source"]["log"] == "x" * 16 * MIB + "\n"


def test_what_a_sink_refuses_of_bad_lines_is_put_aside_with_its_reason(tmp_path: Path) -> None:
    content = b"".join(LINES.values())
    count = content.count(b"\n")
    with bulk_sink() as sink:
        sink.fail({"kind": "items", "status": 400, "every": 1})
        figures, _ = run(tmp_path, content, "es", port=sink.port)
    letters = [json.loads(line) for line in (tmp_path / "letters").read_text().splitlines()]
    assert figures["rejected"] == len(letters) == count
    assert {letter["reason"] for letter in letters} == {"400"}
    times = [letter["time"] for letter in letters]
    assert any(re.match("0001-01-01T00:00:00.5", time) for time in times)
    assert any(re.match("9999-12-31T23:59:59.999", time) for time in times)


def test_a_fraction_before_1970_is_less_than_nothing(tmp_path: Path) -> None:
    figures, _ = run(tmp_path, at("1969-12-31T23:59:59.25Z"), "stdout")
    assert figures["delivered"] == 1
    assert records(tmp_path, "stdout")[0]["date"] == -0.75
