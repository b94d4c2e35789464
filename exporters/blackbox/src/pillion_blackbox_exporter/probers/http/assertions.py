"""Whether a response is what a module wants: status, version, headers, content."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pillion_blackbox_exporter.configuration.kinds import valid_utf8
from pillion_blackbox_exporter.failure import ProbeError

if TYPE_CHECKING:
    from pillion.net import Head
    from pillion_blackbox_exporter.configuration.http import HttpSection
    from pillion_blackbox_exporter.failure import Reason

IN_PLACE_LIMIT = 64 * 1024
_GOOD = range(200, 300)


def judge_status(section: HttpSection, status: int, *, redirects: int = 0) -> None:
    """Raise ProbeError when the status is none of the valid ones.

    Args:
        section: which are valid.
        status: the last response's.
        redirects: how many there were when no more was followed; 0 where that was not why.
    """
    reason: Reason = "redirect" if redirects else "status"
    after = f" after {redirects} redirects, and no more is followed" if redirects else ""
    if section.valid_status_codes:
        if status not in section.valid_status_codes:
            valid = ", ".join(str(code) for code in section.valid_status_codes)
            raise ProbeError(reason, f"the status is {status}{after}, not one of {valid}")
    elif status not in _GOOD:
        raise ProbeError(reason, f"the status is {status}{after}, not 2xx")


def judge_version(section: HttpSection, version: str) -> None:
    """Raise ProbeError when the version of HTTP is none of the valid ones."""
    if section.valid_http_versions and version not in section.valid_http_versions:
        valid = ", ".join(section.valid_http_versions)
        raise ProbeError("version", f"the version is {version}, not one of {valid}")


def judge_headers(section: HttpSection, head: Head) -> None:
    """Raise ProbeError when a header matches that must not, or none does that must."""
    for match in section.fail_if_header_matches:
        assert match.regexp is not None
        values = _values(head, match.header, allow_missing=match.allow_missing)
        if any(match.regexp.found(value) for value in values):
            raise ProbeError("header", f"the header {match.header} matches {match.regexp.source!r}")
    for match in section.fail_if_header_not_matches:
        assert match.regexp is not None
        values = _values(head, match.header, allow_missing=match.allow_missing)
        if values and not any(match.regexp.found(value) for value in values):
            raise ProbeError(
                "header", f"the header {match.header} does not match {match.regexp.source!r}"
            )


async def judge_body(section: HttpSection, body: bytes) -> None:
    """Raise ProbeError when the content matches that must not, or does not that must.

    A large one is matched in a thread: RE2 lets go of the interpreter, so that no other probe
    waits for it.
    """
    if len(body) > IN_PLACE_LIMIT:
        await asyncio.to_thread(_judge_body, section, body)
    else:
        _judge_body(section, body)


async def judge_json(section: HttpSection, body: bytes) -> None:
    """Raise ProbeError when the content is no JSON, or a CEL expression is against it."""
    from pillion_blackbox_exporter.probers.http import cel  # noqa: PLC0415  # 6 MB, an extra

    must_not = section.fail_if_body_json_matches_cel
    must = section.fail_if_body_json_not_matches_cel
    if len(body) > IN_PLACE_LIMIT:
        await asyncio.to_thread(cel.judge, body, must_not, must)
    else:
        cel.judge(body, must_not, must)


def _judge_body(section: HttpSection, body: bytes) -> None:
    body = valid_utf8(body)
    for pattern in section.fail_if_body_matches_regexp:
        if pattern.found(body):
            raise ProbeError("regex", f"the content matches {pattern.source!r}")
    for pattern in section.fail_if_body_not_matches_regexp:
        if not pattern.found(body):
            raise ProbeError("regex", f"the content does not match {pattern.source!r}")


def _values(head: Head, name: str, *, allow_missing: bool) -> list[bytes]:
    values = [value.encode() for value in head.all(name.lower())]
    if not values and not allow_missing:
        raise ProbeError("header", f"the header {name} is missing")
    return values
