"""The filter `ecs`: what the agent of ECS says of the container that a record comes from.

Source: fluent-bit's manual, "ECS metadata"; AWS's documentation, "Amazon ECS container agent
introspection".
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pillion.errors import TransientError
from pillion.settings import repeated, setting
from pillion_log_agent.configuration.declaration import Declaration
from pillion_log_agent.configuration.kinds import FLAG, NUMBER, PAIR, PORT, TEXT, TIME
from pillion_log_agent.outputs.metadata_service import MetadataService
from pillion_log_agent.records.accessor import parse_template
from pillion_log_agent.records.json_rows import decode_object

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.records.batch import Batch

SHORT_ID = 12
MOST_CONTAINERS = 10_000
RETRY_AFTER = 60.0


@dataclass(frozen=True, slots=True)
class EcsProperties:
    """The properties of `ecs`."""

    add: tuple[tuple[str, ...], ...] = repeated(
        "add", PAIR, "A field, and its text with $ClusterName, $TaskID and the like in it."
    )
    ecs_tag_prefix: str = setting(
        "ecs_tag_prefix", TEXT, "What stands in the tag before the container's id.", default=""
    )
    cluster_metadata_only: bool = setting(
        "cluster_metadata_only", FLAG, "Ask for the cluster only, not for tasks.", default=False
    )
    ecs_meta_cache_ttl: float = setting(
        "ecs_meta_cache_ttl", TIME, "How long what was said of a container holds.", default=3600.0
    )
    ecs_meta_host: str = setting("ecs_meta_host", TEXT, "The agent's host.", default="127.0.0.1")
    ecs_meta_port: int = setting("ecs_meta_port", PORT, "Its port.", default=51678)
    agent_endpoint_retries: int = setting(
        "agent_endpoint_retries", NUMBER, "How often a question is asked again.", default=2
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a container, until when."""

    until: float
    values: dict[str, Any] = field(default_factory=dict)


class EcsFilter:
    """Asks for the cluster and for each container once in a while."""

    def __init__(self, properties: EcsProperties, context: FilterContext) -> None:
        self._properties = properties
        self._log = context.log
        self._added = [(key, parse_template(text, needs_all=True)) for key, text in properties.add]
        self._service: MetadataService | None = None
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._pending: dict[str, asyncio.Task[None]] = {}
        self._is_in_trouble = False

    async def start(self) -> None:
        """Make the client, in the loop that it is used in."""
        given = self._properties
        self._service = MetadataService(given.ecs_meta_host, given.ecs_meta_port)

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._pending.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._service is not None:
            await self._service.close()

    def lookup(self, batch: Batch) -> asyncio.Future[None] | None:
        """Ask for the container of a batch, unless it is known."""
        container = self._container(batch.tag)
        known = self._known.get(container)
        if self._service is None or (known is not None and known.until > time.monotonic()):
            return None
        pending = self._pending.get(container)
        if pending is None:
            pending = asyncio.ensure_future(self._ask(self._service, container))
            self._pending[container] = pending
        # What is known is used until there is something newer.
        return pending if known is None else None

    def apply(self, batch: Batch) -> Batch:
        """Return the batch with the fields that can be filled in."""
        known = self._known.get(self._container(batch.tag))
        if known is not None:
            for key, template in self._added:
                text = template.fill(known.values, batch.tag)
                if text:
                    batch.put(key, text)
        return batch

    def _container(self, tag: str) -> str:
        """Return the short id in a tag; empty where only the cluster counts."""
        prefix = self._properties.ecs_tag_prefix
        if self._properties.cluster_metadata_only or not tag.startswith(prefix):
            return ""
        found = tag[len(prefix) :][:SHORT_ID]
        return found if len(found) == SHORT_ID and found.isalnum() and found.isascii() else ""

    async def _ask(self, service: MetadataService, container: str) -> None:
        until = time.monotonic() + self._properties.ecs_meta_cache_ttl
        values: dict[str, Any] = {}
        try:
            for values_of in (self._cluster, self._task):
                values |= await values_of(service, container)
            self._is_in_trouble = False
        except TransientError as error:
            until = time.monotonic() + min(RETRY_AFTER, self._properties.ecs_meta_cache_ttl)
            if not self._is_in_trouble:
                self._log.warning(
                    "the agent of ECS does not say what a record comes from; it goes on without",
                    container=container,
                    error=str(error),
                )
            self._is_in_trouble = True
        finally:
            del self._pending[container]
        self._known[container] = _Known(until, values)
        self._known.move_to_end(container)
        if len(self._known) > MOST_CONTAINERS:
            self._known.popitem(last=False)

    async def _cluster(self, service: MetadataService, _container: str) -> dict[str, Any]:
        found = await self._asked(service, "/v1/metadata")
        arn = str(found.get("ContainerInstanceArn") or "")
        return _without_nothing(
            {
                "ClusterName": found.get("Cluster"),
                "ContainerInstanceArn": arn,
                "ContainerInstanceID": arn.rpartition("/")[2],
                "ECSAgentVersion": found.get("Version"),
            }
        )

    async def _task(self, service: MetadataService, container: str) -> dict[str, Any]:
        if not container:
            return {}
        found = await self._asked(service, f"/v1/tasks?dockerid={container}")
        arn = str(found.get("Arn") or "")
        listed = found.get("Containers")
        containers = [each for each in listed if isinstance(each, dict)] if listed else []
        own = next(
            (each for each in containers if str(each.get("DockerId")).startswith(container)), {}
        )
        return _without_nothing(
            {
                "TaskARN": arn,
                "TaskID": arn.rpartition("/")[2],
                "TaskDefinitionFamily": found.get("Family"),
                "TaskDefinitionVersion": found.get("Version"),
                "ContainerID": own.get("DockerId"),
                "DockerContainerName": own.get("DockerName"),
                "ECSContainerName": own.get("Name"),
            }
        )

    async def _asked(self, service: MetadataService, target: str) -> dict[str, Any]:
        """Return what the agent says; raises TransientError after so many tries."""
        left = max(self._properties.agent_endpoint_retries, 0)
        while True:
            try:
                body = await service.ask(target)
            except TransientError:
                if not left:
                    raise
                left -= 1
                continue
            found = decode_object(body or b"")
            if found is None:
                raise TransientError(f"{target} is nothing that the agent knows", reason="unknown")
            return found


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


ECS = Declaration(
    name="ecs",
    summary="Adds what the agent of Amazon ECS says of the task that a record comes from.",
    properties=EcsProperties,
    build=EcsFilter,
)
