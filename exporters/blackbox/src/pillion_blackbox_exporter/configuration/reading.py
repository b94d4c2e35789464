"""A blackbox.yml into a configuration, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pillion.configuration import Document, convert
from pillion.errors import nearest
from pillion_blackbox_exporter.configuration.kinds import decode
from pillion_blackbox_exporter.configuration.module import PROBER_NAMES, Module
from pillion_blackbox_exporter.configuration.plain import plain

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Configuration:
    """What can be probed for.

    Attributes:
        path: the file that it came from, or a word for people.
        modules: by name.
    """

    path: str
    modules: Mapping[str, Module]


def read(path: str) -> Configuration:
    """Read a blackbox.yml.

    Raises:
        ConfigurationError: with file, line and key.
    """
    return parse(Document.read(path))


def parse(document: Document) -> Configuration:
    """Return the configuration in a document.

    Raises:
        ConfigurationError: with file, line and key.
    """
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        raise document.error((), "must be a mapping with the key 'modules'")
    for key in data:
        if key != "modules":
            raise document.error((key,), "unknown key; there is only 'modules'")
    entries = data.get("modules")
    if entries is None:  # a file that is being written at the moment, as a rule
        raise document.error((), "has no modules; write 'modules: {}' where there shall be none")
    if not isinstance(entries, dict):
        raise document.error(("modules",), "must be a mapping of names to modules")
    return Configuration(document.path, {name: _module(document, name) for name in entries})


def _module(document: Document, name: str) -> Module:
    at = ("modules", name)
    entry = document.data["modules"][name]
    if not isinstance(entry, dict):
        raise document.error(at, "must be a mapping with the key 'prober'")
    made_plain = Document(
        document.path, {"modules": {name: plain(document, Module, at, entry)}}, document.lines
    )
    module = convert(made_plain, Module, at=at, dec_hook=decode)
    if "prober" not in entry:
        raise document.error(at, "lacks the key 'prober'")
    if module.prober not in PROBER_NAMES:
        guess = nearest(module.prober, list(PROBER_NAMES))
        hint = f"did you mean {guess!r}?" if guess else f"there are {', '.join(PROBER_NAMES)}"
        raise document.error((*at, "prober"), f"{module.prober!r} is not a prober; {hint}")
    _check_dns(document, name, entry, module)
    _check_cel(document, name, entry.get("http"), module)
    return module


def _check_dns(document: Document, name: str, entry: object, module: Module) -> None:
    if not isinstance(entry, dict) or entry.get("dns") is None:
        return
    at = ("modules", name, "dns")
    if not module.dns.query_name:
        raise document.error(at, "lacks the key 'query_name'")
    # dns: 0.1 MB
    from pillion_blackbox_exporter.configuration import records  # noqa: PLC0415

    if problem := records.problem_with_name(module.dns.query_name):
        raise document.error((*at, "query_name"), f"{module.dns.query_name!r} {problem}")
    for key, value, is_known in (
        ("query_type", module.dns.query_type, records.is_type),
        ("query_class", module.dns.query_class, records.is_class),
    ):
        if value and not is_known(value):
            raise document.error((*at, key), f"{value!r} is not a DNS {key.removeprefix('query_')}")
    for index, rcode in enumerate(module.dns.valid_rcodes):
        if not records.is_rcode(rcode):
            raise document.error(
                (*at, "valid_rcodes", index), f"{rcode!r} is not a DNS response code"
            )


def _check_cel(document: Document, name: str, section: object, module: Module) -> None:
    for key in ("fail_if_body_json_matches_cel", "fail_if_body_json_not_matches_cel"):
        if not isinstance(section, dict) or section.get(key) is None:
            continue
        expression = getattr(module.http, key)
        # 6 MB, and an extra
        from pillion_blackbox_exporter.configuration import cel  # noqa: PLC0415

        at = ("modules", name, "http", key)
        try:
            cel.compiled(expression)
        except ValueError as error:
            raise document.error(at, str(error)) from None
        except ImportError:
            return  # see `support`
