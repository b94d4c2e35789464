"""Files that may not be read: not ready where nothing else is, and on the page with the reason."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.sidecars.log_agent.running import Agent, agent
from tests.sidecars.log_agent.waiting import eventually

# Root as it is in no container: the mode of a file holds for it, too.
AS_ANYBODY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")
CONFIGURATION = """
pipeline:
  inputs:
    - {{name: tail, path: '{path}', read_from_head: true, refresh_interval: 0.5}}
  outputs:
    - {{name: stdout, match: '*', format: json_lines}}
"""

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="another's files are made by root"
)


def configured(folder: Path, path: str) -> Path:
    configuration = folder / "agent.yaml"
    configuration.write_text(CONFIGURATION.format(path=path))
    return configuration


def log(path: Path, *, is_refused: bool) -> Path:
    path.write_text("line\n")
    if is_refused:
        os.chown(path, 1001, 2002)
        path.chmod(0o640)
    return path


def unreadable(running: Agent) -> float:
    return running.started.scrape().value("pillion_log_agent_tail_unreadable_files", input="tail.0")


def test_it_is_not_ready_when_every_file_is_refused_and_says_what_mends_it(tmp_path: Path) -> None:
    log(tmp_path / "a.log", is_refused=True)
    with agent(configured(tmp_path, f"{tmp_path}/*.log"), before=AS_ANYBODY) as running:
        answer = eventually(lambda: running.started.get("/-/ready"), lambda a: a.status == 503)
        assert f"the input tail.0 reads nothing: {tmp_path}/a.log may not be read" in answer.text
        assert "`supplementalGroups: [2002]`" in answer.text
        page = running.started.get("/").text
        assert "not ready" in page
        assert f"<td>{tmp_path}/a.log</td>" in page
        assert "1001:2002 with mode 0640" in page
        assert unreadable(running) == 1
        assert running.started.get("/-/healthy").status == 200


def test_it_is_ready_again_when_the_file_may_be_read(tmp_path: Path) -> None:
    path = log(tmp_path / "a.log", is_refused=True)
    with agent(configured(tmp_path, str(path)), before=AS_ANYBODY) as running:
        eventually(lambda: running.started.get("/-/ready").status, lambda status: status == 503)
        path.chmod(0o644)
        eventually(lambda: running.started.get("/-/ready").status, lambda status: status == 200)
        assert "Unreadable" not in running.started.get("/").text
        assert unreadable(running) == 0


def test_it_is_ready_with_a_warning_when_some_files_among_many_are_refused(tmp_path: Path) -> None:
    log(tmp_path / "a.log", is_refused=True)
    log(tmp_path / "b.log", is_refused=False)
    with agent(configured(tmp_path, f"{tmp_path}/*.log"), before=AS_ANYBODY) as running:
        eventually(lambda: unreadable(running), lambda count: count == 1)
        eventually(running.lines, bool)
        assert running.started.get("/-/ready").status == 200
        assert "ready, 1 unreadable" in running.started.get("/").text


def test_it_is_not_ready_when_a_path_that_is_named_is_refused_beside_one_that_is_read(
    tmp_path: Path,
) -> None:
    refused = log(tmp_path / "a.log", is_refused=True)
    readable = log(tmp_path / "b.log", is_refused=False)
    found = configured(tmp_path, f"{readable},{refused}")
    with agent(found, before=AS_ANYBODY) as running:
        eventually(lambda: running.started.get("/-/ready").status, lambda status: status == 503)
        eventually(running.lines, bool)


def test_it_is_not_ready_when_the_folder_may_not_be_listed(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    folder.chmod(0o700)
    os.chown(folder, 1001, 2002)
    with agent(configured(tmp_path, f"{folder}/*.log"), before=AS_ANYBODY) as running:
        answer = eventually(lambda: running.started.get("/-/ready"), lambda a: a.status == 503)
        assert f"{folder} cannot be listed" in answer.text


def test_it_is_ready_where_nothing_is_there_yet(tmp_path: Path) -> None:
    with agent(configured(tmp_path, f"{tmp_path}/none.log"), before=AS_ANYBODY) as running:
        running.started.wait_for_log("waiting for a file to appear")
        assert running.started.get("/-/ready").status == 200
