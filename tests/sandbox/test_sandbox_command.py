"""`gongji serve --sandbox` as whoever types it meets it: one command, a database of its own, kept until the next start."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from gongji.foundation.database import with_database


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that PostgreSQL's own user may enter."""
    made = Path(tempfile.mkdtemp(prefix="gongji-sandbox-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@contextmanager
def serving(folder: Path, server_url: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The command, until it answers; the environment names another database, secret and address, as an installation's
    would."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "GONGJI_DATABASE_URL": with_database(server_url, "postgres"),
        "GONGJI_SECRET": "ab" * 32,
        "GONGJI_HOST": "0.0.0.0",
    }
    command = [sys.executable, "-c", "from gongji.entrances.cli import main; main()", "serve", "--sandbox"]
    process = subprocess.Popen(
        [*command, "--data", str(folder), "--port", str(port)], env=environment, text=True, stderr=subprocess.PIPE
    )
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1200):
            assert process.poll() is None, process.stderr and process.stderr.read()
            try:
                httpx.get(f"{base}/health", trust_env=False, timeout=60).raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield base, process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def test_one_command_and_what_was_done_is_there_at_the_next_start(folder: Path, server_url: str) -> None:
    with serving(folder, server_url) as (base, process):
        assert "铁岭" in httpx.get(f"{base}/sandbox/institutions", trust_env=False, timeout=60).text
        moved = httpx.post(f"{base}/sandbox/clock", data={"how": "year_end"}, trust_env=False, timeout=60)
        assert moved.status_code == 303
    assert process.returncode in (0, -signal.SIGINT, 130)
    assert process.stderr is not None
    said = process.stderr.read()
    assert f"{base}/sandbox/" in said
    assert "Traceback" not in said
    with serving(folder, server_url) as (base, _):
        assert "-01-01 00:0" in httpx.get(f"{base}/sandbox/", trust_env=False, timeout=60).text
    with psycopg.connect(server_url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'person'").fetchone()
    assert tables == (0,), "the database that the environment names was touched"
