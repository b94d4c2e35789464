"""Prometheus' files with promtool."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.k8s_examples import queries
from tests.k8s_examples.discovery import RULES, configuration
from tests.k8s_examples.examples import DASHBOARDS, PROMETHEUS, name_of
from tests.needs import program

if TYPE_CHECKING:
    from pathlib import Path


def promtool(*words: str | Path) -> None:
    command = [program("promtool"), *map(str, words)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("path", RULES, ids=name_of)
def test_rules_are_well_formed(path: Path) -> None:
    promtool("check", "rules", path)


@pytest.mark.parametrize("path", sorted((PROMETHEUS / "tests").glob("*.yml")), ids=name_of)
def test_alerts_fire_and_stay_quiet_as_their_unit_tests_say(path: Path) -> None:
    promtool("test", "rules", path)


def test_every_rule_file_has_unit_tests() -> None:
    assert {path.name for path in RULES} == {
        path.name for path in (PROMETHEUS / "tests").glob("*.yml")
    }


def test_the_configuration_is_well_formed(tmp_path: Path) -> None:
    targets = tmp_path / "targets.json"
    targets.write_text("[]")
    path = tmp_path / "prometheus.yml"
    path.write_text(yaml.safe_dump(configuration(targets)))
    promtool("check", "config", path)


@pytest.mark.parametrize("path", DASHBOARDS, ids=name_of)
def test_every_query_of_a_dashboard_is_well_formed(path: Path, tmp_path: Path) -> None:
    rules = [
        {"record": f"query:{number}", "expr": query}
        for number, query in enumerate(queries.of_dashboard(path))
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", file)
