"""A settings file: the same settings as YAML, nested by the dots of their names.

nginx:
  scrape-uri: [http://127.0.0.1/stub_status]
  timeout: 2s
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pillion.configuration import Document
from pillion.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pillion.configuration import KeyPath
    from pillion.settings.declaration import Setting


class Written(NamedTuple):
    """A setting in a file.

    Attributes:
        item: which one.
        texts: its values as written, each of them right; one unless it may be repeated.
        values: what they mean.
    """

    item: Setting
    texts: tuple[str, ...]
    values: tuple[object, ...]


def read_settings(
    path: str, known: list[Setting], read: Callable[[str], str] | None = None
) -> dict[str, object]:
    """Return the values in a settings file by the names of the settings.

    Raises:
        ConfigurationError: it cannot be read, or a key or value is wrong; with its line.
    """
    document = Document.parse(read(path), path) if read else Document.read(path)
    by_name = {item.name: item for item in known}
    return {
        each.item.name: each.values if each.item.is_repeated else each.values[0]
        for each in settings_in(document, document.data, (), by_name)
    }


def settings_in(
    document: Document, data: Any, at: KeyPath, known: Mapping[str, Setting], prefix: str = ""
) -> Iterator[Written]:
    """Yield the settings in a mapping of a document.

    Args:
        document: what errors name.
        data: the mapping.
        at: where it stands in the document.
        known: the settings by their names.
        prefix: what the names of the mapping's keys begin with (`nginx.`).

    Raises:
        ConfigurationError: a key or value is wrong; with its line.
    """
    if not isinstance(data, dict):
        raise document.error(at, "must be a mapping")
    for key, value in data.items():
        here, name = (*at, key), f"{prefix}{key}"
        if name in known:
            yield _written(document, known[name], here, value)
        elif any(setting.startswith(f"{name}.") for setting in known):
            yield from settings_in(document, value, here, known, f"{name}.")
        else:
            guess = nearest(name, list(known))
            hint = f"; did you mean {guess!r}?" if guess else ""
            raise document.error(here, f"unknown setting{hint}")


def _written(document: Document, item: Setting, at: KeyPath, value: Any) -> Written:
    if item.is_repeated and isinstance(value, list):
        parts = [((*at, index), part) for index, part in enumerate(value)]
    else:
        parts = [(at, value)]
    texts = tuple(_text(document, item, where, part) for where, part in parts)
    values = tuple(
        _parsed(document, item, where, text) for (where, _), text in zip(parts, texts, strict=True)
    )
    return Written(item, texts, values)


def _text(document: Document, item: Setting, at: KeyPath, value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        raise document.error(at, f"must be one value, a {item.kind.name}")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parsed(document: Document, item: Setting, at: KeyPath, text: str) -> object:
    try:
        return item.kind.parse(text)
    except ValueError as error:
        raise document.error(at, f"{text!r} {error}") from None
