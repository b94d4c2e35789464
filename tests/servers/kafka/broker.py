"""A real Kafka: one broker on loopback, out of the jars that Maven brings.

`pom.xml` names what it needs; a Java runtime (17 or newer) and Maven are all that it takes. It has a
plain listener, and one with TLS that wants a user. It keeps its topics when it is stopped.

Source: Kafka's documentation, "KRaft", "Broker configs", "Authentication using SASL/PLAIN".
"""

from __future__ import annotations

import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.needs import program
from tests.servers.nginx import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.certificates import Pair

HERE = Path(__file__).parent
DOWNLOAD_SECONDS = 300.0
START_SECONDS = 120.0
LARGEST = 100_000
"""The most bytes of a batch of messages."""
USER, PASSWORD = "agent", "kafka-secret"
_PRINT_CLASS_PATH = (
    "org.codehaus.mojo:exec-maven-plugin:3.5.0:exec",
    "-Dexec.executable=echo",
    "-Dexec.args=%classpath",
)
_JAVA = ("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_CLUSTER = "MkU3OEVBNTcwNTJENDM2Qg"
_SETTINGS = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAIN://127.0.0.1:{port},SECURE://127.0.0.1:{secure},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=PLAIN:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAIN
sasl.enabled.mechanisms=PLAIN
listener.name.secure.plain.sasl.jaas.config=\\
  org.apache.kafka.common.security.plain.PlainLoginModule required user_{user}="{password}";
listener.name.secure.ssl.keystore.type=PEM
listener.name.secure.ssl.keystore.location={keystore}
log.dirs={folder}/data
message.max.bytes={largest}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""


class Broker:
    """A broker that runs, until it is stopped.

    Attributes:
        port: of the plain listener.
        secure_port: of the one with TLS and users.
    """

    def __init__(self, folder: Path, jars: str, pair: Pair) -> None:
        self.port, self.secure_port, controller = free_port(), free_port(), free_port()
        self._folder, self._jars = folder, jars
        self._process: subprocess.Popen[bytes] | None = None
        keystore = folder / "keystore.pem"
        keystore.write_text(_pkcs8(pair.key) + Path(pair.certificate).read_text())
        self._settings = folder / "server.properties"
        self._settings.write_text(
            _SETTINGS.format(
                folder=folder, port=self.port, secure=self.secure_port, controller=controller,
                user=USER, password=PASSWORD, keystore=keystore, largest=LARGEST,
            )
        )  # fmt: skip
        format_it = ("kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", self._settings)
        subprocess.run(self._command(*format_it), check=True, capture_output=True)

    def _command(self, *arguments: object) -> list[str]:
        return [program("java"), *_JAVA, "-cp", self._jars, *map(str, arguments)]

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command("kafka.Kafka", self._settings), stdout=log, stderr=log
            )
        from confluent_kafka.admin import AdminClient  # noqa: PLC0415  # an extra

        admin = AdminClient(
            {"bootstrap.servers": f"127.0.0.1:{self.port}", "reconnect.backoff.max.ms": 200,
             "log_level": 0}
        )  # fmt: skip
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            assert self._process.poll() is None, (self._folder / "log").read_text()[-4000:]
            try:
                admin.list_topics(timeout=1)
            except Exception:  # noqa: BLE001  # it is not there yet
                continue
            return
        raise AssertionError("the broker does not answer")

    def stop(self) -> None:
        """Stop it; its topics stay."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(30)
            finally:
                self._process.kill()
                self._process.wait()
                self._process = None


@cache
def fetch() -> Future[str]:
    """Begin to fetch the jars, where they are not there yet; the result is their class path."""
    return ThreadPoolExecutor(1).submit(_class_path)


def _class_path() -> str:
    command = [program("mvn"), "-q", "-B", "-f", str(HERE / "pom.xml"), *_PRINT_CLASS_PATH]
    ran = subprocess.run(
        command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False
    )
    found = [line for line in ran.stdout.splitlines() if ".jar" in line]
    assert ran.returncode == 0, f"Maven could not fetch Kafka: {ran.stdout[-2000:]}"
    assert found, f"Maven printed no class path: {ran.stdout[-2000:]}"
    return found[-1].partition(":")[2]


def _pkcs8(key: str) -> str:
    """Return a key in the form that Kafka reads."""
    command = [program("openssl"), "pkcs8", "-topk8", "-nocrypt", "-in", key]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@contextmanager
def kafka_broker(folder: Path, pair: Pair) -> Iterator[Broker]:
    """Run a broker whose files are in a folder."""
    broker = Broker(folder, fetch().result(), pair)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
