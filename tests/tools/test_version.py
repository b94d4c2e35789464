from __future__ import annotations

from typing import TYPE_CHECKING

from tools import version

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_version_is_written_into_every_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "VERSION").write_text("0.1.0\n")
    init = tmp_path / "core/src/pillion/__init__.py"
    init.parent.mkdir(parents=True)
    init.write_text('__version__ = "0.1.0"\n')
    (tmp_path / "core/pyproject.toml").write_text('version = "0.1.0"\n')
    app = tmp_path / "exporters/nginx/pyproject.toml"
    app.parent.mkdir(parents=True)
    app.write_text('version = "0.1.0"\ndependencies = ["pillion==0.1.0", "h2>=4"]\n')
    monkeypatch.setattr(version, "ROOT", tmp_path)

    assert version.main(["0.2.0"]) == 0

    assert (tmp_path / "VERSION").read_text() == "0.2.0\n"
    assert init.read_text() == '__version__ = "0.2.0"\n'
    assert (tmp_path / "core/pyproject.toml").read_text() == 'version = "0.2.0"\n'
    assert app.read_text() == 'version = "0.2.0"\ndependencies = ["pillion==0.2.0", "h2>=4"]\n'
