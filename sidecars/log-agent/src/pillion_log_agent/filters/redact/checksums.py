"""Check digits of cards, accounts and national ids. Pure.

Sources: ISO/IEC 7812-1 (Luhn), ISO 13616 (IBAN, mod 97), ISO 7064 (mod 11-2), and for each national
id the rules that its authority publishes. Digits are ASCII digits.
"""

from __future__ import annotations

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_VERHOEFF_PRODUCT = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
_VERHOEFF_TURN = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_CHINESE_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PESEL_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
_MY_NUMBER_WEIGHTS = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_DAYS = 31


def luhn(digits: str) -> bool:
    """Whether the last digit is Luhn's of those before."""
    numbers = [int(digit) for digit in reversed(digits)]
    return (sum(numbers[::2]) + sum(_DOUBLED[each] for each in numbers[1::2])) % 10 == 0


def mod97(account: str) -> bool:
    """Whether an IBAN, without blanks, has its check digits."""
    turned = account[4:] + account[:4]
    return int("".join(str(int(each, 36)) for each in turned)) % 97 == 1


def verhoeff(digits: str) -> bool:
    """Whether the last digit is Verhoeff's (Aadhaar)."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        turned = int(_VERHOEFF_TURN[place % 8][int(digit)])
        check = int(_VERHOEFF_PRODUCT[check][turned])
    return check == 0


def is_date(year: str, month: str, day: str) -> bool:
    """Whether a month and a day are ones; a year of two digits is any."""
    return year.isdigit() and 1 <= int(month) <= 12 and 1 <= int(day) <= _DAYS  # noqa: PLR2004


def social_security(digits: str) -> bool:
    """Whether nine digits may be a social security number of the USA, or an ITIN in its place."""
    if digits[0] == "9":
        return digits[3:5] >= "50" and digits[3:5] not in ("89", "93")
    return (
        digits[:3] not in ("000", "666")
        and digits[0] != "9"
        and digits[3:5] != "00"
        and (digits[5:] != "0000")
    )


def resident_registration(digits: str) -> bool:
    """Whether 13 digits may be a resident registration number of Korea.

    Those given since October 2020 have no check digit, so the date alone speaks.
    """
    return is_date(digits[:2], digits[2:4], digits[4:6]) and digits[6] in "12345678"


def cpf(digits: str) -> bool:
    """Whether eleven digits are a CPF of Brazil."""
    if len(set(digits)) == 1:
        return False
    for length in (9, 10):
        weights = range(length + 1, 1, -1)
        if sum(map(_product, digits[:length], weights)) * 10 % 11 % 10 != int(digits[length]):
            return False
    return True


def chinese_resident(text: str) -> bool:
    """Whether 18 characters are a resident identity number of China."""
    if not is_date(text[6:10], text[10:12], text[12:14]) or text[6:8] not in ("19", "20"):
        return False
    total = sum(map(_product, text[:17], _CHINESE_WEIGHTS))
    return text[17] == "10X98765432"[total % 11]


def french_nir(digits: str) -> bool:
    """Whether 15 digits are a number of France's register (NIR)."""
    is_month = 1 <= int(digits[3:5]) <= 12  # noqa: PLR2004
    return digits[0] in "12" and is_month and int(digits[:13]) % 97 == 97 - int(digits[13:])


def german_tax(digits: str) -> bool:
    """Whether eleven digits are a tax id of Germany."""
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return digits[0] != "0" and (11 - product) % 10 == int(digits[10])


def dutch_bsn(digits: str) -> bool:
    """Whether nine digits are a BSN of the Netherlands."""
    total = sum(map(_product, digits[:8], range(9, 1, -1))) - int(digits[8])
    return total % 11 == 0 and int(digits) > 0


def pesel(digits: str) -> bool:
    """Whether eleven digits are a PESEL of Poland."""
    total = sum(map(_product, digits[:10], _PESEL_WEIGHTS))
    # A month also says the century, by twenties.
    month = str(int(digits[2:4]) % 20)
    return is_date(digits[:2], month, digits[4:6]) and -total % 10 == int(digits[10])


def my_number(digits: str) -> bool:
    """Whether twelve digits are an individual number of Japan."""
    rest = sum(map(_product, digits[:11], _MY_NUMBER_WEIGHTS)) % 11
    return (0 if rest <= 1 else 11 - rest) == int(digits[11])


def spanish_dni(text: str) -> bool:
    """Whether eight digits and a letter are a DNI, or X, Y or Z and seven an NIE, of Spain."""
    number = text[:-1].translate({ord("X"): "0", ord("Y"): "1", ord("Z"): "2"})
    return number.isdigit() and text[-1] == _DNI_LETTERS[int(number) % 23]


def _product(digit: str, weight: int) -> int:
    return int(digit) * weight
