"""Serving: uvicorn with one or several worker processes, or in a thread beside a program that uses it."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from gongji.entrances.posts import PostsProtocol
from gongji.foundation.errors import Misconfigured
from gongji.foundation.settings import Settings

_APP: Final = "gongji.entrances.app:create_app"


def serve(settings: Settings, workers: int) -> None:
    """Serve until the process is told to stop.

    Args:
        settings: where to listen and which installation; workers read them again from the environment.
        workers: processes; they share nothing but the database.

    Raises:
        Misconfigured: ``server.address`` when another program listens there.
    """
    os.environ |= {
        "GONGJI_DATA": str(settings.data),
        "GONGJI_LOG_LEVEL": settings.log_level,
        "GONGJI_LOG_FORMAT": settings.log_format,
        "GONGJI_WORKERS": str(workers),
    }
    if settings.database_url:
        os.environ["GONGJI_DATABASE_URL"] = settings.database_url
    how: dict[str, Any] = {"log_level": "warning", "access_log": False, "server_header": False, "http": PostsProtocol}
    how |= {"factory": True, "host": settings.host, "port": settings.port, "workers": workers}
    if workers > 1 and sys.platform == "linux":
        Multiprocess(uvicorn.Config(_APP, **how), cast("Any", [_OwnSocket(settings.host, settings.port)])).run()
    else:
        uvicorn.run(_APP, **how)


class _OwnSocket:
    """An address to listen at: where it is sent to a worker process it arrives as a socket of the worker's own.

    The kernel spreads connections evenly over the sockets of one address (Linux). From one socket for all, whoever is free takes
    what comes: of 32 connections 23 lay with one of two workers.
    """

    def __init__(self, host: str, port: int) -> None:
        try:
            _bound(host, port, shared=False).close()  # the address is nobody else's
            self._kept = _bound(host, port)
        except OSError as problem:
            raise Misconfigured(
                "server.address",
                f"cannot listen at {host}:{port} ({problem.strerror}): choose another --host or --port",
                f"无法监听 {host}:{port}（{problem.strerror}），请换一个 --host 或 --port",
                field="port",
            ) from problem

    def __reduce__(self) -> tuple[Callable[[str, int], socket.socket], tuple[str, int]]:
        return _bound, self._kept.getsockname()[:2]


def _bound(host: str, port: int, *, shared: bool = True) -> socket.socket:
    """A socket at an address, which others may share."""
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    found.bind((host, port))
    return found


@contextmanager
def serving(app: ASGIApp, host: str, port: int, http: type[PostsProtocol] = PostsProtocol) -> Iterator[str]:
    """Serve an application from a thread of this process while the block runs.

    Args:
        app: the application.
        host: address to listen on.
        port: preferred port; when it is taken, any free one.
        http: how connections are served.

    Returns:
        The base address, ``http://host:port``.
    """
    listener = _listen(host, port)
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, lifespan="off", http=http)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="http", daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise Misconfigured("server.start", "the HTTP server did not start", "HTTP 服务没有启动")
            time.sleep(0.01)
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.bind((host, 0))
    return listener
