from __future__ import annotations

import pytest

from tools import debian


def test_what_is_missing_is_said_with_its_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(debian, "PACKAGES", {"no-such-program": "its-package"})
    monkeypatch.setattr(debian, "may_install", lambda: False)
    monkeypatch.delenv("CI", raising=False)
    assert debian.main() == 0
    assert capsys.readouterr().out == (
        "missing: no-such-program (Debian package its-package); tests that need it are skipped\n"
    )


def test_a_missing_part_is_a_failure_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "PACKAGES", {"no-such-program": "its-package"})
    monkeypatch.setattr(debian, "may_install", lambda: False)
    monkeypatch.setenv("CI", "true")
    assert debian.main() == 1


def test_what_is_missing_is_installed_where_that_may_be_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed: list[str] = []
    monkeypatch.setattr(debian, "PACKAGES", {"a": "one", "b": "one", "sh": "shell"})
    monkeypatch.setattr(debian, "may_install", lambda: True)
    monkeypatch.setattr(debian, "install", installed.extend)
    debian.main()
    assert installed == ["one"]
