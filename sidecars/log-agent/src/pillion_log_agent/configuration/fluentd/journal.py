"""fluentd's source `systemd` (fluent-plugin-systemd), as the input of that name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pillion_log_agent.configuration.fluentd.plugin import check_taken, child_plugin

if TYPE_CHECKING:
    from pillion_log_agent.configuration.fluentd.plugin import Plugin
    from pillion_log_agent.configuration.section import Section


def journal_section(plugin: Plugin) -> Section:
    """Return the input of a source."""
    plugin.rename({"path": "path", "tag": "tag"})
    # Their default is the end of the journal, fluent-bit's is its beginning.
    plugin.put("read_from_tail", "off" if plugin.flag("read_from_head") else "on")
    _matches(plugin, plugin.take("matches", "filters"))
    if (storage := plugin.child("storage")) is not None:
        kept = child_plugin(storage, plugin.problems)
        kept.accept(
            "persistent", "pretty_print", "autosave", "save_at_shutdown", "mode", "dir_mode"
        )
        plugin.put("db", kept.take("path"))
        check_taken(kept)
    if (entry := plugin.child("entry")) is not None:
        changed = child_plugin(entry, plugin.problems)
        for theirs, ours in (
            ("fields_strip_underscores", "strip_underscores"),
            ("fields_lowercase", "lowercase"),
        ):
            if changed.flag(theirs):
                plugin.put(ours, "on")
        check_taken(changed)
    return plugin.section("input", "systemd")


def _matches(plugin: Plugin, text: str | None) -> None:
    """Take the list of objects, of which one has to fit, and of that all fields."""
    try:
        found: Any = json.loads(text or "[]")
        objects = [list(each.items()) for each in found]
    except (ValueError, AttributeError, TypeError, RecursionError):
        plugin.wrong('is not a list of objects; write [{"_SYSTEMD_UNIT": "a.service"}]', "matches")
        return
    if len(objects) > 1 and any(len(each) > 1 for each in objects):
        plugin.wrong("has several objects with several fields; write a source for each", "matches")
        return
    for name, value in (pair for each in objects for pair in each):
        plugin.put("systemd_filter", f"{name}={value}")
    if len(objects) == 1 and len(objects[0]) > 1:
        plugin.put("systemd_filter_type", "and")
