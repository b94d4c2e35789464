"""What holds for every file and every package."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import pillion
from tests.architecture.workspace import ROOT, Member, members

LONGEST = 320
ALL = pytest.mark.parametrize("member", members(), ids=lambda member: member.package)

# Words that a file name must not hide behind.
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}

ADDRESS_OF_AN_INDEX = re.compile(
    r"--(extra-)?index[-]url|https?://[^ \"]+[/](simple|packages|maven2)(/|\"|$)"
)


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


@ALL
def test_versions_are_in_lock_step(member: Member) -> None:
    version = (ROOT / "VERSION").read_text().strip()
    ours = {other.project["name"] for other in members()}
    pinned = [
        wanted
        for wanted in member.project["dependencies"]
        if re.split(r"[^a-z-]", wanted)[0] in ours
    ]
    assert member.project["version"] == version == pillion.__version__
    assert all(wanted.endswith(f"=={version}") for wanted in pinned)


@ALL
def test_a_package_is_typed_licensed_and_introduced(member: Member) -> None:
    assert (member.source / "py.typed").is_file()
    assert (member.folder / "README.md").read_text().startswith(f"# {member.project['name']}\n")
    assert member.project["license"] == "Apache-2.0"


@ALL
def test_a_file_fits_a_sitting(member: Member) -> None:
    long = {
        str(file.relative_to(ROOT)): count
        for file in member.files()
        if (count := len(file.read_text().splitlines())) > LONGEST
    }
    assert long == {}


@ALL
def test_a_file_is_named_for_what_is_in_it(member: Member) -> None:
    assert [file for file in member.files() if file.stem in VAGUE] == []


def test_no_file_names_a_package_index() -> None:
    this = Path(__file__)
    naming = [
        str(file.relative_to(ROOT))
        for file in tracked()
        if file != this
        and file.is_file()
        and b"\0" not in (raw := file.read_bytes())
        and ADDRESS_OF_AN_INDEX.search(raw.decode(errors="replace"))
    ]
    assert naming == []


def test_every_runtime_requirement_is_pinned_with_hashes() -> None:
    for file in (ROOT / "requirements").glob("*.txt"):
        text = file.read_text().replace("\\\n", " ")
        loose = [
            line
            for line in text.splitlines()
            if line.strip() and not re.search(r"==\S+.* --hash=sha256:[0-9a-f]{64}", line)
        ]
        assert loose == [], file.name


@ALL
def test_every_package_has_its_pinned_requirements(member: Member) -> None:
    name = member.project["name"].removeprefix("pillion-")
    file = "core.txt" if name == "pillion" else f"{name}.txt"
    assert (ROOT / "requirements" / file).is_file()
