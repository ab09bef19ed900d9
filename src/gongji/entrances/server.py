"""Serving: uvicorn with one or several worker processes, or in a thread beside a program that uses it."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from gongji.entrances.posts import PostsProtocol
from gongji.foundation.errors import Misconfigured
from gongji.foundation.settings import Settings


def serve(settings: Settings, workers: int) -> None:
    """Serve until the process is told to stop.

    Args:
        settings: where to listen and which installation; workers read them again from the environment.
        workers: processes; they share nothing but the database.
    """
    os.environ |= {
        "GONGJI_DATA": str(settings.data),
        "GONGJI_LOG_LEVEL": settings.log_level,
        "GONGJI_LOG_FORMAT": settings.log_format,
        "GONGJI_WORKERS": str(workers),
    }
    if settings.database_url:
        os.environ["GONGJI_DATABASE_URL"] = settings.database_url
    uvicorn.run(
        "gongji.entrances.app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=PostsProtocol,
    )


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
