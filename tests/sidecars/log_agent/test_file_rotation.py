"""The output `file` rotates by size, as fluent-bit does: nothing is lost, and little is kept."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING, Any

import pytest

from pillion.errors import ConfigurationError
from pillion.log import Logger
from pillion_log_agent.outputs.file import FileOutput, FileProperties
from pillion_log_agent.outputs.file_rotation import compress, old_files
from pillion_log_agent.outputs.output import TAKEN, OutputContext
from tests.sidecars.log_agent.test_filters import NOW, batch

if TYPE_CHECKING:
    from pathlib import Path

OLD = re.compile(r"f\.\d{8}_\d{6}_[0-9a-f]{8}(\.gz)?")


def output(folder: Path, **properties: Any) -> FileOutput:
    given = {"path": str(folder), "file": "f", "format": "plain", **properties}
    return FileOutput(FileProperties(**given), OutputContext("file.0", Logger(), lambda: NOW))


async def written(folder: Path, numbers: range, **properties: Any) -> None:
    one = output(folder, **properties)
    for number in numbers:
        given = batch({"n": number})
        given.seal()
        assert await one.write([given]) == TAKEN
    one.sync()
    await one.close()


def lines(folder: Path) -> list[str]:
    found = []
    for path in folder.iterdir():
        data = path.read_bytes()
        found += (gzip.decompress(data) if path.suffix == ".gz" else data).decode().splitlines()
    return sorted(found)


@pytest.mark.parametrize("packed", [True, False])
async def test_a_file_that_is_too_large_is_renamed_and_compressed(
    tmp_path: Path, *, packed: bool
) -> None:
    await written(tmp_path, range(10, 19), rotate=True, rotate_max_size=20, rotate_gzip=packed)
    assert lines(tmp_path) == [f'{{"n":{number}}}' for number in range(10, 19)]
    others = sorted(path.name for path in tmp_path.iterdir() if path.name != "f")
    assert len(others) == 2
    for name in others:
        found = OLD.fullmatch(name)
        assert found is not None
        assert bool(found[1]) is packed


async def test_the_oldest_are_removed_and_nothing_else(tmp_path: Path) -> None:
    others = ["f.1", "f.log", "f.20260101_000000x", "g.20260101_000000"]
    for name in others:
        (tmp_path / name).write_text("")
    (tmp_path / "f.20200101_000000.gz").write_text("")
    await written(tmp_path, range(10, 19), rotate=True, rotate_max_size=20, rotate_max_files=2)
    assert len(old_files(str(tmp_path / "f"))) == 2
    assert not (tmp_path / "f.20200101_000000.gz").exists()
    assert all((tmp_path / name).exists() for name in others)


async def test_without_rotate_a_file_grows(tmp_path: Path) -> None:
    await written(tmp_path, range(10, 19), rotate_max_size=20)
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_file_that_cannot_be_compressed_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f"
    path.write_text("x")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(OSError, match="No space"):
        compress(str(path))
    assert [each.name for each in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize("name", ["rotate_max_size", "rotate_max_files"])
def test_a_bound_of_nothing_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}: is 0; 1 is the least"):
        output(tmp_path, rotate=True, **{name: 0})


async def test_csv_begins_with_the_names_once(tmp_path: Path) -> None:
    for number in (1, 2):
        await written(tmp_path, range(number, number + 1), format="csv", csv_column_names=True)
    assert (tmp_path / "f").read_text().splitlines() == [
        'timestamp,"n"',
        f"{NOW // 10**9}.{NOW % 10**9:09d},1",
        f"{NOW // 10**9}.{NOW % 10**9:09d},2",
    ]


async def test_what_is_filled_into_a_template_is_not_filled_in_again(tmp_path: Path) -> None:
    one = output(tmp_path, format="template", template="{a} {b} {c}")
    given = batch({"a": "{b}", "b": "x"})
    given.seal()
    await one.write([given])
    await one.close()
    assert (tmp_path / "f").read_text() == "{b} x {c}\n"
