"""What container runtimes write around each line, and how they mark a line that they split. Pure.

docker: JSON, where the text of a line's last piece ends in a newline.
CRI: `time stream P|F text`, where F is the tag of a line's last piece.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pillion_log_agent.patterns.times import TimeFormat
from pillion_log_agent.records.json_rows import decode_object

if TYPE_CHECKING:
    from pillion_log_agent.parsers.parsed import Fields

RuntimeName = Literal["docker", "cri"]
RUNTIMES: tuple[RuntimeName, ...] = ("docker", "cri")
CRI_STREAMS = frozenset({"stdout", "stderr"})

_ISO = TimeFormat.compile("%Y-%m-%dT%H:%M:%S.%L%z")
_CRI = re.compile(r"(\S+) (stdout|stderr) (\S*) ?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shape:
    """How the fields of a line are called.

    Attributes:
        text: the field of the text.
        tag: the field of CRI's tag.
        keeps_time: whether the time stays as a field.
    """

    text: str = "log"
    tag: str = "_p"
    keeps_time: bool = True


AS_MULTILINE = Shape()
AS_PARSER = Shape(text="message", tag="logtag", keeps_time=False)


@dataclass(frozen=True, slots=True)
class Piece:
    """One line of a runtime's file: a whole line of the program, or a piece of one.

    Attributes:
        fields: what the runtime says; `text_key` holds the text.
        text_key: its field.
        time: nanoseconds since 1970, or None when it could not be read.
        is_partial: the line goes on in a later piece of the same stream.
    """

    fields: Fields
    text_key: str
    time: int | None
    is_partial: bool

    @property
    def stream(self) -> str:
        """`stdout` or `stderr`: pieces of the two may be mixed."""
        return str(self.fields.get("stream", ""))

    @property
    def text(self) -> str:
        """What the program wrote."""
        return str(self.fields[self.text_key])


def parse_piece(text: str, runtimes: tuple[str, ...], shape: Shape) -> Piece | None:
    """Return the piece that a line is for the first of the runtimes that wrote such a line."""
    for name in runtimes:
        piece = _docker(text) if name == "docker" else _cri(text, shape)
        if piece is not None:
            return piece
    return None


def _docker(text: str) -> Piece | None:
    fields = decode_object(text)
    if fields is None or not isinstance(fields.get("log"), str):
        return None
    time = fields.get("time")
    return Piece(
        fields,
        "log",
        _ISO.parse(time, 0) if isinstance(time, str) else None,
        is_partial=not fields["log"].endswith("\n"),
    )


def _cri(text: str, shape: Shape) -> Piece | None:
    match = _CRI.fullmatch(text)
    if match is None:
        return None
    written, stream, tag, message = match.groups()
    time = _ISO.parse(written, 0)
    if time is None:
        return None
    fields: Fields = {"time": written} if shape.keeps_time else {}
    fields |= {"stream": stream, shape.tag: tag, shape.text: message}
    return Piece(fields, shape.text, time, is_partial=tag.split(":")[0] == "P")
