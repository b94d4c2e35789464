"""A `log_format` as two regular expressions over blocks of lines. Pure.

The fast one uses sets that negate one character, which is what `re` is fastest at; they may cross
a newline. Each of its matches begins at the start of a line and ends with a newline: so where there
are as many matches as newlines, each match is exactly one line. Otherwise the strict one counts,
which never leaves its line. Both take time linear in the block, whatever is in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pillion_nginx_exporter.access_log.columns import column_of

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
class LogFormat:
    """A format that lines are read by.

    Attributes:
        name: how it is called in messages.
        fast: matches one line and its newline; see above.
        strict: the same, and never leaves its line.
        columns: what each group of the two holds, as named in `columns`.
    """

    name: str
    fast: re.Pattern[bytes]
    strict: re.Pattern[bytes]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A variable (or several side by side) and the text around it."""

    variable: str
    column: str
    before: str
    after: str

    @property
    def is_quoted(self) -> bool:
        return self.before.endswith('"') and self.after.startswith('"')


def parse_format(text: str, *, name: str = "", is_json: bool = False) -> LogFormat:
    """Return the format of a name (`combined`) or of the text of a `log_format`.

    Args:
        text: the name or the text, its quoted pieces joined.
        name: how to call it.
        is_json: whether the format has `escape=json`, which escapes quotes by a backslash.

    Raises:
        ValueError: the second half of a sentence that begins with the text.
    """
    name, text = (name or text), NAMED.get(text, text)
    is_json = is_json or text.lstrip().startswith("{")
    head, pieces = _pieces(text)
    columns = tuple(piece.column for piece in pieces if piece.column)
    if "status" not in columns:
        raise ValueError("has no $status; name a format that has, such as combined")
    fast = strict = re.escape(head)
    has_lazy = False
    for piece in pieces:
        is_lazy = piece.variable in _MAY_HAVE_SPACES and not piece.is_quoted and not has_lazy
        has_lazy |= is_lazy
        literal = re.escape(piece.after)
        fast += _field(piece, _fast_set(piece, is_json=is_json)) + literal
        strict += _field(piece, _strict_set(piece, is_json=is_json, is_lazy=is_lazy)) + literal
    padding = "()" if len(columns) == 1 else ""  # findall gives tuples from two groups on
    return LogFormat(
        name,
        re.compile(f"^{fast}{padding}\n".encode(), re.MULTILINE),
        re.compile(f"^{strict}{padding}\n".encode(), re.MULTILINE),
        (*columns, *(("",) if padding else ())),
    )


def _pieces(text: str) -> tuple[str, list[_Piece]]:
    if len(text) > _LONGEST or "\n" in text:
        raise ValueError(f"is not a log_format: one line of at most {_LONGEST} bytes is")
    parts = _VARIABLE.split(text)
    head, variables = parts[0], [a or b for a, b in zip(parts[1::3], parts[2::3], strict=True)]
    if not variables:
        raise ValueError(
            f"is neither {', '.join(NAMED)} nor the text of a log_format, which has variables"
        )
    if len(variables) > _MOST_VARIABLES:
        raise ValueError(f"has more than {_MOST_VARIABLES} variables")
    pieces: list[_Piece] = []
    seen: set[str] = set()
    before = head
    for variable, after in zip(variables, parts[3::3], strict=True):
        column = column_of(variable)
        if not before and pieces:
            if column or pieces[-1].column:
                raise ValueError(f"has nothing between ${pieces[-1].variable} and ${variable}")
            last = pieces.pop()
            pieces.append(_Piece(last.variable, "", last.before, after))
        else:
            pieces.append(_Piece(variable, "" if column in seen else column, before, after))
            seen.add(column)
        before = after
    return head, pieces


def _field(piece: _Piece, pattern: str) -> str:
    if not piece.column:
        return pattern
    if piece.variable == "request":
        return f'([^ "\n]*){pattern}'
    return f"({pattern})"


def _fast_set(piece: _Piece, *, is_json: bool) -> str:
    if piece.is_quoted:
        # An escaped quote is no end of the value; one that ends with a backslash goes the long way.
        return r'[^"]*(?<!\\)' if is_json else '[^"]*'
    if piece.variable in _FIXED:
        return f".{{{_FIXED[piece.variable]}}}"
    return _set_up_to(piece)


def _strict_set(piece: _Piece, *, is_json: bool, is_lazy: bool) -> str:
    if piece.is_quoted:
        return r'[^"\\\n]*+(?:\\.[^"\\\n]*+)*+' if is_json else '[^"\n]*'
    return "[^\n]*?" if is_lazy else _set_up_to(piece)


def _set_up_to(piece: _Piece) -> str:
    end = piece.after[:1]
    single = f"[^{re.escape(end)}\n]*"
    if piece.variable.startswith("upstream_") and end == " ":
        return f"{single}(?:(?<=,) {single}| : {single})*"
    return single
