"""A real OpenSearch: one node on loopback, out of the jars that Maven brings.

`pom.xml` names the least that a node needs, and `OpenSearchNode.java` starts it; both are run as
they are, so a Java development kit (17 or newer) and Maven are all that it takes. The jars are
fetched once into Maven's own repository. Limits are small, so that a test can meet them.
"""

from __future__ import annotations

import json
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.needs import program

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
CONTENT_LIMIT = 512 * 1024
"""The most bytes of a request; the node answers more with 413."""
DOWNLOAD_SECONDS = 300.0
START_SECONDS = 120.0
_PRINT_CLASS_PATH = (
    "org.codehaus.mojo:exec-maven-plugin:3.5.0:exec",
    "-Dexec.executable=echo",
    "-Dexec.args=%classpath",
)
_JAVA = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_SETTINGS = f"""
cluster.name: pillion
discovery.type: single-node
http.host: {{address}}
http.port: {{port}}
transport.host: 127.0.0.1
transport.port: 0
http.max_content_length: {CONTENT_LIMIT}b
thread_pool.write.size: 1
thread_pool.write.queue_size: 1
cluster.routing.allocation.disk.threshold_enabled: false
action.destructive_requires_name: false
"""
_LOGGING = """
status = error
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c{1.} %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


class OpenSearch:
    """A node that runs.

    Attributes:
        address: where its HTTP listens.
        port: of its HTTP.
    """

    def __init__(self, address: str, port: int) -> None:
        self.address = address
        self.port = port
        self._base = f"http://{address}:{port}"

    def request(
        self, method: str, path: str, body: Any = None, *, kind: str = "application/json"
    ) -> tuple[int, Any]:
        """Ask; return the status and the JSON of the answer.

        Args:
            method: of HTTP.
            path: with its query.
            body: bytes as they are, else to be JSON.
            kind: the content type.
        """
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(
            self._base + path, data, {"Content-Type": kind}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """Ask for what has to work, and return the JSON."""
        status, answer = self.request(method, path, body)
        assert status in (200, 201), f"{method} {path}: {status} {answer}"
        return answer

    def bulk(self, body: bytes, path: str = "/_bulk") -> tuple[int, Any]:
        """Send a bulk request."""
        return self.request("POST", path, body, kind="application/x-ndjson")

    def documents(self, index: str = "_all") -> list[dict[str, Any]]:
        """Return what is in an index, or in all: `_index`, `_id` and `_source`."""
        self.do("POST", f"/{index}/_refresh?ignore_unavailable=true")
        query = "size=10000&ignore_unavailable=true&expand_wildcards=all"
        hits: list[dict[str, Any]] = self.do("GET", f"/{index}/_search?{query}")["hits"]["hits"]
        return hits

    def search(self, index: str, words: str) -> list[dict[str, Any]]:
        """Return what a search in the query language of the search bar finds."""
        self.do("POST", f"/{index}/_refresh")
        query = urllib.parse.urlencode({"q": words, "size": 1000})
        hits: list[dict[str, Any]] = self.do("GET", f"/{index}/_search?{query}")["hits"]["hits"]
        return hits

    def mapping(self, index: str) -> dict[str, Any]:
        """Return the fields of an index, as they are mapped."""
        ((_, found),) = self.do("GET", f"/{index}/_mapping").items()
        properties: dict[str, Any] = found["mappings"]["properties"]
        return properties

    def failures(self, index: str) -> int:
        """Return how many documents the index itself has refused: conflicts, mappings."""
        primaries = self.do("GET", f"/{index}/_stats/indexing")["_all"]["primaries"]
        return int(primaries["indexing"]["index_failed"])

    def count(self, index: str) -> int:
        """Return how many documents there are; none where the index is not there."""
        self.request("POST", f"/{index}/_refresh")
        status, answer = self.request("GET", f"/{index}/_count")
        return int(answer["count"]) if status == 200 else 0

    def clear(self) -> None:
        """Remove all that tests made."""
        self.do("PUT", "/_cluster/settings", {"transient": {"*": None}})
        for path in ("/_data_stream/*", "/*?expand_wildcards=all", "/_index_template/*"):
            self.do("DELETE", path)


@cache
def fetch() -> Future[str]:
    """Begin to fetch the jars, where they are not there yet; the result is their class path.

    A test that needs Java or Maven is skipped by name where they are missing; in CI it fails.
    """
    return ThreadPoolExecutor(1).submit(_class_path)


def _class_path() -> str:
    program("javac")
    command = [program("mvn"), "-q", "-B", "-f", str(HERE / "pom.xml"), *_PRINT_CLASS_PATH]
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False
    )
    found = [line for line in ran.stdout.splitlines() if ".jar" in line]
    assert ran.returncode == 0, f"Maven could not fetch OpenSearch: {ran.stdout[-2000:]}"
    assert found, f"Maven printed no class path: {ran.stdout[-2000:]}"
    return found[-1].partition(":")[2]


@contextmanager
def opensearch(folder: Path, address: str = "127.0.0.1", port: int = 0) -> Iterator[OpenSearch]:
    """Start a node whose files are in a folder; end it at the end.

    Args:
        folder: of this node alone.
        address: where its HTTP listens.
        port: its port, 0 for any that is free.
    """
    jars = fetch().result()
    configuration = folder / "config"
    configuration.mkdir(parents=True)
    (configuration / "opensearch.yml").write_text(_SETTINGS.format(address=address, port=port))
    (configuration / "log4j2.properties").write_text(_LOGGING)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program("java"), *_JAVA, "-cp", jars, str(HERE / "OpenSearchNode.java"), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=folder,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    deadline = threading.Timer(START_SECONDS, process.kill)
    deadline.start()
    try:
        said = process.stdout.readline()
        deadline.cancel()
        assert said.startswith("listening on "), (folder / "log").read_text()[-4000:]
        yield OpenSearch(address, int(said.split()[-1]))
    finally:
        deadline.cancel()
        process.stdin.close()
        try:
            process.wait(20)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
