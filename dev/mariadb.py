"""A private MariaDB server: its data in a folder, durable, on 127.0.0.1 and a socket only."""

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from dev import environment
from dev.console import RefusalError
from dev.supervision import Program, socket_path

CONFIGURATION = """\
[mariadbd]
datadir={folder}/data
socket={socket}
pid-file={folder}/mariadbd.pid
# A server that starts removes what it takes for temporary tables of its predecessor.
tmpdir={folder}/tmp
bind-address=127.0.0.1
port={port}
{user}
# A grant for user@'127.0.0.1' loses to a host name the address resolves to.
skip-name-resolve
character-set-server=utf8mb4
collation-server=utf8mb4_bin
default-time-zone=+00:00
# A committed transaction survives the loss of power. The binary log is off (the default).
innodb_flush_log_at_trx_commit=1
max_connections=400
"""


class MariaDB:
    """One server with a database and a user of the same name for each of `databases`.

    Each user has every right on its own database and on `test_<database>…`, which the test runner
    makes, and none on another's. The all-powerful
    account is that of the operating system's user, and comes in by the socket alone.
    """

    def __init__(self, folder: Path, port: int, databases: Iterable[str]) -> None:
        self.folder = folder
        self.port = port
        self.databases = tuple(databases)
        self.socket = socket_path(folder, "mariadb.sock")

    def program(self) -> Program:
        """The server, for the process manager."""
        command = (binary("mariadbd"), f"--defaults-file={self.folder}/my.cnf")
        return Program("mariadb", command, group="servers", stop_seconds=60)

    def prepare(self) -> None:
        """Make the data folder if there is none yet, whole or not at all."""
        temporary = self.folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        self._configure()
        if (self.folder / "data").exists():
            return
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        owner = ["--user=root"] if os.getuid() == 0 else []
        log = self.folder / "install.log"
        with log.open("w") as output:
            installed = subprocess.run(
                [
                    binary("mariadb-install-db"),
                    "--no-defaults",
                    *owner,
                    f"--datadir={new}",
                    "--skip-test-db",  # and no anonymous users, who would win over ours
                    "--auth-root-authentication-method=socket",
                    f"--auth-root-socket-user={_user_name()}",
                ],
                env={**os.environ, "TMPDIR": str(temporary)},
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if installed.returncode != 0:
            raise RefusalError("MariaDB's data folder cannot be made", log)
        new.rename(self.folder / "data")

    def _configure(self) -> None:
        user = "user=root" if os.getuid() == 0 else ""
        text = CONFIGURATION.format(
            folder=self.folder, socket=self.socket, port=self.port, user=user
        )
        (self.folder / "my.cnf").write_text(text)

    def answers(self) -> bool:
        """Whether the server takes a statement."""
        return self._client("SELECT 1").returncode == 0

    def create_databases(self) -> None:
        """Make the databases, users and rights that are missing; passwords are made once."""
        done = self._client("\n".join(map(self._statements, self.databases)))
        if done.returncode != 0:
            raise RefusalError(f"MariaDB refuses the databases: {done.stderr.strip()}")

    def _statements(self, name: str) -> str:
        account = f"'{name}'@'127.0.0.1'"
        pattern = name.replace("_", r"\_")  # in a grant, _ stands for any character
        return f"""
            CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
            CREATE USER IF NOT EXISTS {account};
            ALTER USER {account} IDENTIFIED BY '{self.password(name)}';
            GRANT ALL PRIVILEGES ON `{pattern}`.* TO {account};
            GRANT ALL PRIVILEGES ON `test\\_{pattern}%`.* TO {account};
            """

    def password(self, name: str) -> str:
        """The password of a database's user, made at random on first use and kept (0600)."""
        file = self.folder / "passwords"
        passwords = environment.read(file)
        if name not in passwords:
            passwords[name] = secrets.token_urlsafe(24)
            environment.write_private(file, environment.as_lines(passwords))
        return passwords[name]

    def url(self, name: str) -> str:
        """The database as django-environ reads it."""
        return f"mysql://{name}:{self.password(name)}@127.0.0.1:{self.port}/{name}"

    def _client(self, statements: str) -> subprocess.CompletedProcess[str]:
        command = [binary("mariadb"), "--no-defaults", f"--socket={self.socket}"]
        return subprocess.run(
            [*command, f"--user={_user_name()}", "--batch"],
            input=statements,
            capture_output=True,
            text=True,
            check=False,
        )


def _user_name() -> str:
    """The operating system's user, for whom mariadb-install-db makes the all-powerful account."""
    return pwd.getpwuid(os.getuid()).pw_name


def binary(name: str) -> str:
    """The path of a server's or client's binary, also where sbin is not on the PATH."""
    found = find(name)
    if found is None:
        raise RefusalError(f"{name} is not installed")
    return found


def find(name: str) -> str | None:
    """Like `shutil.which`, looking into the sbin folders too."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
