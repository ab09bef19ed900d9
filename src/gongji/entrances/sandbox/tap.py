"""The tap before the gateway: notes every message, and plays the planned failures on it."""

from __future__ import annotations

import socket
import struct
from datetime import timedelta
from typing import Any, Final

import anyio
import msgspec
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event

from gongji.entrances.demo.hospital import sign_x_tif
from gongji.entrances.national.envelope import LARGEST_BODY, Times, failure
from gongji.entrances.national.gateway import CONTENT_TYPE
from gongji.entrances.sandbox.clock import SignatureClock, skew
from gongji.entrances.sandbox.failures import Failure, FailureKind, Failures
from gongji.entrances.sandbox.institutions import BY_CODE
from gongji.entrances.sandbox.record import Message, MessageLog, Request
from gongji.foundation.clock import Clock
from gongji.foundation.errors import GongjiError

#: What a proxy before a centre answers when the centre is away.
_BAD_GATEWAY: Final = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

#: How long a socket lingers when it is reset: it does not.
_NO_LINGER: Final = struct.pack("ii", 1, 0)

#: Failures after which the platform has not seen the message.
_BEFORE: Final = (FailureKind.LOST_REQUEST, FailureKind.RESET, FailureKind.REFUSE, FailureKind.BAD_GATEWAY)


class Tap:
    """An ASGI application around the gateway.

    Args:
        gateway: the real one.
        log: where messages are noted.
        failures: what is planned.
        clock: the sandbox's.
    """

    def __init__(self, gateway: ASGIApp, log: MessageLog, failures: Failures, clock: Clock) -> None:
        self._gateway = gateway
        self._log = log
        self._failures = failures
        self._clock = clock
        self._machine = SignatureClock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or fail to (ASGI)."""
        if scope["method"] != "POST":
            await self._gateway(scope, receive, send)
            return
        try:
            body = await _body(HttpRequest(scope, receive))
        except ClientDisconnect:
            return
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        request = Request.of(scope["path"], headers, body)
        met = self._failures.take(request.text("fixmedins_code"), request.text("infno"), request.text("msgid"))
        message = self._log.begin(self._clock.now(), request)
        lost = await self._play(scope, message, {each.kind: each for each in met})
        self._log.finished(message)
        if lost is not None:
            await anyio.sleep(lost.seconds)
            await _hang_up(send, reset=lost.kind is FailureKind.RESET)
            return
        headers_out = {"content-type": CONTENT_TYPE if message.status == 200 else "text/html"}
        await Response(message.answer, message.status, headers=headers_out)(scope, receive, send)

    async def _play(self, scope: Scope, message: Message, met: dict[FailureKind, Failure]) -> Failure | None:
        """Have the message answered as far as the failures let it be.

        Returns:
            The failure by which the sender gets no answer; None where one is sent.
        """
        disturbed = tuple(met)
        early = next((met[kind] for kind in _BEFORE if kind in met), None)
        if early is not None:
            message.finish(*self._instead(early), disturbed)
            return early if message.status == 0 else None
        wrong = skew.set(timedelta(minutes=met[FailureKind.SKEW].minutes) if FailureKind.SKEW in met else timedelta())
        try:
            status, answer = await self._delivered(scope, message.request.body)
            if FailureKind.DUPLICATE in met:
                status, answer = await self._delivered(self._signed_again(scope, message.request), message.request.body)
        finally:
            skew.reset(wrong)
        if FailureKind.DELAY in met:
            await anyio.sleep(met[FailureKind.DELAY].seconds)
        lost = met.get(FailureKind.LOST_REPLY)
        message.finish(0 if lost else status, answer, disturbed)
        return lost

    def _instead(self, early: Failure) -> tuple[int, bytes]:
        """What is answered in place of the platform; status 0 where nothing is."""
        if early.kind is FailureKind.BAD_GATEWAY:
            return 502, _BAD_GATEWAY.encode()
        if early.kind is FailureKind.REFUSE:
            now = self._clock.now()
            refused = msgspec.json.decode(failure(GongjiError("sandbox.refused", "", ""), Times(now, now)))
            return 200, msgspec.json.encode(refused | {"err_msg": early.text})
        return 0, b""

    async def _delivered(self, scope: Scope, body: bytes) -> tuple[int, bytes]:
        """Status and body of the gateway's answer."""
        status, parts, told = 200, [], False

        async def receive() -> Event:
            nonlocal told
            if told:
                return {"type": "http.disconnect"}
            told = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(event: Event) -> None:
            nonlocal status
            if event["type"] == "http.response.start":
                status = event["status"]
            elif event["type"] == "http.response.body":
                parts.append(event.get("body", b""))

        await self._gateway(scope, receive, send)
        return status, b"".join(parts)

    def _signed_again(self, scope: Scope, request: Request) -> Scope:
        """The same message as a network delivers it twice, but with a signature of its own: what is tried is that
        nothing is done twice, not that a used signature is refused."""
        institution = BY_CODE.get(request.text("fixmedins_code"))
        if institution is None:
            return scope
        signed = sign_x_tif(institution.paasid, institution.secret, self._machine.now())
        headers = [(name.encode(), value.encode()) for name, value in signed.items()]
        return {**scope, "headers": [(b"content-type", b"application/json"), *headers]}


async def _body(request: HttpRequest) -> bytes:
    """The body; of one that is too long, enough for the gateway to see that it is."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        if size <= LARGEST_BODY:
            parts.append(part)
        size += len(part)
    return b"".join(parts)


async def _hang_up(send: Send, *, reset: bool) -> None:
    """Close the connection without an answer. ASGI has no word for it: the server's own transport is asked, where
    the server lets us near it; elsewhere the request ends without an answer, which servers make an error of."""
    transport: Any = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        return
    if reset:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()
    # The server notices on the next turns of its loop; until then it would answer 500 to nobody, and log it.
    await anyio.sleep(0.01)
