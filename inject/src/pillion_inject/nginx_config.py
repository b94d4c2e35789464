"""Where an nginx configuration has its status page, read from its text."""

from __future__ import annotations

import re
from dataclasses import dataclass

TOKEN = re.compile(r"""#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|[^\s{};"']+""")


@dataclass(frozen=True, slots=True)
class StatusPage:
    """A location with `stub_status`.

    Attributes:
        uri: as the exporter asks for it, from within the pod.
        is_denied: whether loopback is not allowed to read it.
    """

    uri: str
    is_denied: bool


@dataclass(slots=True)
class _Block:
    words: list[str]
    listens: list[list[str]]
    rules: list[list[str]]
    has_status: bool = False


def status_pages(text: str) -> list[StatusPage]:
    """Return the status pages of a configuration, in order; a broken one has none.

    Directives are those of ngx_http_stub_status_module, `listen` and `allow` and `deny`.
    """
    found: list[tuple[_Block, _Block]] = []
    stack = [_Block([], [], [])]
    words: list[str] = []
    for word in TOKEN.findall(text):
        if word.startswith("#"):
            continue
        if word == ";":
            _directive(stack[-1], words)
            words = []
        elif word == "{":
            stack.append(_Block(words, [], []))
            words = []
        elif word == "}" and len(stack) > 1:
            block = stack.pop()
            words = []
            if block.has_status:
                servers = [outer for outer in stack if outer.words[:1] == ["server"]]
                found.append((servers[-1] if servers else _Block([], [], []), block))
        else:
            words.append(word.strip("\"'"))
    return [page for server, location in found if (page := _page(server, location))]


def _directive(block: _Block, words: list[str]) -> None:
    match words[:1]:
        case ["stub_status"]:
            block.has_status = True
        case ["listen"]:
            block.listens.append(words[1:])
        case ["allow" | "deny"]:
            block.rules.append(words)


def _page(server: _Block, location: _Block) -> StatusPage | None:
    path = location.words[-1] if location.words[:1] == ["location"] else "/"
    if not path.startswith("/"):
        return None  # A regular expression or a named location.
    for listen in server.listens or [["80"]]:
        address, *options = listen
        if address.startswith("unix:"):
            continue
        host, _, port = address.rpartition(":")
        if not port.isdigit():
            host, port = address, "80"
        host = "localhost" if host in ("", "*", "0.0.0.0", "[::]") else host  # noqa: S104
        scheme = "https" if "ssl" in options else "http"
        where = host if port == {"http": "80", "https": "443"}[scheme] else f"{host}:{port}"
        return StatusPage(f"{scheme}://{where}{path}", _is_denied(location.rules))
    return None


def _is_denied(rules: list[list[str]]) -> bool:
    for verb, *addresses in rules:
        if addresses and addresses[0] in ("all", "127.0.0.1", "127.0.0.0/8", "::1", "localhost"):
            return verb == "deny"
    return False
