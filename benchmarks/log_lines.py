"""Log files to measure with: uniform, and varied as production writes them.

Uniform lines are 200 bytes of ASCII. Varied ones have 20 to 4,000 bytes with a long tail, escapes
and Unicode, both streams with pieces of long lines in between, keys that come and go, times whose
trailing zeros are cut off as Go does, and 5 % that fit no parser.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WIDTH = 200
SHORTEST, LONGEST = 20, 4000
MISFITS = 0.05
PIECES = 0.03
TRACED = 19 + 16
START_NS = 1_790_000_000_000_000_000
_SPECIAL = (
    'said "no"', "C:\\temp\\app", "\tindented", "\x1b[31merror\x1b[0m", "Grüße", "주문 완료",
    "日本語のログ", "naïve café", "🚀 deployed", "a/b/c", "{not json", "key='value'", "100 %", "…",
)  # fmt: skip
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0",
    "kube-probe/1.34", "curl/8.5.0", "-", "Prometheus/3.1.0", "python-requests/2.32.3",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
)  # fmt: skip
_PATHS = (
    "/",
    "/api/orders",
    "/api/orders/17?expand=items",
    "/static/app.3f2.js",
    "/search?q=%C3%BC",
)
_IN_QUERY = str.maketrans({" ": "+", '"': "%22", "\t": "%09", "\\": "%5C"})
_BROKEN_REQUESTS = (
    r"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03",
    "",
    "GET",
    r"GET /\x22 HTTP/1.1",
)


@dataclass(frozen=True, slots=True)
class Draw:
    """What the next line is made of.

    Attributes:
        number: counts the lines.
        time: RFC 3339 in UTC, as a runtime writes it.
        text: what the program says, without its newline.
        random: for what else a form draws.
        is_varied: whether lines differ in more than their words.
    """

    number: int
    time: str
    text: str
    random: random.Random
    is_varied: bool

    def happens(self, share: float) -> bool:
        """Whether something that varied lines have now and then is in this one."""
        return self.is_varied and self.random.random() < share


def draws(*, is_varied: bool) -> Iterator[Draw]:
    """Yield what lines are made of, without an end and always the same."""
    draw = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(draw.choices(letters, k=draw.randint(3, 9))) for _ in range(500)]
    now, number = START_NS, 0
    while True:
        now += draw.randint(100_000, 2_000_000)
        second = datetime.fromtimestamp(now // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        fraction = f"{now % 10**9:09d}"
        if is_varied:
            text = _varied_text(draw, words)
            fraction = fraction.rstrip("0") or "0"
        else:
            text = " ".join(draw.choices(words, k=24))
        yield Draw(number, f"{second}.{fraction}Z", text, draw, is_varied)
        number += 1


def _varied_text(draw: random.Random, words: list[str]) -> str:
    """Return a text of 20 to 4,000 characters: half are short, few are long."""
    length = min(SHORTEST + int(draw.expovariate(1 / 180)), LONGEST)
    if draw.random() < 0.01:
        length = draw.randint(1000, LONGEST)
    chosen = draw.choices(words, k=length // 6 + 1)
    if draw.random() < 0.3:
        chosen[draw.randrange(len(chosen))] = draw.choice(_SPECIAL)
    return " ".join(chosen)[:length]


def plain(draw: Draw) -> str:
    """Return a line that an application writes to a file."""
    line = f"{draw.time} INFO {draw.text}"
    return line if draw.is_varied else line[: WIDTH - 1]


def docker(draw: Draw) -> str:
    """Return a line of docker's json-file driver."""
    return _in_docker(draw, draw.text)


def docker_json(draw: Draw) -> str:
    """Return a line of docker's whose text is a JSON object, for `merge_log`."""
    if not draw.is_varied:
        head = f'{{"log":"{{\\"priority\\":{draw.number % 6},\\"message\\":\\"'
        tail = f'\\"}}\\n","stream":"stdout","time":"{draw.time}"}}'
        return head + draw.text[: WIDTH - 1 - len(head) - len(tail)] + tail
    if draw.happens(MISFITS):
        return _in_docker(draw, draw.text)
    inner: dict[str, object] = {"priority": draw.number % 6, "message": draw.text}
    if draw.happens(0.5):
        inner["level"] = draw.random.choice(("info", "warn", "error"))
    if draw.happens(0.3):
        inner["http"] = {"status": draw.random.choice((200, 404, 500)), "path": "/api/orders"}
    if draw.happens(0.2):
        inner[f"field_{draw.random.randrange(40)}"] = draw.random.random()
    if draw.happens(0.05):
        inner["time"] = draw.time
    spaces = (", ", ": ") if draw.happens(0.3) else (",", ":")
    is_ascii = draw.happens(0.5)
    return _in_docker(draw, json.dumps(inner, separators=spaces, ensure_ascii=is_ascii))


