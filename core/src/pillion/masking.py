"""URLs without their secrets, for everything that is shown: pages, logs, labels, errors. Pure.

masked_url("http://u:p@host/path?token=x")    # http://<secret>@host/path?token=<secret>
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

MASK = "<secret>"
SHORTEST = 4
"""Shorter texts are not looked for in other texts: they would be found everywhere."""

_URL = re.compile(r"(?P<before>[A-Za-z][A-Za-z0-9+.-]*://)(?P<rest>\S+)")
_HOST_PORT = re.compile(r"(?:\[[^\]]*\]|[^:@/?#\[\]]+)(?::[0-9]*)?")
_QUERY = re.compile(r"([?&;])([^&;#=]*)(=?)([^&;#]*)")


def masked_url(text: str) -> str:
    """Return a URL, or a text with URLs in it, with users and the values of queries masked.

    A password may have `/`, `?` and `#` in it, though it should not: what stands before the
    last `@` is masked wherever the part before the first of them is no host and port.
    """
    if "://" not in text or not _may_hide(text):
        return text
    return _URL.sub(lambda match: match["before"] + _masked_rest(match["rest"]), text)


def masked_target(text: str) -> str:
    """Return a target, with a scheme or without one, as `masked_url` does."""
    if not _may_hide(text):
        return text
    return masked_url(text) if "://" in text else _masked_rest(text)


def secrets_of_target(text: str) -> Iterator[str]:
    """Yield what is masked in a target and long enough to be looked for elsewhere."""
    rest = text.partition("://")[2] if "://" in text else text
    end = _end_of_user(rest)
    user, _, password = rest[: max(0, end - 1)].partition(":")
    found = [rest[: max(0, end - 1)], password or user]
    found += re.split(r"[/?#@:]", password)  # as an error of a parser may quote a part of it
    found += [match[4] or match[2] for match in _QUERY.finditer(_query(rest[end:]))]
    for each in found:
        yield from (form for form in {each, unquote(each)} if len(form) >= SHORTEST)


def _may_hide(text: str) -> bool:
    """Whether there can be a user or a query in a text."""
    return "@" in text or "?" in text


def _masked_rest(rest: str) -> str:
    end = _end_of_user(rest)
    shown = f"{MASK}@{rest[end:]}" if end else rest
    query = _query(shown)
    if not query:
        return shown
    return shown[: -len(query)] + _QUERY.sub(_masked_part, query)


def _masked_part(match: re.Match[str]) -> str:
    separator, name, equals, value = match.groups()
    if not name and not value:
        return match[0]
    return f"{separator}{name}={MASK}" if equals else f"{separator}{MASK}"


def _query(rest: str) -> str:
    return rest[rest.index("?") :] if "?" in rest else ""


def _end_of_user(rest: str) -> int:
    """Return where the user of a URL ends, behind its `@`; 0 where there is none."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        return authority.rindex("@") + 1
    if ":" not in authority or "@" not in rest or authority.startswith("["):
        return 0
    is_host_port = _HOST_PORT.fullmatch(authority) is not None
    before_query = re.split(r"[?#]", rest, maxsplit=1)[0]
    return (before_query if is_host_port else rest).rfind("@") + 1
