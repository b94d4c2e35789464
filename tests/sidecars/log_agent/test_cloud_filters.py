"""The filters aws, ecs and geoip2: what the machine, its agent and a database say.

The services are stand-ins that answer as AWS's documentation says; the databases are written by a
library that nobody here wrote.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from pillion.errors import ConfigurationError
from pillion_log_agent.configuration.declaration import read_properties
from pillion_log_agent.configuration.model import declaration_of
from pillion_log_agent.configuration.section import Entry, Problems, Section
from pillion_log_agent.filters.filter import FilterContext
from pillion_log_agent.parsers.make import Parsers
from tests.servers.metadata_service import metadata
from tests.sidecars.log_agent.running import agent
from tests.sidecars.log_agent.test_filters import NOW, PLACE, batch, made
from tests.sidecars.log_agent.test_further_filters import Written
from tests.sidecars.log_agent.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from pillion_log_agent.filters.filter import WaitingFilter
    from tests.servers.metadata_service import Answer

INSTANCE = {
    "/latest/meta-data/placement/availability-zone/": "eu-west-1a",
    "/latest/meta-data/instance-id/": "i-1",
    "/latest/meta-data/instance-type/": "m5.large",
    "/latest/meta-data/local-ipv4/": "10.0.0.1",
    "/latest/meta-data/ami-id/": "ami-1",
    "/latest/meta-data/hostname/": "ip-10-0-0-1",
    "/latest/meta-data/mac": "0e:1a",
    "/latest/meta-data/network/interfaces/macs/0e%3A1a/vpc-id": "vpc-1",
    "/latest/dynamic/instance-identity/document": '{"accountId": "123456789012"}',
    "/latest/meta-data/tags/instance": "Name\nteam a\nsecret",
    "/latest/meta-data/tags/instance/Name": "web",
    "/latest/meta-data/tags/instance/team%20a": "ops",
    "/latest/meta-data/tags/instance/secret": "s",
}


def instance(method: str, path: str, headers: Any) -> Answer:
    if method == "PUT" and path == "/latest/api/token":
        return (200, "session") if headers["X-aws-ec2-metadata-token-ttl-seconds"] else (400, "")
    if headers["X-aws-ec2-metadata-token"] != "session":
        return 401, ""
    return (200, INSTANCE[path]) if path in INSTANCE else (404, "")


@asynccontextmanager
async def at_work(
    name: str, *entries: tuple[str, str], log: Any = None, **environment: str
) -> AsyncIterator[WaitingFilter]:
    problems = Problems()
    declaration = declaration_of("filter", name)
    section = Section("filter", PLACE, tuple(Entry(key, value, PLACE) for key, value in entries))
    own, _ = read_properties(section, declaration, None, problems)
    problems.raise_if_any()
    context = FilterContext(
        name, cast("Any", log or Written()), Parsers({}).get, lambda: NOW, environment
    )
    assert declaration.build is not None
    found = cast("WaitingFilter", declaration.build(own, context))
    await found.start()
    try:
        yield found
    finally:
        await found.close()


async def applied(filter_: WaitingFilter, tag: str = "app") -> dict[str, Any]:
    given = batch({"log": "x"})
    given.tag = tag
    waiting = filter_.lookup(given)
    if waiting is not None:
        await waiting
    (record,) = filter_.apply(given).records()
    return record


async def test_aws_adds_what_is_asked_for_by_a_session_token() -> None:
    with metadata(instance) as address:
        names = ("ec2_instance_type", "private_ip", "vpc_id", "ami_id", "account_id", "hostname")
        entries = [(name, "true") for name in names]
        async with at_work("aws", *entries, AWS_EC2_METADATA_SERVICE_ENDPOINT=address) as filter_:
            assert await applied(filter_) == {
                "log": "x",
                "az": "eu-west-1a",
                "ec2_instance_id": "i-1",
                "ec2_instance_type": "m5.large",
                "private_ip": "10.0.0.1",
                "ami_id": "ami-1",
                "hostname": "ip-10-0-0-1",
                "vpc_id": "vpc-1",
                "account_id": "123456789012",
            }


@pytest.mark.parametrize(
    ("entry", "tags"),
    [
        (("tags_include", "Name,none"), {"Name": "web"}),
        (("tags_exclude", "secret"), {"Name": "web", "team a": "ops"}),
    ],
)
async def test_aws_adds_the_tags_that_are_wanted(
    entry: tuple[str, str], tags: dict[str, str]
) -> None:
    entries = [("az", "off"), ("ec2_instance_id", "off"), ("tags_enabled", "on"), entry]
    with metadata(instance) as address:
        async with at_work("aws", *entries, AWS_EC2_METADATA_SERVICE_ENDPOINT=address) as filter_:
            assert await applied(filter_) == {"log": "x"} | tags


async def test_where_there_is_no_service_records_go_on_and_it_is_said_once() -> None:
    log = Written()
    with metadata(lambda *_: (200, "")) as address:
        pass
    async with at_work("aws", log=log, AWS_EC2_METADATA_SERVICE_ENDPOINT=address) as filter_:
        assert await applied(filter_) == {"log": "x"}
        assert filter_.lookup(batch({"log": "y"})) is None
    assert [text for text, _ in log.lines] == [
        "the instance's metadata service does not answer; records go on without"
    ]


async def test_aws_asks_again_after_a_while_and_nobody_waits_for_it() -> None:
    is_up: list[int] = []

    def late(method: str, path: str, headers: Any) -> Answer:
        return instance(method, path, headers) if is_up else (503, "")

    with metadata(late) as address:
        async with at_work(
            "aws", ("retry_interval_s", "0"), AWS_EC2_METADATA_SERVICE_ENDPOINT=address
        ) as filter_:
            assert "az" not in await applied(filter_)
            is_up.append(1)
            # It is asked in the background: what comes meanwhile goes on without.
            async with asyncio.timeout(20):
                while "az" not in (found := await applied(filter_)):
                    await asyncio.sleep(0.01)
            assert found["az"] == "eu-west-1a"


def test_tags_cannot_be_both_included_and_excluded() -> None:
    with pytest.raises(ConfigurationError, match="give one of them"):
        made("aws", ("tags_include", "a"), ("tags_exclude", "b"))


CONTAINER = "79c796ed2a7f864f485c76f83f3165488097279d296a7c05bd5201a1c69b2920"


def ecs_agent(_method: str, path: str, _headers: Any) -> Answer:
    if path == "/v1/metadata":
        arn = "arn:aws:ecs:eu-west-1:1:container-instance/main/ci-1"
        return 200, json.dumps(
            {"Cluster": "main", "ContainerInstanceArn": arn, "Version": "agent 1"}
        )
    if path != f"/v1/tasks?dockerid={CONTAINER[:12]}":
        return 404, ""
    return 200, json.dumps(
        {
            "Arn": "arn:aws:ecs:eu-west-1:1:task/main/task-1",
            "Family": "web",
            "Version": "3",
            "Containers": [
                {"DockerId": "0" * 64, "DockerName": "other", "Name": "other"},
                {"DockerId": CONTAINER, "DockerName": "ecs-web-3", "Name": "nginx"},
            ],
        }
    )


ADDED = [
    ("add", "cluster $ClusterName"),
    ("add", "instance $ContainerInstanceID"),
    ("add", "what $TaskDefinitionFamily.$TaskID.$ECSContainerName"),
    ("ecs_tag_prefix", "ecs.var."),
]


async def test_ecs_adds_the_task_of_the_container_in_the_tag() -> None:
    with metadata(ecs_agent) as address:
        port = address.rpartition(":")[2]
        async with at_work("ecs", *ADDED, ("ecs_meta_port", port)) as filter_:
            assert await applied(filter_, f"ecs.var.{CONTAINER}.log") == {
                "log": "x",
                "cluster": "main",
                "instance": "ci-1",
                "what": "web.task-1.nginx",
            }
            # It is known from now on.
            given = batch({"log": "x"})
            given.tag = f"ecs.var.{CONTAINER}.log"
            assert filter_.lookup(given) is None


async def test_ecs_adds_the_cluster_alone_where_a_container_is_in_no_task() -> None:
    log = Written()
    with metadata(ecs_agent) as address:
        port = address.rpartition(":")[2]
        async with at_work("ecs", *ADDED, ("ecs_meta_port", port), log=log) as filter_:
            found = await applied(filter_, f"ecs.var.{'0' * 64}")
    assert found == {"log": "x", "cluster": "main", "instance": "ci-1"}
    assert len(log.lines) == 1


async def test_ecs_asks_for_no_task_where_only_the_cluster_counts() -> None:
    log = Written()
    with metadata(ecs_agent) as address:
        port = address.rpartition(":")[2]
        async with at_work(
            "ecs", *ADDED, ("cluster_metadata_only", "on"), ("ecs_meta_port", port), log=log
        ) as filter_:
            assert "what" not in await applied(filter_, f"ecs.var.{CONTAINER}")
    assert log.lines == []


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, languages=["en", "de"])
    entry = {
        "country": {"iso_code": "DE", "names": {"en": "Germany", "de": "Deutschland"}},
        "location": {"latitude": 52.5},
        "subdivisions": [{"iso_code": "BE"}],
    }
    writer.insert_network(IPSet(["192.0.2.0/24", "2001:db8::/32"]), entry)
    path = tmp_path_factory.mktemp("geoip") / "city.mmdb"
    writer.to_db_file(str(path))
    return path


def located(database: Path, *entries: tuple[str, str]) -> list[tuple[str, str]]:
    return [
        ("database", str(database)),
        ("lookup_key", "ip"),
        ("record", "country ip %{country.iso_code}"),
        ("record", "latitude ip %{location.latitude}"),
        ("record", "region ip %{subdivisions.0.iso_code}"),
        *entries,
    ]


@pytest.mark.parametrize("address", ["192.0.2.7", " 192.0.2.7 ", "2001:db8::1"])
def test_geoip2_says_where_an_address_is(database: Path, address: str) -> None:
    given = batch({"ip": address})
    (record,) = made("geoip2", *located(database)).apply(given).records()
    assert record == {"ip": address, "country": "DE", "latitude": 52.5, "region": "BE"}


@pytest.mark.parametrize("value", ["198.51.100.1", "no address", "", 5, None, ["192.0.2.1"]])
def test_geoip2_adds_null_where_nothing_is_known(database: Path, value: Any) -> None:
    (record,) = made("geoip2", *located(database)).apply(batch({"ip": value})).records()
    assert (record["country"], record["latitude"]) == (None, None)


def test_geoip2_refuses_what_cannot_work(database: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="which is not a lookup_key"):
        made("geoip2", *located(database, ("record", "x other %{a}")))
    with pytest.raises(ConfigurationError, match="write KEY LOOKUP_KEY"):
        made("geoip2", *located(database, ("record", "x ip country")))
    with pytest.raises(ConfigurationError, match="cannot be used: No such file"):
        made("geoip2", *located(tmp_path / "none"))
    (tmp_path / "bad").write_bytes(b"MZ" * 100)
    with pytest.raises(ConfigurationError, match="cannot be used: "):
        made("geoip2", *located(tmp_path / "bad"))


CONFIGURATION = """
[INPUT]
    name dummy
    samples 1
    tag {container}
    dummy {{"ip": "192.0.2.1"}}
[FILTER]
    name aws
    match *
[FILTER]
    name ecs
    match *
    add task $TaskID
    ecs_meta_port {port}
[FILTER]
    name geoip2
    match *
    database {database}
    lookup_key ip
    record country ip %{{country.names.en}}
[OUTPUT]
    name stdout
    match *
    format json_lines
"""


def test_the_agent_puts_all_three_into_a_record(tmp_path: Path, database: Path) -> None:
    path = tmp_path / "agent.conf"
    with metadata(instance) as machine, metadata(ecs_agent) as of_agent:
        port = of_agent.rpartition(":")[2]
        path.write_text(CONFIGURATION.format(container=CONTAINER, port=port, database=database))
        environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": machine}
        with agent(path, environment=environment) as running:
            (record,) = eventually(running.whole_lines, bool)
    assert (record["az"], record["task"], record["country"]) == ("eu-west-1a", "task-1", "Germany")