def _in_docker(draw: Draw, text: str) -> str:
    if not draw.is_varied:
        head, tail = '{"log":"', f'\\n","stream":"stdout","time":"{draw.time}"}}'
        return head + text[: WIDTH - 1 - len(head) - len(tail)] + tail
    if draw.happens(MISFITS):
        return text[:LONGEST].replace("\n", " ")
    end = "" if draw.happens(PIECES) else "\n"
    stream = "stderr" if draw.happens(0.2) else "stdout"
    line = {"log": text + end, "stream": stream, "time": draw.time}
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False)


def cri(draw: Draw) -> str:
    """Return a line of containerd's or CRI-O's."""
    if not draw.is_varied:
        return f"{draw.time} stdout F {draw.text}"[: WIDTH - 1]
    if draw.happens(MISFITS):
        return draw.text
    stream = "stderr" if draw.happens(0.2) else "stdout"
    return f"{draw.time} {stream} {'P' if draw.happens(PIECES) else 'F'} {draw.text}"


def nginx(draw: Draw) -> str:
    """Return a line of nginx's access log in the format `combined`."""
    moment = datetime.fromtimestamp(START_NS // 10**9 + draw.number // 1000, UTC)
    written = moment.strftime("%d/%b/%Y:%H:%M:%S +0000")
    if not draw.is_varied:
        address, size = f"10.0.0.{draw.number % 250}", draw.number % 5000
        line = f'{address} - - [{written}] "GET /api/orders HTTP/1.1" 200 {size}'
        return f'{line} "-" "{draw.text}'[: WIDTH - 2] + '"'
    if draw.happens(MISFITS):
        return f"{moment:%Y/%m/%d %H:%M:%S} [error] 31#31: *{draw.number} {draw.text}"
    one = draw.random
    address = one.choice(("10.0.0.7", "2001:db8::17", "192.0.2.44", "198.51.100.9"))
    user = "anna" if draw.happens(0.05) else "-"
    method, version = one.choice(("GET", "POST", "PUT")), one.choice(("1.1", "2.0"))
    request = f"{method} {one.choice(_PATHS)} HTTP/{version}"
    if draw.happens(0.1):
        request = f"GET /search?q={draw.text.translate(_IN_QUERY)} HTTP/1.1"
    elif draw.happens(0.02):
        request = one.choice(_BROKEN_REQUESTS)
    status = one.choices((200, 301, 404, 499, 500, 503), (80, 5, 8, 2, 3, 2))[0]
    referer = "https://shop.example/" if draw.happens(0.4) else "-"
    line = f'{address} - {user} [{written}] "{request}" {status} {one.randrange(100_000)}'
    return f'{line} "{referer}" "{one.choice(_AGENTS)}"'


def traces(draw: Draw) -> str:
    """Return a line of a log of which 1 record in 20 is a Java trace of 16 lines."""
    place = draw.number % TRACED
    if place < TRACED - 16:
        return plain(draw)
    if place == TRACED - 16:
        line = f"{draw.time} ERROR java.lang.IllegalStateException: {draw.text}"
        return line if draw.is_varied else line[: WIDTH - 1]
    if draw.is_varied and place == TRACED - 6:
        return f"Caused by: java.io.IOException: {draw.text[:200]}"
    if draw.is_varied and place == TRACED - 1:
        return f"\t... {draw.number % 90} more"
    call = draw.text[:40].replace(" ", ".")
    return f"\tat com.acme.shop.{call}.Service.call(Service.java:{place})"


FORMS: dict[str, Callable[[Draw], str]] = {
    "docker": docker,
    "docker_json": docker_json,
    "cri": cri,
    "nginx": nginx,
    "plain": plain,
    "traces": traces,
}


def write(path: Path, form: str, *, size: int, is_varied: bool) -> int:
    """Write a file of so many bytes, or a line more, in a form; return its lines."""
    make, written = FORMS[form], 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for draw in draws(is_varied=is_varied):
            if written >= size:
                return draw.number
            line = make(draw) + "\n"
            written += len(line.encode())
            file.write(line)
    raise AssertionError("there is always another line")
