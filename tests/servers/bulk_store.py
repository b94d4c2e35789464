"""What a bulk request does to indices, and what is answered, as Elasticsearch documents it. Pure.

A document with the field `refuse_me` is refused for good, alone, as one is whose field does not
fit the mapping. A test compares the answers with those of a real OpenSearch, field by field.

There is no `delete`: nobody here sends one.

Source: Elasticsearch's and OpenSearch's manuals, "Bulk API" and "Common options" (filter_path).
"""

from __future__ import annotations

import fnmatch
import itertools
import json
import re
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

BUSY = {"type": "es_rejected_execution_exception", "reason": "queue capacity is reached"}
_ID_LENGTH = 512
_NEWLINE = "The bulk request must be terminated by a newline [\\n]"
_PARAMETERS = frozenset({"_index", "_id", "routing", "require_alias", "if_seq_no", "version"})
_WRONG_NAME = re.compile(r"[-_+]|.*[A-Z \"*\\<|,>/?#]")


class RefusedError(Exception):
    """The request is refused whole."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


@dataclass
class Document:
    source: Json
    version: int
    number: int
    at: float


@dataclass
class Index:
    documents: dict[str, Document] = field(default_factory=dict)
    numbers: Any = field(default_factory=itertools.count)


@dataclass
class Store:
    """All indices.

    Attributes:
        taken: operations that succeeded.
        conflicts: documents that were to be created and were there.
    """

    indices: dict[str, Index] = field(default_factory=dict)
    taken: int = 0
    conflicts: int = 0

    def bulk(
        self, body: bytes, index: str | None, busy: Json | None = None, now: float = 0.0
    ) -> tuple[int, Json]:
        """Do what a request says; return the status and the answer.

        Args:
            body: an action and a document on a line each.
            index: of the path, where actions name none.
            busy: refuse each record whose number `every` divides, with `status`.
            now: when it came, which is kept with the documents.
        """
        try:
            operations = list(_operations(body, index))
        except RefusedError as error:
            return 400, refusal(400, error.kind, str(error))
        items = []
        for number, (operation, target, document) in enumerate(operations, 1):
            if busy is not None and number % busy.get("every", 1) == 0:
                outcome: Json = {"status": busy["status"], "error": BUSY}
            else:
                outcome = self._apply(operation, target, document, now)
            items.append({operation: {**target, **outcome}})
        errors = any("error" in item for each in items for item in each.values())
        return 200, {"took": 1, "errors": errors, "items": items}

    def _apply(self, operation: str, target: Json, document: bytes, now: float) -> Json:
        name, identity = target["_index"], target["_id"]
        if not identity:
            return _error(
                400, "illegal_argument_exception", "if _id is specified it must not be empty"
            )
        if _WRONG_NAME.match(name):
            where = {"index": name, "index_uuid": "_na_"}
            return _error(
                400, "invalid_index_name_exception", f"Invalid index name [{name}]", **where
            )
        index = self.indices.setdefault(name, Index())
        try:
            source = json.loads(document)
            fields = source["doc"] if operation == "update" else source
        except (ValueError, KeyError, TypeError):
            return _mapping_error("failed to parse", "not_x_content_exception")
        there = index.documents.get(identity)
        place = {"index": name, "shard": "0", "index_uuid": "made-up"}
        if operation == "create" and there is not None:
            self.conflicts += 1
            reason = f"[{identity}]: version conflict, document already exists"
            return _error(409, "version_conflict_engine_exception", reason, **place)
        if operation == "update" and there is None and not source.get("doc_as_upsert"):
            reason = f"[{identity}]: document missing"
            return _error(404, "document_missing_exception", reason, **place)
        if "refuse_me" in fields:
            return _mapping_error(
                "failed to parse field [refuse_me]: it is what it is", "json_parse_exception"
            )
        if operation == "update" and there is not None:
            fields = {**there.source, **fields}
            if fields == there.source:
                return self._done("noop", there)
        return self._put(index, identity, fields, now)

    def _put(self, index: Index, identity: str, source: Json, now: float) -> Json:
        there = index.documents.get(identity)
        version = there.version + 1 if there is not None else 1
        made = index.documents[identity] = Document(source, version, next(index.numbers), now)
        return self._done("created" if there is None else "updated", made)

    def _done(self, result: str, document: Document) -> Json:
        self.taken += 1
        return {
            "_version": document.version,
            "result": result,
            "_shards": {"total": 2, "successful": 1, "failed": 0},
            "_seq_no": document.number,
            "_primary_term": 1,
            "status": 201 if result == "created" else 200,
        }


def refusal(status: int, kind: str, reason: str) -> Json:
    """Return the answer to a request that is refused whole."""
    error = {"type": kind, "reason": reason}
    return {"error": {"root_cause": [error], **error}, "status": status}


def filtered(value: Any, paths: list[str]) -> Any:
    """Return the parts of an answer that `filter_path` names; None where there are none."""
    if "" in paths:
        return value
    if isinstance(value, list):
        kept = [filtered(each, paths) for each in value]
        return [each for each in kept if each is not None] or None
    if not isinstance(value, dict):
        return None
    found = {}
    for key, each in value.items():
        heads = [path.partition(".") for path in paths]
        part = filtered(each, [rest for head, _, rest in heads if fnmatch.fnmatchcase(key, head)])
        if part is not None:
            found[key] = part
    return found or None


def _operations(body: bytes, index: str | None) -> Any:
    """Yield operation, target and document; raises RefusedError for what refuses the request."""
    if not body:
        raise RefusedError("parse_exception", "request body is required")
    lines = body.split(b"\n")
    if lines.pop():
        raise RefusedError("illegal_argument_exception", _NEWLINE)
    rows = iter(lines)
    for number, line in enumerate(rows, 1):
        try:
            ((operation, target),) = json.loads(line).items()
        except ValueError as error:
            raise RefusedError("json_parse_exception", str(error)) from None
        for unknown in sorted(set(target) - _PARAMETERS):
            reason = f"Action/metadata line [{number}] contains an unknown parameter [{unknown}]"
            raise RefusedError("illegal_argument_exception", reason)
        target = {"_index": target.get("_index", index), "_id": target.get("_id", _made())}
        if len(target["_id"].encode()) > _ID_LENGTH:
            reason = f"Validation Failed: 1: id [{target['_id']}] is too long"
            raise RefusedError("action_request_validation_exception", reason)
        yield operation, target, next(rows)


_numbers = itertools.count()


def _made() -> str:
    return f"made-{next(_numbers)}"


def _error(status: int, kind: str, reason: str, **more: Any) -> Json:
    return {"status": status, "error": {"type": kind, "reason": reason, **more}}


def _mapping_error(reason: str, cause: str) -> Json:
    caused_by = {"type": cause, "reason": "it is what it is"}
    return _error(400, "mapper_parsing_exception", reason, caused_by=caused_by)
