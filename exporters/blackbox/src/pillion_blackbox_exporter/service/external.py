"""The address from outside, and what every path begins with. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pillion.settings import Kind

if TYPE_CHECKING:
    from pillion.settings import Values


def _parse_external_url(text: str) -> str:
    if text and (text[0] in "\"'" or text[-1] in "\"'"):
        raise ValueError("begins or ends with a quote; write the URL without it")
    parts = urlsplit(text)
    if text and not (parts.scheme in ("http", "https") and parts.netloc):
        raise ValueError("is no URL; write one such as https://example.org/blackbox")
    return text


def _parse_prefix(text: str) -> str:
    if any(not "!" <= letter <= "~" or letter in "?#" for letter in text):
        raise ValueError("is no path; write one such as /blackbox")
    return text


EXTERNAL_URL: Kind[str] = Kind("URL", _parse_external_url)
ROUTE_PREFIX: Kind[str] = Kind("PATH", _parse_prefix)


def route_prefix(values: Values) -> str:
    """Return what every path begins with: nothing, or `/blackbox`."""
    from pillion_blackbox_exporter.service.settings import BlackboxSettings  # noqa: PLC0415

    settings = values[BlackboxSettings]
    prefix = settings.route_prefix or urlsplit(settings.external_url).path
    return "/" + prefix.strip("/") if prefix.strip("/") else ""
