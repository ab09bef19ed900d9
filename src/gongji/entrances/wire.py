"""HTTP as clients of every age speak it."""

from __future__ import annotations

import re
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: The offer of an upgrade to HTTP/2 among the headers of a request.
_OFFER: Final = re.compile(rb"(\r\n)upgrade(:[ \t]*h2c[ \t]*\r\n)", re.IGNORECASE)


class PlainHttp(HttpToolsProtocol):
    """HTTP/1.1 that declines an upgrade to HTTP/2 as the standard has it: by answering as if it had not been offered.

    Java's own client (since 11) offers it with its first request. The parser below would take the offer for a change of
    protocol, drop the body and break the connection: hospitals' systems in Java would get no answer.
    """

    def data_received(self, data: bytes) -> None:
        """Take bytes of a connection; an offer loses its name before the parser sees it."""
        if b"h2c" in data:
            head, end, body = data.partition(b"\r\n\r\n")
            data = _OFFER.sub(rb"\1x-offer\2", head + end) + body
        super().data_received(data)
