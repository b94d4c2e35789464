"""The log agent over a million lines: to nothing, to a file, to bulk requests with ids.

The yardstick of the same run is a plain loop that calls `json.loads` on each line of the docker
file: figures are CPU seconds, and ratios to it.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.processes import ours
from benchmarks.report import Row, progress, ratio, show
from tests.servers.bulk_sink import bulk_sink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LINES = int(os.environ.get("PILLION_BENCH_LINES", "1000000"))
ROUNDS = 3
WIDTH = 200
TRACED = 19 + 16
START_NS = 1_790_000_000_000_000_000
GOALS = {"null": 0.25, "file": 0.31, "es": 0.38}
GOAL_RATES = {"grep": 100_000, "traces": 300_000}
GOAL_RSS, GOAL_IDLE = 70.0, 48.0
FLUSHES = (1.0, 0.2)
GOAL_LATENCY = 0.05
LATENCY_LINES, LATENCY_PAUSE = 1000, 0.01

CONFIGURATION = """
service: {{flush: {flush}}}
parsers:
  - name: runtime
    format: json
    time_key: time
    time_format: '%Y-%m-%dT%H:%M:%S.%L'
    time_keep: on
pipeline:
  inputs:
    - name: tail
      path: {path}
      tag: {tag}
      read_from_head: true
      exit_on_eof: {ends}
{input}
  filters: {filters}
  outputs:
    - {output}
"""
GREP = (
    "[{name: kubernetes, match: '*', merge_log: on, annotations: off, k8s-logging.parser: on, "
    "dummy_meta: on}, {name: grep, match: '*', regex: 'priority [234]'}]"
)
TAG = f"kube.var.log.containers.api-1_shop_api-{'0' * 64}.log"


@dataclass(frozen=True, slots=True)
class Run:
    """What one run cost: CPU seconds, and the most resident memory in MB."""

    cpu: float
    peak: float


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        progress(f"writing {LINES} lines in four forms")
        files = {form: write(folder / f"{form}.log", line) for form, line in FORMS.items()}
        rows: list[Row] = []
        yardsticks: list[float] = []
        runs: dict[str, list[Run]] = {}
        for number in range(ROUNDS):
            progress(f"round {number + 1} of {ROUNDS}")
            yardsticks.append(yardstick(files["docker"]))
            for what, run in cases(folder, files).items():
                runs.setdefault(what, []).append(run())
        for what, found in runs.items():
            rows += rows_of(what, found, yardsticks)
        rows.append(idle(folder))
        for flush in FLUSHES:
            rows += latency(folder, flush)
        show(f"log agent, {LINES} lines of {WIDTH} bytes; peer is json.loads on each line", rows)


def cases(folder: Path, files: dict[str, Path]) -> dict[str, Callable[[], Run]]:
    """Return what is measured, by its name."""
    docker = files["docker"]
    found: dict[str, Callable[[], Run]] = {}
    for output in GOALS:
        found[f"docker to {output}"] = partial(agent, folder, docker, output)
    found["docker to es, mem_buf_limit 5MB"] = partial(
        agent, folder, docker, "es", extra="      mem_buf_limit: 5MB"
    )
    for form, runtime in (("cri", "      multiline.parser: cri"), ("plain", "")):
        found[f"{form} to es"] = partial(agent, folder, files[form], "es", parser="", extra=runtime)
    found["traces joined to null"] = partial(
        agent, folder, files["traces"], "null", parser="", extra="      multiline.parser: java"
    )
    found["merge, grep to es"] = partial(agent, folder, files["priority"], "es", filters=GREP)
    return found


def rows_of(what: str, runs: list[Run], yardsticks: list[float]) -> list[Row]:
    cpu = [run.cpu for run in runs]
    goal = GOALS.get(what.removeprefix("docker to "))
    reached = ratio(cpu, yardsticks)
    words, is_met = (f"ratio at most {goal}", reached <= goal) if goal else ("", None)
    for part, least in GOAL_RATES.items():
        if part in what:
            rate = LINES / min(cpu)
            words, is_met = f"{least} lines a CPU second ({rate:.0f})", rate >= least
    peak = [run.peak for run in runs]
    return [
        Row(f"{what}, CPU s", cpu, yardsticks, words, is_met),
        Row("  peak RSS, MB", peak, [], f"at most {GOAL_RSS:g}", max(peak) <= GOAL_RSS),
    ]


def agent(
    folder: Path,
    path: Path,
    output: str,
    *,
    parser: str = "      parser: runtime",
    extra: str = "",
    filters: str = "[]",
) -> Run:
    """Run the agent over a file to its end."""
    with bulk_sink(counts_only=True) as sink:
        written = folder / "written"
        outputs = {
            "null": "{name: null, match: '*'}",
            "file": f"{{name: file, match: '*', path: {folder}, file: written}}",
            "es": f"{{name: es, match: '*', host: 127.0.0.1, port: {sink.port}, index: logs}}",
        }
        configuration = folder / "agent.yaml"
        configuration.write_text(
            CONFIGURATION.format(
                flush=1, path=path, tag=TAG, ends="true", input=f"{parser}\n{extra}",
                filters=filters, output=outputs[output],
            )
        )  # fmt: skip
        process = subprocess.Popen(
            [ours("pillion-log-agent"), "-c", str(configuration),
             "--web.listen-address=127.0.0.1:0", "--log.level=error"],
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        )  # fmt: skip
        run = watched(process)
        if output == "es" and filters == "[]":
            assert sink.counts()["taken"] == LINES
        written.unlink(missing_ok=True)
    return run


def watched(process: subprocess.Popen[bytes]) -> Run:
    """Wait for the end of a process, and return what it cost."""
    peak = 0.0
    while True:
        for line in _status(process.pid):
            if line.startswith("VmHWM:"):
                peak = int(line.split()[1]) / 1024
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            assert process.returncode == 0
            return Run(usage.ru_utime + usage.ru_stime, peak)
        time.sleep(0.02)


def idle(folder: Path) -> Row:
    """Measure an agent that has nothing to read, with the manifests' parts loaded."""
    empty = folder / "empty.log"
    empty.touch()
    configuration = folder / "idle.yaml"
    configuration.write_text(
        CONFIGURATION.format(
            flush=1, path=empty, tag=TAG, ends="false", input="      parser: runtime", filters=GREP,
            output="{name: es, match: '*', host: 127.0.0.1, port: 1}",
        )
    )  # fmt: skip
    process = subprocess.Popen(
        [ours("pillion-log-agent"), "-c", str(configuration), "--web.listen-address=127.0.0.1:0",
         "--log.level=error"]
    )  # fmt: skip
    time.sleep(3)
    (rss,) = [int(x.split()[1]) / 1024 for x in _status(process.pid) if x.startswith("VmRSS:")]
    process.terminate()
    process.wait(30)
    return Row("idle RSS, MB", [rss], [], f"at most {GOAL_IDLE:g}", rss <= GOAL_IDLE)


