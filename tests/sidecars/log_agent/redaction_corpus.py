"""A labelled corpus for the filter `redact`, and its precision and recall: `make redaction`.

People, numbers and accounts are made by Faker, in the forms of its countries; the lines around them,
and what only looks like personal data, are like those of real programs.
"""

from __future__ import annotations

import base64
import random
import string
import sys
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from faker import Faker

from pillion_log_agent.filters.redact.finding import DETECTORS
from pillion_log_agent.filters.redact.redactor import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

LINES = 4000
SEED = 15
PHONES = ("en_US", "en_GB", "de_DE", "fr_FR", "ko_KR", "ja_JP", "es_ES", "it_IT", "pt_BR", "nl_NL")
ACCOUNTS = ("de_DE", "fr_FR", "en_GB", "es_ES", "it_IT", "nl_NL", "pl_PL")
IDS = ("en_US", "ko_KR", "pt_BR", "it_IT", "es_ES", "zh_CN", "en_GB", "fr_FR")

CARDS = ("visa16", "mastercard", "amex", "discover", "diners", "jcb16")
MONTHS = tuple(f"{month:02d}" for month in range(1, 13))


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and what is in it: the detector and the text of each thing."""

    text: str
    things: tuple[tuple[str, str], ...]


class Corpus:
    """Makes lines; the same for the same seed."""

    def __init__(self, seed: int = SEED) -> None:
        self._random = random.Random(seed)
        Faker.seed(seed)
        self._fakers = {each: Faker(each) for each in {*PHONES, *ACCOUNTS, *IDS}}

    def lines(self, count: int = LINES) -> list[Line]:
        """Return lines, of which half have nothing to find."""
        makers = list(self._things())
        return [
            self._line(makers[number // 2 % len(makers)]) if number % 2 else self._innocent()
            for number in range(count)
        ]

    def _things(self) -> dict[str, Callable[[], str]]:
        one = self._one_of
        return {
            "email": lambda: one(PHONES[:4]).email(),
            "card": self._card,
            "phone": lambda: one(PHONES).phone_number(),
            "iban": self._iban,
            "national_id": self._national_id,
            "ip": self._address,
            "aws_key": lambda: (
                self._random.choice(("AKIA", "ASIA")) + self._text(16, "ABCDEFGH234567")
            ),
            "gcp_key": lambda: "AIza" + self._text(35),
            "github_token": lambda: self._random.choice(("ghp_", "ghs_", "gho_")) + self._text(36),
            "jwt": self._jwt,
            "private_key": self._private_key,
            "bearer": lambda: self._text(40),
            "api_key": lambda: (
                self._random.choice(("xoxb-", "sk_live_", "glpat-")) + self._text(24)
            ),
            "password": lambda: self._text(self._random.randrange(6, 20)),
        }

    def _line(self, detector: str) -> Line:
        thing = self._things()[detector]()
        if detector == "phone":
            # An extension is nobody's number.
            thing = thing.partition("x")[0].strip()
        return Line(self._around(detector, thing), ((detector, thing),))

    def _around(self, detector: str, thing: str) -> str:
        number, word = self._random.randrange(1, 5000), self._random.choice(WORDS)
        time = f"2026-11-{number % 28 + 1:02d}T{number % 24:02d}:12:{number % 60:02d}.{number:04d}Z"
        forms = [form for form in FORMS if form[0] in ("", detector)]
        only = [form for form in forms if form[0] == detector]
        if detector in ("bearer", "password"):
            forms = only
        form = self._random.choice(only if only and self._random.random() < 0.5 else forms)[1]
        # A bare number is one only where something says so.
        if thing.isdigit() and detector in ("phone", "national_id"):
            form = self._random.choice([each for name, each in FORMS if name == detector])
        return form.format(thing=thing, number=number, word=word, time=time)

    def _innocent(self) -> Line:
        rng = self._random
        number = rng.randrange(1, 100_000)
        values = {
            "ms": 1_700_000_000_000 + rng.randrange(10**11),
            "ns": 1_700_000_000_000_000_000 + rng.randrange(10**17),
            "uuid": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "sha": f"{rng.getrandbits(160):040x}",
            "trace": f"{rng.getrandbits(128):032x}",
            "span": rng.getrandbits(63),
            "order": rng.randrange(10**9, 10**12),
            "mac": ":".join(f"{rng.getrandbits(8):02x}" for _ in range(6)),
            "float": rng.random() * 1000,
            "number": number,
            "word": rng.choice(WORDS),
            "pod": f"web-{rng.getrandbits(36):09x}-{self._text(5).lower()}",
            "date": f"{rng.randrange(1, 29):02d}.{rng.randrange(1, 13):02d}.2026",
            "day": rng.randrange(10, 29),
            "b64": self._text(rng.randrange(20, 60)),
            "big": self._text(rng.randrange(13, 19), string.digits),
        }
        return Line(rng.choice(INNOCENT).format(**values), ())

    def _one_of(self, locales: tuple[str, ...]) -> Faker:
        return self._fakers[self._random.choice(locales)]

    def _card(self) -> str:
        digits = self._fakers["en_US"].credit_card_number(self._random.choice(CARDS))
        while digits.startswith("35") and not "3528" <= digits[:4] <= "3589":
            digits = self._fakers["en_US"].credit_card_number("jcb16")
        if len(digits) == 16 and self._random.random() < 0.4:
            blank = self._random.choice("- ")
            return blank.join(digits[start : start + 4] for start in range(0, 16, 4))
        return digits

    def _national_id(self) -> str:
        """Return one that its authority gives out, as not all of Faker's are."""
        locale = self._random.choice(IDS)
        found = self._fakers[locale].ssn()
        while locale == "ko_KR" and not (found[2:4] in MONTHS and "01" <= found[4:6] <= "31"):
            found = self._fakers[locale].ssn()
        # ZZ and T stand for nobody.
        return found.replace("ZZ", "AB").replace("T", "C") if locale == "en_GB" else found

    def _address(self) -> str:
        faker = self._one_of(IDS)
        kind = self._random.choice((faker.ipv4_public, faker.ipv6, faker.ipv4_private))
        return str(kind())

    def _iban(self) -> str:
        account = self._one_of(ACCOUNTS).iban()
        if self._random.random() < 0.4:
            return " ".join(account[start : start + 4] for start in range(0, len(account), 4))
        return account

    def _jwt(self) -> str:
        parts = ('{"alg":"HS256","typ":"JWT"}', f'{{"sub":"{self._text(8)}"}}', self._text(24))
        return ".".join(
            base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts
        )

    def _private_key(self) -> str:
        kind = self._random.choice(("RSA ", "EC ", "", "OPENSSH "))
        newline = self._random.choice(("\n", "\\n"))
        body = newline.join(self._text(64) for _ in range(4))
        return newline.join(
            (f"-----BEGIN {kind}PRIVATE KEY-----", body, f"-----END {kind}PRIVATE KEY-----")
        )

    def _text(self, length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
        return "".join(self._random.choices(alphabet, k=length))


WORDS = ("checkout", "login", "refund", "invoice", "ledger", "profile", "주문", "Überweisung")
FORMS = (
    ("", "{time} INFO {word}: {thing} accepted in {number} ms"),
    ("", '{{"time":"{time}","level":"info","msg":"{word}","value":"{thing}","status":200}}'),
    ("", "level=warn component={word} value={thing} attempt={number}"),
    ("", "{word} failed for <{thing}> after {number} tries"),
    ("", "value is '{thing}', {number} bytes"),
    ("email", "550 5.1.1 <{thing}>: Recipient address rejected: unknown in {word}"),
    ("email", "user={thing}&page={number}"),
    ("phone", "{word}: sms to phone {thing} was sent in {number} ms"),
    ("phone", '{{"phone":"{thing}","{word}":{number}}}'),
    ("phone", "전화번호: {thing} ({word})"),
    ("phone", "Call {thing} about {word}"),
    ("national_id", "ssn={thing} {word}"),
    ("national_id", '{{"national_id": "{thing}", "n": {number}}}'),
    ("national_id", "주민등록번호 {thing} {word}"),
    ("ip", '{thing} - - [24/Nov/2026:10:00:00 +0000] "GET /{word} HTTP/1.1" 200 {number}'),
    ("ip", "connect to {thing}: connection refused ({number})"),
    ("bearer", "> Authorization: Bearer {thing}"),
    ("bearer", '{{"authorization": "bearer {thing}", "n": {number}}}'),
    ("password", "dsn=postgres://app:{thing}@db.{number}.svc:5432/{word}"),
    ("password", "login with password={thing}&n={number}"),
    ("password", '{{"user": "{word}", "password": "{thing}"}}'),
    ("private_key", "loaded {thing} for {word}"),
)
INNOCENT = (
    '127.0.0.1 - - [24/Nov/2026:10:{day}:00 +0000] "GET /a?id={order} HTTP/1.1" 200 {number}'
    ' "-" "Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0.6099.109 Safari/537.36"',
    "ts={ms} order={order} took {float:.6f} ms in {pod}",
    '{{"traceId":"{trace}","spanId":"{span}","dd.trace_id":{span},"at":{ns}}}',
    "commit {sha} by {word}, build 1.2.3.{number}",
    "uuid {uuid} mac {mac} offset {big}",
    "{date} 10:00:{day} worker {number} of {word} ready, version 4.18.0.{day}",
    "2026-11-{day} 10:00:00,123 [main] INFO c.e.Foo@{sha:.7} - std::vector::push at 0x{trace}",
    "pulled docker.io/library/{word}@sha256:{trace}{trace} size {big}",
    "latency p50={float:.3f} p99={float:.9f} total {number} {number} {number} {number}",
    "GET /v1/items/{order}/parts/{number} 200 {number} {float:.3f}",
    "W1124 10:00:00.{number:06d} {number} reflector.go:424] watch of *v1.Pod ended: {word}",
    "etag {b64} cache {b64} lat 37.566535 lon 126.977969 range 10-20 30-40",
    "ERROR password must not be empty; token expired for session {uuid}; bearer of news",
    "cpu 12345678 23456789 34567890 mem 1048576 2097152 {number}",
    "react@18.2.0 lodash@4.17.21 git@github.com:org/{word}.git 10:00:00 ::1 a::b",
    "invoice INV-2026-{number:06d} total 1,234,567.89 EUR due {date} ref {order}",
)


def measure(lines: list[Line]) -> dict[str, Counter[str]]:
    """Return, by detector, how many findings were right (tp), wrong (fp) and not made (fn)."""
    found: list[tuple[str, str]] = []

    def note(detector: str, text: str) -> str:
        found.append((detector, text))
        return f"[{detector}]"

    redactor = Redactor(frozenset(DETECTORS), (), note)
    figures: dict[str, Counter[str]] = {each: Counter() for each in DETECTORS}
    for line in lines:
        found.clear()
        redactor.redact([line.text])
        wanted, made = Counter(line.things), Counter(found)
        for kind, things in (("tp", wanted & made), ("fp", made - wanted), ("fn", wanted - made)):
            for (detector, _), count in things.items():
                figures[detector][kind] += count
    return figures


def ratio(part: int, whole: int) -> float:
    """Return a share; one of nothing is all of it."""
    return part / whole if whole else 1.0


def table(figures: dict[str, Counter[str]]) -> str:
    """Return precision and recall of each detector, and of all."""
    total: Counter[str] = sum(figures.values(), Counter())
    rows = [f"{'detector':<14}{'precision':>10}{'recall':>8}{'found':>7}{'wrong':>7}{'missed':>8}"]
    for name, each in (*figures.items(), ("all", total)):
        precision = ratio(each["tp"], each["tp"] + each["fp"])
        recall = ratio(each["tp"], each["tp"] + each["fn"])
        rows.append(
            f"{name:<14}{precision:>10.3f}{recall:>8.3f}{each['tp']:>7}{each['fp']:>7}{each['fn']:>8}"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    sys.stdout.write(table(measure(Corpus().lines())) + "\n")
