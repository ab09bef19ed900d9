"""The embedded PostgreSQL: two starts at once give one server, and it stops with its last user."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

JOIN = """
import sys, pathlib, psycopg
from gongji.foundation.embedded import start_embedded
url = start_embedded(pathlib.Path(sys.argv[1]))
with psycopg.connect(url) as connection:
    print(connection.execute("SELECT pg_postmaster_start_time()::text").fetchone()[0], flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's own user may enter, gone after the test."""
    made = Path(tempfile.mkdtemp(prefix="gongji-start-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def join(folder: Path) -> subprocess.Popen[str]:
    """A process that starts or joins the server and waits until it is told to go."""
    command = [sys.executable, "-c", JOIN, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> str:
    """The line that the process prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def runs(pid: int) -> bool:
    """Whether a process is alive; one that has ended but that nobody has buried is not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_two_starts_at_once_give_one_server_that_stops_with_the_last_user(folder: Path) -> None:
    first, second = join(folder), join(folder)
    started = told(first)
    assert started
    assert told(second) == started
    postmaster = int((folder / "postgresql" / "postmaster.pid").read_text().splitlines()[0])
    first.communicate("\n", timeout=60)
    assert runs(postmaster)
    second.communicate("\n", timeout=60)
    assert not runs(postmaster)


def test_a_user_that_was_killed_does_not_keep_the_server_up_for_ever(folder: Path) -> None:
    killed = join(folder)
    started = told(killed)
    killed.kill()
    killed.wait()
    last = join(folder)
    assert told(last) == started
    postmaster = int((folder / "postgresql" / "postmaster.pid").read_text().splitlines()[0])
    last.communicate("\n", timeout=60)
    assert not runs(postmaster)


def test_worker_processes_that_end_without_goodbye_do_not_keep_the_server_up(folder: Path) -> None:
    """A server's workers are ended by their parent with os._exit: nothing that they registered runs."""
    script = """
import os, pathlib, subprocess, sys
from gongji.foundation.embedded import start_embedded
folder = pathlib.Path(sys.argv[1])
start_embedded(folder)
if len(sys.argv) > 2:
    os._exit(0)
subprocess.run([sys.executable, __file__, folder, "worker"], check=True)
"""
    program = folder / "program.py"
    program.write_text(script)
    subprocess.run([sys.executable, str(program), str(folder)], check=True, timeout=60)
    assert not (folder / "postgresql" / "postmaster.pid").exists()
