"""The labels: which column each is read from, and how its text becomes a value. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion_nginx_exporter.access_log import fields
from pillion_nginx_exporter.access_log.columns import (
    HOST,
    INGRESS,
    METHOD,
    NAMESPACE,
    SERVER,
    SERVICE,
    STATUS,
    UPSTREAM,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class LabelRule:
    """One label.

    Attributes:
        name: the label's.
        column: what it is read from.
        value: makes a safe value of the text.
        only_counter: whether only the count of requests has it.
    """

    name: str
    column: str
    value: Callable[[bytes], str]
    only_counter: bool = False


_VALUES: dict[str, Callable[[bytes], str]] = {
    METHOD: fields.method,
    STATUS: fields.status,
    HOST: fields.host,
    SERVER: fields.host,
    UPSTREAM: fields.upstream,
    NAMESPACE: fields.host,
    INGRESS: fields.host,
    SERVICE: fields.host,
}


OF_INGRESS = (HOST, NAMESPACE, INGRESS, SERVICE)
"""What ingress-nginx' own metrics have beside method and status."""


def standard_rules(chosen: Sequence[str]) -> tuple[LabelRule, ...]:
    """Return the rules for `method`, `status` and the chosen labels."""
    return tuple(
        LabelRule(name, name, _VALUES[name]) for name in dict.fromkeys((METHOD, STATUS, *chosen))
    )
