"""A private Kafka broker: one node in KRaft mode, its jars fetched by Maven, run by a JDK."""

import base64
import hashlib
import os
import re
import shutil
import socket
import subprocess
import uuid
from pathlib import Path

from dev.bootstrap import ROOT
from dev.console import RefusalError, step
from dev.supervision import Program

POM = ROOT / "dev" / "kafka" / "pom.xml"
LIBRARIES = ROOT / "var" / "kafka-libs"
LEAST_JAVA = 17
HEAP = "-Xmx512m"

CONFIGURATION = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{advertised_port},CONTROLLER://127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
log.dirs={folder}/data
auto.create.topics.enable=false
# One node holds the internal topics too.
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# One broker on a machine that it shares: its usual eleven threads wake each other for every
# request.
num.network.threads=1
num.io.threads=2
# The first members of a group need not wait for others.
group.initial.rebalance.delay.ms=0
"""


class Kafka:
    """One broker on 127.0.0.1:`port`.

    It tells its clients to come to `advertised_port`, where a test has put a proxy in front of it.
    """

    def __init__(
        self, folder: Path, port: int, controller_port: int, *, advertised_port: int | None = None
    ) -> None:
        self.folder = folder
        self.port = port
        self.controller_port = controller_port
        self.advertised_port = advertised_port or port

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def program(self) -> Program:
        """The broker, for the process manager."""
        command = (*java_command(), HEAP, "kafka.Kafka", f"{self.folder}/server.properties")
        return Program("kafka", command, group="servers", stop_seconds=40)

    def prepare(self) -> None:
        """Fetch the jars and format the storage, each where it is not done yet."""
        fetch_libraries()
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = self.folder / "server.properties"
        properties.write_text(self.configuration())
        if not (self.folder / "data" / "meta.properties").exists():
            self._format(properties)

    def configuration(self) -> str:
        """The text of server.properties."""
        return CONFIGURATION.format(
            folder=self.folder,
            port=self.port,
            controller_port=self.controller_port,
            advertised_port=self.advertised_port,
        )

    def _format(self, properties: Path) -> None:
        log = self.folder / "format.log"
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        arguments = ["format", "--standalone", "-t", cluster_id(), "-c", str(properties)]
        with log.open("w") as output:
            formatted = subprocess.run(
                [*java_command(), "kafka.tools.StorageTool", *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if formatted.returncode != 0:
            raise RefusalError("Kafka's storage cannot be formatted", log)

    def answers(self) -> bool:
        """Whether the broker listens; it does so once it can serve."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


def cluster_id() -> str:
    """A random id in Kafka's form: a UUID in URL-safe base64 without padding, and without a dash in
    front, for which the storage tool would take it for an option."""
    while True:
        made = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not made.startswith("-"):
            return made


def java_command() -> tuple[str, ...]:
    """The start of a command line that runs a class of Kafka's."""
    java = find_java()
    if java is None:
        raise RefusalError(f"no JDK of version {LEAST_JAVA} or later is installed")
    return (java, "-cp", f"{LIBRARIES}/*")


def find_java() -> str | None:
    """A java of at least version 17: JAVA_HOME's, the PATH's, or one below /usr/lib/jvm."""
    homes = [Path(home) for home in (os.environ.get("JAVA_HOME"),) if home]
    candidates = [str(home / "bin" / "java") for home in homes]
    candidates += [path for path in (shutil.which("java"),) if path]
    candidates += [str(path) for path in sorted(Path("/usr/lib/jvm").glob("*/bin/java"))]
    return next((java for java in candidates if _version(java) >= LEAST_JAVA), None)


def _version(java: str) -> int:
    """The major version, of `openjdk version "17.0.15" 2025-04-15`; 0 if it does not run."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    found = re.search(r'version "(\d+)', said.stderr)
    return int(found[1]) if found else 0


def fetch_libraries() -> None:
    """Let Maven copy the jars into `var/kafka-libs`, unless those of this pom are there."""
    stamp = LIBRARIES / "pom.sha256"
    wanted = hashlib.sha256(POM.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    maven = shutil.which("mvn")
    if maven is None:
        raise RefusalError("mvn (Maven), which fetches Kafka's jars, is not installed")
    step("fetching Kafka's jars with Maven (43 MB)")
    new = LIBRARIES.with_name("kafka-libs.new")
    shutil.rmtree(new, ignore_errors=True)
    log = ROOT / "var" / "log" / "maven.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        command = [maven, "-B", "-ntp", "-f", str(POM), "dependency:copy-dependencies"]
        copied = subprocess.run(
            [*command, f"-DoutputDirectory={new}"],
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if copied.returncode != 0:
        raise RefusalError("Maven cannot fetch Kafka's jars (no network?)", log)
    (new / "pom.sha256").write_text(wanted)
    shutil.rmtree(LIBRARIES, ignore_errors=True)
    new.rename(LIBRARIES)
