"""Files that others name are read within a bound, and nobody is waited for."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pillion.files import in_memory, read_bounded
from tests.servers.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 1024 * 1024


def _large(folder: Path) -> str:
    path = folder / "large"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    return str(path)


def _pipe(folder: Path) -> str:
    path = folder / "pipe"
    os.mkfifo(path)
    return str(path)


def _silent_pipe(folder: Path) -> str:
    """Return a pipe with a writer that says nothing."""
    path = _pipe(folder)
    os.open(path, os.O_RDWR)  # open until the process ends
    return path


def _folder(folder: Path) -> str:
    return str(folder)


def _missing(folder: Path) -> str:
    return str(folder / "nowhere")


def _zero(folder: Path) -> str:
    return "/dev/zero"


BAD: dict[str, tuple[Callable[[Path], str], str]] = {
    "device": (_zero, "it is larger than"),
    "large": (_large, "it is larger than"),
    "pipe": (_pipe, "it is a pipe that nobody writes to"),
    "silent pipe": (_silent_pipe, "it is a pipe that nobody writes to"),
    "folder": (_folder, "Is a directory"),
    "missing": (_missing, "No such file or directory"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_named_at_once(tmp_path: Path, name: str) -> None:
    make, sentence = BAD[name]
    with pytest.raises(OSError, match=sentence):
        read_bounded(make(tmp_path), LIMIT)


def test_a_file_of_just_the_limit_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * LIMIT)
    assert len(read_bounded(str(path), LIMIT)) == LIMIT
    path.write_bytes(b"x" * (LIMIT + 1))
    with pytest.raises(OSError, match="it is larger than 1 MiB") as found:
        read_bounded(str(path), LIMIT)
    assert found.value.errno == errno.EFBIG


def test_a_link_is_followed_as_those_of_a_mounted_secret_are(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"token")
    (tmp_path / "token").symlink_to("data")
    assert read_bounded(str(tmp_path / "token"), LIMIT) == b"token"


def test_what_a_command_writes_into_a_pipe_is_waited_for(tmp_path: Path) -> None:
    script = "import sys; from pillion.files import read_bounded; print(read_bounded(sys.argv[1], 10**6, wait=30))"
    command = f"{sys.executable} -c '{script}' <(sleep 0.2; echo well)"
    ended = subprocess.run(["bash", "-c", command], check=True, capture_output=True, timeout=60)
    assert ended.stdout.strip() == b"b'well\\n'"


def test_what_is_in_memory_has_a_path() -> None:
    with in_memory(b"x" * 3_000_000) as path:
        assert Path(path).read_bytes() == b"x" * 3_000_000
    assert not Path(path).exists()


PROGRAMS = {
    "blackbox": "pillion-blackbox-exporter",
    "nginx": "pillion-nginx-exporter",
    "streamer": "pillion-log-streamer",
    "agent": "pillion-log-agent",
}
FLAGS = {
    "@file": ("blackbox", ("@BAD",)),
    "--config.file": ("blackbox", ("--config.check", "--config.file=BAD")),
    "--web.config.file": ("nginx", ("--config.check", "--web.config.file=BAD")),
    "--settings.file": ("nginx", ("--config.check", "--settings.file=BAD")),
    "--nginx.ssl-ca-cert": ("nginx", ("--config.check", "--nginx.ssl-ca-cert=BAD")),
    "--nginx.ssl-client-cert": (
        "nginx",
        ("--config.check", "--nginx.ssl-client-cert=BAD", "--nginx.ssl-client-key=KEY"),
    ),
    "--nginx.ssl-client-key": (
        "nginx",
        ("--config.check", "--nginx.ssl-client-cert=CERTIFICATE", "--nginx.ssl-client-key=BAD"),
    ),
    "tls.ca_file": (
        "agent",
        ("-D", "-i", "dummy", "-o", "http", "-p", "tls=on", "-p", "tls.ca_file=BAD"),
    ),
    "tls.crt_file": (
        "agent",
        ("-D", "-i", "dummy", "-o", "http", "-p", "tls=on", "-p", "tls.crt_file=BAD"),
    ),
}


@pytest.mark.parametrize("flag", FLAGS)
def test_no_program_waits_for_a_file_that_it_is_given(tmp_path: Path, flag: str) -> None:
    program, flags = FLAGS[flag]
    pair = Authority(tmp_path).issue("localhost")
    path = _pipe(tmp_path)
    known = {"BAD": path, "CERTIFICATE": pair.certificate, "KEY": pair.key}
    for name, value in known.items():
        flags = tuple(each.replace(name, value) for each in flags)
    command = [str(Path(sys.executable).parent / PROGRAMS[program]), *flags]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    assert path in ended.stderr
    assert "it is a pipe that nobody writes to" in ended.stderr
