"""The examples that we ship, as documents for the player."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.player.manifest import documents
from tests.k8s_examples.examples import EXAMPLES

if TYPE_CHECKING:
    from tests.e2e.player.manifest import Document


def example(name: str) -> list[Document]:
    return documents((EXAMPLES / "pods" / f"{name}.yaml").read_text())


def spec_of(found: list[Document]) -> Document:
    (workload,) = [item for item in found if item["kind"] == "Deployment"]
    spec: Document = workload["spec"]["template"]["spec"]
    return spec


def writing(name: str, script: str) -> list[Document]:
    """Return an example whose application runs a script of this test."""
    found = example(name)
    spec_of(found)["containers"][0]["args"] = [script]
    return found
