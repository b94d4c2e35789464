"""The filter `record_modifier`: adds fields, takes fields out, or keeps some only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.errors import ConfigurationError
from pillion.settings import optional, repeated
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import PAIR, TEXT

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.records.batch import Batch


@dataclass(frozen=True, slots=True)
class RecordModifierProperties:
    """The properties of `record_modifier`."""

    record: tuple[tuple[str, ...], ...] = repeated("record", PAIR, "Add a field with a value.")
    remove_key: tuple[str, ...] = repeated(
        "remove_key", TEXT, "Take a field out, whatever its case."
    )
    allowlist_key: tuple[str, ...] = repeated(
        "allowlist_key", TEXT, "Keep this field, and no others but these."
    )
    whitelist_key: tuple[str, ...] = repeated("whitelist_key", TEXT, "The same.")
    uuid_key: str | None = optional("uuid_key", TEXT, "Add a field with a random UUID.")


class RecordModifierFilter:
    """Adds and takes out fields."""

    def __init__(self, properties: RecordModifierProperties, _context: FilterContext) -> None:
        self._added = [(pair[0], pair[1]) for pair in properties.record]
        self._removed = {key.lower() for key in properties.remove_key}
        allowed = (*properties.allowlist_key, *properties.whitelist_key)
        self._allowed = {key.lower() for key in allowed}
        self._uuid_key = properties.uuid_key
        if self._removed and self._allowed:
            raise ConfigurationError("remove_key and allowlist_key cannot be used together")

    def apply(self, batch: Batch) -> Batch:
        """Return the batch, changed; when fields are only added it need not be decoded."""
        if self._removed:
            removed = self._removed
            for record in batch.records():
                for key in [key for key in record if key.lower() in removed]:
                    del record[key]
        elif self._allowed:
            allowed = self._allowed
            batch.replace(
                [
                    {key: value for key, value in record.items() if key.lower() in allowed}
                    for record in batch.records()
                ]
            )
        for key, value in self._added:
            batch.put(key, value)
        if self._uuid_key is not None:
            import uuid  # 1 MB, and only for this property  # noqa: PLC0415

            for record in batch.records():
                record[self._uuid_key] = str(uuid.uuid4())
        return batch


RECORD_MODIFIER = Declaration(
    name="record_modifier",
    summary="Adds fields, takes fields out, or keeps some only.",
    properties=RecordModifierProperties,
    build=RecordModifierFilter,
)
