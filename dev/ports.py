"""Which TCP ports are taken, by whom, and which are free."""

import contextlib
import os
import socket
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dev.console import RefusalError

LISTEN = "0A"
PROC = Path("/proc")

# Sockets that keep ports.
_kept: Final[list[socket.socket]] = []


@dataclass(frozen=True)
class Holder:
    """The process that listens on a port, as far as this user may see it."""

    pid: int
    command: str
    folder: str

    def __str__(self) -> str:
        return f"pid {self.pid}: {self.command}"


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """That many different ports that nothing listens on, chosen by the kernel.

    They are kept for servers, which set SO_REUSEADDR, until this process ends: else the kernel
    might use one for somebody's connection before its server has started.
    """
    keepers = [socket.socket() for _ in range(count)]
    for keeper in keepers:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind(("127.0.0.1", 0))
    _kept.extend(keepers)
    return [keeper.getsockname()[1] for keeper in keepers]


def free_offset(ports: Collection[int]) -> int:
    """What brings each of these ports to a free one, below those the kernel hands out."""
    return next(
        offset
        for offset in range(10_000 + os.getpid() % 10_000, 25_000, 10)
        if all(is_free(port + offset) for port in ports)
    )


def require_free(ports: Iterable[int], root: Path) -> None:
    """Refuse in one line when a port is taken, naming the port, its holder and what to do."""
    for port in ports:
        if not is_free(port):
            raise RefusalError(f"port {port} is in use{_by_whom(port, root)}")


def wait_free(ports: Iterable[int], seconds: float) -> None:
    """Give processes that are just ending up to `seconds` to let go of the ports."""
    deadline = time.monotonic() + seconds
    while not all(is_free(port) for port in ports) and time.monotonic() < deadline:
        time.sleep(0.2)


def _by_whom(port: int, root: Path) -> str:
    holder = find_holder(port)
    if holder is None:
        return " by a process this user cannot see; stop it and start again"
    if holder.folder == str(root):
        return (
            f" by what was started from this checkout earlier ({holder}); end it with Ctrl-C in "
            f"its terminal, `make down`, `docker compose down` or kill {holder.pid}"
        )
    return f" by another program ({holder}); stop it and start again"


def find_holder(port: int) -> Holder | None:
    """The process that listens on `port`, by Linux's /proc; None when it cannot be told."""
    inodes = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    if not inodes:
        return None
    for process in PROC.iterdir():
        if process.name.isdigit() and inodes & set(_open_files(process)):
            return _describe(process)
    return None


def _listening_inodes(port: int) -> list[str]:
    """Inodes of listening sockets, from proc(5)'s net/tcp: address, state, and the tenth field."""
    inodes = []
    for table in ("net/tcp", "net/tcp6"):
        with contextlib.suppress(OSError):
            for line in (PROC / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.append(fields[9])
    return inodes


def _open_files(process: Path) -> list[str]:
    files = []
    with contextlib.suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                files.append(os.readlink(descriptor))
    return files


def _describe(process: Path) -> Holder:
    try:
        command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        folder = os.readlink(process / "cwd")
    except OSError:
        command, folder = "unknown", ""
    return Holder(int(process.name), command[:80], folder)
