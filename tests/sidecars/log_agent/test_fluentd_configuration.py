"""fluentd's configuration: what it becomes, and what is refused by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from pillion_log_agent.configuration.fluentd.ruby import expand
from pillion_log_agent.configuration.fluentd.sign import is_fluentd
from pillion_log_agent.configuration.fluentd.tags import tags_regex
from pillion_log_agent.configuration.load import load
from pillion_log_agent.configuration.section import Problems
from pillion_log_agent.configuration.shared import match_of
from pillion_log_agent.filters.record_transformer import template_of
from pillion_log_agent.outputs.google_cloud.entry import structured
from pillion_log_agent.outputs.stackdriver.severity import severity_of
from pillion_log_agent.show import as_yaml
from tests.manifests import manifest_text
from tests.sidecars.log_agent.running import agent
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from pillion_log_agent.configuration.model import Configuration

SOURCE = "<source>\n@type tail\npath /x\ntag a\n</source>\n"
NULL = "<match **>\n@type null\n</match>\n"
TO_LABEL = "<match **>\n@type relabel\n@label @A\n</match>\n"


def read(folder: Path, text: str) -> Configuration:
    path = folder / "fluent.conf"
    path.write_text(text)
    problems = Problems()
    found = load(str(path), {}, problems)
    problems.raise_if_any()
    return found


def problems_of(folder: Path, text: str) -> str:
    path = folder / "fluent.conf"
    path.write_text(text)
    problems = Problems()
    load(str(path), {}, problems)
    return "\n".join(problems.sentences)


@pytest.mark.parametrize(
    ("pattern", "met", "unmet"),
    [
        ("a.*", ["a.b"], ["a", "a.b.c", "ab"]),
        ("a.**", ["a", "a.b", "a.b.c"], ["ab", "b.a"]),
        ("**", ["", "a", "a.b"], []),
        ("**.a", ["a", "b.a", "c.b.a"], ["ba", "a.b"]),
        ("a.**.b", ["a.b", "a.x.b", "a.x.y.b"], ["a.xb", "ab"]),
        ("{a,b.c}.d", ["a.d", "b.c.d"], ["b.d"]),
        ("a.{b,c}.*", ["a.b.x", "a.c.x"], ["a.b"]),
        ("a b.*", ["a", "b.x"], ["b", "a b.x"]),
        (r"/^a\d/", ["a1x"], ["ab"]),
        ("a,b", ["a,b"], ["a", "b"]),
        ("", ["a", "a.b"], []),
    ],
)
def test_a_pattern_meets_the_tags_that_fluentd_says(
    pattern: str, met: list[str], unmet: list[str]
) -> None:
    found = re.compile(tags_regex(pattern))
    assert all(found.search(tag) for tag in met)
    assert not any(found.search(tag) for tag in unmet)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#{ENV['X']}", "x"),
        ('a-#{ENV["X"]}-b', "a-x-b"),
        ("#{ENV['NO'] || 'default'}", "default"),
        ("#{ENV.fetch('NO', 'other')}", "other"),
        ("#{ENV['NO']}", ""),
        ("#{Socket.gethostname}", "host"),
    ],
)
def test_the_usual_ruby_is_filled_in(text: str, expected: str) -> None:
    assert expand(text, {"X": "x"}, "host") == expected


@pytest.mark.parametrize(
    "code", ["`id`", "File.read('/etc/passwd')", "ENV['X'].upcase", "system('x')"]
)
def test_other_ruby_is_refused_by_name(tmp_path: Path, code: str) -> None:
    text = SOURCE.replace("/x", f'"#{{{code}}}"')
    assert f"has the Ruby #{{{code}}}" in problems_of(tmp_path, text + NULL)


@pytest.mark.parametrize("text", ["# x\n<source>\n</source>", "  @include conf.d/*.conf\n"])
def test_a_configuration_of_fluentds_is_known_by_its_content(text: str) -> None:
    assert is_fluentd(text)


@pytest.mark.parametrize(
    "text", ["[INPUT]\n    name tail\n    parser <source>\n", "[SERVICE]\n@INCLUDE x\n", ""]
)
def test_one_of_fluent_bits_is_none(text: str) -> None:
    assert not is_fluentd(text)


ROUTES = """
<source>
  @type forward
  @id net
  @label @APP
</source>
<source>
  @type tail
  @id files
  path /x
  tag kube.*
</source>
<match kube.system.**>
  @type null
  @id first
</match>
<match kube.**>
  @type stdout
  @id second
</match>
<match **>
  @type null
  @id rest
</match>
<label @APP>
  <match a.**>
    @type relabel
    @label @DEEP
  </match>
  <match **>
    @type null
    @id others
  </match>
</label>
<label @DEEP>
  <match *.b>
    @type stdout
    @id deep
  </match>
