"""The short way of messages that are there as a whole, and that everything else takes the long one: told by who answers."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from gongji.entrances.posts import Answering, Headers, Reply
from gongji.entrances.server import serving


class Echo:
    """Answers ``short`` or ``long``, the path and the body; a message ``wait`` is answered when `go` is set, ``file`` with
    three pieces."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.came = threading.Event()

    def whole(self, path: str) -> Answering | None:
        return None if path.startswith("/c/") else self._short

    async def _short(self, path: str, headers: Headers, body: bytes) -> Reply:
        if body == b"wait":
            self.came.set()
            while not self.go.is_set():
                await asyncio.sleep(0.005)
        if body == b"file":
            return Reply(b"content-type: application/octet-stream\r\n", content=iter([b"one", b"two", b"6"]), length=7)
        if body == b"fails":
            raise RuntimeError("a defect")
        return Reply(b"content-type: text/plain\r\n", b"short %s %s" % (path.encode(), body[:20]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        answer = f"long {scope['path']} {body[:20].decode()}"
        await PlainTextResponse(answer)(scope, receive, send)


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def port(echo: Echo) -> Iterator[int]:
    with serving(echo, "127.0.0.1", 0) as base:
        yield int(base.rsplit(":", 1)[1])


class Caller:
    """A connection whose bytes are told one by one."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._answers = self._socket.makefile("rb")

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def answer(self) -> bytes:
        """The next answer's body; b"" when the connection is closed instead."""
        status = self._answers.readline()
        if not status:
            return b""
        assert status == b"HTTP/1.1 200 OK\r\n"
        length = 0
        while (line := self._answers.readline().strip().lower()) != b"":
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return self._answers.read(length)

    def closed(self) -> bool:
        return self._answers.read(1) == b""


def post(body: bytes, path: str = "/fsi", more: str = "") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: here\r\ncontent-length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def test_messages_one_after_the_other_go_the_short_way(port: int) -> None:
    caller = Caller(port)
    for number in range(3):
        caller.send(post(b"m%d" % number))
        assert caller.answer() == b"short /fsi m%d" % number


@pytest.mark.parametrize(
    "message",
    [
        post(b"hello", "/c/page"),
        post(b"hello", "/%66si"),
        b"POST /fsi HTTP/1.1\r\nhost: here\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"POST /fsi HTTP/1.0\r\ncontent-length: 5\r\n\r\nhello",
        post(b"hello", more="connection: close\r\n"),
        b"GET /fsi HTTP/1.1\r\nhost: here\r\ncontent-length: 5\r\n\r\nhello",
        post(b"x" * 300_000),
    ],
)
def test_what_is_unusual_goes_the_long_way(port: int, message: bytes) -> None:
    caller = Caller(port)
    caller.send(message)
    assert caller.answer().startswith(b"long /")


@pytest.mark.parametrize("cut", [3, 30, len(post(b"")) - 1, len(post(b"")) + 1, len(post(b"hello")) - 1])
def test_message_in_two_pieces_is_the_same_message(port: int, cut: int) -> None:
    caller = Caller(port)
    message = post(b"hello")
    caller.send(message[:cut])
    time.sleep(0.05)
    caller.send(message[cut:])
    assert caller.answer().endswith(b" /fsi hello")


def test_several_in_one_piece_are_answered_in_order(port: int) -> None:
    caller = Caller(port)
    caller.send(post(b"one") + post(b"two") + post(b"three"))
    assert [caller.answer().split()[-1] for _ in range(3)] == [b"one", b"two", b"three"]
    caller.send(post(b"four"))
    assert caller.answer() == b"short /fsi four"


def test_what_comes_before_the_answer_waits_for_it(port: int, echo: Echo) -> None:
    caller = Caller(port)
    caller.send(post(b"wait"))
    assert echo.came.wait(10)
    caller.send(post(b"second"))
    caller.send(post(b"third") + post(b"x" * 200_000))
    echo.go.set()
    assert [caller.answer().split()[-1][:6] for _ in range(4)] == [b"wait", b"second", b"third", b"xxxxxx"]


def test_file_comes_piece_by_piece_under_one_length(port: int) -> None:
    caller = Caller(port)
    caller.send(post(b"file"))
    assert caller.answer() == b"onetwo6"
    caller.send(post(b"after"))
    assert caller.answer() == b"short /fsi after"


def test_defect_closes_the_connection_and_harms_no_other(port: int) -> None:
    caller, other = Caller(port), Caller(port)
    caller.send(post(b"fails"))
    assert caller.closed()
    other.send(post(b"hello"))
    assert other.answer() == b"short /fsi hello"


def test_server_that_ends_answers_first(echo: Echo) -> None:
    with serving(echo, "127.0.0.1", 0) as base:
        caller = Caller(int(base.rsplit(":", 1)[1]))
        caller.send(post(b"wait"))
        assert echo.came.wait(10)
        threading.Timer(0.2, echo.go.set).start()
    assert caller.answer() == b"short /fsi wait"
    assert caller.closed()


def test_client_that_leaves_before_the_answer_harms_nobody(port: int, echo: Echo) -> None:
    caller, other = Caller(port), Caller(port)
    caller.send(post(b"wait"))
    assert echo.came.wait(10)
    caller._answers.close()
    caller._socket.close()
    echo.go.set()
    other.send(post(b"hello"))
    assert other.answer() == b"short /fsi hello"
