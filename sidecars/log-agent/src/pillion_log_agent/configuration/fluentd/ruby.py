"""`#{...}` in values: the usual forms, without Ruby. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_EMBEDDED = re.compile(r"#\{(.*?)\}")
_NAME = r"""['"](?P<name>[^'"]+)['"]"""
_OTHER = r"""(?:'(?P<one>[^']*)'|"(?P<two>[^"]*)")"""
_VARIABLE = re.compile(
    rf"\s*ENV(?:\[{_NAME}\](?:\s*\|\|\s*{_OTHER})?|\.fetch\(\s*{_NAME.replace('name', 'fetched')}"
    rf"(?:\s*,\s*{_OTHER.replace('one', 'three').replace('two', 'four')})?\s*\))\s*"
)
_HOST = ("Socket.gethostname", "hostname")


def expand(text: str, environment: Mapping[str, str], hostname: str) -> str:
    """Return a value with its embedded Ruby replaced.

    Raises:
        ValueError: there is Ruby that is not one of the usual forms.
    """

    def value(match: re.Match[str]) -> str:
        code = match[1]
        if code.strip() in _HOST:
            return hostname
        if code.strip() == "worker_id":
            return "0"
        found = _VARIABLE.fullmatch(code)
        if found is None:
            raise ValueError(
                f"has the Ruby #{{{code}}}; use #{{ENV['NAME']}}, #{{ENV['NAME'] || 'default'}} or "
                "#{Socket.gethostname}"
            )
        name = found["name"] or found["fetched"]
        default = next((each for each in found.group("one", "two", "three", "four") if each), "")
        return environment.get(name, default)

    return _EMBEDDED.sub(value, text)
