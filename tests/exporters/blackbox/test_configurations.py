"""Files as people write them: what the peer says of each, and what we say."""

from __future__ import annotations

import subprocess

import pytest

from pillion.errors import ConfigurationError
from pillion_blackbox_exporter.configuration import read
from tests.exporters.blackbox.verdicts import FOLDER, Verdict, verdicts
from tools import peers


def test_every_file_has_its_verdict() -> None:
    files = sorted(path.name for path in FOLDER.glob("*.yml"))
    assert sorted(row.file for row in verdicts()) == files


@pytest.mark.parametrize("row", verdicts(), ids=lambda row: row.file)
def test_ours_is_the_verdict_of_the_table(row: Verdict) -> None:
    try:
        read(str(FOLDER / row.file))
    except ConfigurationError as error:
        assert row.ours == "refused", str(error)
        assert row.file in str(error)
    else:
        assert row.ours == "accepted"
    assert bool(row.why) == (row.peer != row.ours)


def test_the_peers_verdicts_are_those_of_the_table() -> None:
    program = peers.blackbox_exporter()
    if program is None:
        pytest.skip("the newest blackbox_exporter is not here, nor Go to build it")
    found = {}
    for row in verdicts():
        flags = ["--config.check", f"--config.file={FOLDER / row.file}"]
        ended = subprocess.run([program, *flags], check=False, capture_output=True, timeout=30)
        found[row.file] = "refused" if ended.returncode else "accepted"
    assert found == {row.file: row.peer for row in verdicts()}
