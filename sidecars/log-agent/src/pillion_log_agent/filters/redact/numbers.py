"""Detectors of what is digits: cards, phone numbers, national ids and IPv4 addresses. Pure.

A block is searched once for runs of digits and what stands between them. A run is looked at closely
once, and then known; some numbers count only behind a word that says what they are.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pillion_log_agent.filters.redact import checksums, phones
from pillion_log_agent.filters.redact.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from pillion_log_agent.filters.redact.finding import Replace, Scan

# What is before a run is looked at behind its first character: `re` finds one of a class fast.
# A number with a point in it, as a duration or what is at the end of a time, is none.
RUN = re.compile(
    r"[+(\d](?<![\w.].)(?!\d*\.\d+Z?(?![\d.\-]))[\d .()/+\-]{5,58}\d(?:-?[A-Z])?(?!\w)", re.ASCII
)
# As in an access log: a status, a size, and how long it took.
_STATUS_AND_SIZE = re.compile(r"[1-9]\d{0,5} \d{1,6}(?: \d+\.\d+)?", re.ASCII)
_LOOKED_BACK = 40
WORDS_OF_IDS = re.compile(
    r"(?<![a-z])(?:ssn|social.security|sin|national.?id|identity|tax.?id|tin|steuer\w*|idnr|cpf|bsn"
    r"|burgerservice\w*|pesel|aadhaar|my.?number|nir|personal.?number|citizen.?id"
    r"|주민\w*|身份证\w*|マイナンバー|個人番号)[^0-9\n]{0,16}$"
)
_SHAPES = re.compile(
    r"(?<![\d.])(?P<ip>\d{1,3}(?:\.\d{1,3}){3})(?!\.?\d)"
    r"|(?<![\d.-])(?:(?P<card>\d{4}(?P<c>[ -])\d{4}(?P=c)\d{4}(?P=c)\d{4}"
    r"|3\d{3}(?P<a>[ -])\d{6}(?P=a)\d{4,5})"
    r"|(?P<ssn>\d{3}-\d\d-\d{4})"
    r"|(?P<rrn>\d{6}-[1-8]\d{6})"
    r"|(?P<cpf>\d{3}\.\d{3}\.\d{3}-\d\d)"
    r"|(?P<sin>\d{3}-\d{3}-\d{3})"
    r"|(?P<aadhaar>[2-9]\d{3}(?P<d>[ -])\d{4}(?P=d)\d{4})"
    r"|(?P<nir>[12] \d\d [01]\d \d[\dAB] \d{3} \d{3} \d\d)"
    r"|(?P<dni>\d{8}-?[A-Z])"
    r")(?!\d|-\d)"
    r"|(?<![\d.-])(?P<plain>\d{7,19}X?)(?![\d.]|-\d)",
    re.ASCII,
)
_CARD_PREFIXES = re.compile(
    r"4(?:\d{12}|\d{15})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|(?:6011|65\d\d|64[4-9]\d)\d{12}"
    r"|3(?:0[0-5]|[68]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17}|(?:50|5[6-8])\d{14}",
    re.ASCII,
)
_DOTS = 3
_LONGEST_PLAIN = 19
_DIGITS = re.compile(r"\d*", re.ASCII)
_NOT_DIGITS = re.compile(r"\D+", re.ASCII)
_OF_NOBODY = re.compile(
    r"(?:0|127|255)\.|\d+\.\d+\.0\.0$|\d+\.0\.0\.\d+$(?<!^10\.0\.0\.\d)", re.ASCII
)
_A_VERSION = re.compile(r"(?:[a-zA-Z]/|[Vv]ersion[ =:]{1,2}\"?|[a-z] v)$")


class Number(NamedTuple):
    """What may be in a run.

    Attributes:
        finding: where.
        needs: the words behind which alone it counts, None where it speaks for itself.
    """

    finding: Finding
    needs: re.Pattern[str] | None


def numbers(detectors: Collection[str]) -> Scan | None:
    """Return what looks for numbers; None where none of the detectors is about them."""
    wanted = {"card", "phone", "national_id", "ip"} & set(detectors)
    if not wanted:
        return None

    def scan(block: str, replace: Replace) -> str:
        def replaced(match: re.Match[str]) -> str:
            run = match[0]
            found = numbers_in(run)
            return _replaced(match, found, wanted, replace) if found else run

        return RUN.sub(replaced, block)

    return scan


def _replaced(
    match: re.Match[str], found: tuple[Number, ...], wanted: Collection[str], replace: Replace
) -> str:
    run, pieces, done = match[0], [], 0
    for (start, end, detector), needs in found:
        if detector not in wanted or start < done:
            continue
        begin = match.start() + start
        before = match.string[max(begin - _LOOKED_BACK, 0) : begin]
        before = before.rpartition("\n")[2]
        if needs is not None and not needs.search(before.lower()):
            continue
        if detector == "ip" and _A_VERSION.search(before):
            continue
        pieces += [run[done:start], replace(detector, run[start:end])]
        done = end
    return "".join([*pieces, run[done:]])


@lru_cache(maxsize=8192)
def numbers_in(run: str) -> tuple[Number, ...]:
    """Return what may be in a run of digits, from left to right."""
    if run.isdigit():
        return tuple(_of_digits(run))
    if _STATUS_AND_SIZE.fullmatch(run):
        return ()
    is_enough = run.count(".") >= _DOTS or len(_NOT_DIGITS.sub("", run)) >= phones.LEAST_DIGITS
    return tuple(_numbers_in(run)) if is_enough else ()


def _of_digits(run: str) -> Iterator[Number]:
    """Return what may be in a run that is nothing but digits, as most are."""
    verdict = _plain(run) if len(run) <= _LONGEST_PLAIN else None
    if verdict is not None:
        yield Number(Finding(0, len(run), verdict[0]), verdict[1])
    elif len(run) <= phones.MOST_DIGITS:
        yield from _uncertain(run, 0, phones.WORDS)


def _numbers_in(run: str) -> Iterator[Number]:
    """Look for what is more certain first: phone numbers are of many forms."""
    place = 0
    for match in phones.INTERNATIONAL.finditer(run) if "+" in run else ():
        yield from _between(run, place, match.start())
        yield Number(Finding(*match.span(), "phone"), None)
        place = match.end()
    yield from _between(run, place, len(run))


def _between(run: str, done: int, end: int) -> Iterator[Number]:
    place = done
    while (match := _SHAPES.search(run, place, end)) is not None:
        number = _judged(match)
        if number is None:
            place = max(_DIGITS.match(run, match.start()).end(), match.start() + 1)  # type: ignore[union-attr]  # it matches nothing at least
            continue
        yield from _phones(run, done, number.finding.start)
        yield number
        place = done = number.finding.end
    yield from _phones(run, done, end)


def _phones(run: str, start: int, end: int) -> Iterator[Number]:
    if end - start < phones.LEAST_DIGITS:
        return
    for found_start, found_end, needs in phones.phones_in(run, start, end):
        if needs is None:
            yield Number(Finding(found_start, found_end, "phone"), None)
        else:
            yield from _uncertain(run[found_start:found_end], found_start, needs)


def _uncertain(text: str, start: int, needs: re.Pattern[str]) -> Iterator[Number]:
    if text.isdigit() and _may_be_an_id(text):
        yield Number(Finding(start, start + len(text), "national_id"), WORDS_OF_IDS)
    yield Number(Finding(start, start + len(text), "phone"), needs)


def _judged(match: re.Match[str]) -> Number | None:
    shape = next(name for name in _VERDICTS if match[name] is not None)
    text = match[shape]
    verdict = _VERDICTS[shape](text)
    if verdict is None:
        return None
    detector, needs = verdict
    return Number(Finding(*match.span(shape), detector), needs)


Verdict = tuple[str, "re.Pattern[str] | None"] | None


def _ip(text: str) -> Verdict:
    is_address = all(int(each) <= 255 for each in text.split("."))  # noqa: PLR2004
    return ("ip", None) if is_address and not _OF_NOBODY.match(text) else None


def _card(text: str) -> Verdict:
    digits = _NOT_DIGITS.sub("", text)
    return ("card", None) if _CARD_PREFIXES.fullmatch(digits) and checksums.luhn(digits) else None


def _if_id(
    test: Callable[[str], bool], words: re.Pattern[str] | None = None
) -> Callable[[str], Verdict]:
    return lambda text: ("national_id", words) if test(_NOT_DIGITS.sub("", text)) else None


def _dni(text: str) -> Verdict:
    is_one = checksums.spanish_dni(text.replace("-", ""))
    # A date with a letter behind it is no number of a person.
    is_a_date = text[:2] in ("19", "20") and checksums.is_date(text[:4], text[4:6], text[6:8])
    return ("national_id", None) if is_one and not is_a_date else None


def _plain(text: str) -> Verdict:
    length = len(text)
    if length == 18 and checksums.chinese_resident(text):  # noqa: PLR2004
        return ("national_id", None)
    if text.endswith("X"):
        return None
    if (card := _card(text)) is not None:
        return card
    if length == 15 and checksums.french_nir(text):  # noqa: PLR2004
        return ("national_id", None)
    return phones.plain_phone(text)


def _may_be_an_id(digits: str) -> bool:
    return any(test(digits) for test in _UNSEPARATED.get(len(digits), ()))


_UNSEPARATED: dict[int, tuple[Callable[[str], bool], ...]] = {
    9: (checksums.social_security, checksums.luhn, checksums.dutch_bsn),
    11: (checksums.cpf, checksums.german_tax, checksums.pesel),
    12: (checksums.verhoeff, checksums.my_number),
    13: (checksums.resident_registration,),
}
_VERDICTS: dict[str, Callable[[str], Verdict]] = {
    "ip": _ip,
    "card": _card,
    "ssn": _if_id(checksums.social_security),
    "rrn": _if_id(checksums.resident_registration),
    "cpf": _if_id(checksums.cpf),
    "sin": _if_id(checksums.luhn),
    "aadhaar": _if_id(checksums.verhoeff),
    "nir": _if_id(checksums.french_nir),
    "dni": _dni,
    "plain": _plain,
}
