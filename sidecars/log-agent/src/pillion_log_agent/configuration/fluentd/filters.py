"""`<filter>`: to sections of filters. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pillion_log_agent.configuration.fluentd.plugin import Plugin, check_taken

if TYPE_CHECKING:
    from pillion_log_agent.configuration.fluentd.element import Element
    from pillion_log_agent.configuration.fluentd.parsers import Parsers
    from pillion_log_agent.configuration.section import Entry, Section

_OLD = re.compile(r"(regexp|exclude)\d+")
_PLACEHOLDER = re.compile(r"\$\{([^{}<>]*)\}")
KNOWN = "parser, record_transformer, grep, kubernetes_metadata, concat and stdout"


def filter_sections(
    plugin: Plugin, condition: list[Entry], parsers: Parsers, prefix: str
) -> list[Section]:
    """Return the filters of an element, each with its condition."""
    plugin.entries += condition
    kind = plugin.element.type
    if kind == "parser":
        return [_parser(plugin, parsers)]
    if kind == "record_transformer":
        return [_record_transformer(plugin)]
    if kind == "grep":
        return _grep(plugin, condition)
    if kind == "kubernetes_metadata":
        return [_kubernetes(plugin, prefix)]
    if kind == "concat":
        return [_concat(plugin, parsers)]
    plugin.wrong(f"there is no filter {kind!r} here; there are {KNOWN}" if kind else "has no @type")
    return []


def _parser(plugin: Plugin, parsers: Parsers) -> Section:
    name, _ = parsers.of(plugin)
    plugin.put("key_name", accessor(plugin.take("key_name") or ""))
    plugin.put("parser", name)
    reserves = plugin.flag("reserve_data")
    plugin.put("reserve_data", "on" if reserves else None)
    if reserves and not plugin.flag("remove_key_name_field"):
        plugin.put("preserve_key", "on")
    plugin.accept(
        "reserve_time",
        "emit_invalid_record_to_error",
        "replace_invalid_sequence",
        "remove_key_name_field",
    )
    for key in ("hash_value_field", "inject_key_prefix"):
        if plugin.take(key) is not None:
            plugin.wrong("is not supported; fields that are parsed stand in the record itself", key)
    return plugin.section("filter", "parser")


def _record_transformer(plugin: Plugin) -> Section:
    for record in plugin.children("record"):
        for entry in record.pairs:
            # In the forms of fluent-bit, ${...} is a variable.
            value = _PLACEHOLDER.sub(r"$<\1>", entry.value)
            plugin.put("record", f'"{entry.key}" {value}', entry.place)
    for key in ("remove_keys", "keep_keys"):
        plugin.put(key, _names(plugin.take(key)))
    plugin.put("renew_record", plugin.take("renew_record"))
    plugin.accept("enable_ruby", "auto_typecast")
    return plugin.section("filter", "record_transformer")


def _grep(plugin: Plugin, condition: list[Entry]) -> list[Section]:
    """Return a filter for each pattern: all of `regexp` have to fit, and none of `exclude`."""
    rules: list[tuple[str, str, str, Element]] = []
    for name in ("regexp", "exclude"):
        for each in plugin.children(name):
            key, pattern = each.value("key"), each.value("pattern")
            if key is None or pattern is None:
                plugin.wrong("needs key and pattern", f"<{name}>", each.place)
                continue
            rules.append((name, key, pattern, each))
    for entry in plugin.element.pairs:
        if (old := _OLD.fullmatch(entry.key)) is not None:
            plugin.accept(entry.key)
            key, _, pattern = entry.value.partition(" ")
            rules.append((old[1], key, pattern, plugin.element))
    found = []
    for name, key, pattern, element in rules:
        rule = Plugin(element, plugin.problems)
        rule.accept("key", "pattern", *(entry.key for entry in element.pairs))
        rule.child("regexp"), rule.child("exclude")
        rule.entries += condition
        bare = pattern[1:-1] if pattern.startswith("/") and pattern.endswith("/") else pattern
        rule.put("exclude" if name == "exclude" else "regex", f"{accessor(key)} {bare}")
        found.append(rule.section("filter", "grep"))
    check_taken(plugin)
    return found


def _kubernetes(plugin: Plugin, prefix: str) -> Section:
    plugin.put("kube_tag_prefix", f"{prefix}var.log.containers.")
    plugin.put("kube_url", plugin.take("kubernetes_url"))
    plugin.put("kube_ca_file", plugin.take("ca_file"))
    plugin.put("kube_token_file", plugin.take("bearer_token_file"))
    plugin.put("merge_log", "on" if plugin.flag("merge_json_log") else None)
    for key in ("skip_labels", "skip_annotations"):
        if plugin.flag(key):
            plugin.put(key.removeprefix("skip_"), "off")
    plugin.accept(
        "cache_size",
        "cache_ttl",
        "watch",
        "verify_ssl",
        "de_dot",
        "preserve_json_log",
        "skip_container_metadata",
        "skip_master_url",
        "skip_namespace_metadata",
        "use_journal",
        "container_name_to_kubernetes_regexp",
        "annotation_match",
    )
    return plugin.section("filter", "kubernetes")


def _concat(plugin: Plugin, parsers: Parsers) -> Section:
    first = plugin.take("multiline_start_regexp")
    if first is None:
        plugin.wrong(
            "needs multiline_start_regexp; lines that a runtime has split are joined by "
            "the parser cri, or by format json of docker's lines"
        )
    plugin.put("multiline.key_content", plugin.take("key"))
    plugin.put("multiline.parser", parsers.beginning(first or "^", plugin))
    if (seconds := plugin.take("flush_interval")) is not None and seconds.isdigit():
        plugin.put("flush_ms", str(int(seconds) * 1000))
    if plugin.take("separator") not in (None, "\n"):
        plugin.wrong("is a newline, always", "separator")
    plugin.accept("stream_identity_key", "use_first_timestamp", "timeout_label")
    return plugin.section("filter", "multiline")


def accessor(key: str) -> str:
    """Return `$.a.b` as `$a['b']`."""
    if not key.startswith("$."):
        return key
    first, *rest = key[2:].split(".")
    return f"${first}" + "".join(f"['{each}']" for each in rest) if rest else first


def _names(text: str | None) -> str | None:
    if text is None or not text.startswith("["):
        return text
    try:
        return ",".join(map(str, json.loads(text)))
    except ValueError:
        return text
