"""`<source>`: to sections of inputs. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pillion_log_agent.configuration.fluentd.journal import journal_section
from pillion_log_agent.configuration.fluentd.plugin import Plugin, check_taken
from pillion_log_agent.configuration.section import Entry, Section

if TYPE_CHECKING:
    from pillion_log_agent.configuration.fluentd.parsers import Parsers

_TAIL = {
    "tag": "tag",
    "path_key": "path_key",
    "refresh_interval": "refresh_interval",
    "rotate_wait": "rotate_wait",
    "pos_file": "db",
    "read_from_head": "read_from_head",
}
_TAIL_ACCEPTED = (
    "read_lines_limit", "read_bytes_limit_per_second", "follow_inodes", "enable_watch_timer",
    "enable_stat_watcher", "open_on_every_update", "emit_unmatched_lines",
    "skip_refresh_on_startup",
    "ignore_repeated_permission_error", "pos_file_compaction_interval", "limit_recently_modified",
    "format_firstline", "multiline_flush_interval",
)  # fmt: skip


def source_section(plugin: Plugin, parsers: Parsers) -> list[Section]:
    """Return the input of a source, and the filter that it needs behind it."""
    kind = plugin.element.type
    if kind == "tail":
        return _tail(plugin, parsers)
    if kind == "forward":
        return [_forward(plugin)]
    if kind == "systemd":
        return [journal_section(plugin)]
    if kind in ("http", "syslog", "tcp", "udp"):
        plugin.rename({"port": "port", "tag": "tag", "bind": "listen"})
        return [plugin.section("input", kind)]
    if kind in ("dummy", "sample"):
        plugin.rename({"tag": "tag", "rate": "rate", "dummy": "dummy", "sample": "dummy"})
        return [plugin.section("input", "dummy")]
    known = "tail, forward, http, syslog, systemd and sample"
    plugin.wrong(f"there is no input {kind!r} here; there are {known}" if kind else "has no @type")
    return []


def _tail(plugin: Plugin, parsers: Parsers) -> list[Section]:
    plugin.rename(_TAIL)
    plugin.put("path", plugin.take("path"))
    plugin.put("exclude_path", _list(plugin.take("exclude_path")))
    plugin.accept(*_TAIL_ACCEPTED)
    encodings = {plugin.take("encoding"), plugin.take("from_encoding")} - {None}
    if any(each.lower() not in ("utf-8", "ascii-8bit") for each in encodings if each):
        plugin.wrong("only UTF-8 is read; convert the file with iconv", "from_encoding")
    if (longest := plugin.take("max_line_size")) is not None:
        plugin.put("buffer_max_size", longest)
        plugin.put("skip_long_lines", "on")
    parse = plugin.child("parse")
    first = (parse or plugin.element).value("format_firstline")
    name, key = parsers.of(plugin)
    behind: list[Section] = []
    if name in ("cri", "docker"):
        plugin.put("multiline.parser", name)
    elif first is not None and name is not None:
        plugin.put("key", key)
        plugin.put("multiline.parser", parsers.beginning(first, plugin))
        alias = plugin.element.value("@id", "id")
        if alias is None:
            plugin.wrong("give the source an @id; its records are parsed behind it")
        pairs = (
            ("name", "parser"), ("match", "*"), ("match_inputs", alias or ""),
            ("key_name", key), ("parser", name),
        )  # fmt: skip
        place = plugin.element.place
        behind = [Section("filter", place, tuple(Entry(a, b, place) for a, b in pairs))]
    else:
        plugin.put("key", key)
        plugin.put("parser", name)
    if plugin.element.value("tag") is None:
        plugin.wrong("tag is missing")
    return [plugin.section("input", "tail"), *behind]


def _forward(plugin: Plugin) -> Section:
    plugin.rename(
        {"port": "port", "bind": "listen", "tag": "tag", "chunk_size_limit": "buffer_max_size"}
    )
    prefix = plugin.take("add_tag_prefix")
    plugin.put("tag_prefix", f"{prefix}." if prefix else None)
    plugin.accept(
        "chunk_size_warn_limit",
        "skip_invalid_event",
        "resolve_hostname",
        "linger_timeout",
        "deny_keepalive",
        "send_keepalive_packet",
        "backlog",
        "source_address_key",
    )
    security = plugin.child("security")
    if security is not None:
        inner = Plugin(security, plugin.problems)
        inner.rename({"shared_key": "shared_key", "self_hostname": "self_hostname"})
        for user in inner.children("user"):
            name, password = user.value("username") or "", user.value("password") or ""
            inner.put("security.users", f'"{name}" "{password}"')
        inner.accept("user_auth", "allow_anonymous_source")
        check_taken(inner)
        plugin.entries += inner.entries
    transport_to(plugin, is_server=True)
    return plugin.section("input", "forward")


def transport_to(plugin: Plugin, *, is_server: bool) -> None:
    """Take `<transport tls>`."""
    transport = plugin.child("transport")
    if transport is None:
        return
    inner = Plugin(transport, plugin.problems)
    if transport.argument == "tls":
        plugin.put("tls", "on")
        inner.rename(
            {
                "cert_path": "tls.crt_file",
                "private_key_path": "tls.key_file",
                "private_key_passphrase": "tls.key_passwd",
                "ca_path": "tls.ca_file",
            }
        )
        inner.put("tls.verify_client_cert", inner.take("client_cert_auth") if is_server else None)
    elif transport.argument not in ("", "tcp"):
        inner.wrong("is not supported; there are tcp and tls", transport.argument)
    inner.accept("version", "insecure", "ciphers", "min_version", "max_version")
    check_taken(inner)
    plugin.entries += inner.entries


def _list(text: str | None) -> str | None:
    """Return a JSON array as a list with commas."""
    if text is None or not text.startswith("["):
        return text
    try:
        return ",".join(map(str, json.loads(text)))
    except ValueError:
        return text
