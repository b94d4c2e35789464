"""A settings file: the same settings as YAML, nested by the dots of their names.

nginx:
  scrape-uri: [http://127.0.0.1/stub_status]
  timeout: 2s
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pillion.configuration import Document
from pillion.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pillion.configuration import KeyPath
    from pillion.settings.declaration import Setting


def read_settings(
    path: str, known: list[Setting], read: Callable[[str], str] | None = None
) -> dict[str, object]:
    """Return the values in a settings file by the names of the settings.

    Raises:
        ConfigurationError: it cannot be read, or a key or value is wrong; with its line.
    """
    document = Document.parse(read(path), path) if read else Document.read(path)
    values: dict[str, object] = {}
    _collect(document, document.data, (), {item.name: item for item in known}, values)
    return values


def _collect(
    document: Document,
    data: Any,
    at: KeyPath,
    known: dict[str, Setting],
    values: dict[str, object],
) -> None:
    if not isinstance(data, dict):
        raise document.error(at, "must be a mapping")
    for key, value in data.items():
        here = (*at, key)
        name = ".".join(str(part) for part in here)
        if name in known:
            values[name] = _value(document, known[name], here, value)
        elif any(setting.startswith(f"{name}.") for setting in known):
            _collect(document, value, here, known, values)
        else:
            guess = nearest(name, list(known))
            hint = f"; did you mean {guess!r}?" if guess else ""
            raise document.error(here, f"unknown setting{hint}")


def _value(document: Document, item: Setting, at: KeyPath, value: Any) -> object:
    if not item.is_repeated:
        return _scalar(document, item, at, value)
    if not isinstance(value, list):
        value = [value]
    return tuple(_scalar(document, item, (*at, index), part) for index, part in enumerate(value))


def _scalar(document: Document, item: Setting, at: KeyPath, value: Any) -> object:
    if value is None or isinstance(value, dict | list):
        raise document.error(at, f"must be one value, a {item.kind.name}")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return item.kind.parse(text)
    except ValueError as error:
        raise document.error(at, f"{text!r} {error}") from None
