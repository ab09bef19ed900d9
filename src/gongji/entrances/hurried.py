"""HTTP connections that do not wait for ever: a request's head must come within seconds and be of a sensible size.

uvicorn bounds the pause between requests of a connection; a client that sends a head byte by byte would keep its place
for as long as it likes.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

from gongji.entrances.wire import PlainHttp

_TOO_SLOW: Final = (b"408 Request Timeout", "请求头发送过慢，连接已关闭")
_TOO_LARGE: Final = (b"431 Request Header Fields Too Large", "请求头过大")


class HurriedProtocol(PlainHttp):
    """HTTP/1.1 with a deadline and a size for heads.

    Attributes:
        head_seconds: from the opening of the connection, or the first byte of a later request, to the end of its head.
        head_bytes: how long a head may be.
    """

    head_seconds: ClassVar[float] = 10.0
    head_bytes: ClassVar[int] = 64 * 1024

    _deadline: asyncio.TimerHandle | None = None
    _came: int = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connects."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Something came."""
        if self._deadline is not None:
            self._came += len(data)
            if self._came > self.head_bytes and b"\r\n\r\n" not in data:
                self._refuse(*_TOO_LARGE)
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        if self._deadline is None:
            self._expect_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._met()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._met()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._came = 0
        self._deadline = self.loop.call_later(self.head_seconds, self._refuse, *_TOO_SLOW)

    def _met(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: bytes, said: str) -> None:
        """Tell why, in the form of the national interface's router, and close."""
        self._met()
        if self.transport.is_closing():
            return
        body = f'{{"type":"error","infcode":-1,"err_msg":"FSI-{said}"}}'.encode()
        head = b"HTTP/1.1 %b\r\ncontent-type: application/json;charset=UTF-8\r\ncontent-length: %d\r\n" % (
            status,
            len(body),
        )
        self.transport.write(head + b"connection: close\r\n\r\n" + body)
        self.transport.close()
