"""fluentd's output `kafka2` (fluent-plugin-kafka), as the output `kafka`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion_log_agent.configuration.fluentd.plugin import check_taken, child_plugin

if TYPE_CHECKING:
    from pillion_log_agent.configuration.fluentd.plugin import Plugin
    from pillion_log_agent.configuration.section import Section

_NAMES = {
    "brokers": "brokers",
    "default_topic": "topics",
    "topic": "topics",
    "default_message_key": "message_key",
    "client_id": "client_id",
    "compression_codec": "rdkafka.compression.codec",
    "required_acks": "rdkafka.request.required.acks",
    "idempotent": "rdkafka.enable.idempotence",
    "ssl_ca_cert": "rdkafka.ssl.ca.location",
    "ssl_client_cert": "rdkafka.ssl.certificate.location",
    "ssl_client_cert_key": "rdkafka.ssl.key.location",
    "ssl_client_cert_key_password": "rdkafka.ssl.key.password",
    "username": "rdkafka.sasl.username",
    "password": "rdkafka.sasl.password",
}
_ACCEPTED = (
    "ack_timeout", "max_send_retries", "max_send_limit_bytes", "discard_kafka_delivery_failed",
    "use_default_for_unknown_topic", "get_kafka_client_log", "kafka_agg_max_bytes",
    "kafka_agg_max_messages", "exclude_topic_key", "ssl_ca_certs_from_system", "partition_key",
)  # fmt: skip


def kafka_section(plugin: Plugin) -> Section:
    """Return the output of an element."""
    plugin.rename(_NAMES)
    plugin.accept(*_ACCEPTED)
    # Whichever topic a record names is made, and its field of the name `topic` by default.
    plugin.put("topic_key", plugin.take("topic_key") or "topic")
    plugin.put("dynamic_topic", "on")
    plugin.put("message_key_field", plugin.take("message_key_key"))
    _security(plugin)
    form = plugin.child("format")
    if form is not None:
        inner = child_plugin(form, plugin.problems)
        if form.type not in ("json", "msgpack"):
            plugin.wrong("is not supported; use json or msgpack", f"format {form.type}")
        else:
            plugin.put("format", form.type)
        check_taken(inner)
    if plugin.child("inject") is not None:
        plugin.wrong("is not supported; the time goes into timestamp_key", "<inject>")
    return plugin.section("output", "kafka")


def _security(plugin: Plugin) -> None:
    """Take how the broker is reached: with TLS where an authority is named, with a user's name."""
    values = plugin.element
    has_tls = bool(values.value("ssl_ca_cert")) or plugin.flag("sasl_over_ssl")
    has_user = values.value("username") is not None
    mechanism = plugin.take("scram_mechanism")
    if has_tls or has_user:
        protocol = ("sasl_" if has_user else "") + ("ssl" if has_tls else "plaintext")
        plugin.put("rdkafka.security.protocol", protocol)
    if has_user:
        scram = {"sha256": "SCRAM-SHA-256", "sha512": "SCRAM-SHA-512"}
        plugin.put("rdkafka.sasl.mechanism", scram.get(mechanism or "", "PLAIN"))
