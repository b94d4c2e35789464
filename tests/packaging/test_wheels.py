"""Each wheel installs into an empty environment with its declared needs alone, and starts."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.workspace import ROOT, Member, members
from tests.packaging.wheels import build_wheels, run

# Not a process: it has no configuration to check.
TOOLS = {"pillion-inject", "kubectl-pillion"}
# What a command cannot do without.
ARGUMENTS = {
    "pillion-log-streamer": ("/var/log/app.log",),
    "pillion-sidecar": ("--role=nginx-exporter",),
}
COMMANDS = [
    member
    for member in members()
    if "scripts" in member.project
    and "Private :: Do Not Upload" not in member.project["classifiers"]
]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    build_wheels(folder)
    return folder


def wheel(folder: Path, member: Member) -> Path:
    (path,) = folder.glob(f"{member.package}-{member.project['version']}-*.whl")
    return path


def installed(wheels: Path, member: Member, environment: Path) -> Path:
    """Return the folder of programs of a new environment that has the one package."""
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    programs = environment / "bin"
    run(sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet",
        "--no-compile", "--prefer-binary", "--find-links", wheels,
        wheel(wheels, member))  # fmt: skip
    return programs


@pytest.mark.parametrize("member", members(), ids=lambda member: member.package)
def test_a_wheel_holds_the_package_and_nothing_else(wheels: Path, member: Member) -> None:
    names = zipfile.ZipFile(wheel(wheels, member)).namelist()
    assert f"{member.package}/py.typed" in names
    outside = [
        name for name in names if not name.startswith((f"{member.package}/", f"{member.package}-"))
    ]
    assert outside == []


@pytest.mark.parametrize("member", COMMANDS, ids=lambda member: member.package)
def test_a_command_installs_alone_and_starts(wheels: Path, member: Member, tmp_path: Path) -> None:
    programs = installed(wheels, member, tmp_path / "environment")
    for command in member.project["scripts"]:
        version = run(programs / command, "--version")
        assert version == f"{command} {member.project['version']}\n"
        assert run(programs / command, "--help").startswith(f"usage: {command} ")
        if command not in TOOLS:
            run(programs / command, "--config.check", *ARGUMENTS.get(command, ()))


def test_the_core_installs_alone_and_every_module_of_it_imports(
    wheels: Path, tmp_path: Path
) -> None:
    (core,) = [member for member in members() if member.package == "pillion"]
    programs = installed(wheels, core, tmp_path / "environment")
    modules = [
        ".".join(file.relative_to(core.folder / "src").with_suffix("").parts)
        for file in core.files()
    ]
    program = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    run(programs / "python", "-W", "error", "-c", program, *modules)
    assert "pillion.exporter" in modules


def test_the_requirements_of_each_package_are_those_that_its_wheel_declares() -> None:
    for member in members():
        name = member.project["name"].removeprefix("pillion-")
        file = ROOT / "requirements" / ("core.txt" if name == "pillion" else f"{name}.txt")
        pinned = {
            line.split("==")[0].lower() for line in file.read_text().splitlines() if "==" in line
        }
        declared = {
            wanted.split(">=")[0].lower().split("[")[0]
            for wanted in member.project["dependencies"]
            if not wanted.startswith("pillion")
        }
        assert declared <= pinned, file.name
