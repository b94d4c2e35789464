"""A configuration as YAML that may be shown to anyone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pillion_blackbox_exporter.configuration.secrets import render_module

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pillion_blackbox_exporter.configuration.module import Module


def render_modules(modules: Mapping[str, Module]) -> str:
    """Return modules as a blackbox.yml, secrets masked and defaults left out."""
    return _yaml({"modules": {name: render_module(module) for name, module in modules.items()}})


def render_one(module: Module) -> str:
    """Return one module as the YAML below its name."""
    return _yaml(render_module(module))


def _yaml(data: Any) -> str:
    import yaml  # 2.6 MB, and only when someone looks  # noqa: PLC0415

    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)
    return text
