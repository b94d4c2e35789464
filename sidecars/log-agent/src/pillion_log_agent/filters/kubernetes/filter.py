"""The filter itself: finds the pod of a batch, and gives its records what is known of it."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any

from pillion.errors import ConfigurationError, TransientError
from pillion_log_agent.filters.kubernetes.api import Api, keep_current
from pillion_log_agent.filters.kubernetes.merging import Merging
from pillion_log_agent.filters.kubernetes.pod import Identity, Pod, fields_of, parse_downward
from pillion_log_agent.filters.kubernetes.splicing import splice_logs
from pillion_log_agent.filters.kubernetes.store import Store
from pillion_log_agent.records.timestamps import Timestamps

if TYPE_CHECKING:
    from pillion_log_agent.filters.filter import FilterContext
    from pillion_log_agent.filters.kubernetes.properties import KubernetesProperties
    from pillion_log_agent.parsers.parsed import Parser
    from pillion_log_agent.records.batch import Batch
    from pillion_log_agent.records.columns import Record

FIELD = "kubernetes"
MOST_TAGS = 10_000


class KubernetesFilter:
    """Gives each record what is known of its pod."""

    def __init__(self, properties: KubernetesProperties, context: FilterContext) -> None:
        self._properties = properties
        self._context = context
        # What is put into each record may be in a merged object already.
        self._asked_for = {FIELD}
        named = properties.regex_parser
        self._tag_parser = context.parser(named) if named else None
        self._merging = Merging(
            properties.merge_log,
            properties.merge_log_key,
            properties.merge_log_trim,
            properties.keep_log,
            context.parser(properties.merge_parser) if properties.merge_parser else None,
        )
        self._store = Store(properties.kube_meta_cache_ttl, time.monotonic)
        self._own: Pod | None = None
        self._api: Api | None = None
        asks_nobody = properties.dummy_meta or properties.use_tag_for_meta
        if properties.downward_api is None and not asks_nobody:
            self._api = Api(properties)
        self._identities: dict[str, Identity | None] = {}
        self._fields: dict[Identity, tuple[int, dict[str, Any]]] = {}
        self._lookups: dict[tuple[str, str], asyncio.Future[None]] = {}
        self._watch: asyncio.Task[None] | None = None
        self._is_in_trouble = False

    async def start(self) -> None:
        """Read the files of the downward API, where they are named."""
        directory = self._properties.downward_api
        if directory is not None:
            self._own = read_downward(directory, self._context.environment)

    async def close(self) -> None:
        """End the watch."""
        tasks = [*self._lookups.values(), *([self._watch] if self._watch else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._api is not None:
            await self._api.close()

    def lookup(self, batch: Batch) -> asyncio.Future[None] | None:
        """Ask for the pod of a batch, unless it is known."""
        identity = self._identity(batch.tag)
        if self._api is None or identity is None:
            return None
        is_fresh, pod = self._store.find(identity.key)
        if is_fresh:
            return None
        pending = self._lookups.get(identity.key)
        if pending is None:
            pending = asyncio.ensure_future(self._ask(self._api, identity.key))
            self._lookups[identity.key] = pending
        # What is known is used until there is something newer.
        return pending if pod is None else None

    def apply(self, batch: Batch) -> Batch:
        """Return the batch with the field `kubernetes`, and with the logs merged."""
        identity = self._identity(batch.tag)
        if identity is None:
            return batch
        pod = self._own or self._store.find(identity.key)[1]
        if pod is not None and self._properties.k8s_logging_exclude:
            batch = self._without_excluded(batch, pod, identity)
        named = self._named_parsers(pod, identity)
        if self._merging.is_on and len(batch):
            self._merge(batch, named)
        batch.put(FIELD, self._fields_of(identity, pod))
        return batch

    def _merge(self, batch: Batch, named: dict[str, Parser]) -> None:
        now = self._context.wall_ns()
        is_spliced = not (named or self._merging.parser or batch.is_decoded)
        if is_spliced and splice_logs(self._merging, batch.columns, now, self._asked_for):
            return
        times: list[int] | None = None
        for index, record in enumerate(batch.records()):
            parser = named.get(_stream(record)) if named else None
            own = self._merging.merge(record, parser, now)
            if own is not None:
                times = times or list(batch.times.nanoseconds())
                times[index] = own
        if times is not None:
            batch.times = Timestamps(times)

    def _without_excluded(self, batch: Batch, pod: Pod, identity: Identity) -> Batch:
        excluded = {
            stream for stream in ("stdout", "stderr") if pod.excludes(stream, identity.container)
        }
        if not excluded:
            return batch
        kept = [
            index for index, record in enumerate(batch.records()) if _stream(record) not in excluded
        ]
        return batch if len(kept) == len(batch) else batch.select(kept)

    def _named_parsers(self, pod: Pod | None, identity: Identity) -> dict[str, Parser]:
        """Return by stream the parser that the pod names, where there is one of that name."""
        if pod is None or not self._properties.k8s_logging_parser:
            return {}
        found = {}
        for stream in ("stdout", "stderr"):
            name = pod.suggestion("parser", stream, identity.container)
            if name is None:
                continue
            try:
                found[stream] = self._context.parser(name)
            except ConfigurationError:
                self._context.log.debug("a pod names a parser that is not there", parser=name)
        return found

    def _fields_of(self, identity: Identity, pod: Pod | None) -> dict[str, Any]:
        made = self._fields.get(identity)
        if made is None or made[0] != self._store.version:
            if len(self._fields) >= MOST_TAGS:
                self._fields.clear()
            properties = self._properties
            fields = fields_of(
                identity, pod, labels=properties.labels, annotations=properties.annotations
            )
            made = self._fields[identity] = self._store.version, fields
        return made[1]

    def _identity(self, tag: str) -> Identity | None:
        if tag not in self._identities:
            if len(self._identities) >= MOST_TAGS:
                self._identities.clear()
            self._identities[tag] = self._parse_tag(tag)
        return self._identities[tag]

    def _parse_tag(self, tag: str) -> Identity | None:
        environment = self._context.environment
        if self._properties.downward_api is not None and "POD_NAME" in environment:
            return Identity(
                environment.get("POD_NAMESPACE", ""),
                environment["POD_NAME"],
                environment.get("CONTAINER_NAME", ""),
            )
        rest = tag.removeprefix(self._properties.kube_tag_prefix)
        if self._tag_parser is not None:
            parsed = self._tag_parser.parse(rest, 0)
            return None if parsed is None else Identity.of(parsed.fields)
        return Identity.of_file(rest)

    async def _ask(self, api: Api, key: tuple[str, str]) -> None:
        """Ask for one pod; what fails is no reason to hold its records back."""
        pod: Pod | None = None
        try:
            async with asyncio.timeout(self._properties.lookup_timeout):
                pod = await api.pod(*key)
            self._is_in_trouble = False
        except Exception as error:  # noqa: BLE001  # an object of a shape that nobody expects, too
            if not self._is_in_trouble:
                self._context.log.warning(
                    "the API server says nothing of a pod; its records go on with what their tag "
                    "says",
                    pod="/".join(key),
                    cause=(str(error) if isinstance(error, TransientError) else repr(error)),
                )
            self._is_in_trouble = True
        finally:
            del self._lookups[key]
        self._store.put(key, pod)
        if pod is not None and pod.node and self._watch is None:
            # The pods whose logs are here are those of this node.
            self._watch = asyncio.ensure_future(
                keep_current(api, pod.node, self._store, self._context.log)
            )


def read_downward(directory: str, environment: Any) -> Pod:
    """Return the agent's own pod, from the files and variables of the downward API."""
    found: dict[str, dict[str, str]] = {}
    for name in ("labels", "annotations"):
        try:
            with open(os.path.join(directory, name), encoding="utf-8", errors="replace") as file:
                found[name] = parse_downward(file.read())
        except OSError:
            found[name] = {}
    return Pod(
        uid=environment.get("POD_UID", ""),
        node=environment.get("NODE_NAME", ""),
        ip=environment.get("POD_IP", ""),
        labels=found["labels"],
        annotations=found["annotations"],
    )


def _stream(record: Record) -> str:
    return str(record.get("stream", "stdout"))
