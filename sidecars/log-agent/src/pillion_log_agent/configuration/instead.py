"""Plugins of fluent-bit's that are not here, by kind and name, and what to use instead."""

from __future__ import annotations

_WINDOWS = "it reads what Windows has, and this runs on Linux"
_DEVICE = "it reads a device; write what the device says into a file, and tail that"
_METRICS = "it makes metrics, not logs; run the exporter itself and let Prometheus scrape it"
_OWN = "metrics of this process are on /metrics; let Prometheus scrape them"
_TRACES = "it is about traces; send them to an OpenTelemetry collector"
_WASM = "there is no WebAssembly here; use lua"
_HTTP = "use http with the service's address, headers and format"
_OTLP = "use opentelemetry with the service's OTLP address"
_KAFKA = "send to a Kafka REST proxy with http, or to an OpenTelemetry collector with opentelemetry"
_COLLECTOR = "send to an OpenTelemetry collector with opentelemetry, which has an exporter for it"
_AZURE = "use opentelemetry with a collector that has Azure's exporters"

INSTEAD: dict[str, dict[str, str]] = {
    "input": {
        **dict.fromkeys(
            (
                "winlog",
                "winevtlog",
                "winstat",
                "windows_exporter_metrics",
                "event_tracing_windows",
                "etw",
            ),
            _WINDOWS,
        ),
        **dict.fromkeys(("serial", "gpu_metrics"), _DEVICE),
        **dict.fromkeys(
            (
                "node_exporter_metrics",
                "process_exporter_metrics",
                "podman_metrics",
                "nginx_metrics",
                "prometheus_scrape",
                "prometheus_textfile",
                "prometheus_remote_write",
                "statsd",
                "collectd",
                "docker",
            ),
            _METRICS,
        ),
        "fluentbit_metrics": _OWN,
        "fluentbit_logs": "the log of this process is on standard error, as --log.format says",
        "exec_wasi": "use exec",
        "blob": "use tail, which reads files of text",
        "kafka": "let a Kafka consumer write to http or forward",
        "mqtt": "let an MQTT client write to tcp or http",
        "elasticsearch": "let the client post JSON lines to http",
        "splunk": "let the client post JSON to http",
        "health": "use the blackbox exporter, which probes TCP",
        "docker_events": "use exec with docker events --format json",
        "ebpf": "run the eBPF program itself, and tail what it writes",
        "opentelemetry": "let the collector send with its fluentforward exporter, to forward",
        "kmsg": "use systemd: journald has the kernel's messages, with _TRANSPORT=kernel",
        "unix_socket": "use syslog with mode unix_tcp, or forward with unix_path",
    },
    "filter": {
        "wasm": _WASM,
        "tensorflow": "there is no inference here; use lua for rules",
        "nightfall": "use lua, or grep and modify, for what has to be kept back",
    },
    "output": {
        **dict.fromkeys(("azure", "azure_blob", "azure_kusto", "azure_logs_ingestion"), _AZURE),
        **dict.fromkeys(("bigquery", "chronicle", "gcs", "pgsql", "td", "skywalking"), _COLLECTOR),
        **dict.fromkeys(("kafka", "kafka-rest"), _KAFKA),
        **dict.fromkeys(
            ("logdna", "nrlogs", "newrelic", "slack", "influxdb", "oracle_log_analytics"), _HTTP
        ),
        **dict.fromkeys(("websocket", "nats"), "use tcp, http or forward"),
        **dict.fromkeys(("dash0", "zig_demo"), _OTLP),
        **dict.fromkeys(("prometheus_remote_write", "vivo_exporter"), _OWN),
        "flowcounter": "records and bytes of each output are on /metrics",
        "counter": "records of each output are on /metrics",
        "exit": "use the property samples of an input, or --drain.timeout and a signal",
        "plot": "use file with format csv",
        "gstdout": "it is an example of a plugin in Go; use stdout",
        "ebpf": _TRACES,
    },
    "processor": {
        **dict.fromkeys(("labels", "metrics_selector", "cumulative_to_delta"), _METRICS),
        "tda": _METRICS,
        "sql": "use the filters grep, modify and record_modifier",
        "opentelemetry_envelope": "the output opentelemetry makes the envelope by itself",
    },
}
"""What is not in it is a name that nobody knows."""
