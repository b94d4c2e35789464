"""The events of the stand-in for the Kubernetes API: a log of changes with resource versions.

As the API's concepts say: a list is read in pages of one version, whose `continue` expires; a watch
begins behind a version, ends after `timeoutSeconds`, sends bookmarks only where they are asked for,
and is refused with 410 where what is behind its version was compacted, and with 504 where there is
no such version yet.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

GONE, TOO_LARGE = 410, 504


@dataclass
class EventLog:
    """What has happened.

    Attributes:
        version: the last one.
        compacted: changes up to it are no longer known.
        changes: kind and object, in order; the object has its version.
        watches: how many are going on.
    """

    version: int = 1000
    compacted: int = 0
    changes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    watches: int = 0
    _changed: list[Callable[[], None]] = field(default_factory=list)
    _ended: int = 0

    def happen(
        self, name: str, *, kind: str = "ADDED", namespace: str = "default", **more: Any
    ) -> dict[str, Any]:
        """Note a change of an event, and tell the watches."""
        self.version += 1
        found = {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "uid": f"uid-of-{name}",
                "resourceVersion": str(self.version),
                "creationTimestamp": "2026-11-24T10:00:00Z",
            },
            "reason": "Scheduled",
            "message": name,
            "type": "Normal",
            **more,
        }
        self.changes.append((kind, found))
        self._tell()
        return found

    def pass_by(self, count: int = 1) -> None:
        """Let the version grow by changes of other things."""
        self.version += count
        self._tell()

    def compact(self) -> None:
        """Forget all changes; what there is stays in the list."""
        self.compacted = self.version

    def end_watches(self) -> None:
        """End those that are going on, as the server does from time to time."""
        self._ended += 1
        self._tell()

    def objects(self) -> list[dict[str, Any]]:
        """Return what there is now."""
        found: dict[str, dict[str, Any]] = {}
        for kind, each in self.changes:
            uid = each["metadata"]["uid"]
            found.pop(uid, None)
            if kind != "DELETED":
                found[uid] = each
        # A list is in the order of names.
        return sorted(found.values(), key=lambda each: str(each["metadata"]["name"]))

    async def answer(
        self, query: dict[str, str], namespace: str | None, writer: asyncio.StreamWriter
    ) -> None:
        """Answer a list or a watch."""
        if "watch" not in query:
            self._list(query, namespace, writer)
            return
        seen = int(query["resourceVersion"])
        if seen < self.compacted:
            send(writer, GONE, status(GONE, "Expired"))
        elif seen > self.version:
            send(writer, TOO_LARGE, status(TOO_LARGE, "Timeout"))
        else:
            await self._watch(query, namespace, seen, writer)

    def _list(
        self, query: dict[str, str], namespace: str | None, writer: asyncio.StreamWriter
    ) -> None:
        start, version = 0, self.version
        if "continue" in query:
            start, version = map(int, query["continue"].split("-"))
            if version < self.compacted:
                send(writer, GONE, status(GONE, "Expired"))
                return
        items = [each for each in self.objects() if _is_in(each, namespace)]
        end = start + int(query.get("limit", len(items) or 1))
        meta = {"resourceVersion": str(version)}
        if end < len(items):
            meta["continue"] = f"{end}-{version}"
        send(writer, 200, {"kind": "EventList", "metadata": meta, "items": items[start:end]})

    async def _watch(
        self, query: dict[str, str], namespace: str | None, seen: int, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        wake = asyncio.Event()
        loop = asyncio.get_running_loop()

        def tell() -> None:
            loop.call_soon_threadsafe(wake.set)

        self._changed.append(tell)
        self.watches += 1
        until, end = self._ended, loop.time() + int(query["timeoutSeconds"])
        try:
            while self._ended == until and loop.time() < end:
                wake.clear()
                for kind, each in list(self.changes):
                    if int(each["metadata"]["resourceVersion"]) > seen and _is_in(each, namespace):
                        _chunk(writer, {"type": kind, "object": each})
                if query.get("allowWatchBookmarks") == "true" and self.version > seen:
                    meta = {"resourceVersion": str(self.version)}
                    _chunk(
                        writer, {"type": "BOOKMARK", "object": {"kind": "Event", "metadata": meta}}
                    )
                seen = self.version
                await writer.drain()
                try:
                    await asyncio.wait_for(wake.wait(), max(end - loop.time(), 0))
                except TimeoutError:
                    break
            writer.write(b"0\r\n\r\n")
        finally:
            self._changed.remove(tell)
            self.watches -= 1

    def _tell(self) -> None:
        for each in self._changed:
            each()


def status(code: int, reason: str) -> dict[str, Any]:
    """Return a Status, as the API says what went wrong."""
    return {"kind": "Status", "code": code, "reason": reason, "message": reason}


def send(writer: asyncio.StreamWriter, code: int, value: dict[str, Any]) -> None:
    """Write a whole answer."""
    body = json.dumps(value).encode()
    writer.write(
        f"HTTP/1.1 {code} X\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


def _chunk(writer: asyncio.StreamWriter, value: dict[str, Any]) -> None:
    line = json.dumps(value).encode() + b"\n"
    writer.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")


def _is_in(found: dict[str, Any], namespace: str | None) -> bool:
    return namespace is None or found["metadata"]["namespace"] == namespace
