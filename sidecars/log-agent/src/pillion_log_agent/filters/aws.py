"""The filter `aws`: what the instance's metadata service says of the machine, in each record.

Source: fluent-bit's manual, "AWS metadata"; AWS's documentation, "Instance metadata categories".
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from pillion.errors import ConfigurationError, TransientError
from pillion.settings import setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, LIST, TIME, choice
from pillion_log_agent.outputs.metadata_service import MetadataService
from pillion_log_agent.records.json_rows import decode_object

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.records.batch import Batch

ADDRESS = "http://169.254.169.254"
MOST_TAGS = 100
_DATA = "/latest/meta-data"
_LIFETIME = {"X-aws-ec2-metadata-token-ttl-seconds": "300"}


@dataclass(frozen=True, slots=True)
class AwsFilterProperties:
    """The properties of the filter `aws`."""

    imds_version: str = setting(
        "imds_version", choice("v1", "v2"), "Whether to ask with a session token.", default="v2"
    )
    az: bool = setting("az", FLAG, "Add az, the availability zone.", default=True)
    ec2_instance_id: bool = setting("ec2_instance_id", FLAG, "Add ec2_instance_id.", default=True)
    ec2_instance_type: bool = setting(
        "ec2_instance_type", FLAG, "Add ec2_instance_type.", default=False
    )
    private_ip: bool = setting("private_ip", FLAG, "Add private_ip.", default=False)
    vpc_id: bool = setting("vpc_id", FLAG, "Add vpc_id.", default=False)
    ami_id: bool = setting("ami_id", FLAG, "Add ami_id.", default=False)
    account_id: bool = setting("account_id", FLAG, "Add account_id.", default=False)
    hostname: bool = setting("hostname", FLAG, "Add hostname.", default=False)
    tags_enabled: bool = setting(
        "tags_enabled", FLAG, "Add the tags of the instance, under their names.", default=False
    )
    tags_include: tuple[str, ...] = setting("tags_include", LIST, "Only these tags.", default=())
    tags_exclude: tuple[str, ...] = setting("tags_exclude", LIST, "All tags but these.", default=())
    retry_interval_s: float = setting(
        "retry_interval_s", TIME, "How long until the service is asked again.", default=300.0
    )
    enable_entity: bool = setting(
        "enable_entity",
        FLAG,
        "Name the instance and the account aws_entity_ec2_instance_id and aws_entity_account_id.",
        default=False,
    )


class AwsFilter:
    """Asks once, and adds the same to every record."""

    def __init__(self, properties: AwsFilterProperties, context: FilterContext) -> None:
        if properties.tags_include and properties.tags_exclude:
            raise ConfigurationError("tags_include and tags_exclude: give one of them")
        self._properties = properties
        self._log = context.log
        address = context.environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or ADDRESS
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._service: MetadataService | None = None
        self._fields: dict[str, str] = {}
        self._is_complete = False
        self._next = 0.0
        self._pending: asyncio.Task[None] | None = None
        self._has_asked = False

    async def start(self) -> None:
        """Make the client, in the loop that it is used in."""
        self._service = MetadataService(self._host, self._port)

    async def close(self) -> None:
        """End what is under way."""
        if self._pending is not None:
            self._pending.cancel()
            await asyncio.gather(self._pending, return_exceptions=True)
        if self._service is not None:
            await self._service.close()

    def lookup(self, batch: Batch) -> asyncio.Future[None] | None:  # noqa: ARG002  # the protocol's
        """Ask, unless all is known; only the first records wait for it."""
        if self._is_complete or self._service is None:
            return None
        if self._pending is None and time.monotonic() >= self._next:
            self._next = time.monotonic() + self._properties.retry_interval_s
            self._pending = asyncio.ensure_future(self._ask(self._service))
        return None if self._has_asked else self._pending

    def apply(self, batch: Batch) -> Batch:
        """Return the batch with the fields that are known."""
        for key, value in self._fields.items():
            batch.put(key, value)
        return batch

    async def _ask(self, service: MetadataService) -> None:
        try:
            self._fields = await self._fetch(service)
            self._is_complete = True
        except TransientError as error:
            self._log.warning(
                "the instance's metadata service does not answer; records go on without",
                error=str(error),
            )
        finally:
            self._has_asked = True
            self._pending = None

    async def _fetch(self, service: MetadataService) -> dict[str, str]:
        """Return the fields; raises TransientError."""
        headers: dict[str, str] = {}
        if self._properties.imds_version == "v2":
            token = await service.ask("/latest/api/token", method="PUT", headers=_LIFETIME)
            headers = {"X-aws-ec2-metadata-token": (token or b"").decode("latin-1").strip()}
        found: dict[str, str | None] = {}
        for key, path in self._simple().items():
            found[key] = await service.text(f"{_DATA}/{path}", headers=headers)
        if self._properties.vpc_id:
            mac = await service.text(f"{_DATA}/mac", headers=headers)
            found["vpc_id"] = await service.text(
                f"{_DATA}/network/interfaces/macs/{quote(mac or '')}/vpc-id", headers=headers
            )
        if self._properties.account_id:
            body = await service.ask("/latest/dynamic/instance-identity/document", headers=headers)
            account = (decode_object(body or b"") or {}).get("accountId")
            key = "aws_entity_account_id" if self._properties.enable_entity else "account_id"
            found[key] = None if account is None else str(account)
        if self._properties.tags_enabled:
            found |= await self._tags(service, headers)
        return {key: value for key, value in found.items() if value is not None}

    def _simple(self) -> dict[str, str]:
        """Return the path of each field that is asked for by one request."""
        given = self._properties
        is_entity = given.enable_entity
        wanted = (
            (given.az, "az", "placement/availability-zone/"),
            (
                given.ec2_instance_id,
                "aws_entity_ec2_instance_id" if is_entity else "ec2_instance_id",
                "instance-id/",
            ),
            (given.ec2_instance_type, "ec2_instance_type", "instance-type/"),
            (given.private_ip, "private_ip", "local-ipv4/"),
            (given.ami_id, "ami_id", "ami-id/"),
            (given.hostname, "hostname", "hostname/"),
        )
        return {key: path for is_wanted, key, path in wanted if is_wanted}

    async def _tags(
        self, service: MetadataService, headers: dict[str, str]
    ) -> dict[str, str | None]:
        listed = await service.text(f"{_DATA}/tags/instance", headers=headers)
        include, exclude = self._properties.tags_include, self._properties.tags_exclude
        names = [
            name
            for name in (listed or "").splitlines()
            if name not in exclude and (not include or name in include)
        ]
        return {
            name: await service.text(f"{_DATA}/tags/instance/{quote(name)}", headers=headers)
            for name in names[:MOST_TAGS]
        }


AWS_FILTER = Declaration(
    name="aws",
    summary="Adds what the metadata service of an EC2 instance says.",
    properties=AwsFilterProperties,
    build=AwsFilter,
)
