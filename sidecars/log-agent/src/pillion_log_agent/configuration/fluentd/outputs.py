"""`<match>` and `<store>`: to sections of outputs. Pure."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pillion_log_agent.configuration.fluentd.kafka import kafka_section
from pillion_log_agent.configuration.fluentd.plugin import Plugin, check_taken
from pillion_log_agent.configuration.fluentd.sources import transport_to

if TYPE_CHECKING:
    from pillion_log_agent.configuration.section import Entry, Section

KNOWN = (
    "stdout, file, forward, elasticsearch, opensearch, google_cloud, kafka2, copy, null and relabel"
)
_BUFFER = (
    "buffer_type", "buffer_path", "buffer_chunk_limit", "buffer_queue_limit",
    "buffer_queue_full_action", "flush_interval", "flush_at_shutdown", "flush_mode",
    "flush_thread_count", "num_threads", "retry_wait", "max_retry_wait", "retry_max_interval",
    "retry_exponential_backoff_base", "retry_type", "retry_timeout", "retry_randomize", "path",
    "chunk_limit_size", "chunk_limit_records", "chunk_full_threshold", "total_limit_size",
    "queue_limit_length", "queued_chunks_limit_size", "overflow_action", "timekey",
    "timekey_wait", "timekey_use_utc", "timekey_zone", "compress", "flush_thread_interval",
    "flush_thread_burst_interval", "delayed_commit_timeout", "slow_flush_log_threshold",
    "disable_chunk_backup", "retry_secondary_threshold",
)  # fmt: skip
_ELASTICSEARCH = {
    "user": "http_user", "password": "http_passwd", "path": "path", "index_name": "index",
    "logstash_format": "logstash_format", "logstash_prefix": "logstash_prefix",
    "logstash_prefix_separator": "logstash_prefix_separator",
    "logstash_dateformat": "logstash_dateformat", "include_tag_key": "include_tag_key",
    "id_key": "id_key", "type_name": "type", "suppress_type_name": "suppress_type_name",
    "pipeline": "pipeline", "write_operation": "write_operation", "ca_file": "tls.ca_file",
    "client_cert": "tls.crt_file", "client_key": "tls.key_file",
    "client_key_pass": "tls.key_passwd", "request_timeout": "http.response_timeout",
    "ssl_verify": "tls.verify", "time_key": "time_key", "cloud_id": "cloud_id",
    "cloud_auth": "cloud_auth", "api_key": "http_api_key",
}  # fmt: skip
_ELASTICSEARCH_ACCEPTED = (
    "reconnect_on_error", "reload_connections", "reload_on_failure", "log_es_400_reason",
    "log_os_400_reason", "default_elasticsearch_version", "verify_es_version_at_startup",
    "bulk_message_request_threshold", "sniffer_class_name", "ssl_version", "include_timestamp",
    "fail_on_putting_template_retry_exceed", "max_retry_putting_template", "utc_index",
    "compression_level", "resurrect_after", "http_backend", "max_retry_get_es_version",
    "emit_error_for_missing_id", "remove_keys_on_update", "time_key_exclude_timestamp",
)  # fmt: skip
_GOOGLE = (
    "project_id", "zone", "vm_id", "vm_name", "use_metadata_service", "detect_subservice",
    "detect_json", "k8s_cluster_name", "k8s_cluster_location", "use_grpc", "enable_monitoring",
    "monitoring_type", "split_logs_by_tag", "partial_success", "autoformat_stackdriver_trace",
    "adjust_invalid_timestamps", "coerce_to_utf8", "require_valid_tags", "statusz_port",
)  # fmt: skip


def output_section(plugin: Plugin, condition: list[Entry]) -> list[Section]:
    """Return the output of an element, with its condition."""
    plugin.entries += condition
    kind = plugin.element.type
    _buffered(plugin)
    if kind == "stdout":
        _without_format(plugin)
        plugin.put("format", "json_lines")
        return [plugin.section("output", "stdout")]
    if kind == "null":
        plugin.accept("never_flush")
        return [plugin.section("output", "null")]
    if kind in ("elasticsearch", "opensearch", "elasticsearch_dynamic"):
        return [_elasticsearch(plugin, "opensearch" if kind == "opensearch" else "es")]
    if kind == "file":
        return [_file(plugin)]
    if kind == "forward":
        return [_forward(plugin)]
    if kind in ("kafka2", "kafka", "kafka_buffered", "rdkafka2"):
        return [kafka_section(plugin)]
    if kind == "google_cloud":
        plugin.rename({key: key for key in _GOOGLE})
        return [plugin.section("output", "google_cloud")]
    plugin.wrong(f"there is no output {kind!r} here; there are {KNOWN}" if kind else "has no @type")
    return []


def _buffered(plugin: Plugin) -> None:
    """Take what is said of buffers: the log file is the buffer."""
    buffer = plugin.child("buffer")
    inner = Plugin(buffer, plugin.problems) if buffer is not None else plugin
    limit = inner.take("retry_max_times", "retry_limit")
    if limit is not None and not inner.flag("retry_forever", "disable_retry_limit"):
        plugin.put("retry_limit", limit)
    inner.accept("retry_forever", "disable_retry_limit", "retry_limit", "retry_max_times")
    inner.accept(*(key for key in _BUFFER if buffer is not None or key not in ("path", "compress")))
    if buffer is not None:
        plugin.accept(*(key for key in _BUFFER if key not in ("path", "compress")))
        check_taken(inner)
    if plugin.child("secondary") is not None:
        plugin.wrong(
            "is not there; what is refused for good goes to the dead-letter file, and the "
            "rest is tried again",
            "<secondary>",
        )


def _without_format(plugin: Plugin) -> None:
    """Take a format that is JSON or the usual one."""
    form = plugin.child("format")
    kind = form.value("@type", "type") if form is not None else plugin.take("format")
    if kind not in (None, "json", "stdout", "out_file", "single_value"):
        plugin.wrong("is not supported; records are written as JSON", f"format {kind}")
    inject = plugin.child("inject")
    if inject is not None:
        plugin.wrong("is not supported; add fields with the filter record_transformer", "<inject>")


def _elasticsearch(plugin: Plugin, name: str) -> Section:
    plugin.rename(_ELASTICSEARCH)
    plugin.accept(*_ELASTICSEARCH_ACCEPTED)
    host, port = plugin.take("host"), plugin.take("port")
    scheme = plugin.take("scheme") or "http"
    hosts = [each.strip() for each in (plugin.take("hosts") or "").split(",") if each.strip()]
    if len(hosts) > 1:
        plugin.wrong("names several; give a host name that stands for all of them", "hosts")
    if hosts:
        address = urlsplit(hosts[0] if "://" in hosts[0] else f"{scheme}://{hosts[0]}")
        scheme, host = address.scheme, address.hostname
        port = str(address.port) if address.port else port
        plugin.put("http_user", address.username)
        plugin.put("http_passwd", address.password)
    plugin.put("host", host or "localhost")
    plugin.put("port", port)
    plugin.put("tls", "on" if scheme == "https" else None)
    plugin.put("tag_key", plugin.take("tag_key") or "tag")
    if plugin.element.value("index_name") is None:
        plugin.put("index", "fluentd")
    return plugin.section("output", name)


def _file(plugin: Plugin) -> Section:
    path = plugin.take("path") or ""
    if "${" in path or "%" in path or "*" in path:
        plugin.wrong("with ${...}, % or * in it is not supported; name one file", "path")
    plugin.put("path", os.path.dirname(path))
    plugin.put("file", os.path.basename(path))
    plugin.put("mkdir", "on")
    if plugin.take("compress") not in (None, "text"):
        plugin.wrong("is not supported; use logrotate", "compress")
    is_json = (form := plugin.child("format")) is not None and form.type == "json"
    plugin.put("format", "plain" if is_json or plugin.take("format") == "json" else "out_file")
    _without_format(plugin)
    plugin.accept(
        "append",
        "time_slice_format",
        "time_slice_wait",
        "symlink_path",
        "utc",
        "localtime",
        "time_format",
        "add_path_suffix",
        "path_suffix",
        "recompress",
    )
    return plugin.section("output", "file")


def _forward(plugin: Plugin) -> Section:
    for server in plugin.children("server"):
        inner = Plugin(server, plugin.problems)
        host, port = inner.take("host") or "", inner.take("port") or "24224"
        plugin.put("server", f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        inner.accept("name", "weight", "standby")
        inner.rename({"username": "username", "password": "password"})
        check_taken(inner)
        plugin.entries += inner.entries
    security = plugin.child("security")
    if security is not None:
        inner = Plugin(security, plugin.problems)
        inner.rename({"shared_key": "shared_key", "self_hostname": "self_hostname"})
        check_taken(inner)
        plugin.entries += inner.entries
    plugin.rename(
        {
            "require_ack_response": "require_ack_response",
            "ack_response_timeout": "ack_response_timeout",
            "compress": "compress",
            "time_as_integer": "time_as_integer",
            "tls_cert_path": "tls.ca_file",
            "tls_client_cert_path": "tls.crt_file",
            "tls_client_private_key_path": "tls.key_file",
        }
    )
    if plugin.flag("tls_insecure_mode"):
        plugin.put("tls.verify", "off")
    transport = plugin.take("transport")
    plugin.put("tls", "on" if transport == "tls" else None)
    transport_to(plugin, is_server=False)
    plugin.accept(
        "heartbeat_type",
        "heartbeat_interval",
        "phi_threshold",
        "phi_failure_detector",
        "hard_timeout",
        "send_timeout",
        "recover_wait",
        "expire_dns_cache",
        "keepalive",
        "dns_round_robin",
        "keepalive_timeout",
        "verify_connection_at_startup",
        "ignore_network_errors_at_startup",
        "connect_timeout",
        "tls_version",
        "tls_allow_self_signed_cert",
        "tls_verify_hostname",
        "slow_flush_log_threshold",
    )
    return plugin.section("output", "forward")
