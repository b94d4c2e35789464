"""A `log_format` as two regular expressions over lines. Pure.

Both match line after line, and a line that does not fit with their last group. The fast one uses
sets that negate one character, at which `re` is three times as fast as at any other; they may go
over the end of a line. Since its matches are contiguous and each has a newline, there are as many
of them as newlines only where each is exactly one line. The strict one never leaves its line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from pillion_nginx_exporter.access_log.columns import METHOD, REQUEST, STATUS, column_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent"'
)
MAIN = f'{COMBINED} "$http_x_forwarded_for"'
UPSTREAMINFO = (
    f"{COMBINED} $request_length $request_time [$proxy_upstream_name] "
    "[$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length "
    "$upstream_response_time $upstream_status $req_id"
)
NAMED = {"combined": COMBINED, "main": MAIN, "upstreaminfo": UPSTREAMINFO}

_LONGEST = 8192
_MOST_VARIABLES = 64
_VARIABLE = re.compile(r"\$(?:\{([a-z0-9_]+)\}|([a-z0-9_]+))", re.ASCII | re.IGNORECASE)
_FIXED = {"time_local": 26, "time_iso8601": 25}
_MAY_HAVE_SPACES = ("remote_user", "request")


@dataclass(frozen=True, slots=True)
class FormatText:
    """A format as it is written.

    Attributes:
        text: `json`, a name, or the text of a `log_format`, its quoted pieces joined.
        is_json: whether the `log_format` has `escape=json`.
    """

    text: str
    is_json: bool = False


@dataclass(frozen=True, slots=True)
class LogFormat:
    """A format that lines are read by.

    Attributes:
        name: how it is called in messages.
        fast: matches one line and its newline, or more; see above.
        strict: matches one line and its newline.
        columns: which group, from 0, holds which column.
    """

    name: str
    fast: re.Pattern[bytes]
    strict: re.Pattern[bytes]
    columns: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A variable (or several side by side), its columns, and the text around it."""

    variable: str
    columns: tuple[str, ...]
    before: str
    after: str

    @property
    def is_quoted(self) -> bool:
        return self.before.endswith('"') and self.after.startswith('"')


def parse_format(
    text: str, *, name: str = "", is_json: bool = False, extra: Collection[str] = ()
) -> LogFormat:
    """Return the format of a name (`combined`) or of the text of a `log_format`.

    Args:
        text: the name or the text, its quoted pieces joined.
        name: how to call it.
        is_json: whether the format has `escape=json`, which escapes quotes by a backslash.
        extra: variables to read as they are, each as a column of its own name.

    Raises:
        ValueError: the second half of a sentence that begins with the text.
    """
    name, text = (name or text), NAMED.get(text, text)
    is_json = is_json or text.lstrip().startswith("{")
    head, pieces = _pieces(text, extra)
    columns: dict[str, int] = {}
    for piece in pieces:
        at = max(columns.values(), default=-1) + 1
        for column in piece.columns:
            # The method is a group of its own inside that of its request.
            columns[column] = at + (column == METHOD and REQUEST in piece.columns)
    if STATUS not in columns:
        raise ValueError("has no $status; name a format that has, such as combined")
    fast = re.escape(head) + "".join(
        _field(piece, _fast_set(piece, is_json=is_json)) + re.escape(piece.after)
        for piece in pieces
    )
    strict = re.escape(head) + _strict(pieces, is_json=is_json)
    return LogFormat(
        name,
        re.compile(f"{fast}\n|([^\n]*\n)".encode()),
        re.compile(f"{strict}\n|([^\n]*\n)".encode()),
        columns,
    )


def _strict(pieces: Sequence[_Piece], *, is_json: bool) -> str:
    written, has_lazy, end = "", False, ""
    for piece, following in zip_longest(pieces, pieces[1:]):
        is_lazy = piece.variable in _MAY_HAVE_SPACES and not piece.is_quoted and not has_lazy
        has_lazy |= is_lazy
        field = _field(piece, _strict_set(piece, is_json=is_json, is_lazy=is_lazy))
        field += re.escape(piece.after) + end
        end = ""
        if is_lazy and following is not None and following.variable in _FIXED:
            # The first time that follows ends a name for good, so that a line that does not fit
            # is not tried anew from each of its bytes.
            field, end = f"(?>{field}", ")"
        written += field
    return written


def _pieces(text: str, extra: Collection[str]) -> tuple[str, list[_Piece]]:
    if len(text) > _LONGEST or "\n" in text:
        raise ValueError(f"is not a log_format: one line of at most {_LONGEST} bytes is")
    parts = _VARIABLE.split(text)
    variables = [(a or b).lower() for a, b in zip(parts[1::3], parts[2::3], strict=True)]
    if not variables:
        raise ValueError(
            f"is neither json, {', '.join(NAMED)} nor the text of a log_format, which has variables"
        )
    if len(variables) > _MOST_VARIABLES:
        raise ValueError(f"has more than {_MOST_VARIABLES} variables")
    pieces: list[_Piece] = []
    seen: set[str] = set()
    before = parts[0]
    for variable, after in zip(variables, parts[3::3], strict=True):
        columns = _columns(variable, extra, seen)
        if not before and pieces:
            last = pieces.pop()
            if columns or last.columns:
                raise ValueError(f"has nothing between ${last.variable} and ${variable}")
            pieces.append(_Piece(last.variable, (), last.before, after))
        else:
            pieces.append(_Piece(variable, columns, before, after))
            seen.update(columns)
        before = after
    return parts[0], pieces


def _columns(variable: str, extra: Collection[str], seen: set[str]) -> tuple[str, ...]:
    found = METHOD if variable == REQUEST else column_of(variable)
    wanted = dict.fromkeys((variable if variable in extra else "", found))
    return tuple(column for column in wanted if column and column not in seen)


def _field(piece: _Piece, pattern: str) -> str:
    if not piece.columns:
        return pattern
    if METHOD in piece.columns and piece.variable == REQUEST:
        method = f'([^ "\n]*){pattern}'
        return f"({method})" if REQUEST in piece.columns else method
    return f"({pattern})"


def _fast_set(piece: _Piece, *, is_json: bool) -> str:
    if piece.is_quoted:
        # An escaped quote is no end of the value; one that ends with a backslash goes the long way.
        return r'[^"]*(?<!\\)' if is_json else '[^"]*'
    if piece.variable in _FIXED:
        return f".{{{_FIXED[piece.variable]}}}"
    return _upstream(piece, f"[^{re.escape(piece.after[:1] or chr(10))}]*")


def _strict_set(piece: _Piece, *, is_json: bool, is_lazy: bool) -> str:
    if piece.is_quoted:
        return r'[^"\\\n]*+(?:\\.[^"\\\n]*+)*+' if is_json else '[^"\n]*+'
    return "[^\n]*?" if is_lazy else _upstream(piece, f"[^{re.escape(piece.after[:1])}\n]*+")


def _upstream(piece: _Piece, single: str) -> str:
    """Let the value of an upstream be a list, whose separators have the space that ends a value."""
    if piece.variable.startswith("upstream_") and piece.after[:1] == " ":
        return f"{single}(?:(?<=,) {single}| : {single})*"
    return single
