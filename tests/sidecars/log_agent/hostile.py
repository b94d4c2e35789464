"""Patterns that are known to be slow, and lines that make them so."""

from __future__ import annotations

LONGEST = 1024 * 1024

# A pattern, and the beginning, the repeated part and the end of a line that is hard for it.
KNOWN_BAD: list[tuple[str, str, str, str]] = [
    # Loops in loops.
    (r"^(?<x>(a+)+)$", "", "a", "!"),
    (r"^(?<x>(a*)*)$", "", "a", "!"),
    (r"^([a-zA-Z]+)*$", "", "aZ", "1"),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", "", "a", ""),
    (r"(?<x>(\w+\s?)+)$", "", "word ", "!"),
    (r"^(\d+|\s+|\w+)*$", "", "1a ", "!"),
    (r"(x+x+)+y", "", "x", ""),
    (r"^(?:(?:a+b?)+c?)+$", "", "ab", "!"),
    (r"(?<x>(?:[^\"']+|\"[^\"]*\")*)=", "", 'a"b"', "'"),
    (r"([^=]+=?)+;$", "", "k=v", "!"),
    # Alternatives that overlap.
    (r"^(a|aa)+$", "", "a", "!"),
    (r"^(a|a?)+$", "", "a", "!"),
    (r"^(?:\w|\d)+$", "", "1", "!"),
    (r"(?:.|\n)*?END", "", "EN\n", ""),
    (r"\"(?:[^\"]|\\.)*\"$", '"', "\\a", ""),
    (r"^(?:ab|a|b)*c", "", "ab", ""),
    (r"^(?i:foo|FOO)*bar", "", "foo", ""),
    # Loops side by side that take the same text.
    (r"^\s*\s*\s*x", "", " ", "y"),
    (r"^(?<a>.*)-(?<b>.*)-(?<c>.*)-(?<d>\d+)$", "", "-", "x"),
    (r"(?<a>\d+)(?<b>\d+)(?<c>\d+)z", "", "1", ""),
    (r"^(?<k>[^:]*):\s*(?<v>.*?)\s*$x", "k:", " ", "x"),
    (r"^(?<time>[^ ]*)\s+(?<c>[^ ]+)\s+(?<m>.*?) *(?<ms>\d+)?ms$", "t c", " 1", "x"),
    (r"^(?:[^,]*,){3}.*,.*,(?<x>.*),$", "", ",", "x"),
    (r"^(?<a>\S+)(?<b>\S+)(?<c>\S+) x$", "", "a", ""),
    # A search that begins anew at every place.
    (r"\s+$", "", " ", "x"),
    (r"\w+Exception", "", "x", ""),
    (r".*error.*", "", "erro", ""),
    (r"error.*timeout", "", "error", ""),
    (r"<.*class=\"([^\"]+)\".*>", "", "<", ""),
    (r"\[(?<a>[^\]]*)\] \[(?<b>[^\]]*)\]", "", "[", ""),
    (r"[a-z0-9._-]+@[a-z0-9.-]+\.[a-z]{2,}", "", "a.", ""),
    (r"(?<ip>\d+\.\d+\.\d+\.\d+):(?<port>\d+)", "", "1", ""),
    # Bounded, but by too much.
    (r"(?:a?){30}a{30}", "", "a", "!"),
    (r"(.*a){20}$", "", "a", "!"),
    (r"^(?:\w{1,40}\s?){1,40}$", "", "word ", "!"),
    # What RE2 cannot do.
    (r"^(?=(\w+\s?)*$)x", "", "word ", "!"),
    (r"(?<q>['\"])(?<a>.*?)\k<q>;(?<b>.*)\k<q>$", "", "'a';", "!"),
    (r"(.*)(.*)(.*)(.*)\1z$", "", "ab", ""),
    (r"(?<!x)(?:a+)+(?!a)b", "", "a", ""),
    (r"(?>a+b?)+c\b(?=d)", "", "ab", ""),
    # What fluentd and fluent-bit ship.
    (
        r'^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)'
        r'(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)'
        r'(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")',
        '- - - [] "GET',
        " ",
        "",
    ),
    (
        r'^\[(?<start_time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>[^\"]*?)(?: +\S*)?)? '
        r'(?<protocol>\S+)" (?<code>[^ ]*)',
        '[] "GET',
        " ",
        "",
    ),
    (
        r"(?<tag>[^.]+)?\.?(?<pod_name>[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
        r"(?:\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)_(?<namespace_name>[^_]+)_"
        r"(?<container_name>.+)-(?<docker_id>[a-z0-9]{64})\.log$",
        "",
        "a.",
        "",
    ),
]


def grown(beginning: str, repeated: str, end: str, length: int = LONGEST) -> str:
    """Return the line at a length."""
    return beginning + repeated * (length // len(repeated)) + end
