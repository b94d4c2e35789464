"""Injection into files: the workloads of the input, one after the other."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pillion_inject.cluster import ConfigMaps
from pillion_inject.doctor import findings
from pillion_inject.errors import InjectError, NotApplicableError
from pillion_inject.injection import inject
from pillion_inject.log_config import owner_of
from pillion_inject.receipt import remove
from pillion_inject.workloads import PODS, Workload, is_named, objects, workload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pillion_inject.documents import Document, File
    from pillion_inject.request import Request


@dataclass(slots=True)
class Selection:
    """The workloads of some files.

    Attributes:
        chosen: each with the file that it is in.
        maps: the ConfigMaps of all files.
    """

    chosen: list[tuple[File, Workload]] = field(default_factory=list)
    maps: ConfigMaps = field(default_factory=ConfigMaps)


def select(files: Sequence[File], only: Sequence[str]) -> Selection:
    """Return the workloads of files, or those of them that are named.

    Raises:
        InjectError: there is none, or a name fits none.
    """
    selection = Selection()
    kinds = set()
    for file, document, item in _items(files):
        selection.maps.add(item)
        kinds.add(str(item.get("kind")))
        if found := workload(item, f"{file.name}:{document.line}"):
            selection.chosen.append((file, found))
    names = ", ".join(file.name for file in files)
    if not selection.chosen:
        seen = f"there is {', '.join(sorted(kinds))}" if kinds else "it is empty"
        raise InjectError(f"{names}: no {', '.join(PODS)} in it; {seen}")
    _refuse_shared(selection)
    for selector in only:
        if not any(is_named(found, selector) for _, found in selection.chosen):
            there = ", ".join(str(found) for _, found in selection.chosen)
            raise InjectError(f"{names}: no workload {selector!r}: there is {there}")
    if only:
        selection.chosen = [
            (file, found)
            for file, found in selection.chosen
            if any(is_named(found, selector) for selector in only)
        ]
    return selection


def apply(files: Sequence[File], only: Sequence[str], request: Request) -> list[str]:
    """Inject into every chosen workload that has what is asked for; return notes.

    Raises:
        InjectError: none of the workloads has it, or one that is named.
    """
    selection = select(files, only)
    notes: list[str] = []
    refused: list[NotApplicableError] = []
    for file, found in selection.chosen:
        trial = replace(found, pod=copy.deepcopy(found.pod))
        try:
            inject(trial, request, selection.maps)
        except NotApplicableError as error:
            if only:
                raise
            refused.append(error)
            continue
        outcome = inject(found, request, selection.maps)
        notes += [f"{found}: added {', '.join(outcome.added)}", *outcome.notes]
        if outcome.config_map and not _has_config_map(files, found):
            file.append(outcome.config_map)
    if len(refused) == len(selection.chosen):
        raise refused[0]
    return [*notes, *(f"unchanged: {error}" for error in refused)]


def take_out(files: Sequence[File], only: Sequence[str]) -> list[str]:
    """Take out of every chosen workload what was added; return notes."""
    notes = []
    for _, found in select(files, only).chosen:
        receipt = remove(found)
        if receipt is None:
            notes.append(f"{found}: nothing was injected")
            continue
        notes.append(f"{found}: removed {', '.join(receipt.containers)}")
        for file in files:
            for document in [each for each in file.documents if _is_owned(each, found)]:
                file.remove(document)
    return notes


def examine(files: Sequence[File], only: Sequence[str], logs: Sequence[str]) -> list[str]:
    """Return what is wrong with every chosen workload, a sentence each."""
    selection = select(files, only)
    return [
        sentence
        for _, found in selection.chosen
        for sentence in findings(found, selection.maps, logs)
    ]


def _items(files: Sequence[File]) -> list[tuple[File, Document, Any]]:
    return [
        (file, document, item)
        for file in files
        for document in file.documents
        for item in objects(document.tree)
    ]


def _has_config_map(files: Sequence[File], found: Workload) -> bool:
    return any(owner_of(item) == str(found) for _, _, item in _items(files))


def _is_owned(document: Document, found: Workload) -> bool:
    return isinstance(document.tree, dict) and owner_of(document.tree) == str(found)


def _refuse_shared(selection: Selection) -> None:
    """Refuse what YAML's anchors share: a change of one would change the others.

    Raises:
        InjectError: two workloads or containers are the same node.
    """
    seen: set[int] = set()
    for _, found in selection.chosen:
        mounts = [one.get("volumeMounts") for one in found.applications()]
        for node in (found.spec, *(each for each in mounts if each is not None)):
            if id(node) in seen:
                raise InjectError(
                    f"{found}: its pod or a volumeMounts is shared by an anchor with another; "
                    "write it out, so that one can be changed alone"
                )
            seen.add(id(node))
