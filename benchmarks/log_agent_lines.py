"""The log agent beside fluent-bit on real work: uniform lines, and varied ones.

`python -m benchmarks.log_agent_lines [CASE...]`, over files of 100 MB each. The peer is the
`fluent-bit` on the PATH, or what PILLION_FLUENT_BIT names; where there is none, `json.loads` on
each line of docker's stands in for it. Both are tuned for throughput, read the same files to their
ends, and send to the same sink. CPU counts from the start of the process to its end; what that
takes over an empty file is a row of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import log_lines
from benchmarks.log_agent import TAG, Run, watched, yardstick
from benchmarks.processes import ours
from benchmarks.report import Row, progress, ratio, show
from tests.servers.aws import ENVIRONMENT as CREDENTIALS
from tests.servers.aws_sink import aws_sink
from tests.servers.bulk_sink import bulk_sink

SIZE = int(os.environ.get("PILLION_BENCH_MB", "100")) * 1_000_000
"""Of each file: 250,000 to 700,000 lines, by the form."""
ROUNDS = int(os.environ.get("PILLION_BENCH_ROUNDS", "3"))
GOAL, GOAL_RSS = 0.8, 70.0


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of work.

    Attributes:
        form: of the lines.
        input: what the tail is told beside its path.
        filters: in YAML.
        output: in YAML, with `{port}` of the sink and `{folder}`.
    """

    form: str
    input: str = ""
    filters: str = "[]"
    output: str = ""


_ES = (
    "{{name: es, match: '*', host: 127.0.0.1, port: {port}, index: logs, generate_id: on, "
    "suppress_type_name: on}}"
)
_KUBERNETES = (
    "[{name: kubernetes, match: '*', merge_log: on, annotations: off, labels: off, "
    "k8s-logging.parser: off, dummy_meta: on}, "
    "{name: grep, match: '*', regex: 'message [a-m]'}]"
)
_AWS = "match: '*', region: eu-west-1}}"
CASES = {
    "docker to null": Case("docker", "parser: runtime", output="{{name: 'null', match: '*'}}"),
    "docker to file": Case(
        "docker", "parser: runtime",
        output="{{name: file, match: '*', path: {folder}, file: written}}",
    ),
    "docker to es": Case("docker", "parser: runtime", output=_ES),
    "kubernetes, merge, grep to es": Case("docker_json", "parser: runtime", _KUBERNETES, _ES),
    "CRI to es": Case("cri", "multiline.parser: cri", output=_ES),
    "nginx by regex to es": Case("nginx", "parser: access", output=_ES),
    "Java traces to es": Case("traces", "multiline.parser: java", output=_ES),
    "plain to es": Case("plain", output=_ES),
    "docker to s3": Case(
        "docker", "parser: runtime",
        output="{{name: s3, bucket: b, endpoint: 'http://127.0.0.1:{aws}', use_put_object: on, "
        "total_file_size: 4M, upload_timeout: 10s, store_dir: {folder}/s3, " + _AWS,
    ),
}  # fmt: skip
CONFIGURATION = """
service: {{flush: 1, log_level: error}}
parsers:
  - name: runtime
    format: json
    time_key: time
    time_format: '%Y-%m-%dT%H:%M:%S.%L'
    time_keep: on
  - name: access
    format: regex
    regex: '^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \\[(?<time>[^\\]]*)\\] "(?<method>\\S+)(?: +(?<path>[^\\"]*?)(?: +\\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^\\"]*)" "(?<agent>[^\\"]*)")'
    time_key: time
    time_format: '%d/%b/%Y:%H:%M:%S %z'
    types: code:integer size:integer
pipeline:
  inputs:
    - name: tail
      path: {path}
      tag: {tag}
      read_from_head: true
      exit_on_eof: true
      {tuning}
      {input}
  filters: {filters}
  outputs:
    - {output}
"""  # noqa: E501  # the stock pattern of the peer's own parsers file
TUNED = "buffer_chunk_size: 1M\n      buffer_max_size: 8M\n      static_batch_size: 50M"


