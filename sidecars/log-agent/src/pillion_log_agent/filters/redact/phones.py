"""Phone numbers within a run of digits. Pure.

Sources: ITU-T E.164 (a country code and 15 digits at most), the North American Numbering Plan, and
how national numbers with a trunk 0 are written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST_DIGITS = 7
MOST_DIGITS = 13
_TRUNK_DIGITS = (9, 11)
WORDS = re.compile(
    r"(?<![a-z])(?:tel|telephone|phone|mobile|cell|fax|call|sms|msisdn|whatsapp|handy|telefon|telefono"
    r"|telefone|téléphone|portable|móvil|mob|contact|전화\w*|휴대\w*|연락처|핸드폰|電話\w*|手机|电话)"
    r"(?:[ _-]?(?:no|nr|number|num|번호))?[^\d\n]{0,8}$"
)
_SHAPES = re.compile(
    r"(?<![\d.+/-])(?P<american>(?:1[-. ])?(?:\([2-9]\d\d\)[ -]?|[2-9]\d\d[-.])"
    r"[2-9]\d\d[-. ]\d{4})"
    r"(?![\d.]\d|-\d|\d)"
    r"|(?<![\d.+/-])(?P<trunk>(?:\(0[1-9]\d{0,4}\)|0[1-9]\d{0,4}[ ./-])[ ./-]?\d{2,8}"
    r"(?:[ ./-]\d{2,8}){0,3})(?!\d|-\d)"
    r"|(?<![\d.+/-])(?P<spaced>\(?\d{2,4}\)?(?:[ .-]\d{2,4}){1,4})(?!\d|-\d)"
    r"|(?<![\d.-])(?P<bare>\d{7,13})(?![\d.]|-\d)",
    re.ASCII,
)
INTERNATIONAL = re.compile(r"(?<![\d+])\(?\+[1-9](?:[ .()/-]{0,2}\d){7,14}(?!\d)", re.ASCII)
_A_DATE = re.compile(
    r"\d{1,2}([./-])\d{1,2}\1(?:19|20)?\d\d|(?:19|20)\d\d([./-])\d\d\2\d\d", re.ASCII
)
_KOREAN_MOBILE = re.compile(r"01[016-9]\d{7,8}", re.ASCII)
_NOT_DIGITS = re.compile(r"\D+", re.ASCII)


def phones_in(run: str, start: int, end: int) -> Iterator[tuple[int, int, re.Pattern[str] | None]]:
    """Yield where phone numbers are in a part of a run, and the words that each needs before it."""
    place = start
    while (match := _SHAPES.search(run, place, end)) is not None:
        text, digits = match[0], len(_NOT_DIGITS.sub("", match[0]))
        place = match.start() + 1
        if _A_DATE.match(text):
            continue
        if match["trunk"] is not None and not _TRUNK_DIGITS[0] <= digits <= _TRUNK_DIGITS[1]:
            continue
        is_certain = match["spaced"] is None and match["bare"] is None
        if is_certain or LEAST_DIGITS <= digits <= MOST_DIGITS:
            yield (*match.span(), None if is_certain else WORDS)
            place = match.end()


def plain_phone(digits: str) -> tuple[str, None] | None:
    """Return the verdict on a number with nothing in it, None where it may be something else."""
    return ("phone", None) if _KOREAN_MOBILE.fullmatch(digits) else None
