"""Clients that offer HTTP/2 with their first request, as Java's own does, are answered in HTTP/1.1, body and all."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gongji.entrances.server import serving

BODY = b'{"infno":"9001","memo":"\\r\\nUpgrade: h2c\\r\\n"}\r\n\r\nUpgrade: h2c\r\n'
OFFER = "Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\nUpgrade: h2c\r\n"


@pytest.mark.parametrize("offer", ["", OFFER, OFFER.replace("Upgrade:", "upgrade:"), OFFER.replace(" h2c", "h2c")])
@pytest.mark.parametrize("apart", [False, True])
def test_an_offer_of_http_2_is_declined_and_the_body_is_read(offer: str, apart: bool) -> None:
    async def echo(request: Request) -> PlainTextResponse:
        return PlainTextResponse(await request.body())

    head = f"POST /9001 HTTP/1.1\r\nHost: x\r\n{offer}Content-Length: {len(BODY)}\r\n\r\n".encode()
    with (
        serving(Starlette(routes=[Route("/9001", echo, methods=["POST"])]), "127.0.0.1", 0) as base,
        socket.create_connection(("127.0.0.1", urlsplit(base).port or 0), timeout=10) as connection,
    ):
        for _ in range(2):  # the connection stays good for the next message
            for part in (head, BODY) if apart else (head + BODY,):
                connection.sendall(part)
            answer = b""
            while not answer.endswith(BODY):
                received = connection.recv(65536)
                assert received, answer
                answer += received
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
