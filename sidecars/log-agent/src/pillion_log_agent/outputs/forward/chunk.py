"""A batch as a chunk of the forward protocol. Pure."""

from __future__ import annotations

import base64
import gzip
import hashlib
from typing import TYPE_CHECKING, Any

import msgpack
import msgspec

from pillion_log_agent.patterns.times import SECOND

if TYPE_CHECKING:
    from pillion_log_agent.outputs.forward.properties import ForwardProperties
    from pillion_log_agent.records.batch import Batch

_encode = msgspec.msgpack.Encoder().encode
_ARRAY_32 = 1 << 16
_COMPRESSION = 6


def chunk_of(batch: Batch, properties: ForwardProperties) -> tuple[str, bytes]:
    """Return the id of a chunk and its bytes, in PackedForward mode.

    A batch that is sent again has the same id: a server that has it already can tell.
    """
    events = _events(batch, is_integer=properties.time_as_integer)
    name = _name(batch, events)
    options: dict[str, Any] = {key: value for key, value in properties.add_option}  # noqa: C416  # as above
    if properties.send_options:
        options["size"] = len(batch)
    if properties.require_ack_response:
        options["chunk"] = name
    if properties.compress == "gzip":
        events = gzip.compress(events, _COMPRESSION)
        options["compressed"] = "gzip"
    tag = properties.tag or batch.tag
    return name, msgpack.packb([tag, events, options] if options else [tag, events])


def _events(batch: Batch, *, is_integer: bool) -> bytes:
    times = batch.times.nanoseconds()
    shown: list[Any]
    if is_integer:
        shown = [time // SECOND for time in times]
    else:
        shown = [_event_time(time) for time in times]
    packed = _encode(list(zip(shown, batch.decoded(), strict=True)))
    head = 1 if len(batch) < 16 else 3 if len(batch) < _ARRAY_32 else 5  # noqa: PLR2004  # array headers
    return packed[head:]


def _event_time(time: int) -> msgspec.msgpack.Ext:
    seconds, rest = divmod(max(time, 0), SECOND)
    return msgspec.msgpack.Ext(
        0, min(seconds, 0xFFFFFFFF).to_bytes(4, "big") + rest.to_bytes(4, "big")
    )


def _name(batch: Batch, events: bytes) -> str:
    digest = hashlib.blake2b(events, digest_size=16)
    offsets = batch.offsets
    place = f"{batch.origin.input} {batch.origin.identity} {batch.tag} {offsets[0]} {offsets[-1]}"
    digest.update(place.encode("utf-8", "replace"))
    return base64.b64encode(digest.digest()).decode()
