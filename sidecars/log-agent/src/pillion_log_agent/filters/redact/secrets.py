"""Detectors of secrets: each has a few letters that it cannot be without. Pure.

The letters are looked for by `str.find`, which takes a tenth of a nanosecond for a character; a
pattern is tried only where they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pillion_log_agent.filters.redact.finding import FOLDED

if TYPE_CHECKING:
    from collections.abc import Collection

    from pillion_log_agent.filters.redact.finding import Replace, Scan

_TOKEN = r"[A-Za-z0-9._~+/=-]"  # noqa: S105  # it is the alphabet of RFC 6750
_LINE_END = rf"(?:\\r|\\n|[\r{FOLDED} ])"


class Anchored(NamedTuple):
    """What one detector looks for.

    Attributes:
        detector: its name.
        letters: that it has.
        pattern: is tried where they begin; its first group is the secret.
    """

    detector: str
    letters: str
    pattern: re.Pattern[str]


def _anchored(detector: str, letters: str, pattern: str) -> Anchored:
    return Anchored(detector, letters, re.compile(pattern, re.ASCII))


_AFTER_A_NAME = r"""(?:\\?["']?\s{0,2}[:=]\s{0,2}\\?["']?)"""
_ASSIGNED = r"""(?:\\?["']: ?\\?["']|=\\?["']?)"""
_NOT_MASKED = r"(?!\[[a-z_]+[\]:])"
_PASSWORD = r"""([^\s"'\\&,;]{3,128})"""  # noqa: S105  # it is what one is made of
ANCHORED = (
    _anchored(
        "private_key",
        "-----BEGIN ",
        r"(-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        # Where its end is cut off, whatever may be a part of it is.
        rf"(?:{_LINE_END}|[A-Za-z0-9+/=:,.]|-(?!----END))*+"
        r"(?:-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----)?)",
    ),
    _anchored("jwt", "eyJ", r"(?<![\w-])(eyJ[\w-]{8,}+\.eyJ[\w-]{8,}+\.[\w-]*+)"),
    *(
        _anchored("aws_key", letters, rf"(?<![A-Za-z0-9])({letters}[A-Z2-7]{{16}})(?![A-Za-z0-9])")
        for letters in ("AKIA", "ASIA")
    ),
    *(
        _anchored("aws_key", letters, rf"{letters}{_AFTER_A_NAME}([A-Za-z0-9/+]{{40}})(?!{_TOKEN})")
        for letters in ("secret_access_key", "SECRET_ACCESS_KEY", "ecretAccessKey")
    ),
    _anchored("gcp_key", "AIza", r"(?<!\w)(AIza[\w-]{35})(?![\w-])"),
    _anchored("gcp_key", "ya29.", r"(?<!\w)(ya29\.[\w-]{20,}+)"),
    _anchored("gcp_key", "GOCSPX-", r"(?<!\w)(GOCSPX-[\w-]{28})(?![\w-])"),
    *(
        _anchored("github_token", letters, rf"(?<!\w)({letters}[A-Za-z0-9]{{36,255}}+)(?!\w)")
        for letters in ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")
    ),
    _anchored("github_token", "github_pat_", r"(?<!\w)(github_pat_\w{22,255}+)(?!\w)"),
    *(
        _anchored("bearer", letters, rf"(?<=[Bb]){letters}++\s?(?!\[)({_TOKEN}{{16,}}+)")
        for letters in ("earer ", "EARER ")
    ),
    *(
        _anchored(
            "bearer",
            letters,
            rf"{letters}{_AFTER_A_NAME}(?:Basic|Token|ApiKey|basic|token) {{1,2}}({_TOKEN}{{8,}}+)",
        )
        for letters in ("uthorization", "UTHORIZATION")
    ),
    *(
        _anchored("api_key", letters, rf"(?<![\w-])({re.escape(letters)}{rest})(?![\w-])")
        for letters, rest in (
            ("xoxb-", r"[\w-]{10,}+"),
            ("xoxp-", r"[\w-]{10,}+"),
            ("xoxa-", r"[\w-]{10,}+"),
            ("sk_live_", r"\w{16,}+"),
            ("rk_live_", r"\w{16,}+"),
            ("glpat-", r"[\w-]{20,}+"),
            ("npm_", r"[A-Za-z0-9]{36}"),
            ("SG.", r"[\w-]{22}\.[\w-]{43}"),
            ("sk-proj-", r"[\w-]{20,}+"),
            ("sk-ant-", r"[\w-]{20,}+"),
        )
    ),
    _anchored(
        "password",
        "://",
        r"""://[^\s/:@"'\\]{0,64}:(?!\[[a-z_]+[\]:])([^\s/@"'\\]{1,128})@(?=[\w.\[-])""",
    ),
    *(
        _anchored("password", letters, rf"{letters}{_ASSIGNED}{_NOT_MASKED}{_PASSWORD}")
        for letters in ("assword", "ASSWORD", "asswd")
    ),
)
"""In the order in which they are looked for."""
_HINTS = ("xox", "k_live_", "sk-", "assw", "ccess_key", "CCESS_KEY")
"""Letters that several of them have."""


def secrets(detectors: Collection[str]) -> Scan | None:
    """Return what looks for the secrets among some detectors; None where there are none."""
    wanted: dict[bytes, list[Anchored]] = {}
    for each in ANCHORED:
        if each.detector in detectors:
            hint = next((hint for hint in _HINTS if hint in each.letters), each.letters)
            wanted.setdefault(hint.encode(), []).append(each)
    if not wanted:
        return None

    def scan(block: str, replace: Replace) -> str:
        # Letters are found in a quarter of the time where a character is a byte.
        data = block.encode("utf-8", "surrogatepass")
        for hint, anchored in wanted.items():
            if hint in data:
                for each in anchored:
                    block = _replaced(block, each, replace)
        return block

    return scan


def _replaced(block: str, anchored: Anchored, replace: Replace) -> str:
    detector, letters, pattern = anchored
    pieces: list[str] = []
    done = 0
    place = block.find(letters)
    while place >= 0:
        match = pattern.match(block, place)
        if match is None:
            place = block.find(letters, place + len(letters))
            continue
        start, done_now = match.span(1)
        pieces += [block[done:start], replace(detector, match[1])]
        done = done_now
        place = block.find(letters, max(done, place + len(letters)))
    pieces.append(block[done:])
    return "".join(pieces)
