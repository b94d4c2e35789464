"""The command lines of fluent-bit and fluentd."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from pillion.errors import ConfigurationError
from pillion_log_agent.peer_flags import read_flags, read_fluentd_flags
from tests.sidecars.log_agent.running import COMMAND

if TYPE_CHECKING:
    from pathlib import Path


def test_plugins_and_their_properties_become_sections() -> None:
    flags = "-i dummy -t a -p samples=1 -F grep -m * -p regex=log -o stdout -m a -f 1"
    line = read_flags(flags.split())
    assert line.configuration("/w").split("\n") == [
        "[SERVICE]", "    flush 1", "[INPUT]", "    name dummy", "    tag a", "    samples 1", "[FILTER]",
        "    name grep", "    match *", "    regex log", "[OUTPUT]", "    name stdout", "    match a", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "ours"),
    [
        (["-v"], ["--log.level=debug"]),
        (["-q", "-H", "-Y"], ["--log.level=error"]),
        (["--dry-run"], ["--config.check"]),
        (["-P", "2021"], ["--web.listen-address=:2021"]),
        (["-V"], ["--version"]),
        (["--config.check", "-log.level=info"], ["--config.check", "-log.level=info"]),
    ],
)
def test_a_flag_of_fluent_bits_is_one_of_ours(given: list[str], ours: list[str]) -> None:
    assert read_flags(given).arguments == ours


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["-e", "x.so"], "-e: is not supported; plugins are part of the program"),
        (["-d"], "-d: is not supported"),
        (["-p", "a=b"], "-p a=b: stands before the plugin"),
        (["-i", "dummy", "-p", "a"], "-p a: is not a property; write key=value"),
        (["-i"], "-i: has no value"),
        (["-i", "a\n[OUTPUT]"], "-i: has a line break in its value"),
    ],
)
def test_what_cannot_be_had_is_said(given: list[str], words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_flags(given)
    assert str(caught.value).startswith(words)


def test_files_are_those_of_the_directory_and_our_own_configuration_is_included() -> None:
    line = read_flags(["-c", "a.conf", "-R", "/p.conf", "-R", "q.conf"])
    assert (
        line.configuration("/w")
        == "[SERVICE]\n    parsers_file /p.conf\n    parsers_file /w/q.conf\n@INCLUDE /w/a.conf\n"
    )
    assert read_flags(["-c", "a.conf"]).configuration("/w") == ""


def test_fluentds_flags_are_ours() -> None:
    assert read_fluentd_flags(["-c", "x", "--no-supervisor", "-q", "--dry-run"]) == [
        "-c",
        "x",
        "--log.level=warn",
        "--config.check",
    ]
    with pytest.raises(ConfigurationError, match="-p: is not supported; plugins are part"):
        read_fluentd_flags(["-p", "/plugins"])


def test_a_command_line_alone_runs_the_agent(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("one\n")
    flags = f"-w {tmp_path} -i tail -t a -p path=x.log -p read_from_head=on -p exit_on_eof=on -o stdout -m a -p format=json_lines"
    command = [*COMMAND, "--web.listen-address=127.0.0.1:0", *flags.split(" ")]
    found = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert '"log":"one"' in found.stdout


def test_a_wrong_command_line_ends_with_a_sentence(tmp_path: Path) -> None:
    found = subprocess.run(
        [*COMMAND, "-e", "x.so"], capture_output=True, text=True, timeout=30, check=False
    )
    assert found.returncode == 2
    assert (
        found.stderr == "pillion-log-agent: -e: is not supported; plugins are part of the program\n"
    )
