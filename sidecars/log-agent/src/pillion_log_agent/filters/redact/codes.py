"""Detectors of what is capitals and digits: IBAN, and national ids with letters. Pure.

Sources: the IBAN registry of SWIFT for the lengths; HMRC (NINO), the Agenzia delle Entrate (codice
fiscale), India's income tax department (PAN), Mexico's RENAPO (CURP), Spain's interior (NIE).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pillion_log_agent.filters.redact import checksums

if TYPE_CHECKING:
    from collections.abc import Collection

    from pillion_log_agent.filters.redact.finding import Replace, Scan

_REGISTRY = """
AD=24 AE=23 AL=28 AT=20 AZ=28 BA=20 BE=16 BG=22 BH=22 BR=29 BY=28 CH=21 CR=22 CY=28 CZ=24 DE=22
DK=18 DO=28 EE=20 EG=29 ES=24 FI=18 FO=18 FR=27 GB=22 GE=22 GI=23 GL=18 GR=27 GT=28 HR=21 HU=28
IE=22 IL=23 IQ=23 IS=26 IT=27 JO=30 KW=30 KZ=20 LB=28 LC=32 LI=21 LT=20 LU=20 LV=21 MC=27 MD=24
ME=22 MK=19 MR=27 MT=31 MU=30 NL=18 NO=15 PK=24 PL=28 PS=29 PT=25 QA=29 RO=24 RS=22 SA=24 SC=31
SE=24 SI=19 SK=24 SM=27 TN=24 TR=26 UA=29 VA=22 VG=24 XK=20
"""
_LENGTHS = {pair[:2]: int(pair[3:]) for pair in _REGISTRY.split()}
# What a character in an odd place of a codice fiscale counts, from 0 to 9 and from A to Z.
_DIGITS_COUNT = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)
_LETTERS_COUNT = (*_DIGITS_COUNT, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_ODD = dict(zip("0123456789", _DIGITS_COUNT, strict=True)) | dict(
    zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", _LETTERS_COUNT, strict=True)
)
# Nearly no word goes on like this; what is before it is looked at behind its first letter, since
# `re` finds one of a class fast.
_CANDIDATE = re.compile(r"[A-Z](?<![\w-].)(?=[A-Z] ?\d\d|-?\d{7}|[A-Z]{3,5}\d\d)", re.ASCII)
_CODE = re.compile(
    r"(?:(?P<nino>(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
    r" ?\d\d ?\d\d ?\d\d ?[A-D])"
    r"|(?P<nie>[XYZ]-?\d{7}-?[A-Z])"
    r"|(?P<curp>[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d)"
    r"|(?P<fiscal>[A-Z]{6}\d\d[A-EHLMPR-T]\d\d[A-Z]\d{3}[A-Z])"
    r"|(?P<pan>[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z])"
    r"|(?P<iban>[A-Z]{2}\d\d)(?= ?[A-Z0-9])"
    r")",
    re.ASCII,
)
_IBAN = re.compile(r"[A-Z]{2}\d\d(?: ?[A-Z0-9]){11,30}", re.ASCII)
_FIRST = re.compile(r"[A-Z0-9]")


def codes(detectors: Collection[str]) -> Scan | None:
    """Return what looks for codes; None where none of the detectors is about them."""
    wanted = {"iban", "national_id"} & set(detectors)
    if not wanted:
        return None

    def scan(block: str, replace: Replace) -> str:
        pieces: list[str] = []
        done = 0
        for candidate in _CANDIDATE.finditer(block):
            match = _CODE.match(block, candidate.start())
            if match is None or match.start() < done:
                continue
            end = _end(match)
            detector = "iban" if match["iban"] is not None else "national_id"
            if end == 0 or detector not in wanted or _goes_on(block, end):
                continue
            pieces += [block[done : match.start()], replace(detector, block[match.start() : end])]
            done = end
        pieces.append(block[done:])
        return "".join(pieces)

    return scan


def _goes_on(block: str, end: int) -> bool:
    following = block[end : end + 1]
    return following == "_" or (following.isascii() and following.isalnum())


def _end(match: re.Match[str]) -> int:
    """Return where a code ends, 0 where it is none."""
    if match["iban"] is not None:
        return _end_of_iban(match.string, match.start())
    if (nie := match["nie"]) is not None and not checksums.spanish_dni(nie.replace("-", "")):
        return 0
    if (fiscal := match["fiscal"]) is not None and not _fiscal(fiscal):
        return 0
    return match.end()


def _end_of_iban(block: str, start: int) -> int:
    length = _LENGTHS.get(block[start : start + 2], 0)
    match = _IBAN.match(block, start, start + 2 * length)
    if match is None or length == 0:
        return 0
    places = [found.end() for found in _FIRST.finditer(block, start, match.end())]
    if len(places) < length:
        return 0
    end = places[length - 1]
    return end if checksums.mod97(block[start:end].replace(" ", "")) else 0


def _fiscal(text: str) -> bool:
    """Whether the last letter of a codice fiscale is that of the others."""
    even = sum(int(each) if each.isdigit() else ord(each) - ord("A") for each in text[1:15:2])
    return (even + sum(_ODD[each] for each in text[0:15:2])) % 26 == ord(text[15]) - ord("A")