</label>
"""
FILTER = "<filter kube.**>\n@type record_transformer\n<record>\na ${tag}\n</record>\n</filter>\n"


@pytest.mark.parametrize(
    ("source", "tag", "outputs"),
    [
        ("files", "kube.system.a", ["first"]),
        ("files", "kube.shop", ["second"]),
        ("files", "a.b", ["rest"]),
        ("net", "a.b", ["deep"]),
        ("net", "a.c", []),
        ("net", "kube.shop", ["others"]),
    ],
)
def test_the_first_match_takes_a_record_and_labels_are_ways_of_their_own(
    tmp_path: Path, source: str, tag: str, outputs: list[str]
) -> None:
    found = read(tmp_path, ROUTES).outputs
    assert [each.name for each in found if match_of(each.shared).meets(tag, source)] == outputs


def test_what_is_converted_says_the_same_again(tmp_path: Path) -> None:
    first = read(tmp_path, FILTER + ROUTES)
    path = tmp_path / "converted.yaml"
    path.write_text(as_yaml(first.sections))
    problems = Problems()
    second = load(str(path), {}, problems)
    assert problems.sentences == []
    assert str([each.shared for each in second.outputs]) == str(
        [each.shared for each in first.outputs]
    )
    assert second.filters[0].properties == first.filters[0].properties


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            SOURCE.replace("tail", "tale"),
            "fluent.conf:1: <source> tale: there is no input 'tale' here; there are tail, forward",
        ),
        (
            SOURCE.replace("path /x", "path /x\nwrong 1"),
            "fluent.conf:4: <source> tail: wrong: is not supported here",
        ),
        (
            SOURCE.replace("path /x", "path /x\n<wrong>\n</wrong>"),
            "<source> tail: <wrong>: is not supported here",
        ),
        (SOURCE.replace("path /x", "path /x\nformat grok"), "there is no parser 'grok' here"),
        ("<source>\n@type tail\n", "fluent.conf:1: <source>: has no end"),
        ("<source>\n</match>\n</source>", "fluent.conf:2: </match>: ends no <match>"),
        ("<match {a>\n@type null\n</match>", "braces are not closed"),
        ("<match **>\n@type solr\n</match>", "there is no output 'solr' here"),
        (TO_LABEL + SOURCE, "@label @A: there is no such <label>"),
        (
            "<match **>\n@type copy\n<store>\n@type relabel\n@label @A\n</store>\n</match>\n<label @A>\n<filter>\n@type grep\n</filter>\n</label>\n"
            + SOURCE,
            "leads to a label with filters",
        ),
        ("@include /nowhere/x.conf\n", "/nowhere/x.conf: cannot be read"),
        (SOURCE + NULL + f"<label @A>\n{NULL}</label>\n", "<label @A>: nothing goes there"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    assert words in problems_of(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        "<",
        "<a",
        "<source>\n" * 100,
        'key "',
        "a '",
        "@include fluent.conf",
        "<match **>\n" + "x [\n" * 50,
        f"<label @A>\n{TO_LABEL}</label>\n{TO_LABEL}",
    ],
)
def test_a_hostile_file_is_refused_and_no_more(tmp_path: Path, text: str) -> None:
    assert problems_of(tmp_path, SOURCE + text)


def test_files_are_included_in_place_and_by_globs(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d/a.conf").write_text("tag from-file\n")
    (tmp_path / "out.conf").write_text(NULL)
    found = read(
        tmp_path, SOURCE.replace("tag a", "@include conf.d/*.conf") + "@include out.conf\n"
    )
    assert found.inputs[0].shared.tag == "from-file"
    assert len(found.files) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${tag}", "a.b.c"),
        ("${tag_parts[1]}-${tag_parts[-1]}", "b-c"),
        ("${tag_prefix[1]} ${tag_suffix[1]}", "a.b b.c"),
        ('${record["n"]}', 5),
        ('n=${record["n"]}', "n=5"),
        ('${record["d"]["e"]}', [1]),
        ('${record.dig("d", "e")}', [1]),
        ("${time}", "now"),
        ("$<tag>", "a.b.c"),
        ("plain", "plain"),
        ('${record["no"]}', None),
    ],
)
def test_a_field_is_filled_in(text: str, expected: object) -> None:
    assert template_of(text)({"n": 5, "d": {"e": [1]}}, "a.b.c", "now") == expected


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        ("warn", "WARNING"),
        ("I", "INFO"),
        (500, "ERROR"),
        ("200", "INFO"),
        ("fatal", "CRITICAL"),
        (None, "DEFAULT"),
        ("blue", "DEFAULT"),
        (10**9, "EMERGENCY"),
        ([], "DEFAULT"),
    ],
)
def test_a_severity_is_one_of_googles(value: object, severity: str) -> None:
    assert severity_of(value) == severity


def test_a_record_is_what_googles_agent_reads() -> None:
    record = {
        "log": "hello",
        "severity": "warn",
        "n": 1,
        "time": "x",
        "logging.googleapis.com/labels": {"a": "b"},
    }
    assert structured(record, "T", "t") == {
        "severity": "WARNING",
        "time": "T",
        "message": "hello",
        "n": 1,
        "logging.googleapis.com/labels": {"a": "b", "tag": "t"},
    }


def test_the_agent_of_kubernetes_documentation_runs_with_its_arguments(tmp_path: Path) -> None:
    documents = list(yaml.safe_load_all(manifest_text("counter-fluentd-agent.yaml")))
    text = documents[0]["data"]["fluentd.conf"]
    (variable,) = documents[1]["spec"]["containers"][1]["env"]
    mounted = tmp_path / "fluentd.conf"
    mounted.write_text(text.replace("/var/log/", f"{tmp_path}/"))
    for number in (1, 2):
        (tmp_path / f"{number}.log").write_text("")
    arguments = variable["value"].replace("/etc/fluentd-config", str(tmp_path))
    # The command line names no configuration: it is FLUENTD_ARGS that does.
    with agent(None, environment={variable["name"]: arguments}, folder=tmp_path) as running:
        name = "pillion_log_agent_tail_open_files"
        for number in (0, 1):
            eventually(
                lambda at=number: running.started.scrape().value(name, input=f"tail.{at}"),  # type: ignore[misc]
                lambda found: found == 1,
            )
        for number in (1, 2):
            with (tmp_path / f"{number}.log").open("a") as file:
                file.write(f"{number}: written\n")
        lines = eventually(running.whole_lines, lambda found: len(found) == 2)
    labels = "logging.googleapis.com/labels"
    assert {line["message"]: line[labels]["tag"] for line in lines} == {
        "1: written": "count.format1",
        "2: written": "count.format2",
    }


def test_a_configuration_that_is_nested_too_deep_is_refused(tmp_path: Path) -> None:
    stores = "<store>\n@type copy\n" * 3000 + "</store>\n" * 3000
    found = problems_of(tmp_path, f"<match **>\n@type copy\n{stores}</match>\n")
    assert "<store>: is deeper than 20 elements" in found


def systemd_source(folder: Path, *lines: str) -> str:
    return "\n".join(["<source>", "@type systemd", "tag host", *lines, "</source>", NULL])


def test_a_journal_is_read_with_its_matches_and_its_position(tmp_path: Path) -> None:
    lines = (
        'matches [{"_SYSTEMD_UNIT": "a.service"}, {"_SYSTEMD_UNIT": "b.service"}]',
        "read_from_head true", "<storage>", "@type local", "path /x/cursor.json", "</storage>",
        "<entry>", "fields_strip_underscores true", "</entry>",
    )  # fmt: skip
    (plugin,) = read(tmp_path, systemd_source(tmp_path, *lines)).inputs
    properties = plugin.properties
    assert properties.systemd_filter == ("_SYSTEMD_UNIT=a.service", "_SYSTEMD_UNIT=b.service")
    assert (properties.systemd_filter_type, properties.db) == ("or", "/x/cursor.json")
    assert (properties.strip_underscores, properties.read_from_tail) == (True, False)
    one = systemd_source(tmp_path, 'matches [{"_SYSTEMD_UNIT": "a.service", "PRIORITY": "3"}]')
    (plugin,) = read(tmp_path, one).inputs
    assert (plugin.properties.systemd_filter_type, plugin.properties.read_from_tail) == (
        "and",
        True,
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("matches {", "is not a list of objects"),
        ('matches [{"A": "1", "B": "2"}, {"C": "3"}]', "write a source for each"),
        ("<entry>\nfield_map {}\n</entry>", "field_map"),
    ],
)
def test_what_of_a_journal_cannot_be_had_is_refused(
    tmp_path: Path, line: str, sentence: str
) -> None:
    assert sentence in problems_of(tmp_path, systemd_source(tmp_path, line))


def kafka_output(*lines: str) -> str:
    return "\n".join([SOURCE, "<match **>", "@type kafka2", "brokers k:9093", *lines, "</match>"])


def test_kafka2_is_the_output_kafka(tmp_path: Path) -> None:
    lines = (
        "default_topic logs", "topic_key to", "required_acks -1", "ssl_ca_cert /ca.pem",
        "username u", "password p", "scram_mechanism sha512", "<format>", "@type json", "</format>",
        "<buffer topic>", "flush_interval 3s", "</buffer>",
    )  # fmt: skip
    (plugin,) = read(tmp_path, kafka_output(*lines)).outputs
    properties = plugin.properties
    assert (properties.brokers, properties.topics) == (("k:9093",), ("logs",))
    assert (properties.topic_key, properties.dynamic_topic) == ("to", True)
    assert dict(properties.rdkafka) == {
        "request.required.acks": "-1",
        "ssl.ca.location": "/ca.pem",
        "sasl.username": "u",
        "sasl.password": "p",
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "SCRAM-SHA-512",
    }
    assert "format avro" in problems_of(
        tmp_path, kafka_output("<format>", "@type avro", "</format>")
    )
