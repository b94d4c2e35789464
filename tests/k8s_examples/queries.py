"""The queries of dashboards and rules, and the names of metrics in them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

# What stands between braces, brackets, quotes, or behind by, on and the like names no metric.
_NOT_METRICS = re.compile(
    r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(?:by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)'
)
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*(?!\w|\s*\()")
_WORDS = {"and", "or", "unless", "bool", "offset", "by", "on", "e", "inf", "nan"}
_VARIABLES = {"$__rate_interval": "5m", "$__interval": "1m", "$__range": "1h"}


def of_dashboard(path: Path) -> list[str]:
    """Return every query of a dashboard, with Grafana's variables filled in."""
    return [_filled(query) for query in _expressions(json.loads(path.read_text()))]


def of_panels(path: Path) -> dict[str, list[str]]:
    """Return the queries of each panel of a dashboard by its title."""
    panels = json.loads(path.read_text())["panels"]
    return {panel["title"]: list(map(_filled, _expressions(panel))) for panel in panels}


def of_variables(path: Path) -> list[tuple[str, str]]:
    """Return what a dashboard's variables are filled from: a selector, and the label wanted."""
    variables = json.loads(path.read_text())["templating"]["list"]
    asked = [item["definition"] for item in variables if item["type"] != "datasource"]
    found = [re.fullmatch(r"label_values\((.+), (\w+)\)", definition) for definition in asked]
    return [(_filled(match[1]), match[2]) for match in found if match]


def of_rules(path: Path) -> dict[str, str]:
    """Return the queries of a rule file by the name of the record or alert."""
    groups = yaml.safe_load(path.read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    return {rule.get("record") or rule["alert"]: rule["expr"] for rule in rules}


def metrics(query: str) -> set[str]:
    """Return the names of metrics in a query."""
    bare = query
    while (next_ := _NOT_METRICS.sub(" ", bare)) != bare:
        bare = next_
    return {name for name in _NAME.findall(bare) if name not in _WORDS}


def _expressions(value: Any) -> list[str]:
    if isinstance(value, list):
        return [query for item in value for query in _expressions(item)]
    if not isinstance(value, dict):
        return []
    own = [value["expr"]] if isinstance(value.get("expr"), str) else []
    return own + [query for item in value.values() for query in _expressions(item)]


def _filled(query: str) -> str:
    for name, value in _VARIABLES.items():
        query = query.replace(name, value)
    return re.sub(r"\$[a-z]+", ".*", query)
