"""A disk that is full, and has room again, under each of the files that the agent writes."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests import needs
from tests.servers.bulk_sink import bulk_sink
from tests.sidecars.log_agent.running import Agent, agent, balances, docker_line, summary
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1024 * 1024
CONFIGURATION = """
service: {{flush: 0.05, scheduler.base: 0.05, scheduler.cap: 0.2}}
pipeline:
  inputs:
    - name: tail
      path: {folder}/logs/*.log
      parser: docker
      read_from_head: true
      db: {positions}
  outputs:
    - {output}
"""


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a file system of 1 MiB; only root may."""
    needs.root("mounting a file system")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leave no room on a disk; return what takes it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (64 * 1024, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast


def configured(folder: Path, output: str, positions: Path) -> Path:
    (folder / "logs").mkdir()
    path = folder / "agent.yaml"
    path.write_text(CONFIGURATION.format(folder=folder, positions=positions, output=output))
    return path


def write(folder: Path, numbers: range) -> None:
    with (folder / "logs" / "a.log").open("a") as file:
        file.writelines(docker_line(f"line {number}") for number in numbers)


def es(port: int) -> str:
    return f"{{name: es, match: '*', host: 127.0.0.1, port: {port}, index: logs}}"


def becomes_ready(running: Agent) -> None:
    eventually(lambda: running.started.get("/-/ready").status, lambda status: status == 200)


def test_under_the_checkpoint_records_are_delivered_and_a_restart_repeats_their_ids(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk") as disk, bulk_sink() as sink:
        configuration = configured(tmp_path, es(sink.port), disk / "positions")
        with agent(configuration) as running:
            write(tmp_path, range(10))
            eventually(lambda: running.records("delivered"), lambda found: found == 10)
            ballast = fill(disk)
            write(tmp_path, range(10, 20))
            running.started.wait_for_log("the checkpoint cannot be written")
            eventually(lambda: running.records("delivered"), lambda found: found == 20)
            running.kill()
        with agent(configuration) as running:
            eventually(lambda: running.records("delivered"), lambda found: found >= 1)
            ballast.unlink()
            running.started.wait_for_log("the checkpoint is written again")
            assert running.started.stop() == 0
        with agent(configuration) as running:
            write(tmp_path, range(20, 30))
            eventually(lambda: running.records("delivered"), lambda found: found == 10)
            running.started.stop()
        texts = sorted(each["_source"]["log"] for each in sink.documents())
    assert texts == sorted(f"line {number}\n" for number in range(30))


def test_under_the_output_file_it_waits_and_writes_each_line_once(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        output = f"{{name: file, match: '*', path: {disk}, file: written, format: plain}}"
        configuration = configured(tmp_path, output, tmp_path / "positions")
        with agent(configuration) as running:
            write(tmp_path, range(10))
            eventually(lambda: running.records("delivered"), lambda found: found == 10)
            ballast = fill(disk)
            count = MIB // 4 // len(docker_line("line 100000"))
            write(tmp_path, range(10, count))
            answer = eventually(
                lambda: running.started.get("/-/ready"), lambda found: found.status == 503
            )
            assert "No space left on device" in answer.text
            assert running.started.get("/-/healthy").status == 200
            scrape = running.started.scrape()
            assert scrape.value("pillion_log_agent_output_errors_total", output="file.0") >= 1
            assert scrape.value("pillion_log_agent_records_in_flight") > 0
            ballast.unlink()
            eventually(lambda: running.records("delivered"), lambda found: found == count)
            becomes_ready(running)
            running.started.stop()
        written = [json.loads(line)["log"] for line in (disk / "written").read_text().splitlines()]
    assert written == [f"line {number}\n" for number in range(count)]
    assert balances(summary(running.started.log))


def test_under_the_dead_letter_file_a_refused_record_is_held_until_there_is_room(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk") as disk, bulk_sink() as sink:
        configuration = configured(tmp_path, es(sink.port), tmp_path / "positions")
        letters = disk / "letters"
        with agent(configuration, f"--dead-letter.file={letters}") as running:
            ballast = fill(disk)
            sink.fail({"kind": "items", "status": 400, "every": 2})
            write(tmp_path, range(10))
            running.started.wait_for_log("the dead-letter file cannot be written")
            answer = eventually(
                lambda: running.started.get("/-/ready"), lambda found: found.status == 503
            )
            assert "the dead-letter file cannot be written: No space left" in answer.text
            assert running.records("delivered") == 0, "their chunk is not acknowledged"
            assert running.started.scrape().value("pillion_log_agent_records_in_flight") == 10
            ballast.unlink()
            eventually(lambda: running.records("delivered"), lambda found: found == 5)
            becomes_ready(running)
            running.started.stop()
        found = [json.loads(line)["record"]["log"] for line in letters.read_text().splitlines()]
        taken = [each["_source"]["log"] for each in sink.documents()]
    assert len(found) == 5
    assert sorted(found + taken) == [f"line {number}\n" for number in range(10)]
    assert balances(summary(running.started.log))


def test_a_kill_while_the_dead_letter_file_has_no_room_loses_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk, bulk_sink() as sink:
        configuration = configured(tmp_path, es(sink.port), tmp_path / "positions")
        flag = f"--dead-letter.file={disk / 'letters'}"
        with agent(configuration, flag) as running:
            ballast = fill(disk)
            sink.fail({"kind": "items", "status": 400, "every": 1})
            write(tmp_path, range(10))
            running.started.wait_for_log("the dead-letter file cannot be written")
            running.kill()
        ballast.unlink()
        with agent(configuration, flag) as running:
            eventually(lambda: running.records("delivered"), lambda found: found == 10)
            running.started.stop()
        assert len(sink.documents()) == 10


def test_a_line_that_a_crash_has_cut_does_not_take_the_next_one_with_it(tmp_path: Path) -> None:
    written = tmp_path / "written"
    written.write_text('{"log":"cut in the mid')
    output = f"{{name: file, match: '*', path: {tmp_path}, file: written, format: plain}}"
    with agent(configured(tmp_path, output, tmp_path / "positions")) as running:
        write(tmp_path, range(2))
        eventually(lambda: running.records("delivered"), lambda found: found == 2)
        running.started.stop()
    first, *rest = written.read_text().splitlines()
    assert first == '{"log":"cut in the mid'
    assert [json.loads(line)["log"] for line in rest] == ["line 0\n", "line 1\n"]