def main() -> None:
    chosen = [name for name in CASES if any(word in name for word in sys.argv[1:])] or list(CASES)
    peer = os.environ.get("PILLION_FLUENT_BIT") or shutil.which("fluent-bit")
    version = _version(peer) if peer else "json.loads on each line"
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows.append(_start_up(folder, CASES[chosen[0]], peer))
        for is_varied in (False, True):
            rows += _measured(folder, chosen, peer, is_varied=is_varied)
    show(f"log agent, files of {SIZE // 1_000_000} MB; peer is {version}", rows)


def _start_up(folder: Path, case: Case, peer: str | None) -> Row:
    """Measure what a run over an empty file costs: it is in every row below, too."""
    empty = folder / "empty.log"
    empty.touch()
    us = [_run(folder, case, empty, None).cpu for _ in range(ROUNDS)]
    them = [_run(folder, case, empty, peer).cpu for _ in range(ROUNDS)] if peer else []
    return Row("start-up and end, CPU s", us, them)


def _measured(folder: Path, chosen: list[str], peer: str | None, *, is_varied: bool) -> list[Row]:
    word = "varied" if is_varied else "uniform"
    found: dict[str, tuple[list[Run], list[Run]]] = {name: ([], []) for name in chosen}
    files: dict[str, Path] = {}
    for form in {CASES[name].form for name in chosen}:
        files[form] = folder / f"{form}-{word}.log"
        lines = log_lines.write(files[form], form, size=SIZE, is_varied=is_varied)
        progress(f"{form}, {word}: {lines} lines")
    for number in range(ROUNDS):
        progress(f"{word} lines, round {number + 1} of {ROUNDS}")
        for name in chosen:
            path = files[CASES[name].form]
            found[name][0].append(_run(folder, CASES[name], path, None))
            found[name][1].append(
                _run(folder, CASES[name], path, peer) if peer else Run(yardstick(path), 0.0)
            )
    for path in files.values():
        path.unlink()
    rows: list[Row] = []
    for name, (us, them) in found.items():
        cpu, peers = [run.cpu for run in us], [run.cpu for run in them]
        reached = ratio(cpu, peers)
        row = Row(f"{name}, {word}, CPU s", cpu, peers, f"at most {GOAL}", reached <= GOAL)
        peaks, theirs = [run.peak for run in us], [run.peak for run in them]
        rss = Row(
            "  peak RSS, MB", peaks, theirs if peer else [], f"at most {GOAL_RSS:g}",
            max(peaks) <= GOAL_RSS,
        )  # fmt: skip
        rows += [row, rss]
    return rows


def _run(folder: Path, case: Case, path: Path, peer: str | None) -> Run:
    """Run the agent, or the peer, over a file to its end."""
    with bulk_sink(counts_only=True) as sink, aws_sink() as aws:
        configuration = folder / "agent.yaml"
        configuration.write_text(
            CONFIGURATION.format(
                path=path, tag=TAG, input=case.input, filters=case.filters,
                tuning=TUNED if peer else "",
                output=case.output.format(port=sink.port, aws=aws.port, folder=folder),
            )
        )  # fmt: skip
        ourselves = [ours("pillion-log-agent"), "--web.listen-address=127.0.0.1:0"]
        process = subprocess.Popen(
            [*([peer] if peer else ourselves), "-c", str(configuration)],
            env={
                **os.environ,
                **CREDENTIALS,
                "PYTHONDONTWRITEBYTECODE": "",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        run = watched(process)
        (folder / "written").unlink(missing_ok=True)
    return run


def _version(peer: str) -> str:
    found = subprocess.run([peer, "--version"], capture_output=True, text=True, check=True)
    return found.stdout.splitlines()[0]


if __name__ == "__main__":
    main()
