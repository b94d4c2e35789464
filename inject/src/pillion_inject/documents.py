"""The documents of a YAML or JSON file, changed without touching what is not changed.

A file is cut at its `---` lines; documents that nothing is added to keep every byte. Of others only
the lines that differ are replaced: both versions are written by ruamel.yaml, and the difference of
the two is applied to the original text. Where its writing has other lines than the original (flow
collections over several lines, lists indented in two ways), the whole document is written anew.
"""

from __future__ import annotations

import difflib
import io
import json
import re
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarstring import LiteralScalarString

from pillion_inject.errors import InjectError

SEPARATOR = re.compile(r"(?m)^(---[ \t]*(?:#.*)?\n)")
# Blank lines and comments at the left edge, which no block scalar can hold.
TAIL = re.compile(r"(?:[ \t]*\n|#.*(?:\n|\Z))+\Z")
KEEPS_BLANK_LINES = re.compile(r"(?m)[|>]\d?\+\d?[ \t]*(?:#.*)?$")
FIRST_STEP = re.compile(r"(?m)^[\w./-]+:[ \t]*(?:#.*)?\n(?:[ \t]*(?:#.*)?\n)*( +)[^ #-]")
INDENTED_SEQUENCE = re.compile(r"(?m)^( *)[\w./-]+:[ \t]*(?:#.*)?\n(?:[ \t]*(?:#.*)?\n)*( *)- ")


@dataclass(slots=True)
class Document:
    """One document of a file.

    Attributes:
        text: as it stands in the file, without the separator.
        tree: what it holds; None for one that is empty. Change it in place.
        line: where it begins in the file, from 1.
    """

    text: str
    tree: Any
    line: int

    def render(self) -> str:
        """Return the text of the document as its tree is now."""
        if _is_json(self.text):
            return _render_json(self.text, self.tree)
        body, tail = _cut_tail(self.text)
        writer = _writer(body)
        before = _load(writer, body)
        if _plain(before) == _plain(self.tree):
            return self.text
        after = _dump(writer, self.tree)
        merged = _merge(body, _dump(writer, before), after)
        if merged is None or not _holds(merged, self.tree):
            merged = after
        return merged + tail


class File:
    """The documents of one file, and how to write it again.

    Raises:
        InjectError: it is not YAML; the message has the name and the line.
    """

    __slots__ = ("_is_crlf", "_parts", "documents", "name")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._is_crlf = "\r\n" in text
        self._parts: list[str | Document] = []
        self.documents: list[Document] = []
        line = 1
        for index, part in enumerate(SEPARATOR.split(text.replace("\r\n", "\n"))):
            if index % 2:
                self._parts.append(part)
            else:
                self._add(part, line)
            line += part.count("\n")

    def _add(self, text: str, line: int) -> None:
        found = Document(text, parse(text, self.name, line), line)
        self._parts.append(found)
        self.documents.append(found)

    def append(self, tree: dict[str, Any]) -> None:
        """Add a document at the end."""
        text = _dump(_writer(""), _literal(tree))
        last = self.documents[-1].text
        self._parts += ["\n" if last and not last.endswith("\n") else "", "---\n"]
        self._add(text, 0)

    def remove(self, document: Document) -> None:
        """Take a document out, and the separator before it."""
        at = self._parts.index(document)
        del self._parts[max(at - 1, 0) : at + 1]
        self.documents.remove(document)

    def render(self) -> str:
        """Return the text of the file as its documents are now."""
        text = "".join(part if isinstance(part, str) else part.render() for part in self._parts)
        return text.replace("\n", "\r\n") if self._is_crlf else text


def parse(text: str, name: str, line: int) -> Any:
    """Return what a document holds; `line` is where it begins in the file.

    Raises:
        InjectError: it is not YAML.
    """
    if _is_json(text):
        try:
            return json.loads(text)
        except ValueError:
            pass  # A flow mapping of YAML begins like JSON.
    try:
        return _load(_writer(text), _cut_tail(text)[0])
    except MarkedYAMLError as error:
        at = line + (error.problem_mark.line if error.problem_mark else 0)
        hint = "; render a chart's templates with `helm template` first" if "{{" in text else ""
        raise InjectError(f"{name}:{at}: invalid YAML: {error.problem}{hint}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise InjectError(f"{name}:{line}: invalid YAML: {str(error).splitlines()[0]}") from None


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _render_json(text: str, tree: Any) -> str:
    if json.loads(text) == tree:
        return text
    found = re.search(r"\{\n([ \t]+)", text)
    indent = found[1] if found else None
    return json.dumps(tree, indent=indent, ensure_ascii=False) + text[len(text.rstrip()) :]


def _cut_tail(text: str) -> tuple[str, str]:
    if KEEPS_BLANK_LINES.search(text) or not (found := TAIL.search(text)):
        return text, ""
    start = found.start()
    if start and text[start - 1] != "\n":
        start = text.index("\n", start) + 1 if "\n" in text[start:] else len(text)
    return text[:start], text[start:]


def _writer(text: str) -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    found = INDENTED_SEQUENCE.search(text)
    offset = len(found[2]) - len(found[1]) if found else 2
    step = FIRST_STEP.search(text)
    yaml.indent(mapping=len(step[1]) if step else 2, sequence=offset + 2, offset=offset)
    return yaml


def _load(yaml: YAML, text: str) -> Any:
    return yaml.load(text)


def _dump(yaml: YAML, tree: Any) -> str:
    stream = io.StringIO()
    yaml.dump(tree, stream)
    return stream.getvalue().removesuffix("...\n")


def _holds(text: str, tree: Any) -> bool:
    try:
        return _plain(_load(_writer(text), text)) == _plain(tree)
    except YAMLError:
        return False


def _literal(tree: Any) -> Any:
    """Return a tree whose texts of several lines are block scalars."""
    if isinstance(tree, dict):
        return {key: _literal(value) for key, value in tree.items()}
    if isinstance(tree, str) and "\n" in tree:
        return LiteralScalarString(tree)
    return tree


def _plain(tree: Any) -> str:
    """Return a form in which trees are compared, whatever wrote their scalars; order counts."""
    return json.dumps(tree, default=str)


def _merge(original: str, before: str, after: str) -> str | None:
    """Apply the difference of two writings to the text that the first was read from."""
    ours = original.splitlines()
    first, second = before.splitlines(), after.splitlines()
    if len(ours) != len(first):
        return None
    merged: list[str] = []
    match = difflib.SequenceMatcher(None, first, second, autojunk=False)
    for what, start, end, from_line, to_line in match.get_opcodes():
        merged += ours[start:end] if what == "equal" else second[from_line:to_line]
    return "\n".join(merged) + "\n"
