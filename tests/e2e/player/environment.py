"""A container's environment and arguments as a kubelet makes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.e2e.player.quantities import number

if TYPE_CHECKING:
    from tests.e2e.player.manifest import Container, Document, Pod

_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z0-9_.-]+)\)")
_KEYED = re.compile(r"^metadata\.(labels|annotations)\['(.+)'\]$")


def environment(
    pod: Pod, container: Container, address: str, sources: dict[str, dict[str, str]]
) -> dict[str, str]:
    """Return a container's variables: values, references to others, and the downward API."""
    made: dict[str, str] = {}
    for entry in container.get("env", []):
        origin = entry.get("valueFrom")
        value = (
            expand(str(entry.get("value", "")), made)
            if origin is None
            else _from(pod, container, address, sources, origin)
        )
        made[entry["name"]] = value
    return made


def expand(text: str, variables: dict[str, str]) -> str:
    """Return a text with `$(NAME)` replaced; what is unknown stays, `$$` is a dollar."""

    def replaced(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return variables.get(match[1], match[0])

    return _REFERENCE.sub(replaced, text)


def field_of(pod: Pod, address: str, path: str) -> str:
    """Return a field of the pod, as the downward API gives it."""
    if keyed := _KEYED.match(path):
        found: dict[str, str] = getattr(pod, keyed[1])
        return found.get(keyed[2], "")
    plain = {
        "metadata.name": pod.name,
        "metadata.namespace": pod.namespace,
        "metadata.uid": "11111111-2222-3333-4444-555555555555",
        "spec.nodeName": "node-1",
        "spec.serviceAccountName": "default",
        "status.podIP": address,
        "status.hostIP": "10.0.0.1",
        "metadata.labels": _lines(pod.labels),
        "metadata.annotations": _lines(pod.annotations),
    }
    return plain[path]


def _lines(items: dict[str, str]) -> str:
    return "".join(f'{name}="{value}"\n' for name, value in sorted(items.items())).rstrip("\n")


def _from(
    pod: Pod,
    container: Container,
    address: str,
    sources: dict[str, dict[str, str]],
    origin: Document,
) -> str:
    if "fieldRef" in origin:
        return field_of(pod, address, origin["fieldRef"]["fieldPath"])
    if "resourceFieldRef" in origin:
        kind, _, resource = origin["resourceFieldRef"]["resource"].partition(".")
        given = container.get("resources", {}).get(kind, {}).get(resource, 0)
        return str(int(number(given) / number(origin["resourceFieldRef"].get("divisor", 1))))
    reference = origin.get("configMapKeyRef") or origin["secretKeyRef"]
    return sources[reference["name"]][reference["key"]]
