"""The filter `redact` at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, Metric

from pillion.errors import ConfigurationError
from pillion_log_agent.filters.redact.finding import DETECTORS, FOLDED, Replacement
from pillion_log_agent.filters.redact.redactor import Redactor
from pillion_log_agent.filters.redact.selection import Selection
from pillion_log_agent.filters.redact.texts import Taken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.filters.redact.properties import RedactProperties
    from pillion_log_agent.records.batch import Batch

LEAST_KEY = 16
_NEVER_IN_A_MASK = f"\n\r{FOLDED}"


class RedactFilter:
    """Replaces personal data and secrets in the values of records."""

    def __init__(self, properties: RedactProperties, context: FilterContext) -> None:
        own = [(each.name, each.pattern) for each in properties.pattern]
        for name, pattern in own:
            if pattern.engine == "a process":
                raise ConfigurationError(
                    f"pattern: {name} is not proven linear ({pattern.why}), and a line that takes "
                    "too long would go on unredacted; write it without nested repetition"
                )
        detectors = [*properties.detect, *dict.fromkeys(name for name, _ in own)]
        self.replacement = Replacement(detectors, _mask(properties), _key(properties))
        self._redactor = Redactor(frozenset(properties.detect), own, self.replacement)
        self._selection = Selection(properties.keep, properties.search)
        self._name = context.name

    def apply(self, batch: Batch) -> Batch:
        """Return the batch, changed."""
        taken = Taken(self._selection)
        if batch.is_decoded:
            taken.take_records(batch.records())
        else:
            taken.take_columns(batch.columns)
        if taken.texts:
            taken.put_back(self._redactor.redact(taken.texts))
        return batch

    def collect(self) -> Iterable[Metric]:
        """Return how often each detector has found something."""
        metric = CounterMetricFamily(
            "pillion_log_agent_redacted",
            "Values that the filter redact has replaced, by what found them.",
            labels=("filter", "detector"),
        )
        for detector, count in self.replacement.counts.items():
            metric.add_metric((self._name, detector), count)
        return (metric,)


def _mask(properties: RedactProperties) -> str:
    if any(each in properties.mask for each in _NEVER_IN_A_MASK):
        raise ConfigurationError("mask: must be one line of text")
    if properties.action == "hash" and "%s" not in properties.mask:
        raise ConfigurationError("mask: needs %s, where the hash is put, with action hash")
    return "" if properties.action == "remove" else properties.mask


def _key(properties: RedactProperties) -> bytes | None:
    given = (properties.hash_key, properties.hash_key_file)
    if properties.action != "hash":
        if given != (None, None):
            raise ConfigurationError("hash_key: is used with action hash only")
        return None
    if (given[0] is None) == (given[1] is None):
        raise ConfigurationError("action: hash needs either hash_key or hash_key_file")
    if properties.hash_key is not None:
        key = properties.hash_key.encode()
    else:
        try:
            with open(str(properties.hash_key_file), "rb") as file:
                key = file.read().strip()
        except OSError as error:
            raise ConfigurationError(
                f"hash_key_file: {properties.hash_key_file} cannot be read: {error.strerror}"
            ) from None
    if len(key) < LEAST_KEY:
        raise ConfigurationError(
            f"hash_key: has {len(key)} bytes; whoever guesses it can find out what was hashed, so "
            f"it needs {LEAST_KEY} at least"
        )
    return key


__all__ = ["DETECTORS", "RedactFilter"]
