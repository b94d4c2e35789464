"""Records as an `ExportLogsServiceRequest` of OTLP. Pure; needs opentelemetry-proto."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from pillion_log_agent.records.accessor import parse_accessor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record

_BODY = ("log", "message")
_LONGEST, _DEEPEST = 1 << 63, 32
_TRACE_ID, _SPAN_ID = 16, 8
_HIGHEST_SEVERITY = 24
_SEVERITIES = {
    "trace": 1, "debug": 5, "info": 9, "notice": 10, "warn": 13, "warning": 13, "error": 17,
    "err": 17, "critical": 18, "crit": 18, "alert": 19, "emerg": 21, "fatal": 21, "panic": 21,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LogFields:
    """Which fields have what a log needs."""

    body: tuple[str, ...]
    severity_text: str
    severity_number: str
    trace_id: str
    span_id: str
    has_attributes: bool = False


def encode(batches: Sequence[Batch], fields: LogFields, resource: Mapping[str, str]) -> bytes:
    """Return the request of some batches, each in a scope of its own that has the tag."""
    request = ExportLogsServiceRequest()
    of_resource = request.resource_logs.add()
    for name, text in resource.items():
        of_resource.resource.attributes.append(KeyValue(key=name, value=_any(text, 0)))
    bodies = [parse_accessor(each) for each in fields.body or _BODY]
    others = [
        parse_accessor(each)
        for each in (
            fields.severity_text, fields.severity_number, fields.trace_id, fields.span_id
        )
    ]  # fmt: skip
    for batch in batches:
        scope = of_resource.scope_logs.add()
        for record, time in zip(batch.decoded(), batch.times.nanoseconds(), strict=True):
            log = scope.log_records.add(time_unix_nano=max(time, 0))
            body = next((each for each in bodies if each.find(record) is not None), None)
            if fields.body or fields.has_attributes:
                value = record if body is None else body.find(record)
            else:
                value = record
            log.body.CopyFrom(_any(value, 0))
            if fields.has_attributes and body is not None:
                log.attributes.extend(
                    KeyValue(key=key, value=_any(each, 0))
                    for key, each in record.items()
                    if key != body.path[0]
                )
            _annotate(log, [each.find(record) for each in others])
    found: bytes = request.SerializeToString()
    return found


def _annotate(log: Any, values: list[Any]) -> None:
    text, number, trace, span = values
    if isinstance(text, str):
        log.severity_text = text
        log.severity_number = _SEVERITIES.get(text.lower(), 0)
    if isinstance(number, int) and 0 < number <= _HIGHEST_SEVERITY:
        log.severity_number = number
    log.trace_id = _id(trace, _TRACE_ID)
    log.span_id = _id(span, _SPAN_ID)


def _id(value: Any, size: int) -> bytes:
    """Return the bytes of an id in hexadecimal, nothing where it is none: another is refused."""
    try:
        found = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        return b""
    return found if len(found) == size else b""


def _any(value: Any, depth: int) -> AnyValue:
    found = AnyValue()
    if isinstance(value, str):
        found.string_value = value.encode("utf-8", "replace").decode()
    elif isinstance(value, bool):
        found.bool_value = value
    elif isinstance(value, int):
        if -_LONGEST <= value < _LONGEST:
            found.int_value = value
        else:
            found.string_value = str(value)
    elif isinstance(value, float):
        found.double_value = value
    elif value is not None and depth > _DEEPEST:
        found.string_value = str(value)
    elif isinstance(value, list):
        found.array_value.values.extend(_any(each, depth + 1) for each in value)
    elif isinstance(value, dict):
        found.kvlist_value.values.extend(_pairs(value, depth))
    return found


def _pairs(record: Record, depth: int) -> list[KeyValue]:
    return [
        KeyValue(key=key.encode("utf-8", "replace").decode(), value=_any(each, depth + 1))
        for key, each in record.items()
    ]


def read_partial_success(body: bytes) -> tuple[int, str]:
    """Return how many logs a collector has refused, and its words; raises ValueError."""
    answer = ExportLogsServiceResponse()
    try:
        answer.ParseFromString(body)
    except DecodeError:
        raise ValueError("is no answer of OTLP") from None
    partial = answer.partial_success
    return int(partial.rejected_log_records), str(partial.error_message)
