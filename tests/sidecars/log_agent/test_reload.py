"""A reload is all or nothing: what can fail has failed before the old pipeline ends."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.sidecars.log_agent.running import COMMAND, Agent, agent
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE = """
pipeline:
  inputs:
    - {{name: tail, path: {folder}/logs/a.log, db: {folder}/a.db, read_from_head: true, tag: a}}
{more}
  outputs:
    - {{name: stdout, match: '*', format: json_lines}}
"""
SECOND = "    - {{name: tail, path: '{path}', db: {folder}/{db}, read_from_head: true, tag: b}}"


def write(folder: Path, text: str, name: str = "a.log") -> None:
    (folder / "logs").mkdir(exist_ok=True)
    with (folder / "logs" / name).open("a") as file:
        file.write(text)


def configure(folder: Path, path: str = "", db: str = "b.db") -> Path:
    more = SECOND.format(path=path, folder=folder, db=db) if path else ""
    found = folder / "agent.yaml"
    found.write_text(ONE.format(folder=folder, more=more))
    return found


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Hold the lock of a checkpoint, as another process would."""
    directory.mkdir(exist_ok=True)
    with (directory / "tail.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_free(directory: Path) -> bool:
    """Whether nobody holds the lock of a checkpoint."""
    descriptor = os.open(directory / "tail.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def texts(running: Agent) -> list[str]:
    return [line["log"] for line in running.lines()]


def refused(running: Agent) -> str:
    answer = running.started.get("/-/reload", method="POST")
    assert answer.status == 500
    return answer.text


def still_works(folder: Path, running: Agent) -> None:
    before = len(texts(running))
    write(folder, "and on\n")
    eventually(lambda: texts(running)[before:], lambda found: found == ["and on"])
    assert running.started.get("/-/healthy").status == 200
    assert running.started.stop() == 0


@pytest.mark.parametrize(
    ("path", "db", "sentence"),
    [
        ("{folder}/logs/b.log", "a.db", "is that of the input tail.0 too"),
        ("{folder}/logs/b.log", "x/../a.db", "is that of the input tail.0 too"),
        ("{folder}/logs/[z-a].log", "b.db", "[z-a].log': bad character range z-a"),
    ],
    ids=["one db for two", "one db by two names", "a pattern that is none"],
)
def test_what_cannot_work_is_found_by_the_check_and_by_a_reload(
    tmp_path: Path, path: str, db: str, sentence: str
) -> None:
    (tmp_path / "x").mkdir()
    write(tmp_path, "first\n")
    with agent(configure(tmp_path)) as running:
        eventually(lambda: texts(running), lambda found: found == ["first"])
        configuration = configure(tmp_path, path.format(folder=tmp_path), db)
        command = [*COMMAND, "-c", str(configuration), "--config.check"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert ran.returncode == 1
        assert sentence in ran.stderr
        assert f"{configuration}:" in ran.stderr, "it names the place"
        assert sentence in refused(running)
        assert not is_free(tmp_path / "a.db.pillion"), "the old pipeline has it still"
        assert not (tmp_path / "b.db.pillion").exists(), "nothing was taken"
        still_works(tmp_path, running)
    assert is_free(tmp_path / "a.db.pillion")


def test_a_checkpoint_in_use_by_another_process_leaves_the_old_pipeline_at_work(
    tmp_path: Path,
) -> None:
    write(tmp_path, "first\n")
    with agent(configure(tmp_path)) as running, held(tmp_path / "b.db.pillion"):
        eventually(lambda: texts(running), lambda found: found == ["first"])
        configure(tmp_path, f"{tmp_path}/logs/b.log")
        assert "is in use by another process" in refused(running)
        still_works(tmp_path, running)


def test_a_reload_that_fails_lets_go_of_what_it_took_and_the_next_one_takes_it(
    tmp_path: Path,
) -> None:
    write(tmp_path, "first\n")
    write(tmp_path, "other\n", "b.log")
    with agent(configure(tmp_path)) as running:
        more = SECOND.format(path=f"{tmp_path}/logs/b.log", folder=tmp_path, db="b.db")
        third = SECOND.format(path=f"{tmp_path}/logs/c.log", folder=tmp_path, db="c.db")
        (tmp_path / "agent.yaml").write_text(ONE.format(folder=tmp_path, more=f"{more}\n{third}"))
        with held(tmp_path / "c.db.pillion"):
            assert "c.db.pillion is in use" in refused(running)
        assert is_free(tmp_path / "b.db.pillion")
        assert not is_free(tmp_path / "a.db.pillion"), "the old pipeline has it still"
        assert running.started.get("/-/reload", method="POST").status == 200
        eventually(lambda: sorted(texts(running)), lambda found: found == ["first", "other"])
        assert not is_free(tmp_path / "b.db.pillion")
        still_works(tmp_path, running)


def test_an_input_that_takes_another_db_leaves_no_file_open(tmp_path: Path) -> None:
    write(tmp_path, "first\n")
    with agent(configure(tmp_path)) as running:
        eventually(lambda: texts(running), lambda found: found == ["first"])
        configuration = configure(tmp_path)
        configuration.write_text(configuration.read_text().replace("a.db", "new.db"))
        assert running.started.get("/-/reload", method="POST").status == 200
        eventually(lambda: texts(running), lambda found: found == ["first", "first"])
        descriptors = Path(f"/proc/{running.process.pid}/fd").iterdir()
        held_open = [str(each.readlink()) for each in descriptors]
        assert held_open.count(f"{tmp_path}/logs/a.log") == 1
        assert is_free(tmp_path / "a.db.pillion")
        still_works(tmp_path, running)


def test_a_start_with_a_checkpoint_in_use_says_so_and_ends(tmp_path: Path) -> None:
    with held(tmp_path / "a.db.pillion"):
        command = [*COMMAND, "-c", str(configure(tmp_path)), "--web.listen-address=127.0.0.1:0"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ran.returncode == 1
    assert ran.stderr.endswith(
        f"pillion-log-agent: {tmp_path}/a.db.pillion is in use by another process; give each a "
        "directory of its own\n"
    )


@pytest.mark.parametrize("after", [0.0, 0.1, 0.3])
def test_a_reload_that_is_asked_for_while_it_starts_is_made_afterwards(
    tmp_path: Path, after: float
) -> None:
    write(tmp_path, "first\n")
    # As `hold_reload` has it from the first line of its program on; before is the interpreter.
    held_back = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP}); "
    program = held_back + "print('here', flush=True); " + COMMAND[-1]
    process = subprocess.Popen(
        [
            COMMAND[0],
            "-c",
            program,
            "-c",
            str(configure(tmp_path)),
            "--web.listen-address=127.0.0.1:0",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(after or 0.001)
        process.send_signal(signal.SIGHUP)
        assert process.stderr is not None
        lines: list[str] = []
        while not any("the configuration was reloaded" in line for line in lines):
            line = process.stderr.readline()
            assert line, lines
            lines.append(line)
        process.terminate()
        _, rest = process.communicate(timeout=30)
        assert process.returncode == 0, rest
    finally:
        process.kill()
        process.wait()
