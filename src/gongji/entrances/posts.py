"""Messages that are there as a whole when they are first seen go straight to who answers them.

Nearly every message of a hospital's system comes in one piece: a head of a few hundred bytes and a body of one or two thousand.
For these the server's general way, which has a body come piece by piece and an answer leave piece by piece, cost more than
reading the message (some 90 µs of 270 on the event loop). Everything else takes that way still.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

import httptools
import structlog
from anyio import to_thread
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gongji.entrances.hurried import HurriedProtocol

log = structlog.get_logger()

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a message.

    Attributes:
        head: its headers as they stand on the wire, each line with its end; without the length.
        body: its content.
        content: in place of a body what comes piece by piece, `length` bytes in all.
        length: see `content`.
    """

    head: bytes
    body: bytes = b""
    content: Iterator[bytes] | None = None
    length: int = 0


#: Answers a message: the path that it was posted to, its headers in lower case, its body.
Answering = Callable[[str, Headers, bytes], Awaitable[Reply]]


@runtime_checkable
class TakesWhole(Protocol):
    """An application that answers some messages without ASGI between."""

    def whole(self, path: str) -> Answering | None:
        """Who answers what is posted to a path; None where that is ASGI's."""


#: What a client may send before it was answered is kept up to here; then it has to wait.
_MOST_EARLY: Final = 64 * 1024

#: Bodies up to here are taken as a whole: the kernel gives what lies ready in pieces of up to 256 kB.
_LARGEST: Final = 256 * 1024


class PostsProtocol(HurriedProtocol):
    """HTTP/1.1 as `HurriedProtocol`, with the short way for messages that are whole."""

    _answers: TakesWhole | None = None
    _answering: Answering | None = None
    _body: bytes = b""
    #: Bytes that came after the end of the head, when this piece began with a head; -1 else.
    _after_head: int = -1
    _task: asyncio.Task[None] | None = None
    _closing: bool = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connects."""
        app = self.app.app if isinstance(self.app, ProxyHeadersMiddleware) else self.app
        self._answers = app if isinstance(app, TakesWhole) else None
        self._early: list[bytes] = []
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Something came."""
        if self._task is not None:
            self._keep(data)
            return
        self._after_head = -1
        if self._answers is not None and data.startswith(b"POST "):
            end = data.find(b"\r\n\r\n")
            if 0 <= end < self.head_bytes:
                self._after_head = len(data) - end - 4
        super().data_received(data)

    def _expect_head(self) -> None:
        if self._after_head < 0:  # a head that is here as a whole is not waited for
            super()._expect_head()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        answering = self._taken() if self._after_head >= 0 else None
        self._after_head = -1
        if answering is None:
            super().on_headers_complete()
            return
        self._met()
        self._answering, self._body = answering, b""

    def on_body(self, body: bytes) -> None:
        """Some of the body came."""
        if self._answering is None:
            super().on_body(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        """The message is whole."""
        if self._answering is None:
            super().on_message_complete()
            return
        self._task = self.loop.create_task(self._answer(self._answering, self._path, self.headers, self._body))
        self._answering = None
        self.tasks.add(self._task)
        self._task.add_done_callback(self._done)

    def shutdown(self) -> None:
        """The server ends: what is under way is answered first."""
        if self._task is None:
            super().shutdown()
        else:
            self._closing = True

    def _taken(self) -> Answering | None:
        """Who answers the message whose head was read, when all of it is here and nothing is asked of the connection."""
        idle = self.cycle is None or self.cycle.response_complete
        if self._answers is None or not idle or self.pipeline or self.expect_100_continue or self.root_path:
            return None
        parser = self.parser
        if parser.get_http_version() != "1.1" or parser.should_upgrade() or not parser.should_keep_alive():
            return None
        length = -1
        for name, value in self.headers:
            if name == b"content-length":
                length = int(value)
            elif name == b"transfer-encoding":
                return None
        if length != self._after_head or length > _LARGEST:
            return None
        path = httptools.parse_url(self.url).path.decode("ascii")
        if "%" in path:
            return None
        self._path = path
        return self._answers.whole(path)

    async def _answer(self, answering: Answering, path: str, headers: Headers, body: bytes) -> None:
        reply = await answering(path, headers, body)
        if self.transport.is_closing():
            return
        lines = [b"HTTP/1.1 200 OK\r\n", reply.head]
        for name, value in self.server_state.default_headers:
            lines += (name, b": ", value, b"\r\n")
        length = len(reply.body) if reply.content is None else reply.length
        lines += (b"content-length: %d\r\n\r\n" % length, reply.body)
        self.transport.write(b"".join(lines))
        if reply.content is not None:
            await self._stream(reply.content)

    async def _stream(self, content: Iterator[bytes]) -> None:
        """Pieces as fast as the client takes them; each may have to be read from a disk."""
        while (piece := await to_thread.run_sync(next, content, None)) is not None and not self.transport.is_closing():
            if self.flow.write_paused:
                await self.flow.drain()
            self.transport.write(piece)

    def _done(self, task: asyncio.Task[None]) -> None:
        """The message is answered: on to what came meanwhile."""
        self.tasks.discard(task)
        self._task = None
        self.server_state.total_requests += 1
        problem = None if task.cancelled() else task.exception()
        if problem is not None:
            # Whoever answers turns its own defects into answers: this is one of the way there.
            log.error("posts.defect", exc_info=problem)
        if task.cancelled() or problem is not None or self._closing:
            self.transport.close()
        if self.transport.is_closing():
            return
        self._rest()
        if self._early:
            early, self._early = b"".join(self._early), []
            self.flow.resume_reading()
            self.data_received(early)

    def _rest(self) -> None:
        """Wait for the next message for as long as the server lets a connection rest."""
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def _keep(self, data: bytes) -> None:
        """Keep what comes before the answer to what came before it."""
        self._early.append(data)
        if sum(map(len, self._early)) > _MOST_EARLY:
            self.flow.pause_reading()