def latency(folder: Path, flush: float) -> list[Row]:
    """Measure how long a line takes from its write to the sink, at a line each 10 ms."""
    progress(f"latency with flush {flush:g}")
    path = folder / f"slowly-{flush:g}.log"
    path.touch()
    configuration = folder / "latency.yaml"
    with bulk_sink() as sink:
        configuration.write_text(
            CONFIGURATION.format(
                flush=flush, path=path, tag=TAG, ends="false", input="", filters="[]",
                output=f"{{name: es, match: '*', host: 127.0.0.1, port: {sink.port}}}",
            )
        )  # fmt: skip
        process = subprocess.Popen(
            [ours("pillion-log-agent"), "-c", str(configuration),
             "--web.listen-address=127.0.0.1:0", "--log.level=error"]
        )  # fmt: skip
        with path.open("a", buffering=1) as file:
            file.write("0\n")
            while sink.counts()["taken"] < 1:
                time.sleep(0.05)
            due = time.monotonic()
            for _ in range(LATENCY_LINES):
                due += LATENCY_PAUSE
                time.sleep(max(0.0, due - time.monotonic()))
                file.write(f"{time.monotonic()}\n")
        process.terminate()
        process.wait(30)
        took = sorted(
            each["_at"] - float(each["_source"]["log"])
            for each in sink.documents()
            if each["_source"]["log"] != "0"
        )
    assert len(took) == LATENCY_LINES
    p50, p99 = (1000 * took[LATENCY_LINES * percent // 100] for percent in (50, 99))
    goal = 1000 * (flush + GOAL_LATENCY)
    return [
        Row(f"write to sink, flush {flush:g}, p50 ms", [p50]),
        Row("  p99 ms", [p99], [], f"at most {goal:g}", p99 <= goal),
    ]


def _status(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return []


def yardstick(path: Path) -> float:
    """Return the CPU seconds of `json.loads` on each line."""
    began = time.process_time()
    with path.open("rb") as file:
        for line in file:
            json.loads(line)
    return time.process_time() - began


def texts() -> Iterator[tuple[int, str, str]]:
    """Yield number, time and text of each line."""
    draw = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(draw.choices(letters, k=draw.randint(3, 9))) for _ in range(500)]
    now = START_NS
    for number in range(LINES):
        now += draw.randint(100_000, 2_000_000)
        second = datetime.fromtimestamp(now // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        yield number, f"{second}.{now % 10**9:09d}Z", " ".join(draw.choices(words, k=24))


def _docker(_number: int, time: str, text: str) -> str:
    head, tail = '{"log":"', f'\\n","stream":"stdout","time":"{time}"}}'
    return head + text[: WIDTH - 1 - len(head) - len(tail)] + tail


def _priority(number: int, time: str, text: str) -> str:
    head = f'{{"log":"{{\\"priority\\":{number % 6},\\"message\\":\\"'
    tail = f'\\"}}\\n","stream":"stdout","time":"{time}"}}'
    return head + text[: WIDTH - 1 - len(head) - len(tail)] + tail


def _cri(_number: int, time: str, text: str) -> str:
    return f"{time} stdout F {text}"[: WIDTH - 1]


def _plain(_number: int, time: str, text: str) -> str:
    return f"{time} INFO {text}"[: WIDTH - 1]


def _traces(number: int, time: str, text: str) -> str:
    """Return a line of a log of which 1 record in 20 is a trace of 16 lines."""
    place = number % TRACED
    if place < TRACED - 16:
        return f"{time} INFO {text}"[: WIDTH - 1]
    if place == TRACED - 16:
        return f"{time} ERROR java.lang.IllegalStateException: {text}"[: WIDTH - 1]
    return f"\tat com.acme.shop.{text[:40].replace(' ', '.')}.Service.call(Service.java:{place})"


FORMS: dict[str, Callable[[int, str, str], str]] = {
    "docker": _docker,
    "priority": _priority,
    "cri": _cri,
    "plain": _plain,
    "traces": _traces,
}


def write(path: Path, line: Callable[[int, str, str], str]) -> Path:
    with path.open("w") as file:
        for number, time_text, text in texts():
            file.write(line(number, time_text, text) + "\n")
    return path


if __name__ == "__main__":
    main()
