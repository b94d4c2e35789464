r"""The request of an access log, as everybody's patterns have it, for ordinary lines. Pure.

`"(?<method>\S+)(?: +(?<path>[^\"]*?)(?: +\S*)?)?"` is in the patterns that fluentd and fluent-bit
ship for nginx, Apache and the ingress, and so in most configurations. It is cubic on a line such
as `"GET` and many spaces. But on an ordinary line, whose request is three words without quotes,
there is one way through it, which a plain pattern finds:

- the method is greedy, and ends at the first space in both;
- the spaces are greedy; a path that is shorter is followed by neither a space nor a quote;
- the protocol is greedy: taken longer, over the quote, it would end before a space, not a quote.

So where what stands before has one way only, a line that the plain form fits is one that the
pattern fits, with the same captures. Any other line is for the pattern itself.
"""

from __future__ import annotations

import re

from pillion_log_agent.patterns.program import UnprovableError, program_of
from pillion_log_agent.patterns.proof import prove_linear
from pillion_log_agent.patterns.tree import parse

_REQUEST = re.compile(
    r'"(\(\?P<\w+>)(?:\\S|\[\^\\t-\\r \])\+\)\(\?: \+(\(\?P<\w+>)'
    r'(?:\[\^\\?"\]\*\?\)\(\?: \+(?:\\S|\[\^\\t-\\r \])\*\)\?\)\?|'
    r'\[\^ \]\*\) \+(?:\\S|\[\^\\t-\\r \])\*\)\?)" '
)
_WORD = r'[^\t-\r "]'
_QUOTED = '"'


def ordinary_form(translated: str, flags: int) -> str | None:
    """Return a pattern that finds the same in ordinary lines; None where there is none.

    Args:
        translated: in Python's syntax; not proven linear.
        flags: of `re`.
    """
    found = _REQUEST.search(translated)
    before = translated[: found.start()] if found else ""
    if found is None or not before.startswith("^") or not _has_one_way(before + _QUOTED, flags):
        return None
    request = rf'"{found[1]}{_WORD}+) +{found[2]}{_WORD}+) +{_WORD}*" '
    return before + request + translated[found.end() :]


def _has_one_way(pattern: str, flags: int) -> bool:
    try:
        ways = prove_linear(program_of(parse(pattern, flags)), lambda character: character != "\n")
    except (UnprovableError, re.error):
        return False
    return ways == 1
