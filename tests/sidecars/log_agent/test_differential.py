r"""The agent and fluent-bit on the same configurations and lines: the same records, in order.

Where fluent-bit is not on this machine (`PILLION_FLUENT_BIT` names it) these are skipped. What
differs on purpose is in docs/log-agent.md, "What differs from fluent-bit", and not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.needs import peer
from tests.sidecars.log_agent.differential import Case, ordered, ours, records, run, theirs

if TYPE_CHECKING:
    from pathlib import Path


def parser(name: str, *properties: str) -> str:
    return "\n    ".join(["[PARSER]", f"name {name}", *properties]) + "\n"


def a_filter(name: str, *properties: str) -> str:
    return "\n    ".join(["[FILTER]", f"name {name}", "match *", *properties]) + "\n"


def lines(*each: str) -> str:
    return "".join(f"{line}\n" for line in each)


def docker(text: str) -> str:
    return f'{{"log":"{text}","stream":"stdout","time":"2026-11-21T10:00:00.123456789Z"}}\n'


DATED = "name stdout\n    match *\n    format json_lines"
ISO = "time_format %Y-%m-%dT%H:%M:%S.%L"
DOCKER = parser("docker", "format json", "time_key time", ISO, "time_keep on")
JSON = parser("json", "format json")
TIMED = parser("json", "format json", "time_key time", ISO)
ALL_KINDS = (
    '{"time":"2026-11-21T10:00:00.1","a":null,"b":true,"c":1.5,"d":"q\\"x","e":[1],"f":{"g":1}}\n'
)
FINE = '{"time":"2026-11-21T10:00:00.123456789","a":1}\n'
THREE = lines('{"s":200,"b":true}', '{"s":"200"}', '{"t":"1"}')
MIXED = parser(
    "r",
    "format regex",
    r"regex ^(?<i>\S+) (?<h>\S+) (?<f>\S+) (?<b>\S+) (?<c>\S+) (?<d>\S+)$",
    "types i:integer h:hex f:float b:bool c:bool d:integer",
)
WORDS = r"regex ^(?<x>[^ ]*) (?<y>[^ ]*) (?<z>.*)$"
STAMPED = r"regex ^(?<time>\S+) (?<m>\S+)$"
BLOCKS = (
    "[MULTILINE_PARSER]\n    name m\n    type regex\n    flush_timeout 500\n"
    '    rule "start_state" "/^\\d/" "cont"\n    rule "cont" "/^\\s/" "cont"\n'
)
INNER = '{"log":"{\\"level\\":\\"inner\\",\\"z\\":2}","level":"outer","a":1}\n'
FIRST = parser(
    "f",
    "format regex",
    r'regex (?<log>(?<="log":")\S(?!\.).*?)(?<!\\)".*(?<stream>(?<="stream":").*?)".*(?<time>\d{4}-\d{1,2}-\d{1,2}T\d{2}:\d{2}:\d{2}\.\w*).*(?=})',
)
TRACES = "".join(
    map(docker, ("before\\n", "1 one\\n", " at a\\n", "2 par", "t two\\n", " at b\\n", "3 x\\n"))
)
SPLIT = docker("part1 ") + docker("part2\\n") + docker("x\\n")

CASES: dict[str, Case] = {
    "docker": Case("parser docker", docker("hello\\n") + docker("w\\u00e9"), DOCKER, output=DATED),
    "docker_mode": Case("docker_mode on\n    parser docker", SPLIT, DOCKER, output=DATED),
    "docker_mode without the time": Case(
        "docker_mode on\n    parser docker",
        SPLIT,
        DOCKER.replace("keep on", "keep off"),
        output=DATED,
    ),
    "docker_mode without a parser": Case("docker_mode on", SPLIT),
    "docker_mode with a decoder": Case(
        "docker_mode on\n    parser docker",
        docker('{\\"a\\":1}\\n') + docker("x\\n"),
        DOCKER + "    decode_field_as json log\n",
    ),
    "docker_mode with the parser of first lines": Case(
        "docker_mode on\n    docker_mode_flush 1\n    docker_mode_parser f\n    parser docker",
        TRACES,
        DOCKER + FIRST,
        output=DATED,
    ),
    "multiline.parser docker": Case("multiline.parser docker", SPLIT),
    "plain lines": Case("", "one\r\ntwo\n\nthree\n"),
    "a compressed file": Case("", "one\ntwo\n", zipped=True),
    "a file that is older than is wanted": Case("ignore_older 1h", "young\n", older=7200),
    "a file that is old": Case("ignore_older 3h", "young\n", older=7200),
    "a key": Case("key message", "x\ny\n"),
    "grep leaves out by text": Case("parser json", THREE, JSON, a_filter("grep", "exclude s ^2")),
    "grep keeps by text": Case("parser json", THREE, JSON, a_filter("grep", "regex s .")),
    "a value that is not equal": Case(
        "parser json",
        THREE,
        JSON,
        a_filter("modify", "condition key_value_does_not_equal s 200", "set x y"),
    ),
    "a value that does not match": Case(
        "parser json",
        THREE,
        JSON,
        a_filter("modify", "condition key_value_does_not_match s ^2", "set x y"),
    ),
    "a truth value that matches": Case(
        "parser json",
        THREE,
        JSON,
        a_filter("modify", "condition key_value_matches b ^t", "set x y"),
    ),
    "the order of modify": Case(
        "parser json",
        '{"a":1,"b":2,"c":3}\n',
        JSON,
        a_filter("modify", "set a 9", "copy b d", "hard_copy c b", "add z 1", "rename z y"),
    ),
    "what modify removes": Case(
        "parser json",
        '{"k8s_a":1,"K8S_b":2,"c":3}\n',
        JSON,
        a_filter("modify", "remove_wildcard k8s_", "remove C"),
    ),
    "raw control characters in JSON": Case(
        "parser json", b'{"a":"x\ty\x01z","b":1}\n{"a":"tab\\t"}\n', JSON
    ),
    "what follows an object": Case(
        "parser json", lines('{"a":1} text', '{"a":2}{"b":3}', '  {"a":4}  ', "[1,2]", '"x"'), JSON
    ),
    "kinds of values": Case(
        "parser json",
        '{"a":1.0,"b":1e3,"c":null,"d":[1,"x",{"y":false}],"e":12345678901234567890,"f":-5}\n',
        JSON,
    ),
    "keys that are there twice": Case("parser json", '{"a":1,"a":2,"b":3}\n', JSON),
    "Unicode": Case("parser json", '{"a":"\u00e9\U0001f600","b":"\\ud83d\\ude00"}\n', JSON),
    "the filter parser beside other fields": Case(
        "parser json",
        INNER,
        JSON,
        a_filter("parser", "key_name log", "parser json", "reserve_data on"),
    ),
    "the filter parser that preserves": Case(
        "parser json",
        INNER,
        JSON,
        a_filter("parser", "key_name log", "parser json", "preserve_key on", "reserve_data on"),
    ),
    "the filter parser that preserves and no more": Case(
        "parser json",
        INNER,
        JSON,
        a_filter("parser", "key_name log", "parser json", "preserve_key on"),
    ),
    "the filter parser in place of the record": Case(
        "parser json",
        lines('{"log":"{\\"level\\":\\"inner\\"}","a":1}', '{"log":"no","a":1}', '{"a":1}'),
        JSON,
        a_filter("parser", "key_name log", "parser json"),
    ),
    "types": Case("parser r", "12abc 0x1f 1.5 true yes 10\nx 1f y TRUE on 1.9\n", MIXED),
    "types of JSON's own": Case(
        "parser json", '{"a":"12abc","b":1}\n', JSON + "    types a:integer b:string\n"
    ),
    "types converted": Case(
        "parser json",
        '{"s":"12abc","t":"x","u":"0","n":1.5,"i":7,"x":null}\n',
        JSON,
        a_filter(
            "type_converter",
            "str_key s s_i int",
            "str_key s s_f float",
            "str_key s h hex",
            "str_key t t_i int",
            "float_key n n_i int",
            "float_key n n_s string",
            "int_key i i string",
        ),
    ),
    "what is lifted comes last": Case(
        "parser json",
        '{"n":{"a":2,"b":3},"a":1,"c":4}\n',
        JSON,
        a_filter("nest", "operation lift", "nested_under n"),
    ),
    "a new tag that alone has an output": Case(
        "parser json",
        THREE,
        JSON,
        a_filter("rewrite_tag", "rule $s ^2 new.$TAG.$0 false"),
        "name stdout\n    match new.*\n    format json_lines\n    json_date_key false",
    ),
    "empty values": Case("parser r", "a  b\n", parser("r", "format regex", WORDS)),
    "empty values that stay": Case(
        "parser r", "a  b\n", parser("r", "format regex", WORDS, "skip_empty_values false")
    ),
    "lines that do not fit": Case(
        "parser r", "ab\n1\n", parser("r", "format regex", r"regex ^(?<x>\d+)$")
    ),
    "logfmt": Case("parser l", 'a=1 b="x y" c d= e="q\\"r"\nk\n', parser("l", "format logfmt")),
    "ltsv": Case("parser l", "a:1\tb:x y\tc\td:\nhost:1.2.3.4:80\n", parser("l", "format ltsv")),
    "a time with its zone": Case(
        "parser r",
        "21/Nov/2026:10:00:00 +0100 x\n21/Nov/2026:10:00:00 -0530 y\n",
        parser(
            "r",
            "format regex",
            r"regex ^(?<time>\S+ \S+) (?<m>\S+)$",
            "time_format %d/%b/%Y:%H:%M:%S %z",
        ),
        output=DATED,
    ),
    "a time with its fraction": Case(
        "parser r",
        "2026-11-21T10:00:00.123456789Z x\n2026-11-21T10:00:00.5+02:00 z\n",
        parser("r", "format regex", STAMPED, f"{ISO}%z"),
        output=DATED,
    ),
    "a time with an offset of the parser": Case(
        "parser r",
        "2026-11-21T10:00:00 x\n",
        parser("r", "format regex", STAMPED, "time_format %Y-%m-%dT%H:%M:%S", "time_offset +0200"),
        output=DATED,
    ),
    "a time in a zone": Case(
        "parser r",
        "2026-07-01T12:00:00 x\n2026-01-01T12:00:00 y\n",
        parser(
            "r",
            "format regex",
            STAMPED,
            "time_format %Y-%m-%dT%H:%M:%S",
            "time_zone America/New_York",
        ),
        output=DATED,
    ),
    "a time in the zone of the process": Case(
        "parser r",
        "2026-07-01T12:00:00 x\n",
        parser(
            "r",
            "format regex",
            STAMPED,
            "time_format %Y-%m-%dT%H:%M:%S",
            "time_system_timezone on",
        ),
        output=DATED,
    ),
    "seconds since 1970": Case(
        "parser r",
        "1700000000.25 x\n",
        parser("r", "format regex", STAMPED, "time_format %s.%L"),
        output=DATED,
    ),
    "record_modifier whatever the case": Case(
        "parser json",
        '{"Secret":1,"a":2,"SECRET":3}\n',
        JSON,
        a_filter("record_modifier", "remove_key secret"),
    ),
    "an allowlist whatever the case": Case(
        "parser json", '{"Secret":1,"a":2}\n', JSON, a_filter("record_modifier", "allowlist_key A")
    ),
    "record_modifier adds": Case(
        "parser json",
        '{"a":2,"host":"x"}\n',
        JSON,
        a_filter("record_modifier", "remove_key a", "record host y"),
    ),
    "standard input": Case(
        "",
        '{"a":1}{"a":2}\n{"a":\n3}\n[1700000000.5,{"b":1}]\n',
        name="stdin",
        output=DATED.replace("json_lines", "json_lines\n    json_date_key false"),
    ),
    "records of several lines": Case(
        "multiline.parser m", "1 first\n more\n again\n2 second\n", BLOCKS
    ),
    "the old multiline": Case(
        "multiline on\n    parser_firstline f",
        "1 first\n more\n2 second\n",
        parser("f", "format regex", r"regex ^(?<n>\d) (?<log>.*)$"),
    ),
    "decoders in place": Case(
        "parser d",
        lines('{"log":"{\\"x\\":1}","e":"a\\\\nb"}', '{"log":"text"}'),
        parser("d", "format json", "decode_field_as json log", "decode_field_as escaped e"),
    ),
    "a decoder beside": Case(
        "parser d",
        lines('{"log":"{\\"x\\":1}","k":2}', '{"log":"text"}'),
        parser("d", "format json", "decode_field json log"),
    ),
    "no match where there is one way": Case(
        "parser json",
        '{"a":1}\n',
        JSON,
        output="name stdout\n    format json_lines\n    json_date_key false",
    ),
    **{
        f"the date as {form}": Case(
            "parser json", FINE, TIMED, output=f"{DATED}\n    json_date_format {form}"
        )
        for form in ("double", "epoch", "epoch_ms", "iso8601", "java_sql_timestamp")
    },
}
FILE = "name file\n    match *\n    path FOLDER\n    file out\n    format "
TEXTS = {
    "stdout as it is by default": "name stdout\n    match *",
    "file as it is by default": f"{FILE}out_file",
    "file as JSON": f"{FILE}plain",
    "file as csv": f"{FILE}csv",
    "file as ltsv": f"{FILE}ltsv",
    "file by a template": f"{FILE}template\n    template {{time}} {{a}} {{b}} {{c}} {{d}} {{e}} {{f}} {{x}}",
}


@pytest.fixture(scope="module")
def fluent_bit() -> list[str]:
    return theirs(peer("fluent-bit", "PILLION_FLUENT_BIT"))


@pytest.mark.parametrize("case", CASES)
def test_both_make_the_same_records(tmp_path: Path, fluent_bit: list[str], case: str) -> None:
    expected = records(run(fluent_bit, CASES[case], tmp_path / "theirs"))
    found = records(run(ours(), CASES[case], tmp_path / "ours"))
    assert expected
    assert ordered(found) == ordered(expected)


@pytest.mark.parametrize("output", TEXTS)
def test_both_write_the_same_text(tmp_path: Path, fluent_bit: list[str], output: str) -> None:
    case = Case("parser json", ALL_KINDS, TIMED, output=TEXTS[output])
    written = []
    for name, command in (("theirs", fluent_bit), ("ours", ours())):
        folder = tmp_path / name
        text = run(command, case, folder)
        written.append((folder / "out").read_text() if "file" in output else text)
    assert written[0]
    assert written[1] == written[0]
