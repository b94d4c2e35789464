from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools import debian, kustomize

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder with programs, and nothing built before."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(kustomize, "OWN", tmp_path / "own/kustomize")
    monkeypatch.setattr(debian, "may_install", lambda: False)
    return tmp_path


def program(path: Path, name: str, answer: str) -> str:
    file = path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\necho '{answer}'\n")
    file.chmod(0o755)
    return str(file)


def test_a_kubectl_with_kustomize_5_is_taken_first(path: Path) -> None:
    kubectl = program(path, "kubectl", '{"kustomizeVersion": "v5.5.0"}')
    program(path, "kustomize", "v5.7.1")
    assert kustomize.command() == [kubectl, "kustomize"]


@pytest.mark.parametrize("answer", ['{"clientVersion": {"minor": "20"}}', "unknown flag", ""])
def test_a_kubectl_that_is_too_old_gives_way_to_kustomize(path: Path, answer: str) -> None:
    program(path, "kubectl", answer)
    other = program(path, "kustomize", "v5.0.3")
    assert kustomize.command() == [other, "build"]


def test_one_that_was_built_before_is_found(path: Path) -> None:
    program(path, "kustomize", "{Version:kustomize/v4.5.7}")
    own = program(path, "own/kustomize", "(devel)")
    assert kustomize.command() == [own, "build"]


def test_without_any_go_builds_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = program(path, "go", "")
    asked: list[str] = []
    monkeypatch.setattr(kustomize, "install", asked.append)
    assert kustomize.main() == 0
    assert asked == [go]


@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_without_go_it_is_said_and_in_ci_it_fails(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ci: str,
    status: int,
) -> None:
    monkeypatch.setenv("CI", ci)
    assert kustomize.main() == status
    assert capsys.readouterr().out.startswith("missing: kubectl 1.27, kustomize 5, or Go")
