"""``gongji serve`` with several processes at one address."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from gongji.foundation.database import Database

_SERVE = [sys.executable, "-c", "from gongji.entrances.cli import main; main()", "serve", "--workers", "2", "--port"]


@pytest.fixture
def environment(database: Database, tmp_path: Path) -> dict[str, str]:
    told = {"GONGJI_DATABASE_URL": database.url, "GONGJI_SECRET": secrets.token_hex(32), "GONGJI_DATA": str(tmp_path)}
    return dict(os.environ) | told | {"GONGJI_LOG_LEVEL": "error"}


@pytest.fixture
def served(environment: dict[str, str]) -> Iterator[tuple[int, psutil.Process]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([*_SERVE, str(port)], env=environment)
    try:
        wait_for(port)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(port: int) -> None:
    for _ in range(1200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("nobody answers")


def spread(server: psutil.Process, port: int, count: int) -> dict[int, int]:
    """How many of so many new connections each worker has."""
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    for one in connections:
        one.sendall(b"GET /health HTTP/1.1\r\nhost: here\r\n\r\n")
        assert one.recv(12) == b"HTTP/1.1 200"
    mine = {one.getsockname()[1] for one in connections}
    held = {
        child.pid: sum(1 for seen in child.net_connections("tcp") if seen.raddr and seen.raddr.port in mine)
        for child in server.children()
    }
    for one in connections:
        one.close()
    return {pid: number for pid, number in held.items() if number}


def both(server: psutil.Process, port: int) -> dict[int, int]:
    """How sixty new connections are spread, once two workers are there."""
    for _ in range(300):
        if len(held := spread(server, port, 60)) == 2:
            return held
        time.sleep(0.1)
    raise AssertionError("there are no two workers")


def test_connections_are_spread_and_a_worker_that_dies_is_replaced(served: tuple[int, psutil.Process]) -> None:
    port, server = served
    before = both(server, port)
    assert sum(before.values()) == 60
    assert min(before.values()) >= 10, "by a fair coin less than once in ten million times"
    worker = psutil.Process(next(iter(before)))
    worker.kill()
    worker.wait(timeout=30)
    assert worker.pid not in both(server, port)


def test_an_address_that_is_taken_is_told(served: tuple[int, psutil.Process], environment: dict[str, str]) -> None:
    port, _ = served
    second = subprocess.run(
        [*_SERVE, str(port)], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode != 0
    assert f"127.0.0.1:{port}" in second.stderr + second.stdout
    assert "Traceback" not in second.stderr
