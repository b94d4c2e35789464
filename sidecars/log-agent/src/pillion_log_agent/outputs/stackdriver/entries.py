"""The entry of each record. Pure.

Source: Google Cloud Logging, "LogEntry" and "HttpRequest".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pillion_log_agent.outputs.stackdriver.properties import PREFIX
from pillion_log_agent.outputs.stackdriver.resource import (
    LOCAL_ID,
    MONITORED,
    named,
    names_in,
    resource_of,
)
from pillion_log_agent.outputs.stackdriver.severity import severity_of

if TYPE_CHECKING:
    from pillion_log_agent.outputs.stackdriver.properties import StackdriverProperties
    from pillion_log_agent.outputs.stackdriver.resource import Machine
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record

INSERT_ID, OPERATION, SOURCE = (
    f"{PREFIX}insertId",
    f"{PREFIX}operation",
    f"{PREFIX}sourceLocation",
)
LONGEST_NAME = 511
_TEXTS = frozenset(
    ("requestMethod", "requestUrl", "userAgent", "remoteIp", "serverIp", "referer", "protocol")
)
_SIZES = frozenset(("requestSize", "responseSize", "cacheFillBytes"))
_FLAGS = frozenset(("cacheLookup", "cacheHit", "cacheValidatedWithOriginServer"))
_LATENCY = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*s\s*")
_STREAMS = ("stdout", "stderr")


def entries(
    batch: Batch, properties: StackdriverProperties, machine: Machine
) -> list[dict[str, Any]]:
    """Return the entry of each record of a batch."""
    of_tag = names_in(properties, batch.tag)
    identity = batch.origin.identity
    found = []
    rows = zip(batch.decoded(), batch.times.iso(9), batch.offsets, strict=True)
    for record, time, offset in rows:
        rest = dict(record)
        entry: dict[str, Any] = {
            "resource": resource_of(properties, machine, of_tag, record),
            "timestamp": f"{time}Z",
            # An entry that is sent again with the same id and time is there once.
            "insertId": _text(rest.pop(INSERT_ID, None)) or f"{identity}-{offset}",
        }
        usual = _usual_name(properties, record, batch.tag)
        found.append(entry | _described(record, rest, properties, machine.project, usual))
    return found


def _described(
    record: Record, rest: Record, properties: StackdriverProperties, project: str, usual: str
) -> dict[str, Any]:
    """Return what the record says of itself; what of `rest` is left is the payload."""
    named_project = _text(rest.pop(properties.project_id_key, None))
    project = properties.export_to_project_id or named_project or project
    found: dict[str, Any] = {}
    rest.pop(LOCAL_ID, None)
    rest.pop(MONITORED, None)
    severity = rest.pop(properties.severity_key, None)
    if severity is not None:
        found["severity"] = severity_of(severity)
    labels = _strings(rest.pop(properties.labels_key, None)) | named(properties.labels, record)
    if labels:
        found["labels"] = labels
    found |= _trace(rest, properties, project)
    request = rest.pop(properties.http_request_key, None)
    if isinstance(request, dict):
        found["httpRequest"] = http_request(request)
    for key, name in ((OPERATION, "operation"), (SOURCE, "sourceLocation")):
        value = rest.pop(key, None)
        if isinstance(value, dict):
            found[name] = _known(value, name)
    name = _text(rest.pop(properties.log_name_key, None)) or usual
    found["logName"] = f"projects/{project}/logs/{quote(name[:LONGEST_NAME], safe='')}"
    text = rest.get(properties.text_payload_key) if properties.text_payload_key else None
    found |= {"textPayload": text} if isinstance(text, str) else {"jsonPayload": rest}
    return found


def _usual_name(properties: StackdriverProperties, record: Record, tag: str) -> str:
    """Return the stream for Kubernetes, as Google's own agent names its logs, else the tag."""
    stream = record.get("stream")
    is_named = properties.resource.startswith("k8s_") and stream in _STREAMS
    return str(stream) if is_named else tag


def _trace(rest: Record, properties: StackdriverProperties, project: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    trace = _text(rest.pop(properties.trace_key, None))
    if trace:
        is_bare = properties.autoformat_stackdriver_trace
        found["trace"] = f"projects/{project}/traces/{trace}" if is_bare else trace
    span = _text(rest.pop(properties.span_id_key, None))
    if span:
        found["spanId"] = span
    sampled = rest.pop(properties.trace_sampled_key, None)
    if isinstance(sampled, bool):
        found["traceSampled"] = sampled
    return found


def http_request(given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a request that the API knows, in its types."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name in _TEXTS and isinstance(value, str):
            found[name] = value
        elif name in _SIZES and str(value).isdecimal():
            found[name] = str(value)
        elif name in _FLAGS and isinstance(value, bool):
            found[name] = value
        elif name == "status" and str(value).isdecimal():
            found[name] = int(str(value)[:9])
        elif name == "latency" and (match := _LATENCY.fullmatch(str(value))):
            found[name] = f"{match[1]}s"
    return found


_INSIDE = {
    "operation": {"id": str, "producer": str, "first": bool, "last": bool},
    "sourceLocation": {"file": str, "line": int, "function": str},
}


def _known(given: dict[str, Any], name: str) -> dict[str, Any]:
    found = {
        key: value
        for key, kind in _INSIDE[name].items()
        if isinstance(value := given.get(key), kind)
    }
    if "line" in found:
        found["line"] = str(found["line"])
    return found


def _strings(value: Any) -> dict[str, str]:
    return {key: str(each) for key, each in value.items()} if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
