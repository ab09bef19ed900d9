"""A PostgreSQL that belongs to the torture: started directly, killed directly, on a disk that can be full."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg

from gongji.foundation.embedded import embedded_programs

#: Small enough to be filled in a moment, large enough for the run and for PostgreSQL's own log.
DISK_BYTES = 800_000_000

_SETTINGS = """
listen_addresses = '127.0.0.1'
max_wal_size = 128MB
shared_buffers = 64MB
restart_after_crash = on
log_min_messages = fatal
"""

#: Seconds for a recovery.
_PATIENCE = 180

#: PostgreSQL does not run as root: then it is nobody.
_USER = {"user": "nobody", "group": os.stat("/").st_gid} if os.geteuid() == 0 else {}


@contextmanager
def small_disk() -> Iterator[tuple[Path, bool]]:
    """A folder, and whether it is a disk of its own that can be filled (that takes the right to mount one)."""
    folder = Path(tempfile.mkdtemp(prefix="gongji-torture-", dir="/tmp"))
    folder.chmod(0o755)
    mounted = False
    if os.geteuid() == 0 and shutil.which("mount"):
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0755", "tmpfs", str(folder)]
        mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0
    try:
        yield folder, mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


class Server:
    """One PostgreSQL server on loopback."""

    def __init__(self, folder: Path, disk: bool) -> None:
        self.folder = folder
        self.has_disk = disk
        self.port = _free_port()
        self.data = folder / "data"
        self._programs = embedded_programs()
        self._process: subprocess.Popen[bytes] | None = None
        self.data.mkdir(mode=0o700)
        if _USER:
            shutil.chown(self.data, user=_USER["user"])
        initdb = [
            "initdb",
            "--pgdata",
            str(self.data),
            "--username",
            "postgres",
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
        ]
        subprocess.run(self._program(initdb), check=True, capture_output=True, **_USER)
        settings = f"{_SETTINGS}port = {self.port}\nunix_socket_directories = ''\n"
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(settings)

    @property
    def url(self) -> str:
        """The address of the maintenance database, past the proxy."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it unless it runs, and wait until it answers: after a kill it recovers first."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            self.begin()
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise TimeoutError(f"PostgreSQL in {self.data} did not come up in {_PATIENCE} seconds")

    def begin(self) -> None:
        """Start it unless it runs, and wait for nothing."""
        if self._process is None or self._process.poll() is not None:
            command = self._program(["postgres", "-D", str(self.data)])
            self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **_USER)

    def kill(self, *, with_backends: bool) -> bool:
        """SIGKILL to the postmaster, and to everything it started if they shall not notice by themselves; whether it ran."""
        assert self._process is not None
        if self._process.poll() is not None:
            return False
        children = self._children()
        self._process.kill()
        self._process.wait()
        for child in children if with_backends else ():
            _kill(child)
        _wait_until_gone(children)
        return True

    def kill_backend(self, chance: random.Random) -> bool:
        """SIGKILL to one of the processes that the postmaster started; it then throws out all others and recovers, or ends
        when it was about to recover. Whether there was one."""
        children = [one for one in self._children() if _runs(one)]
        if not children:
            return False
        killed = chance.choice(children)
        _kill(killed)
        # Until the postmaster has seen it, it still lets others in, and throws them out a moment later.
        _wait_until_gone([killed])
        return True

    def _children(self) -> list[psutil.Process]:
        assert self._process is not None
        try:
            return psutil.Process(self._process.pid).children()
        except psutil.NoSuchProcess:
            return []

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                # Whatever keeps it, nothing of it is needed any more; what was found wrong before shall be told.
                self.kill(with_backends=True)

    def fill_disk(self) -> None:
        """Leave no byte free on the disk."""
        assert self.has_disk, "only a disk of its own is filled"
        with (self.folder / "ballast").open("wb") as file:
            filled = 0
            for step in (16 << 20, 64 << 10, 4 << 10):
                with suppress(OSError):
                    while True:
                        os.posix_fallocate(file.fileno(), filled, step)
                        filled += step

    def free_disk(self) -> None:
        """Give the bytes back."""
        (self.folder / "ballast").unlink()

    def _program(self, command: list[str]) -> list[str]:
        return [str(self._programs / command[0]), *command[1:]]


def _kill(process: psutil.Process) -> None:
    """SIGKILL; whoever is gone already needs none."""
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def _wait_until_gone(processes: list[psutil.Process]) -> None:
    """Until none of them runs any more; one that nobody has buried yet holds neither memory nor locks."""
    until = time.monotonic() + _PATIENCE
    while any(_runs(one) for one in processes) and time.monotonic() < until:
        time.sleep(0.005)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
