"""What the answer to a bulk request says of each record. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pillion.errors import TransientError
from pillion_log_agent.outputs.output import TAKEN, Outcome, Rejection

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_ERRORS = b'"errors":false'
_AGAIN = frozenset({408, 425, 429, *range(500, 600)})
BLOCKED = "cluster_block_exception"
"""A block on writing (403) is a state of the index or the cluster, not a fault of the record."""
_DONE = frozenset({200, 201})
_TAKEN = (b'"status":200', b'"status":201')
"""As an answer without errors has it once for each record; inside a text, quotes are escaped."""
CONFLICT = 409
TOO_LARGE = 413
REASONS = frozenset(
    {
        "action_request_validation_exception",
        "document_missing_exception",
        "document_parsing_exception",
        "illegal_argument_exception",
        "index_closed_exception",
        "index_not_found_exception",
        "invalid_index_name_exception",
        "mapper_parsing_exception",
        "security_exception",
        "strict_dynamic_mapping_exception",
        "validation_exception",
        "version_conflict_engine_exception",
    }
)


class Error(msgspec.Struct):
    """Why a record was refused."""

    type: str = ""
    reason: str | None = ""
    caused_by: Error | None = None


class Item(msgspec.Struct):
    """The result of one record."""

    status: int
    error: Error | str | None = None


class Results(msgspec.Struct):
    """The answer."""

    errors: bool
    items: list[dict[str, Item]] = []


class Refusal(msgspec.Struct):
    """The answer to a request that was refused whole."""

    error: Error | str


_NOT_UNDERSTOOD = (msgspec.DecodeError, UnicodeError, RecursionError)
_decode = msgspec.json.Decoder(Results).decode
_decode_refusal = msgspec.json.Decoder(Refusal).decode
_WORDS = 300
DUPLICATE = "Duplicate field"
"""What Elasticsearch and OpenSearch say of an object that has a name twice."""


def read_results(body: bytes, counts: Sequence[int], *, has_ids: bool) -> Outcome:
    """Return what became of the records of a bulk request that was answered with 200.

    Args:
        body: the answer.
        counts: how many records each batch had.
        has_ids: whether an id that is there already is the same record, sent before.

    Raises:
        TransientError: the answer cannot be understood.
    """
    expected = sum(counts)
    if NO_ERRORS in body[:200] and sum(map(body.count, _TAKEN)) == expected:
        return TAKEN
    try:
        results = _decode(body)
    except _NOT_UNDERSTOOD as error:
        raise TransientError(
            f"the answer to a bulk request cannot be understood: {error}", reason="protocol"
        ) from None
    if len(results.items) != expected or not all(results.items):
        found = sum(map(len, results.items))
        raise TransientError(
            f"the answer to a bulk request does not fit it: {expected} records were sent, "
            f"{found} results came back",
            reason="protocol",
        )
    rejected: list[Rejection] = []
    again: list[tuple[int, int]] = []
    cause = ""
    items = iter(results.items)
    for number, count in enumerate(counts):
        for index in range(count):
            item = next(iter(next(items).values()))
            if item.status in _DONE or (item.status == CONFLICT and has_ids):
                continue
            kind, detail = _words(item.error)
            if item.status in _AGAIN or kind == BLOCKED:
                again.append((number, index))
                cause = cause or f"{item.status} {kind}: {detail}"
            else:
                reason = reason_of(kind, item.status)
                rejected.append(Rejection(number, index, reason, f"{kind}: {detail}"))
    return Outcome(rejected, again, cause=cause)


def read_refusal(body: bytes) -> tuple[str, str]:
    """Return the kind of error, empty where it has none, and the words of a refused request.

    What is not the server's JSON, but a proxy's page, is its own words, up to a length.
    """
    try:
        kind, detail = _words(_decode_refusal(body).error)
    except _NOT_UNDERSTOOD:
        return "", body[:_WORDS].decode("utf-8", "replace")
    return kind, f"{kind}: {detail}" if kind else detail


def reason_of(kind: str, status: int) -> str:
    """Return the word of a bounded set for a refused record."""
    return kind if kind in REASONS else "too_large" if status == TOO_LARGE else str(status)


def _words(error: Error | str | None) -> tuple[str, str]:
    """Return the kind of an error, and its reason with what caused it."""
    if error is None or isinstance(error, str):
        return "", error or ""
    detail = error.reason or ""
    if error.caused_by is not None and error.caused_by.reason:
        detail += f": {error.caused_by.reason}"
    return error.type, detail
