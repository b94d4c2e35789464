"""The configuration file: a mapping from a role to its settings.

nginx-exporter:
  nginx.scrape-uri: [http://127.0.0.1:8080/stub_status]
log-streamer:
  paths: [/var/log/app/*.log]
  state.dir: /var/lib/pillion
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pillion.configuration import Document
from pillion.errors import nearest
from pillion.settings.file import settings_in
from pillion_sidecar.configuration.given import Given, settings_of, why_refused
from pillion_sidecar.roles import ROLES, load

if TYPE_CHECKING:
    from typing import Any


def read_file(path: str) -> dict[str, Given]:
    """Return what a file says of each role that it names.

    Raises:
        ConfigurationError: it cannot be read, or a role, setting or value is wrong; with its line.
    """
    document = Document.read(path)
    if not isinstance(document.data, dict):
        raise document.error((), "must be a mapping from a role to its settings")
    return {name: _role(document, name, data) for name, data in document.data.items()}


def _role(document: Document, name: str, data: Any) -> Given:
    if name not in ROLES:
        guess = nearest(name, list(ROLES))
        hint = f"did you mean {guess!r}?" if guess else f"there are {', '.join(ROLES)}"
        raise document.error((name,), f"unknown role; {hint}")
    role, given = load(name), Given()
    if data is None:  # all by default
        return given
    for written in settings_in(document, data, (name,), settings_of(role)):
        reason = why_refused(role, written.item.name)
        if reason is not None:
            raise document.error((name,), f"{written.item.name}: {reason}")
        for text in written.texts:
            given = given.with_value(role, written.item, text)
    return given
