from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pillion_images.components import COMPONENTS, ROOT, Component, chosen, present
from pillion_images.errors import ImageError
from tests.architecture.workspace import members

if TYPE_CHECKING:
    from pathlib import Path

DOCKERFILE = (ROOT / "images/container/Dockerfile").read_text()


def test_a_component_that_is_not_in_the_checkout_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "exporters/nginx"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").touch()
    assert [item.name for item in present(tmp_path)] == ["nginx-exporter"]


def test_none_named_means_all() -> None:
    assert chosen([]) == present()


def test_a_wrong_name_is_an_error_that_says_the_right_ones(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no component is called nginx; there are nginx-exporter"):
        chosen(["nginx"])


def test_every_process_of_the_workspace_has_a_row() -> None:
    processes = {
        member.folder.relative_to(ROOT).as_posix()
        for member in members()
        if member.folder.parent.name in ("exporters", "sidecars")
    }
    assert processes <= {item.folder for item in COMPONENTS}


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda item: item.name)
def test_every_row_has_its_stage_with_the_command_as_the_entrypoint(component: Component) -> None:
    stage = re.search(
        rf"FROM component AS {component.name}\n(.*?)(?=\nFROM|\Z)", DOCKERFILE, re.DOTALL
    )
    assert stage is not None
    assert f'ENTRYPOINT ["{component.command}"]' in stage[1]


def test_the_dockerfile_uses_nothing_that_needs_buildkit() -> None:
    assert not re.search(
        r"--mount=|<<EOF|--link|--chmod|^# *syntax|TARGETARCH", DOCKERFILE, re.MULTILINE
    )
