"""The output `loki`: records as lines of streams that labels name.

Source: fluent-bit's manual, "Loki"; Grafana Loki's HTTP API, `POST /loki/api/v1/push`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pillion.errors import ConfigurationError
from pillion.settings import optional, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, PATH, PORT, TEXT, choice
from pillion_log_agent.outputs.http_sender import (
    ACCEPTED,
    NOT_HAD,
    HttpProperties,
    HttpSender,
    is_taken,
)
from pillion_log_agent.outputs.loki_labels import (
    FIELDS,
    LABELS,
    Label,
    as_text,
    clean,
    of_map,
    removed,
)
from pillion_log_agent.outputs.output import TAKEN
from pillion_log_agent.outputs.splitting import rows, split, write_parts
from pillion_log_agent.records.accessor import Accessor, parse_accessor
from pillion_log_agent.records.json_rows import decode_object
from pillion_log_agent.records.wire import from_wire, json_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_log_agent.outputs.output import Outcome, OutputContext
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record

MAP_LIMIT = 1024 * 1024
_DEFAULT = (Label("job", "fluent-bit"),)
LONGEST_TENANT = 150
"""Loki's own limit."""


@dataclass(frozen=True, slots=True)
class LokiProperties(HttpProperties):
    """The properties of `loki`, beside those of every output over HTTP."""

    port: int = setting("port", PORT, "Its port.", default=3100)
    uri: str = setting("uri", TEXT, "The path.", default="/loki/api/v1/push")
    tenant_id: str | None = optional("tenant_id", TEXT, "The tenant, in X-Scope-OrgID.")
    tenant_id_key: str | None = optional(
        "tenant_id_key", TEXT, "The field that has the tenant; tenant_id where it is not there."
    )
    labels: tuple[Label, ...] = setting(
        "labels",
        LABELS,
        "The labels; job=fluent-bit if there are none. Fields that become labels are left out of "
        "the line.",
        default=(),
    )
    label_keys: tuple[Accessor, ...] = setting(
        "label_keys", FIELDS, "Fields that become labels.", default=()
    )
    label_map_path: str | None = optional(
        "label_map_path", PATH, "A JSON file in the shape of a record that names labels."
    )
    structured_metadata: tuple[Label, ...] = setting(
        "structured_metadata",
        LABELS,
        "What goes beside the line, without being a label.",
        default=(),
    )
    structured_metadata_map_keys: tuple[Accessor, ...] = setting(
        "structured_metadata_map_keys", FIELDS, "Objects of which each field does so.", default=()
    )
    remove_keys: tuple[Accessor, ...] = setting(
        "remove_keys", FIELDS, "Fields that are left out of the line.", default=()
    )
    auto_kubernetes_labels: bool = setting(
        "auto_kubernetes_labels", FLAG, "Take the labels of the pod.", default=False
    )
    drop_single_key: str = setting(
        "drop_single_key",
        choice("on", "off", "raw", "true", "false"),
        "Where one field is left, the line is its value: as JSON or, with raw, as it is.",
        default="off",
    )
    line_format: str = setting(
        "line_format", choice("json", "key_value"), "How the line is written.", default="json"
    )
    bearer_token: str | None = optional("bearer_token", TEXT, "A token, for a gateway.")


