"""The address from outside, and what every path begins with. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from pillion.settings import Kind


def _parse_external_url(text: str) -> str:
    if text and (text[0] in "\"'" or text[-1] in "\"'"):
        raise ValueError("begins or ends with a quote; write the URL without it")
    parts = urlsplit(text)
    if text and not (parts.scheme in ("http", "https") and parts.netloc):
        raise ValueError("is not a URL; write one such as https://example.org/blackbox")
    return text


def _parse_prefix(text: str) -> str:
    if any(not "!" <= letter <= "~" or letter in "?#" for letter in text):
        raise ValueError("is not a path; write one such as /blackbox")
    return text


EXTERNAL_URL: Kind[str] = Kind("URL", _parse_external_url)
ROUTE_PREFIX: Kind[str] = Kind("PATH", _parse_prefix)
