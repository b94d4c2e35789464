"""The output `kafka`: its declaration."""

from __future__ import annotations

from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.outputs.kafka.output import KafkaOutput
from pillion_log_agent.outputs.kafka.properties import KafkaProperties

_TLS = "write rdkafka.security.protocol ssl, with rdkafka.ssl.ca.location"
_AVRO = "use format json or msgpack"
KAFKA = Declaration(
    name="kafka",
    summary="Sends records to topics of Kafka, each acknowledged by the broker.",
    properties=KafkaProperties,
    accepted={
        "queue_full_retries": "it waits until there is room",
        "group_id": "a producer is of no group",
    },
    refused={
        "tls": _TLS,
        **dict.fromkeys(("schema_str", "schema_id", "schema_registry_url"), _AVRO),
        "aws_msk_iam": "use SASL/SCRAM, with rdkafka.sasl.mechanism SCRAM-SHA-512",
        "otlp_logs_partition_by_resource": "use message_key_field",
    },
    required=("brokers",),
    prefixed=("rdkafka.*",),
    build=KafkaOutput,
)
