"""The tables of metrics on a page: what a reader is promised of `/metrics`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.docs import DOCS

ROW = re.compile(r"^\| `([a-z_:]+)` \| (counter|gauge|histogram|unknown) \|([^|]*)\|", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Promised:
    """A metric as a page describes it."""

    kind: str
    labels: frozenset[str]


def promised(page: str, section: str = "") -> dict[str, Promised]:
    """Return the metrics that a page of docs/, or one section of it, lists, by name."""
    text = (DOCS / page).read_text()
    if section:
        text = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return {
        name: Promised(kind, frozenset(re.findall(r"`([a-z_]+)`", labels)))
        for name, kind, labels in ROW.findall(text)
    }