class LokiOutput:
    """Pushes records to Loki.

    Within a stream, lines are sent in the order of their times. Loki takes a line that it has
    already, with its time, for the same: what is sent again after a failure is there once.
    """

    delay = True

    def __init__(self, properties: LokiProperties, context: OutputContext) -> None:
        self._labels = _all_labels(properties)
        self._metadata = properties.structured_metadata
        self._metadata_maps = properties.structured_metadata_map_keys
        self._has_pod_labels = properties.auto_kubernetes_labels
        # What is a label, or stands beside the line, does not stand in it too.
        named = (each.value for each in (*self._labels, *self._metadata))
        fields = (each for each in named if isinstance(each, Accessor))
        removed_fields = (*fields, *self._metadata_maps, *properties.remove_keys)
        self._removed = list(dict.fromkeys(each.path for each in removed_fields))
        self._single = properties.drop_single_key
        self._line = _key_values if properties.line_format == "key_value" else _json
        self._uri = properties.uri
        self._tenant = properties.tenant_id
        key = properties.tenant_id_key
        self._tenant_field = None if key is None else parse_accessor(key)
        headers = {}
        if properties.bearer_token is not None:
            headers["Authorization"] = f"Bearer {properties.bearer_token}"
        self._sender = HttpSender(
            properties, context, content_type="application/json", headers=headers
        )

    async def write(self, batches: Sequence[Batch]) -> Outcome:
        """Push the batches: in one request, or in one for each tenant.

        Raises:
            TransientError: the server is not there, is busy, or does not let us in.
        """
        if self._tenant_field is None:
            return await self._push(batches, self._tenant)
        parts = []
        tenants: list[str | None] = []
        for number, batch in enumerate(batches):
            by_tenant: dict[str | None, list[int]] = {}
            for index, value in enumerate(self._tenant_field.column(batch)):
                by_tenant.setdefault(as_text(value) or self._tenant, []).append(index)
            for tenant, indices in by_tenant.items():
                parts.append(rows(number, batch, indices))
                tenants.append(tenant)
        left = iter(tenants)
        return await write_parts(parts, lambda part: self._push(part, next(left)))

    async def _push(self, batches: Sequence[Batch], tenant: str | None) -> Outcome:
        body = from_wire(json_of({"streams": self.streams(batches)}))
        headers = {"X-Scope-OrgID": tenant} if tenant is not None and _is_safe(tenant) else None
        answer = await self._sender.post(self._uri, [body], headers=headers)
        if is_taken(answer):
            return TAKEN
        return await split(
            batches,
            lambda part: self._push(part, tenant),
            str(answer.status),
            self._sender.words(answer),
        )

    def streams(self, batches: Sequence[Batch]) -> list[dict[str, Any]]:
        """Return the streams of some batches, each with its lines in order."""
        found: dict[tuple[tuple[str, str], ...], list[tuple[int, list[Any]]]] = {}
        for batch in batches:
            for time, record in zip(batch.times.nanoseconds(), batch.decoded(), strict=True):
                labels = self._labels_of(record)
                value: list[Any] = [str(time), self._line_of(record)]
                metadata = self._metadata_of(record)
                if metadata:
                    value.append(metadata)
                found.setdefault(tuple(sorted(labels.items())), []).append((time, value))
        return [
            {
                "stream": dict(labels),
                "values": [value for _, value in sorted(values, key=lambda each: each[0])],
            }
            for labels, values in found.items()
        ]

    async def close(self) -> None:
        """Close the connection."""
        await self._sender.close()

    def _labels_of(self, record: Record) -> dict[str, str]:
        labels = {label.name: text for label in self._labels if (text := label.of(record))}
        if self._has_pod_labels:
            pod = record.get("kubernetes")
            of_pod = pod.get("labels") if isinstance(pod, dict) else None
            if isinstance(of_pod, dict):
                labels |= {clean(name): str(value) for name, value in of_pod.items() if value}
        # A stream has one label at least.
        return labels or {"job": "fluent-bit"}

    def _metadata_of(self, record: Record) -> dict[str, str]:
        found = {
            label.name: text for label in self._metadata if (text := label.of(record)) is not None
        }
        for field in self._metadata_maps:
            inner = field.find(record)
            if isinstance(inner, dict):
                found |= {
                    clean(key): text
                    for key, value in inner.items()
                    if (text := as_text(value)) is not None
                }
        return found

    def _line_of(self, record: Record) -> str:
        left = removed(record, self._removed)
        if self._single not in ("off", "false") and len(left) == 1:
            (value,) = left.values()
            if self._single == "raw" or self._line is _key_values:
                return as_text(value) or ""
            return from_wire(json_of(value)).decode()
        return self._line(left)


def _all_labels(properties: LokiProperties) -> tuple[Label, ...]:
    keys = tuple(Label(clean(str(field.path[-1])), field) for field in properties.label_keys)
    mapped: tuple[Label, ...] = ()
    if properties.label_map_path is not None:
        path = properties.label_map_path
        try:
            with open(path, "rb") as file:
                mapping = decode_object(file.read(MAP_LIMIT))
        except OSError as error:
            raise ConfigurationError(
                f"label_map_path: {path} cannot be read: {error.strerror}"
            ) from None
        if mapping is None:
            raise ConfigurationError(f"label_map_path: {path} is no JSON object")
        mapped = tuple(of_map(mapping))
    return (*properties.labels, *keys, *mapped) or _DEFAULT


def _json(record: Record) -> str:
    return from_wire(json_of(record)).decode()


def _key_values(record: Record) -> str:
    return " ".join(f"{key}={from_wire(json_of(value)).decode()}" for key, value in record.items())


def _is_safe(tenant: str) -> bool:
    """Whether a tenant that a record names can stand in a header."""
    return tenant.isprintable() and tenant.isascii() and len(tenant) <= LONGEST_TENANT


LOKI = Declaration(
    name="loki",
    summary="Pushes records to Grafana Loki.",
    properties=LokiProperties,
    accepted={
        **ACCEPTED,
        "tenant_id_key_error_handling": "what one tenant refuses holds up no other",
    },
    refused=NOT_HAD,
    build=LokiOutput,
)
