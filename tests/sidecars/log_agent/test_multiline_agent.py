"""Joined records in the whole agent: nothing lost, cut or repeated by kill, rotation or reload."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers.bulk_sink import Sink, bulk_sink
from tests.sidecars.log_agent.running import Agent, agent, balances, docker_line, summary
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = [f"\tat shop.Order.step{number}(Order.java:{number})" for number in range(8)]
TRACE = ["java.lang.IllegalStateException: no stock", *FRAMES]
TO_ELASTICSEARCH = """
service:
  flush: 0.05
multiline_parsers:
  - name: impatient
    type: regex
    flush_timeout: 300
    rules:
      - {{state: start_state, regex: '/Exception: /', next_state: frames}}
      - {{state: start_state, regex: '/^\\tat /', next_state: frames}}
      - {{state: frames, regex: '/^\\tat /', next_state: frames}}
pipeline:
  inputs:
    - name: tail
      path: {folder}/logs/*.log
      multiline.parser: {parsers}
      read_from_head: true
      refresh_interval: 1
      rotate_wait: 1
      db: {folder}/positions.db
  outputs:
    - name: es
      match: '*'
      host: 127.0.0.1
      port: {port}
"""
TO_STDOUT = """
service:
  flush: 0.05
  {service}
multiline_parsers:
  - name: dated
    type: regex
    flush_timeout: 300
    rules:
      - {{state: start_state, regex: '/^\\d{{4}}-/', next_state: cont}}
      - {{state: cont, regex: '/^(?!\\d{{4}}-)/', next_state: cont}}
pipeline:
  inputs:
    - name: tail
      path: {folder}/logs/*.log
      read_from_head: true
      {tail}
  filters: {filters}
  outputs:
    - {{name: stdout, match: '*', format: json_lines}}
"""


def to_elasticsearch(folder: Path, sink: Sink, parsers: str = "java") -> Path:
    (folder / "logs").mkdir()
    path = folder / "agent.yaml"
    path.write_text(TO_ELASTICSEARCH.format(folder=folder, port=sink.port, parsers=parsers))
    return path


def to_stdout(folder: Path, *tail: str, filters: str = "[]", service: str = "") -> Path:
    (folder / "logs").mkdir()
    path = folder / "agent.yaml"
    text = "\n      ".join(tail)
    path.write_text(
        TO_STDOUT.format(folder=folder, tail=text, filters=filters, service=service or "grace: 5")
    )
    return path


def append(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def taken(sink: Sink, count: int) -> None:
    eventually(lambda: sink.counts()["taken"], lambda found: found >= count)


def printed(running: Agent, count: int) -> list[dict[str, Any]]:
    return eventually(running.lines, lambda found: len(found) >= count)


def read_to(running: Agent, size: int) -> None:
    name = "pillion_log_agent_tail_read_bytes_total"
    eventually(
        lambda: running.started.scrape().value(name, input="tail.0"), lambda found: found == size
    )


def cri(text: str, stream: str = "stderr", tag: str = "F") -> str:
    return f"2026-11-21T10:00:00.123456789Z {stream} {tag} {text}"


def test_a_kill_in_the_middle_of_a_trace_reads_all_of_it_again_under_the_same_id(
    tmp_path: Path,
) -> None:
    with bulk_sink() as sink:
        configuration = to_elasticsearch(tmp_path, sink)
        log = tmp_path / "logs" / "a.log"
        append(log, "before", *TRACE[:5])
        with agent(configuration) as running:
            taken(sink, 1)
            running.kill()
        append(log, *TRACE[5:], "after")
        with agent(configuration) as running:
            taken(sink, 3)
            running.started.stop()
        documents = {each["_source"]["log"]: each["_id"] for each in sink.documents()}
        trace = "\n".join(TRACE) + "\n"
        assert set(documents) == {"before\n", trace, "after\n"}
        offsets = [int(documents[text].rpartition("-")[2], 16) for text in ("before\n", trace)]
        assert offsets == [0, len("before\n")], "the id is that of the first line"
        assert sink.counts()["conflicts"] <= 1, "what came before it is sent again as itself or not"
    assert balances(summary(running.started.log))


def test_the_end_of_a_rotated_file_is_joined_with_nothing_of_the_next(tmp_path: Path) -> None:
    with bulk_sink() as sink, agent(to_elasticsearch(tmp_path, sink, "impatient")) as running:
        log = tmp_path / "logs" / "a.log"
        append(log, "before", *TRACE[:5])
        taken(sink, 1)
        log.rename(tmp_path / "logs" / "a.old")
        append(log, *TRACE[5:], "after")
        taken(sink, 4)
        running.started.stop()
        assert {each["_source"]["log"] for each in sink.documents()} == {
            "before\n", "\n".join(TRACE[:5]) + "\n", "\n".join(TRACE[5:]) + "\n", "after\n",
        }  # fmt: skip
    assert balances(summary(running.started.log))


def test_a_file_that_is_cut_in_the_middle_of_a_trace_begins_anew(tmp_path: Path) -> None:
    with bulk_sink() as sink, agent(to_elasticsearch(tmp_path, sink, "impatient")) as running:
        log = tmp_path / "logs" / "a.log"
        append(log, "before", *TRACE[:5])
        taken(sink, 1)
        os.truncate(log, 0)
        scraped = running.started.scrape
        eventually(
            lambda: scraped().value("pillion_log_agent_tail_truncations_total", input="tail.0"),
            lambda found: found == 1,
        )
        append(log, *TRACE[5:], "after")
        taken(sink, 4)
        running.started.stop()
        texts = {each["_source"]["log"] for each in sink.documents()}
    assert "\n".join(TRACE[:5]) + "\n" in texts
    assert "\n".join(TRACE[5:]) + "\n" in texts


def test_a_reload_and_an_end_deliver_what_is_open_and_repeat_nothing(tmp_path: Path) -> None:
    with bulk_sink() as sink:
        configuration = to_elasticsearch(tmp_path, sink)
        log = tmp_path / "logs" / "a.log"
        with agent(configuration) as running:
            append(log, "before", *TRACE)
            taken(sink, 1)
            assert running.started.get("/-/reload", method="POST").status == 200
            taken(sink, 2)
            append(log, "between", *TRACE)
            taken(sink, 3)
            running.started.stop()
        with agent(configuration) as running:
            append(log, "after")
            taken(sink, 5)
            running.started.stop()
        trace = "\n".join(TRACE) + "\n"
        texts = [each["_source"]["log"] for each in sink.documents()]
        assert sorted(texts) == sorted(["before\n", trace, "between\n", trace, "after\n"])
        assert sink.counts()["conflicts"] == 0


@pytest.mark.parametrize("runtime", ["docker", "cri"])
def test_a_runtime_and_a_language_in_one_list_are_applied_one_after_the_other(
    tmp_path: Path, runtime: str
) -> None:
    with bulk_sink() as sink, agent(to_elasticsearch(tmp_path, sink, "docker, cri, java")) as _:
        log = tmp_path / "logs" / "a.log"
        if runtime == "cri":
            append(log, cri("a"), cri("java.lang.Illegal", tag="P"), cri("ok", "stdout"))
            append(log, cri(TRACE[0][17:]), *[cri(frame) for frame in FRAMES], cri("b"))
        else:
            with log.open("a") as file:
                file.write(docker_line("a", stream="stderr"))
                file.write(docker_line(TRACE[0], stream="stderr") + docker_line("ok"))
                file.writelines(docker_line(text, stream="stderr") for text in [*FRAMES, "b"])
        taken(sink, 4)
        texts = {each["_source"]["log"].strip() for each in sink.documents()}
    assert texts == {"a", "ok", "\n".join(TRACE), "b"}


FILTERED = """
    - {name: multiline, match: '*', multiline.key_content: log, multiline.parser: 'go, java', flush_ms: 300}
    - {name: modify, match: '*', add: seen yes}"""


def test_the_filter_joins_behind_cri_and_later_filters_see_the_joined_record(
    tmp_path: Path,
) -> None:
    configuration = to_stdout(tmp_path, "multiline.parser: cri", filters=FILTERED)
    log = tmp_path / "logs" / "a.log"
    append(
        log, cri("a"), *[cri(text) for text in TRACE], cri("ok", "stdout"), cri("b"), cri("x.Error")
    )
    with agent(configuration) as running:
        records = printed(running, 5)
        scrape = running.started.scrape()
        running.started.stop()
    assert [record["log"] for record in records] == [
        "a", "\n".join(TRACE), "ok", "b", "x.Error",
    ]  # fmt: skip
    assert {record["seen"] for record in records} == {"yes"}
    assert records[1]["stream"] == "stderr"
    name = "pillion_log_agent_multiline_records_total"
    assert scrape.value(name, by="multiline.0", end="rules") == 1
    figures = summary(running.started.log)
    assert balances(figures)
    assert (figures["read"], figures["delivered"], figures["filtered"]) == (13, 5, 8)
    assert figures["in_flight"] == 0


def test_a_record_that_the_filter_keeps_is_not_acknowledged_before_it_goes_on(
    tmp_path: Path,
) -> None:
    filters = "[{name: multiline, match: '*', multiline.parser: java, flush_ms: 60000}]"
    state = f"--state.directory={tmp_path}/state"
    log = tmp_path / "logs" / "a.log"
    configuration = to_stdout(tmp_path, "multiline.parser: cri", filters=filters)
    append(log, *[cri(text) for text in TRACE[:5]])
    with agent(configuration, state) as running:
        eventually(lambda: running.records("read"), lambda found: found == 5)
        running.kill()
    append(log, *[cri(text) for text in TRACE[5:]], cri("b"))
    with agent(configuration, state) as running:
        records = printed(running, 2)
        running.started.stop()
    assert [record["log"] for record in records] == ["\n".join(TRACE), "b"]


def test_pieces_of_a_line_that_come_alone_wait_for_the_rest_and_its_trace(tmp_path: Path) -> None:
    configuration = to_stdout(tmp_path, "multiline.parser: cri, java")
    log = tmp_path / "logs" / "a.log"
    with agent(configuration) as running:
        for tag, text in (("P", "java.lang.Illegal"), ("F", TRACE[0][17:]), ("F", FRAMES[0])):
            append(log, cri(text, tag=tag))
            read_to(running, log.stat().st_size)
        append(log, cri("after"))
        records = printed(running, 2)
        running.started.stop()
    assert [record["log"] for record in records] == ["\n".join(TRACE[:2]), "after"]


def test_a_joined_record_has_the_path_and_the_offset_of_its_first_line(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "a.log"
    keys = ("multiline.parser: dated", "path_key: file", "offset_key: at", "skip_empty_lines: on")
    configuration = to_stdout(tmp_path, *keys)
    append(log, "2026-a", "", " a1", "2026-b", " b1")
    with agent(configuration) as running:
        records = printed(running, 2)
        scrape = running.started.scrape()
        running.started.stop()
    assert [(each["log"], each["at"], each["file"]) for each in records] == [
        ("2026-a\n a1\n", 0, str(log)), ("2026-b\n b1\n", 12, str(log)),
    ]  # fmt: skip
    name = "pillion_log_agent_multiline_records_total"
    assert scrape.value(name, by="tail.0", end="rules") == 1
    assert scrape.value(name, by="tail.0", end="timeout") == 1, "flush_timeout of the parser"


def test_records_are_cut_at_the_limit_of_the_service_and_lines_too_long_are_dropped(
    tmp_path: Path,
) -> None:
    log = tmp_path / "logs" / "a.log"
    configuration = to_stdout(
        tmp_path,
        "multiline.parser: dated",
        "skip_long_lines: on",
        service="multiline_buffer_limit: 1000",
    )
    append(log, "2026-a", *["x" * 99] * 20, "y" * 1_100_000, "2026-b")
    with agent(configuration) as running:
        records = printed(running, 3)
        scrape = running.started.scrape()
        running.started.stop()
    texts = [record["log"] for record in records]
    assert "".join(texts) == "2026-a\n" + ("x" * 99 + "\n") * 20 + "2026-b\n"
    assert max(map(len, texts)) <= 1010
    assert scrape.value("pillion_log_agent_multiline_records_total", by="tail.0", end="limit") == 1
    figures = summary(running.started.log)
    assert balances(figures)
    assert figures["dropped"] == 1


def test_many_files_whose_last_records_are_open_do_not_stop_one_another(tmp_path: Path) -> None:
    keys = ("multiline.parser: dated", "exit_on_eof: on", "mem_buf_limit: 1MB")
    configuration = to_stdout(tmp_path, *keys)
    text = configuration.read_text()
    configuration.write_text(text.replace("flush_timeout: 300", "flush_timeout: 60000"))
    record = ("2026-" + "x" * 100, " " + "y" * 100)
    for number in range(8):
        append(tmp_path / "logs" / f"{number}.log", *record * 2000)
    with agent(configuration) as running:
        running.process.wait(30)
        texts = [each["log"] for each in running.lines()]
    assert texts == ["\n".join(record) + "\n"] * 16_000
    assert summary(running.started.log)["delivered"] == 16_000


OLD = """
[SERVICE]
    Flush        0.05
    Parsers_File parsers.conf
[INPUT]
    Name             tail
    Path             {folder}/logs/*.log
    Read_From_Head   On
    Multiline        On
    Multiline_Flush  1
    Parser_Firstline first
    Parser_1         user
[OUTPUT]
    Name   stdout
    Match  *
    Format json_lines
"""
OLD_PARSERS = """
[PARSER]
    Name   first
    Format regex
    Regex  ^(?<level>ERROR|INFO) (?<message>.*)$
[PARSER]
    Name   user
    Format regex
    Regex  ^user=(?<user>\\d+)$
"""


def test_an_old_configuration_map_joins_as_it_did(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    configuration = tmp_path / "fluent-bit.conf"
    configuration.write_text(OLD.format(folder=tmp_path))
    (tmp_path / "parsers.conf").write_text(OLD_PARSERS)
    append(tmp_path / "logs" / "a.log", "ERROR it failed", "\tat a", "user=7", "INFO ok")
    with agent(configuration) as running:
        records = printed(running, 2)
        running.started.stop()
    for record in records:
        del record["date"]
    assert records == [
        {"level": "ERROR", "message": "it failed\n\tat a", "user": "7"},
        {"level": "INFO", "message": "ok"},
    ]
